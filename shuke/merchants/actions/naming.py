"""Names as people write them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shuke.core.errors import Refused


def named(name: str) -> str:
    """The name without blanks at its ends; Refused `bad_name` when it is empty or longer than 100 signs."""
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise Refused("bad_name", _("A name has 1 to 100 characters."))
    return name
