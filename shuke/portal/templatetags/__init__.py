"""Tags of the buyers' pages."""
