"""Questions across modules: what only makes sense when members, orders, points and levels are seen together."""
