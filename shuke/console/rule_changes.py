"""What changed between two versions of a rule, in the words of its form."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from shuke.core.specs import Form, FormField, Spec, form_for
from shuke.core.specs.posted import Given


@dataclass(frozen=True, slots=True)
class Changed:
    """One field whose value became another one; a row that came or went has "" on the other side."""

    label: str
    before: str
    after: str


def changes(
    before: Spec | None, after: Spec, *, without: Collection[str] = (), choices: Given | None = None
) -> list[Changed]:  # fmt: skip
    """Every field that differs, in the order of the form; nothing for the first version."""
    if before is None:
        return []
    found: list[Changed] = []
    for old, new in zip(_form(before, choices), _form(after, choices), strict=True):
        if new.shape.name in without:
            continue
        if new.shape.kind == "rows":
            found += _rows(old, new)
        elif (was := said(old)) != (now := said(new)):
            found.append(Changed(new.label, was, now))
    return found


def _form(value: Spec, choices: Given | None) -> Form:
    return form_for(type(value), value, choices=choices)


def said(field: FormField) -> str:
    """A field's value as people read it."""
    if field.shape.kind == "bool":
        return _("yes") if field.is_checked else _("no")
    if field.options:
        return "、".join(option.label for option in field.options if option.is_chosen) or "–"
    text = "、".join(line for line in field.value.splitlines() if line)
    if not text:
        return _("nothing")
    return f"{text} {field.unit}" if field.unit else text


def _rows(old: FormField, new: FormField) -> list[Changed]:
    was = [_row(form.form) for form in old.rows]
    now = [_row(form.form) for form in new.rows]
    if len(was) == len(now):
        pairs = list(zip(was, now, strict=True))
        return [Changed(_numbered(new, number), *pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1]]
    gone = [Changed(new.label, row, "") for row in was if row not in now]
    return gone + [Changed(new.label, "", row) for row in now if row not in was]


def _numbered(field: FormField, number: int) -> str:
    return f"{field.row_word} {number}"


def _row(fields: Form) -> str:
    return _(", ").join(f"{one.label} {said(one)}" for one in fields if one.value)
