"""A Spec as a page of reference: a table in Markdown, with the rows of its lists below it."""

from __future__ import annotations

from enum import Enum
from typing import Any

from django.utils.translation import gettext as _

from shuke.core.specs.posted import scaled_text
from shuke.core.specs.shape import UNDEFINED, Shape, shapes
from shuke.core.specs.spec import Spec


def reference(spec: type[Spec], *, level: int = 2) -> str:
    """Markdown in the active language: a heading, the class's sentence, a row per field, then the inner Specs."""
    lines = [f"{'#' * level} {spec.__name__}", ""]
    if spec.__doc__ and spec.__doc__ != Spec.__doc__:
        lines += [" ".join(spec.__doc__.split()), ""]
    lines += [f"| `name` | {_('Label')} | {_('Value')} | {_('Default')} | {_('Meaning')} |", "|---|---|---|---|---|"]
    lines += [_line(shape) for shape in shapes(spec)]
    inner = dict.fromkeys(shape.inner for shape in shapes(spec) if shape.kind in {"rows", "group"})
    pages = [reference(item, level=level + 1) for item in inner]
    return "\n".join(["\n".join(lines) + "\n", *pages])


def _line(shape: Shape) -> str:
    cells = [f"`{shape.name}`", shape.ui.label, _value(shape), _default(shape), shape.ui.help]
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _value(shape: Shape) -> str:
    if shape.kind in {"rows", "group"}:
        return f"{shape.kind}: {shape.inner.__name__}"
    # Choices that a function gives differ by merchant; a reference names only the fixed ones.
    pairs = () if callable(shape.ui.choices) else shape.options(None)
    if pairs:
        return ", ".join(f"`{_plain(value)}` {label}" if str(label) != str(value) else f"`{value}`"
                         for value, label in pairs)  # fmt: skip
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [f"{sign} {shape.limits[name]}" for name, sign in signs.items() if name in shape.limits]
    if "max_length" in shape.limits:
        limits.append(_("at most %(count)s") % {"count": shape.limits["max_length"]})
    return ", ".join([shape.kind, *([shape.unit] if shape.unit else []), *limits])


def _default(shape: Shape) -> str:
    if shape.default is UNDEFINED:
        return _("required")
    if shape.default is None or shape.default in ("", (), []):
        return "–"
    if shape.kind in {"rows", "group"}:
        return "…"
    if shape.scaled and isinstance(shape.default, int):
        return scaled_text(shape.scaled, shape.default)
    return f"`{_plain(shape.default)}`"


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
