"""Taking orders and lines, importing files, undoing imports, keeping figures."""
