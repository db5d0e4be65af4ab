"""What amounts and levels follow from orders: pure functions, without rows and without a clock."""
