"""Earning, taking back, levels: what orders bring to customers."""
