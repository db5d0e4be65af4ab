"""Own formats: saying once what the columns of a file of another system are; seeing, renaming and forgetting that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from shuke.console import customer_words, import_words
from shuke.console.desk import Desk, page
from shuke.core.errors import Missing, Refused
from shuke.core.specs import Form, FormField, form_for, parse
from shuke.platforms.specs import FIELDS_OF, MappingSpec, StateWord
from shuke.trade import actions as trade
from shuke.trade import queries
from shuke.trade.queries import UnknownFile

CONTENTS = ("orders", "sales", "customers")


@dataclass(frozen=True, slots=True)
class Tried:
    """What the first rows become when they are read as chosen."""

    sample: import_words.Sample | None
    taken_count: int
    reasons: list[tuple[str, int]]


@page("imports.run", methods=("GET", "POST"))
def edit(desk: Desk, import_id: int) -> HttpResponse:
    """Which column is what; posted with `try` it shows what the first rows become, else it is saved and used."""
    row = queries.import_row(desk.merchant_id, import_id)
    if row is None:
        raise Missing("no_import", _("This import does not exist."))
    if row.state != "uploaded":
        return desk.go("console:import", import_id)
    label = row.name.rpartition(".")[0][:60] or row.name[:60]
    file = queries.unknown_file(desk.merchant_id, import_id, label=label)
    choices = _choices(file)
    if not desk.is_post:
        values = dict(file.guess.values)
        values["states"] = [StateWord.model_validate(one) for one in values["states"]]
        if desk.get.get("content") in CONTENTS:
            values["content"] = desk.get["content"]
        form = form_for(MappingSpec, values, choices=choices)
        guessed = parse(MappingSpec, form.posted(), choices=choices)
        tried = None if isinstance(guessed, Form) else _tried(desk, import_id, guessed)
        return _show(desk, import_id, row.name, file, form, values["content"], tried)
    filled = parse(MappingSpec, desk.post, choices=choices)
    content = desk.post.get("content", "")
    content = content if content in CONTENTS else "orders"
    if isinstance(filled, Form):
        return _show(desk, import_id, row.name, file, filled, content, None, status=200 if "try" in desk.post else 422)
    tried = _tried(desk, import_id, filled)
    form = form_for(MappingSpec, filled, choices=choices)
    if "try" in desk.post:
        return _show(desk, import_id, row.name, file, form, content, tried)
    try:
        trade.save_mapping(desk.merchant_id, import_id, filled, by=desk.by)
    except Missing:
        raise
    except Refused as refused:
        return _show(desk, import_id, row.name, file, form.refuse(refused), content, tried, status=409)
    return desk.go(
        "console:imports_preview",
        query={"file": import_id},
        said=_("Saved. Files like this are recognised from now on."),
    )


@page("imports.run")
def list_all(desk: Desk) -> HttpResponse:
    """The merchant's own formats."""
    doers = customer_words.doers(desk.merchant_id)
    formats = [
        (one, import_words.content(str(one.content.get("content", ""))), doers.get(one.by, _("Shuke")))
        for one in queries.own_formats(desk.merchant_id)
    ]
    return desk.show("console/imports/formats.html", formats=formats)


@page("imports.run", methods=("POST",))
def rename(desk: Desk, mapping_id: int) -> HttpResponse:
    """Give a format another name."""
    trade.rename_mapping(desk.merchant_id, mapping_id, desk.post.get("name", ""), by=desk.by)
    return desk.go("console:import_formats", said=_("Renamed."))


@page("imports.run", methods=("POST",))
def delete(desk: Desk, mapping_id: int) -> HttpResponse:
    """Forget a format."""
    trade.delete_mapping(desk.merchant_id, mapping_id, by=desk.by)
    return desk.go("console:import_formats", said=_("Forgotten. What was imported stays."))


def _show(
    desk: Desk,
    import_id: int,
    name: str,
    file: UnknownFile,
    form: Form,
    content: str,
    tried: Tried | None,
    *,
    status: int = 200,
) -> HttpResponse:
    fields = FIELDS_OF[content]
    sections: list[tuple[str, list[FormField]]] = [
        (section.title, shown)
        for section in form.sections
        if section.title and (shown := [one for one in section.fields if one.shape.name in fields])
    ]
    return desk.show(
        "console/imports/mapping.html",
        status=status,
        form=form,
        sections=sections,
        head=[form["label"], form["dates"], *([form["unit"]] if content != "customers" else [])],
        states=form["states"] if content != "customers" else None,
        content=content,
        contents=[(one, str(_CONTENT_WORDS[one]())) for one in CONTENTS],
        import_id=import_id,
        name=name,
        tried=tried,
        unknown_words=file.guess.unknown_words,
        column_count=len(file.header),
    )


_CONTENT_WORDS = {
    "orders": lambda: _("A row is an order"),
    "sales": lambda: _("A row is a product of an order"),
    "customers": lambda: _("A row is a customer"),
}


def _choices(file: UnknownFile) -> dict[str, list[tuple[Any, str]]]:
    """For each field every column of the file with an example."""
    columns: list[tuple[Any, str]] = [("", _("not in this file"))]
    for name, example in zip(file.header, file.examples, strict=True):
        columns.append(
            (name, _("%(name)s (such as %(example)s)") % {"name": name, "example": example} if example else name)
        )
    return dict.fromkeys(FIELDS_OF["sales"] | FIELDS_OF["customers"] | FIELDS_OF["orders"], columns)


def _tried(desk: Desk, import_id: int, filled: MappingSpec) -> Tried | None:
    parsed = queries.tried(desk.merchant_id, import_id, filled.model_dump(mode="json"))
    if parsed is None:
        return None
    reasons: dict[str, int] = {}
    for reject in parsed.rejects:
        reasons[reject.text] = reasons.get(reject.text, 0) + 1
    return Tried(
        import_words.sample_of(parsed.records) if parsed.records else None, len(parsed.records), list(reasons.items())
    )
