"""What a Spec's fields are: their kind, limits, choices and words, read once from the type annotations."""

from __future__ import annotations

import types
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from shuke.core.specs.spec import Scaled, Spec, Text, Ui

UNDEFINED = PydanticUndefined

Kind = Literal["text", "int", "decimal", "bool", "date", "time", "datetime", "choice", "many", "lines", "rows", "group"]

_PLAIN: dict[type, Kind] = {
    bool: "bool", int: "int", Decimal: "decimal", float: "decimal", str: "text",
    datetime: "datetime", date: "date", time: "time",
}  # fmt: skip
_WIDGET: dict[Kind, str] = {
    "text": "text", "int": "number", "decimal": "number", "bool": "switch", "choice": "select", "many": "checks",
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """One field: `kind` says how it is read, `widget` how it is shown."""

    name: str
    kind: Kind
    widget: str
    ui: Ui
    is_optional: bool
    must_be_filled: bool
    default: Any
    scaled: Scaled | None
    choices: tuple[tuple[Any, Text], ...]
    item: type | None
    limits: dict[str, Any]

    @property
    def inner(self) -> type[Spec]:
        """The Spec of rows and groups; TypeError for other kinds."""
        if self.item is None or not issubclass(self.item, Spec):
            raise TypeError(f"{self.name} holds no Spec")
        return self.item

    @property
    def unit(self) -> str:
        """What stands behind the input."""
        return str(self.ui.unit or (self.scaled.unit if self.scaled else ""))

    def options(self, given: tuple[tuple[Any, Text], ...] | None) -> tuple[tuple[Any, Text], ...]:
        """The choices: those given for this form, else those of the Ui, else those of the type."""
        return given or self.ui.pairs() or self.choices


@cache
def shapes(spec: type[Spec]) -> tuple[Shape, ...]:
    """The fields of a Spec in their order. TypeError for a type that no form can ask for."""
    return tuple(_shape(spec, name, info) for name, info in spec.model_fields.items())


def _shape(spec: type[Spec], name: str, info: FieldInfo) -> Shape:
    annotation, metadata, is_optional = _unwrap(info.annotation, list(info.metadata))
    ui = next((one for one in metadata if isinstance(one, Ui)), None)
    if ui is None:
        raise TypeError(f"{spec.__name__}.{name} has no Ui")
    scaled = next((one for one in metadata if isinstance(one, Scaled)), None)
    kind, item, choices = _kind(annotation, f"{spec.__name__}.{name}")
    if kind in {"text", "int"} and ui.choices:
        kind = "choice"
    elif kind == "lines" and ui.choices:
        kind = "many"
    limits = _limits(metadata)
    return Shape(
        name=name,
        kind=kind,
        widget=ui.widget or _WIDGET.get(kind, kind),
        ui=ui,
        is_optional=is_optional,
        must_be_filled=_must_be_filled(kind, is_optional, limits, info),
        default=info.get_default(call_default_factory=True, validated_data={}),
        scaled=scaled,
        choices=choices,
        item=item,
        limits=limits,
    )


def _must_be_filled(kind: Kind, is_optional: bool, limits: dict[str, Any], info: FieldInfo) -> bool:
    if is_optional or kind in {"bool", "group"}:
        return False
    if kind in {"text", "lines", "many", "rows"}:
        at_least_one = bool(limits.get("min_length"))
        return at_least_one or (kind == "text" and info.is_required())
    if kind == "choice":
        return info.is_required() or info.get_default() != ""
    return True


def _kind(annotation: Any, where: str) -> tuple[Kind, type | None, tuple[tuple[Any, Text], ...]]:
    """Kind, type of one item, and the choices that the type itself gives."""
    origin = get_origin(annotation)
    if origin is Literal:
        return "choice", None, tuple((value, str(value)) for value in get_args(annotation))
    if origin in {list, tuple}:
        return _list_kind(get_args(annotation)[0], where)
    if isinstance(annotation, type):
        if issubclass(annotation, Spec):
            return "group", annotation, ()
        if issubclass(annotation, Enum):
            return "choice", None, tuple((one.value, str(getattr(one, "label", one.value))) for one in annotation)
        if annotation in _PLAIN:
            return _PLAIN[annotation], annotation, ()
    raise TypeError(f"no form can ask for {where}: {annotation!r}")


def _list_kind(inner: Any, where: str) -> tuple[Kind, type | None, tuple[tuple[Any, Text], ...]]:
    item, _, _ = _unwrap(inner, [])
    if isinstance(item, type) and issubclass(item, Spec):
        return "rows", item, ()
    if item in {str, int}:
        return "lines", item, ()
    _, _, choices = _kind(item, where)
    return "many", None, choices


def _unwrap(annotation: Any, metadata: list[Any]) -> tuple[Any, list[Any], bool]:
    """Take off Annotated and `| None`, keeping what they said."""
    is_optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            metadata = [*metadata, *annotation.__metadata__]
            annotation = annotation.__origin__
        elif origin in {Union, types.UnionType} and type(None) in get_args(annotation):
            is_optional = True
            rest = [one for one in get_args(annotation) if one is not type(None)]
            annotation = Union[tuple(rest)]  # noqa: UP007 - built at run time
        else:
            return annotation, metadata, is_optional


def _limits(metadata: list[Any]) -> dict[str, Any]:
    """`ge gt le lt min_length max_length pattern`, the first that is said for each."""
    found: dict[str, Any] = {}
    for one in metadata:
        for name in ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern"):
            value = getattr(one, name, None)
            if value is not None:
                found.setdefault(name, value)
    return found
