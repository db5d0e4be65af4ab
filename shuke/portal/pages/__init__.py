"""The buyers' pages, one file each."""
