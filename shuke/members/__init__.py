"""Customers: who they are, what is known of them and kept sealed, how the shop sorts them."""
