"""What may be done with customers."""

from shuke.members.actions.recognising import Sighting, recognise

__all__ = ["Sighting", "recognise"]
