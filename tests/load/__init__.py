"""Proofs that take long: each is a command of its own, and a short run of it is among the tests."""
