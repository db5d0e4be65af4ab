"""Facts about orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext as _

from shuke.core.facts import Fact, fact
from shuke.core.money import yuan
from shuke.trade.rules import STATE_LABELS


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(Fact):
    """An order is new (`before` is "") or its state or amounts changed; `subject_id` is the order."""

    kind: ClassVar[str] = "trade.order_changed"
    order_no: str
    before: str
    state: str
    paid_fen: int = 0

    def sentence(self) -> str:
        """The order's new state, and the amount where something was paid."""
        label = STATE_LABELS.get(self.state, self.state)
        if self.paid_fen:
            return _("Order %(no)s: %(state)s, paid ¥%(paid)s") % {
                "no": self.order_no, "state": label, "paid": yuan(self.paid_fen)
            }  # fmt: skip
        return _("Order %(no)s: %(state)s") % {"no": self.order_no, "state": label}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRemoved(Fact):
    """An order is gone because its import was undone; `subject_id` is the order."""

    kind: ClassVar[str] = "trade.order_removed"
    order_no: str

    def sentence(self) -> str:
        """That it is gone."""
        return _("Order %(no)s was removed: its import was undone") % {"no": self.order_no}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFinished(Fact):
    """An import has come to its end; `subject_id` is the import."""

    kind: ClassVar[str] = "trade.import_finished"
    new_count: int
    changed_count: int
    same_count: int
    rejected_count: int
