"""Commands for those who work on Shuke, and the contract import-linter does not have."""
