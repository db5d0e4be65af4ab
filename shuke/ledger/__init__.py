"""The one ledger of whatever a member can hold and spend; it knows assets and amounts, no reasons."""
