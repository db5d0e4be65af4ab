"""Webhooks: facts told to other programs of the merchant's, signed, in order, and none of them lost."""
