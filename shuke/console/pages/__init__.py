"""The console's pages, one file for each thing a seller does."""
