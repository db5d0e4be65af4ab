"""A seeded storm over the ledger: random requests, repeats, crashes and leaps of time, against a plain model.

`simulate` runs the real actions on the real database in transactions that are rolled back, so nothing stays; in a
database of its own, which may be emptied, it commits as the product does.
"""

from shuke.ledger.simulator.plants import PLANTS
from shuke.ledger.simulator.storm import Result, main, simulate

__all__ = ["PLANTS", "Result", "main", "simulate"]
