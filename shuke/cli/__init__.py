"""What owners and hosts do without a browser: the command `shuke`."""
