"""A form is a Spec with strings in it: what a page shows, and what it shows again with the errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeVar

from django.utils.encoding import force_str
from pydantic import ValidationError

from shuke.core.errors import Refused
from shuke.core.specs.posted import Given, Posted, Reading, as_posted, decode, encode, row_keys
from shuke.core.specs.sentences import choose_one, sentence
from shuke.core.specs.shape import Shape, shapes
from shuke.core.specs.spec import Mismatch, Spec, Text

S = TypeVar("S", bound=Spec)
Faults = dict[str, list[str]]


def form_for(
    spec: type[Spec],
    value: Spec | Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
    prefix: str = "",
    *,
    choices: Given | None = None,
) -> Form:
    """The form of a Spec, filled with a value or the defaults.

    `errors` are sentences by field name ("" = the whole form). `choices` gives options that only the page knows, by
    field name; a field of rows is named `rows.field`.
    """
    values = dict(value) if value is not None else {}
    faults = {prefix + name if name else "": list(found) for name, found in (errors or {}).items()}
    return Form(spec, encode(spec, values, prefix), faults, choices or {}, prefix)


def parse(spec: type[S], posted: Mapping[str, Any], prefix: str = "", *, choices: Given | None = None) -> S | Form:
    """The value that was posted, or the form as the person left it, with a sentence at every mistake."""
    strings = as_posted(posted)
    reading = decode(spec, strings, given=choices or {}, prefix=prefix)
    faults: Faults = {}
    for place in sorted(reading.strangers, key=str):
        faults.setdefault(_name(reading, place), []).append(choose_one())
    try:
        value = spec.model_validate(reading.tree)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            _note(spec, reading, one, faults)
        return Form(spec, strings, faults, choices or {}, prefix)
    return Form(spec, strings, faults, choices or {}, prefix) if faults else value


def _note(spec: type[Spec], reading: Reading, error: Any, faults: Faults) -> None:
    place: tuple[Any, ...] = error["loc"]
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Mismatch):
        place = (*place, *cause.place)
    if any(place[: len(stranger)] == stranger for stranger in reading.strangers):
        return
    text, name = sentence(error, _shape_at(spec, place)), _name(reading, place)
    if text not in faults.setdefault(name, []):
        faults[name].append(text)


def _name(reading: Reading, place: tuple[Any, ...]) -> str:
    """The name on the page of the innermost known place; "" for the whole form."""
    for end in range(len(place), 0, -1):
        if place[:end] in reading.places:
            return reading.places[place[:end]]
    return ""


def _shape_at(spec: type[Spec], place: tuple[Any, ...]) -> Shape | None:
    found: Shape | None = None
    inside: type[Spec] | None = spec
    for step in place:
        if isinstance(step, int) or inside is None:
            continue
        found = next((shape for shape in shapes(inside) if shape.name == step), found)
        inside = found.inner if found is not None and found.kind in {"rows", "group"} else None
    return found


@dataclass(frozen=True)
class Option:
    """One choice of a field."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Row:
    """One row of a list of Specs; `key` is its name on the page."""

    key: str
    name: str
    form: Form
    errors: list[str]

    @property
    def id(self) -> str:
        """The id of its box."""
        return field_id(self.name)


@dataclass(frozen=True)
class Section:
    """Fields under one title."""

    title: str
    fields: list[FormField]


@dataclass(frozen=True)
class Problem:
    """One line of the summary above a form."""

    id: str
    label: str
    text: str


@dataclass(frozen=True)
class FormField:
    """One field as a template shows it; `value` is a string, of "lines" with line breaks."""

    shape: Shape
    name: str
    value: str
    errors: list[str]
    options: list[Option]
    rows: list[Row] = field(default_factory=list)
    blank: Row | None = None
    group: Form | None = None

    @property
    def id(self) -> str:
        """The id of the input."""
        return field_id(self.name)

    @property
    def label(self) -> str:
        """What is asked for."""
        return force_str(self.shape.ui.label)

    @property
    def help(self) -> str:
        """A sentence below the input."""
        return force_str(self.shape.ui.help)

    @property
    def unit(self) -> str:
        """What stands behind the input."""
        return self.shape.unit

    @property
    def widget(self) -> str:
        """Which input."""
        plain = self.shape.widget in {"text", "number", "lines"}
        if self.options and plain:
            return "checks" if self.shape.kind == "lines" else "select"
        return self.shape.widget

    @property
    def is_required(self) -> bool:
        """Whether it must be filled in."""
        return self.shape.must_be_filled

    @property
    def is_checked(self) -> bool:
        """Whether a switch is on."""
        return self.shape.kind == "bool" and self.value not in {"", "0", "false", "off"}

    @property
    def wants_blank_option(self) -> bool:
        """Whether a select begins with an empty line."""
        return self.shape.is_optional or not any(option.is_chosen for option in self.options)

    @property
    def placeholder(self) -> str:
        """An example inside the empty input."""
        return force_str(self.shape.ui.placeholder)

    @property
    def autocomplete(self) -> str:
        """What a browser may fill in by itself."""
        return self.shape.ui.autocomplete

    @property
    def input_mode(self) -> str:
        """Which keyboard a phone shows."""
        if self.shape.kind == "int":
            return "decimal" if self.shape.scaled and self.shape.scaled.places else "numeric"
        return "decimal" if self.shape.kind == "decimal" else ""

    @property
    def max_length(self) -> int | None:
        """How many characters fit."""
        found = self.shape.limits.get("max_length") if self.shape.kind == "text" else None
        return int(found) if found is not None else None

    @property
    def described_by(self) -> str:
        """The ids of the help and error below the input."""
        found = [f"{self.id}-help"] if self.help else []
        return " ".join([*found, f"{self.id}-error"] if self.errors else found)

    @property
    def row_word(self) -> str:
        """What one row is called."""
        return force_str(self.shape.ui.row) or self.label

    @property
    def placeholder_key(self) -> str:
        """What stands for the key in the blank row."""
        return self.blank.key if self.blank else ""


