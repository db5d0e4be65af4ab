"""What programs send and are told: the common parts of all bodies, queries and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

T = TypeVar("T")
Spelled = TypeVar("Spelled", bound="Told")

MOST = 200


def _plausible(at: datetime) -> datetime:
    if not 1970 <= at.year <= 2200:
        raise ValueError(_("This year cannot be right."))
    return at


Id = Annotated[int, Field(ge=1, le=999_999_999_999_999_999, examples=[1001])]
Fen = Annotated[int, Field(ge=0, le=100_000_000_000, examples=[12800])]
Points = Annotated[int, Field(ge=1, le=100_000_000, examples=[100])]
Instant = Annotated[AwareDatetime, AfterValidator(_plausible), Field(examples=["2026-11-22T12:00:00+08:00"])]
Reason = Annotated[str, Field(min_length=2, max_length=200, examples=["补发双十一活动积分"])]


class Sent(BaseModel):
    """What a program sends: nothing unknown is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError(_("This holds a character that cannot be kept."))
        return value


class Told(BaseModel):
    """What a program is told."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, found: object) -> Self:
        """Made from what a query found, by the names of its attributes."""
        return cls.model_validate(found, from_attributes=True)


class Page(Told, Generic[T]):
    """A part of a list; `next` asks for the part after it and is null at the end."""

    items: list[T]
    next: str | None = None


class Listing(Told, Generic[T]):
    """A whole list."""

    items: list[T]


class Nothing(Told):
    """Done; there is nothing to tell."""


class Made(Told):
    """The id of what was made."""

    id: Id


class Count(Told):
    """How many were changed."""

    count: Annotated[int, Field(ge=0)]


class Paged(Sent):
    """Which part of a list; `cursor` is the `next` of the part before."""

    cursor: Annotated[str, Field(max_length=600, examples=[""])] = ""
    limit: Annotated[int, Field(ge=1, le=MOST, examples=[50])] = 50


class Members(Sent):
    """Some customers."""

    member_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]
