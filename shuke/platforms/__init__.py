"""Platforms that orders come from, and what their files say in neutral words."""