def field_id(name: str) -> str:
    """The id of an input by its name."""
    return "f-" + re.sub(r"[^0-9A-Za-z_-]", "-", name) if name else "form"


class Form:
    """A Spec's fields with what a person wrote, and the sentences about her mistakes."""

    def __init__(
        self, spec: type[Spec], posted: Posted, faults: Faults, choices: Given, prefix: str, path: str = ""
    ) -> None:
        self.spec = spec
        self.prefix = prefix
        self.faults = faults
        self._posted = posted
        self._choices = choices
        self._path = path
        self.fields = [self._field(shape) for shape in shapes(spec)]

    def __iter__(self) -> Iterator[FormField]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> FormField:
        for one in self.fields:
            if one.shape.name == name:
                return one
        raise KeyError(name)

    @property
    def sections(self) -> list[Section]:
        """The fields under their titles; a title lasts until another one is said."""
        runs = groupby(self.fields, key=lambda one: force_str(one.shape.ui.section))
        return [Section(title, list(fields)) for title, fields in runs]

    @property
    def errors(self) -> list[str]:
        """What is wrong with the whole of it."""
        return self.faults.get("", []) if not self._path else self.faults.get(self.prefix.rstrip("."), [])

    @property
    def problems(self) -> list[Problem]:
        """Every mistake in the order of the page, for the summary that links to the fields."""
        whole = [Problem("form", "", text) for text in self.faults.get("", [])]
        return whole + self.problems_inside()

    def problems_inside(self) -> list[Problem]:
        """The mistakes at its fields, without those of the whole."""
        found: list[Problem] = []
        for one in self.fields:
            found += [Problem(one.id, one.label, text) for text in one.errors]
            for number, row in enumerate(one.rows, start=1):
                found += [Problem(field_id(row.name), f"{one.row_word} {number}", text) for text in row.errors]
                found += [Problem(inner.id, f"{one.row_word} {number}: {inner.label}", inner.text)
                          for inner in row.form.problems_inside()]  # fmt: skip
            if one.group:
                found += one.group.problems_inside()
        return found

    def refuse(self, refused: Refused | Text, name: str = "") -> Form:
        """The same form with one more sentence, at a field or above all."""
        text = refused.message if isinstance(refused, Refused) else force_str(refused)
        at = self.prefix + name if name else ""
        faults = {**self.faults, at: [*self.faults.get(at, []), text]}
        return Form(self.spec, self._posted, faults, self._choices, self.prefix, self._path)

    def posted(self) -> Posted:
        """What a browser would post if the person changed nothing."""
        found: Posted = {}
        for one in self.fields:
            if one.shape.kind == "rows":
                found[one.name] = [row.key for row in one.rows]
                for row in one.rows:
                    found.update(row.form.posted())
            elif one.group:
                found.update(one.group.posted())
            elif one.options:
                blank = [""] if one.widget == "select" else []
                found[one.name] = [option.value for option in one.options if option.is_chosen] or blank
            elif one.shape.kind != "bool" or one.is_checked:
                found[one.name] = [one.value]
        return found

    def _field(self, shape: Shape) -> FormField:
        name, way = self.prefix + shape.name, self._path + shape.name
        given = tuple(self._choices[way]) if way in self._choices else None
        raw = self._posted.get(name, [])
        is_list = shape.kind in {"rows", "group"}
        options = [] if is_list else [_option(value, label, raw) for value, label in shape.options(given)]
        return FormField(
            shape=shape,
            name=name,
            value=raw[-1] if raw else "",
            errors=self.faults.get(name, []),
            options=options,
            rows=[self._row(shape, name, key) for key in row_keys(self._posted, name)] if shape.kind == "rows" else [],
            blank=self._row(shape, name, f"__{shape.name}__", is_blank=True) if shape.kind == "rows" else None,
            group=self._inside(shape, f"{name}.", self._posted) if shape.kind == "group" else None,
        )

    def _row(self, shape: Shape, name: str, key: str, *, is_blank: bool = False) -> Row:
        inside = f"{name}.{key}."
        posted = encode(shape.inner, {}, inside) if is_blank else self._posted
        errors = self.faults.get(f"{name}.{key}", [])
        return Row(key, f"{name}.{key}", self._inside(shape, inside, posted), errors)

    def _inside(self, shape: Shape, prefix: str, posted: Posted) -> Form:
        return Form(shape.inner, posted, self.faults, self._choices, prefix, f"{self._path}{shape.name}.")


def _option(value: Any, label: Text, raw: list[str]) -> Option:
    text = str(getattr(value, "value", value))
    return Option(text, force_str(label), text in raw)
