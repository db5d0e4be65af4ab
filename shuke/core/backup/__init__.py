"""Backups: everything of an installation in one file, taken while it works, and put back as it was."""
