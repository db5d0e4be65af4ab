"""Conditions on members: who is in, who came, who left."""
