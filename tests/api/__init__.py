"""The programs' surface."""
