"""The programs' surface: everything the console can do, as HTTP with JSON."""
