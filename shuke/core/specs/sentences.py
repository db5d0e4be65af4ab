"""Every error of pydantic as a sentence that a shopkeeper understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuke.core.specs.posted import scaled_text
from shuke.core.specs.shape import Shape


def sentence(error: Mapping[str, Any], shape: Shape | None) -> str:
    """What is wrong, in the active language; `shape` is the field it stands at, None for the whole form."""
    kind: str = error["type"]
    context: Mapping[str, Any] = error.get("ctx", {})
    if kind == "value_error":
        found = context.get("error")
        return str(found.args[0]) if isinstance(found, Exception) and found.args else _("This is not valid.")
    if _is_empty(kind, error.get("input")):
        return choose_one() if shape is not None and shape.kind == "choice" else _("Please fill this in.")
    if kind in {"literal_error", "enum"}:
        return choose_one()
    if kind in _BOUNDS:
        return _bound(kind, context, shape)
    if kind in _LENGTHS:
        return _length(kind, context)
    return _unreadable(kind, shape)


def choose_one() -> str:
    """For a value that was not offered."""
    return _("Please choose one of the options.")


def _is_empty(kind: str, given: object) -> bool:
    return kind == "missing" or (kind not in {"too_short", "too_long"} and given in ("", None))


_BOUNDS = {"greater_than_equal": "ge", "greater_than": "gt", "less_than_equal": "le", "less_than": "lt"}
_LENGTHS = {"string_too_short", "string_too_long", "too_short", "too_long"}


def _bound(kind: str, context: Mapping[str, Any], shape: Shape | None) -> str:
    limit = context[_BOUNDS[kind]]
    text = scaled_text(shape.scaled, limit) if shape is not None and shape.scaled else str(limit)
    unit = shape.unit if shape is not None else ""
    amount = f"{text} {unit}".strip()
    if kind == "greater_than_equal":
        return _("This must be at least %(amount)s.") % {"amount": amount}
    if kind == "greater_than":
        return _("This must be more than %(amount)s.") % {"amount": amount}
    if kind == "less_than_equal":
        return _("This may be at most %(amount)s.") % {"amount": amount}
    return _("This must be less than %(amount)s.") % {"amount": amount}


def _length(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "string_too_short":
        count = context["min_length"]
        return ngettext("At least %(count)s character.", "At least %(count)s characters.", count) % {"count": count}
    if kind == "string_too_long":
        count = context["max_length"]
        return ngettext("At most %(count)s character.", "At most %(count)s characters.", count) % {"count": count}
    if kind == "too_short":
        count = context["min_length"]
        return ngettext("At least %(count)s entry is needed.", "At least %(count)s entries are needed.", count) % {
            "count": count
        }
    count = context["max_length"]
    return ngettext("At most %(count)s entry.", "At most %(count)s entries.", count) % {"count": count}


def _unreadable(kind: str, shape: Shape | None) -> str:
    if shape is not None and shape.scaled and kind.startswith("int"):
        return _("A number such as %(example)s is needed.") % {"example": shape.scaled.example}
    if kind.startswith("int"):
        return _("A whole number is needed.")
    if kind.startswith(("decimal", "float", "finite")):
        return _("A number is needed.")
    if kind.startswith(("datetime", "timezone")):
        return _("A day and time such as 2026-11-22 20:00 are needed.")
    if kind.startswith("date"):
        return _("A day such as 2026-11-22 is needed.")
    if kind.startswith("time"):
        return _("A time such as 20:00 is needed.")
    if kind == "string_pattern_mismatch" and shape is not None and shape.ui.placeholder:
        return _("Please write it like “%(example)s”.") % {"example": shape.ui.placeholder}
    return _("This is not valid.")
