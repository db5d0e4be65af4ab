"""Imports in the words of a shopkeeper: what was recognised, how far it is, what undoing would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shuke.core import money
from shuke.core.progress import Progress
from shuke.members.queries.marks import masked, masked_words
from shuke.platforms.platform import CustomerRecord, LineRecord, OrderRecord, RefundRecord, SaleRecord, platforms
from shuke.trade.actions import Preview
from shuke.trade.queries import ImportRow, state_label

STATES = {
    "uploaded": (gettext_lazy("Not started"), "warning"),
    "waiting": (gettext_lazy("In the queue"), "info"),
    "running": (gettext_lazy("Importing"), "info"),
    "done": (gettext_lazy("Imported"), "success"),
    "failed": (gettext_lazy("Not imported"), "danger"),
    "undoing": (gettext_lazy("Being undone"), "info"),
    "undone": (gettext_lazy("Undone"), "secondary"),
}
CONTENTS = {
    "orders": gettext_lazy("Order list"),
    "lines": gettext_lazy("Item list"),
    "refunds": gettext_lazy("Refund list"),
    "sales": gettext_lazy("Orders with items"),
    "customers": gettext_lazy("Customer list"),
}
REFUND_STATES = {
    "asked": gettext_lazy("Asked for"),
    "returning": gettext_lazy("Goods on their way back"),
    "refused": gettext_lazy("Refused"),
    "closed": gettext_lazy("Refund closed"),
    "refunded": gettext_lazy("Refunded"),
}
ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "gb18030": "GB18030 (Excel)", "utf-16": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a file as a table."""

    heads: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Going:
    """How far a running import is."""

    progress: Progress
    state: str

    @property
    def label(self) -> str:
        """What is going on."""
        return str(STATES[self.state][0])

    @property
    def words(self) -> str:
        """Rows done, rows a second and the time left, as far as they are known."""
        now = self.progress
        if not now.done_count:
            return _("The worker takes it up in a moment. You may leave this page.")
        if self.state == "undoing":
            return _("%(count)s orders so far") % {"count": f"{now.done_count:,}"}
        told = [
            _("%(done)s of about %(total)s rows") % {"done": f"{now.done_count:,}", "total": f"{now.total_count:,}"}
        ]
        if now.rate:
            told.append(_("%(count)s rows a second") % {"count": f"{max(1, round(now.rate)):,}"})
        if now.seconds_left is not None:
            told.append(_time_left(now.seconds_left))
        return " · ".join(told)


def state(row: ImportRow) -> tuple[str, str]:
    """An import's state in the active language, and its tone."""
    label, tone = STATES[row.state]
    return str(label), tone


def content(text: str) -> str:
    """`orders+lines` in words."""
    return _(" and ").join(str(CONTENTS[part]) for part in text.split("+") if part in CONTENTS)


def recognised(preview: Preview) -> list[tuple[str, str]]:
    """What a file is: (question, answer) pairs."""
    first = preview.parts[0].layout
    rows = sum(part.row_estimate for part in preview.parts)
    file = preview.format.upper()
    if preview.format == "csv":
        file = _("%(format)s, text in %(encoding)s") % {
            "format": file, "encoding": ENCODINGS.get(preview.encoding.lower(), preview.encoding)
        }  # fmt: skip
    return [
        (_("Platform"), str(known.label) if (known := platforms().get(first.platform)) else _("Other")),
        (_("Content"), content("+".join(part.layout.content for part in preview.parts))),
        (_("Layout"), _(", ").join(dict.fromkeys(str(part.layout.label) for part in preview.parts))),
        (_("Rows"), _("about %(count)s") % {"count": f"{rows:,}"}),
        (_("File"), file),
    ]


def reports(names: Sequence[str]) -> list[tuple[str, str]]:
    """(platform, where its reports are downloaded) of some platforms, Taobao's without words, since it has pictures."""
    known = platforms()
    return [(str(known[name].label), str(known[name].reports)) for name in dict.fromkeys(names) if name in known]


