"""The base of every Spec, and what is said about its fields: words, units, widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from annotated_types import Ge, Le
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, field_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shuke.core.typed import FIRST_DAY, LAST_DAY

Text = str | Promise
Pairs = Iterable[tuple[Any, Text]]
Choices = Mapping[Any, Text] | Pairs | Callable[[], Pairs]

WIDGETS = frozenset(
    {"text", "textarea", "password", "email", "tel", "url", "hidden", "number", "switch", "date", "time", "datetime",
     "select", "radio", "checks", "lines", "rows", "group"}
)  # fmt: skip


class Spec(BaseModel):
    """A value that people fill in: frozen, nothing unknown accepted, text without blanks at its ends."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError(_("This holds a character that cannot be kept."))
        return value


class Mismatch(ValueError):
    """Raised by a model validator: two fields do not fit, and `field` is the one to show it at.

    A field of a row is named with the row's place: `levels.2.threshold`.
    """

    def __init__(self, field: str, message: Text) -> None:
        super().__init__(message)
        self.field = field

    @property
    def place(self) -> tuple[int | str, ...]:
        """The steps that lead to the field."""
        return tuple(int(step) if step.isdecimal() else step for step in self.field.split("."))


@dataclass(frozen=True)
class Ui:
    """How a field speaks to people.

    `widget` is one of WIDGETS, chosen by type when empty. `choices` are (value, label) pairs, a mapping, or a function
    without arguments called when the form is shown (within the merchant's scope). Fields with the same `section` stand
    together under that title. `row` names one row of a list, for its buttons;
    `autocomplete` is HTML's.
    """

    label: Text
    help: Text = ""
    unit: Text = ""
    widget: str = ""
    choices: Choices = ()
    section: Text = ""
    placeholder: Text = ""
    row: Text = ""
    autocomplete: str = ""

    def __post_init__(self) -> None:
        if self.widget and self.widget not in WIDGETS:
            raise ValueError(f"no widget is called {self.widget!r}")

    def pairs(self) -> tuple[tuple[Any, Text], ...]:
        """The choices as (value, label) pairs."""
        found = self.choices() if callable(self.choices) else self.choices
        return tuple(found.items()) if isinstance(found, Mapping) else tuple(found)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The words stand in the JSON Schema too."""
        found = handler(schema)
        found["title"] = str(self.label)
        if self.help:
            found["description"] = str(self.help)
        return found


@dataclass(frozen=True)
class Scaled:
    """A whole number that people read and write divided by 10 to the power of `places`; money keeps its zeros."""

    places: int
    unit: Text
    example: str
    is_padded: bool = False


Fen = Annotated[int, Scaled(2, _("yuan"), "12.30", is_padded=True)]
Discount = Annotated[int, Scaled(2, _("tenths of the price"), "9.5"), Ge(0), Le(1000)]
"""‰ of the price to pay, 1000 = no discount, written as sellers say it: 950 ↔ 9.5 折."""
Percent = Annotated[int, Scaled(0, "%", "15"), Ge(0), Le(100)]
Permille = Annotated[int, Scaled(0, "‰", "950"), Ge(0), Le(1000)]
Day = Annotated[date, Ge(FIRST_DAY), Le(LAST_DAY)]
"""A day, none of the calendar's first and last ones."""
Days = Annotated[int, Scaled(0, _("days"), "30"), Ge(0), Le(36500)]
