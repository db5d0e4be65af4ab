"""Buyers' own pages: level, points, rules, and the shop's public entry."""