def sample(preview: Preview) -> Sample:
    """The first rows in the columns that matter, without anything personal."""
    return sample_of(preview.sample)


def sample_of(records: Sequence[Any]) -> Sample:
    """The first records of any content, without anything personal."""
    shown = records[:5]
    if shown and isinstance(shown[0], CustomerRecord):
        heads = [_("Customer"), _("Place"), _("Phone"), _("Tags"), _("Has bought")]
        return Sample(heads, [_customer_row(record) for record in shown])
    if shown and isinstance(shown[0], RefundRecord):
        heads = [_("Order number"), _("Asked"), _("State"), _("Goods"), _("Amount")]
        return Sample(heads, [_refund_row(record) for record in shown])
    heads = [_("Order number"), _("Placed"), _("State"), _("Goods"), _("Amount")]
    return Sample(heads, [_sample_row(record) for record in shown])


def _customer_row(record: CustomerRecord) -> list[str]:
    return [
        masked("name", record.name) or masked_words(record.nick or record.shown_nick) or record.name_masked or "–",
        f"{record.province} {record.city}".strip() or "–",
        masked("phone", record.phone) or record.phone_masked or "–",
        masked_words(" ".join(record.tags))[:40] or "–",
        _("yes") if record.has_bought else _("no"),
    ]


def _refund_row(record: RefundRecord) -> list[str]:
    asked = timezone.localtime(record.asked_at).strftime("%Y-%m-%d %H:%M") if record.asked_at else "–"
    state = str(REFUND_STATES.get(record.state, "–"))
    return [record.order_no, asked, state, record.title[:60] or "–", f"¥{money.yuan(record.refund_fen)}"]


def _sample_row(record: OrderRecord | LineRecord | SaleRecord) -> list[str]:
    if isinstance(record, SaleRecord):
        record = record.order
    if isinstance(record, LineRecord):
        goods, amount = f"{record.title} × {record.quantity}", record.due_fen
    else:
        goods, amount = "，".join(record.titles), record.total_fen
    placed = timezone.localtime(record.placed_at).strftime("%Y-%m-%d %H:%M") if record.placed_at else "–"
    shown = f"¥{money.yuan(amount)}" if amount is not None else "–"
    return [record.order_no, placed, state_label(record.state), goods[:60] or "–", shown]


def counts(row: ImportRow) -> list[tuple[str, str, str]]:
    """The report's numbers: (label, count, what it means)."""
    told = [
        (_("Added"), row.new_count, _("were not known before")),
        (_("Changed"), row.changed_count, _("a new state, amount or refund")),
        (_("Unchanged"), row.same_count, _("known exactly like this")),
        (_("Older than known"), row.older_count, _("behind what is known; nothing moved back")),
        (_("Rejected"), row.rejected_count, _("could not be read")),
    ]
    return [(label, f"{count:,}", hint) for label, count, hint in told]


def undo_question(row: ImportRow) -> str:
    """What undoing an import will do, before it is done."""
    told = []
    if row.new_count:
        told.append(
            ngettext("%(count)d new row that it brought is removed again.",
                     "%(count)d new rows that it brought are removed again.", row.new_count)
            % {"count": row.new_count}
        )  # fmt: skip
    if row.changed_count:
        told.append(
            ngettext("%(count)d changed row goes back to what it was.",
                     "%(count)d changed rows go back to what they were.", row.changed_count)
            % {"count": row.changed_count}
        )  # fmt: skip
    told.append(_("Points, levels and figures that came from them follow. What a later import changed stays."))
    return " ".join(told)


def _time_left(seconds: int) -> str:
    if seconds < 60:
        return _("less than a minute left")
    minutes = round(seconds / 60)
    return ngettext("about %(count)d minute left", "about %(count)d minutes left", minutes) % {"count": minutes}
