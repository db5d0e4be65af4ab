"""The routes by subject; importing a file registers its routes."""
