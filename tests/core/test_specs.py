"""Specs: values become forms and forms become values, and every mistake is a sentence at its field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import pytest
from django.http import QueryDict
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, model_validator

from shuke.core.errors import Refused
from shuke.core.specs import Discount, Fen, Form, Mismatch, Percent, Spec, Ui, form_for, parse, reference


class Colour(StrEnum):
    """Two colours."""

    RED = "red"
    GREEN = "green"


class Step(Spec):
    """One step of a ladder."""

    name: Annotated[str, Ui("Name"), Field(min_length=1, max_length=20)]
    from_fen: Annotated[Fen, Ui("From"), Field(ge=0)] = 0
    colours: Annotated[tuple[Colour, ...], Ui("Colours")] = ()


class Window(Spec):
    """From when until when."""

    opens_at: Annotated[time, Ui("Opens")] = time(8)
    closes_at: Annotated[time, Ui("Closes")] = time(21)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closes_at <= self.opens_at:
            raise Mismatch("closes_at", _("It closes before it opens."))
        return self


class Everything(Spec):
    """A field of every kind."""

    title: Annotated[str, Ui("Title", section="What"), Field(min_length=1, max_length=40)]
    note: Annotated[str, Ui("Note", widget="textarea", section="What")] = ""
    count: Annotated[int, Ui("Count", unit="pieces", section="How much"), Field(ge=0, le=10**9)] = 3
    price: Annotated[Fen, Ui("Price", section="How much"), Field(ge=-(10**13), le=10**13)] = 1990
    discount: Annotated[Discount, Ui("Discount", section="How much")] = 950
    share: Annotated[Percent | None, Ui("Share", section="How much")] = None
    is_open: Annotated[bool, Ui("Open", section="How much")] = True
    starts_on: Annotated[date | None, Ui("Starts", section="When")] = None
    when: Annotated[Literal["placed", "paid", "finished"],
                    Ui("When", widget="radio", choices={"placed": "Placed", "paid": "Paid", "finished": "Done"})] = "paid"  # fmt: skip
    colour: Annotated[Colour | None, Ui("Colour")] = None
    shop_id: Annotated[int | None, Ui("Shop")] = None
    words: Annotated[tuple[str, ...], Ui("Words")] = ()
    window: Annotated[Window, Ui("Window")] = Window()
    steps: Annotated[tuple[Step, ...], Ui("Steps", row="Step"), Field(max_length=5)] = ()

    @model_validator(mode="after")
    def _some_sense(self) -> Self:
        if self.title == "nonsense":
            raise ValueError(_("A title makes sense."))
        return self


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)
STEPS = st.builds(
    Step,
    name=TEXT.filter(bool),
    from_fen=st.integers(0, 10**12),
    colours=st.lists(st.sampled_from(Colour), unique=True).map(
        lambda found: tuple(sorted(found, key=list(Colour).index))
    ),
)
ALL = st.builds(
    Everything,
    title=TEXT.filter(lambda text: text not in {"", "nonsense"}),
    note=st.lists(TEXT, max_size=3).map(lambda lines: "\n".join(lines).strip()),
    count=st.integers(0, 10**9),
    price=st.integers(-(10**13), 10**13),
    discount=st.integers(0, 1000),
    share=st.none() | st.integers(0, 100),
    is_open=st.booleans(),
    starts_on=st.none() | st.dates(),
    when=st.sampled_from(["placed", "paid", "finished"]),
    colour=st.none() | st.sampled_from(Colour),
    shop_id=st.none() | st.integers(1, 3),
    words=st.lists(TEXT.filter(bool), max_size=3).map(tuple),
    window=st.builds(Window, opens_at=st.times(max_value=time(11)), closes_at=st.times(min_value=time(12))),
    steps=st.lists(STEPS, max_size=5).map(tuple),
)
SHOPS = {"shop_id": [(1, "One"), (2, "Two"), (3, "Three")]}


@given(ALL)
def test_a_value_comes_back_from_its_form(value: Everything) -> None:
    form = form_for(Everything, value, choices=SHOPS)
    assert parse(Everything, MultiValueDict(form.posted()), choices=SHOPS) == value


@given(st.dictionaries(st.sampled_from([*Everything.model_fields, "steps.0.name", "steps.0.from_fen", "window.opens_at"]),
                       st.lists(st.text(max_size=8), max_size=3)))  # fmt: skip
def test_whatever_is_posted_is_a_value_or_a_form_that_shows(posted: dict[str, list[str]]) -> None:
    found = parse(Everything, MultiValueDict(posted), choices=SHOPS)
    if isinstance(found, Form):
        assert found.problems
        assert all(problem.text for problem in found.problems)
        again = parse(Everything, MultiValueDict(found.posted()), choices=SHOPS)
        assert isinstance(again, Form)
    else:
        assert isinstance(found, Everything)


def post(**changed: Any) -> dict[str, Any]:
    return {**form_for(Everything, {"title": "T"}).posted(), **changed}


def problems(posted: dict[str, Any]) -> list[tuple[str, str]]:
    found = parse(Everything, posted)
    assert isinstance(found, Form)
    return [(problem.id, problem.text) for problem in found.problems]


@pytest.mark.parametrize(
    ("changed", "at", "text"),
    [
        ({"title": ""}, "f-title", "Please fill this in."),
        ({"title": "x" * 41}, "f-title", "At most 40 characters."),
        ({"title": "a\x00"}, "f-title", "This holds a character that cannot be kept."),
        ({"title": "nonsense"}, "form", "A title makes sense."),
        ({"count": ""}, "f-count", "Please fill this in."),
        ({"count": "many"}, "f-count", "A whole number is needed."),
        ({"count": "-1"}, "f-count", "This must be at least 0 pieces."),
        ({"price": "12.345"}, "f-price", "A number such as 12.30 is needed."),
        ({"discount": "10.5"}, "f-discount", "This may be at most 10 tenths of the price."),
        ({"share": "101"}, "f-share", "This may be at most 100 %."),
        ({"starts_on": "2026-02-30"}, "f-starts_on", "A day such as 2026-11-22 is needed."),
        ({"when": "never"}, "f-when", "Please choose one of the options."),
        ({"when": ""}, "f-when", "Please choose one of the options."),
        ({"colour": "blue"}, "f-colour", "Please choose one of the options."),
        ({"window.opens_at": "22:00"}, "f-window-closes_at", "It closes before it opens."),
        ({"window.opens_at": "noon"}, "f-window-opens_at", "A time such as 20:00 is needed."),
    ],
)
def test_every_mistake_is_a_sentence_at_its_field(changed: dict[str, str], at: str, text: str) -> None:
    assert problems(post(**changed)) == [(at, text)]


def test_rows_come_in_the_order_of_the_page_and_keep_their_mistakes() -> None:
    posted = post(
        **{
            "steps": ["7", "2"],
            "steps.7.name": "",
            "steps.7.from_fen": "5",
            "steps.2.name": "二",
            "steps.2.from_fen": "x",
        }
    )
    assert problems(posted) == [
        ("f-steps-7-name", "Please fill this in."),
        ("f-steps-2-from_fen", "A number such as 12.30 is needed."),
    ]
    posted.update({"steps.7.name": "一", "steps.2.from_fen": "¥1,000.5"})
    found = parse(Everything, posted)
    assert isinstance(found, Everything)
    assert found.steps == (Step(name="一", from_fen=500), Step(name="二", from_fen=100050))


def test_too_many_rows_are_said_at_the_list() -> None:
    rows = {"steps": [str(n) for n in range(6)]} | {
        f"steps.{n}.{name}": "1" for n in range(6) for name in ("name", "from_fen")
    }
    assert problems(post(**rows)) == [("f-steps", "At most 5 entries.")]


def test_full_width_digits_are_digits() -> None:
    found = parse(Everything, post(count="１２", price="￥１２．３"))
    assert isinstance(found, Everything)
    assert (found.count, found.price) == (12, 1230)


def test_only_offered_choices_are_taken() -> None:
    found = parse(Everything, post(shop_id="9"), choices=SHOPS)
    assert isinstance(found, Form)
    assert [(problem.id, problem.text) for problem in found.problems] == [
        ("f-shop_id", "Please choose one of the options.")
    ]
    assert found["shop_id"].widget == "select"


def test_fields_that_nobody_asked_for_are_left_alone() -> None:
    assert isinstance(parse(Everything, post(is_admin="on")), Everything)


def test_a_form_keeps_what_was_written() -> None:
    found = parse(Everything, QueryDict("title=&count=viele&steps=0&steps.0.name=A"))
    assert isinstance(found, Form)
    assert found["count"].value == "viele"
    assert found["steps"].rows[0].form["name"].value == "A"
    assert not found["is_open"].is_checked


def test_a_refusal_stands_above_the_form_or_at_a_field() -> None:
    form = form_for(Everything, {"title": "T"})
    assert [problem.text for problem in form.refuse(Refused("taken", "Taken %(n)s.", n=2)).problems] == ["Taken 2."]
    assert form.refuse("Taken.", "title")["title"].errors == ["Taken."]


def test_money_keeps_its_zeros_and_discounts_do_not() -> None:
    form = form_for(Everything, {"title": "T", "price": 1230, "discount": 950})
    assert (form["price"].value, form["discount"].value) == ("12.30", "9.5")


def test_sections_group_the_fields() -> None:
    form = form_for(Everything)
    assert [(section.title, len(section.fields)) for section in form.sections] == [
        ("What", 2), ("How much", 5), ("When", 1), ("", 6),
    ]  # fmt: skip


def test_the_reference_names_every_field() -> None:
    page = reference(Everything)
    assert "| `price` | Price | int, yuan, ≥ -10000000000000, ≤ 10000000000000 | 19.90 |  |" in page
    assert "| `when` | When | `placed` Placed, `paid` Paid, `finished` Done | `paid` |  |" in page
    assert "### Step" in page


def test_the_json_schema_speaks_the_same_words() -> None:
    properties = Everything.model_json_schema()["properties"]
    assert properties["price"]["title"] == "Price"
    assert properties["price"]["maximum"] == 10**13


def test_a_spec_is_frozen_and_closed() -> None:
    with pytest.raises(ValidationError):
        Everything(title="T", unknown=1)  # type: ignore[call-arg]  # what is tested
    with pytest.raises(ValidationError):
        Everything(title="T").count = 4
