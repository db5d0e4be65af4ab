"""Orders, their lines and what they add up to per member, as the platforms tell them."""
