"""What may be done with customers."""

from shuke.members.actions.recognising import recognise
from shuke.members.sighting import Sighting

__all__ = ["Sighting", "recognise"]
