"""A platform is a place where orders come from; its files become the neutral records below."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from hashlib import blake2b
from typing import Any, ClassVar, Final, Literal, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shuke.core import registry
from shuke.core.tables import Row

Content = Literal["orders", "lines", "sales", "refunds", "customers"]
State = Literal["unpaid", "paid", "part_shipped", "shipped", "signed", "finished", "closed"]
RefundState = Literal["", "asked", "returning", "refused", "closed", "refunded"]

STATES: Final[tuple[State, ...]] = (
    "unpaid",
    "paid",
    "part_shipped",
    "shipped",
    "signed",
    "finished",
    "closed",
)

DOUBTS: Final[dict[str, Promise]] = {
    "paid_differs": _("The paid amount is not the total minus the refund."),
    "paid_is_gross": _("The paid amount equals the total although there is a refund."),
    "refund_state_unknown": _("The refund has a status that is not known."),
    "total_differs": _("The total is not the goods plus the postage."),
    "paid_from_total": _("The file has no paid amount; it was taken from the total."),
    "phone_unreadable": _("The phone number could not be read."),
    "state_from_times": _("The file has no status; it was taken from the times."),
    "closed_is_refunded": _("The order was closed after payment; it counts as refunded in full."),
    "refund_in_full": _("The file tells of a refund but not how much; it counts as refunded in full."),
    "refund_from_received": _("The refund was taken from the difference between paid and received."),
    "refund_too_large": _("The refund is larger than the order; the order counts as refunded in full."),
    "currency_unknown": _("The file does not say the currency; the amounts were taken to be yuan."),
    "birthday_unreadable": _("The birthday could not be read."),
}


def least(states: Sequence[State]) -> State:
    """The state of an order by those of its lines: as far as the least of its open lines, closed when all are."""
    return min((state for state in states if state != "closed"), key=STATES.index, default="closed")


class OrderRecord(NamedTuple):
    """One order as a file tells it.

    Text is "" when unknown. Amounts and times are None when the file does not tell them.
    A `*_masked` text holds what the platform showed with stars: it is for display only, never an identity, never
    written over a clear value; the clear field beside it is then "". `shown_nick` is a nick that others may bear too: for
    display, no identity. `own_phone` and `email` are the buyer's own and name her, `phone` is the receiver's. `paid_fen` is net of refunds, as exported; where
    the file contradicts itself the amounts stay as they are and `doubts` (keys of DOUBTS) say so.
    `row_hash` is of the raw cells and, behind it, of how they were read: the same means that the row says nothing new.
    """

    order_no: str
    nick: str
    nick_masked: str
    shown_nick: str
    ouid: str
    open_uid: str
    state: State
    placed_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    finished_at: datetime | None
    goods_fen: int | None
    post_fen: int | None
    total_fen: int | None
    paid_fen: int | None
    refund_fen: int | None
    titles: tuple[str, ...]
    line_count: int | None
    item_count: int | None
    name: str
    name_masked: str
    phone: str
    phone_masked: str
    phone_expires_at: datetime | None
    own_phone: str
    landline: str
    address: str
    address_masked: str
    province: str
    city: str
    district: str
    postcode: str
    alipay: str
    email: str
    message: str
    remark: str
    flag: int | None
    close_reason: str
    payment_no: str
    logistic_no: str
    logistic_company: str
    shop_name: str
    is_mobile: bool | None
    doubts: tuple[str, ...]
    row_number: int
    row_hash: bytes


class LineRecord(NamedTuple):
    """One line (子订单) of an order as a file tells it.

    `line_no` is the platform's own number, None where the file has none: then the line is known by its order and
    its place among the lines of that order. `price_fen` is the list price of one piece, `due_fen` what the buyer owes
    for the line, `paid_fen` what she paid for it, as exported; None where the file does not tell.
    """

    order_no: str
    line_no: str | None
    title: str
    sku: str
    outer_id: str
    product_id: str
    price_fen: int | None
    quantity: int
    due_fen: int | None
    paid_fen: int | None
    refund_fen: int | None
    refund_state: RefundState
    state: State
    placed_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    flag: int | None
    message: str
    remark: str
    payment_no: str
    logistic_no: str
    logistic_company: str
    doubts: tuple[str, ...]
    row_number: int
    row_hash: bytes


class SaleRecord(NamedTuple):
    """An order with its lines, for files that tell both together; `row_numbers` are all rows it was made of.

    Without lines the file tells none, and the order counts as a whole.
    """

    order: OrderRecord
    lines: tuple[LineRecord, ...]
    row_numbers: tuple[int, ...]


class CustomerRecord(NamedTuple):
    """One customer as a customer file tells her; phone, mail address, open_uid and nick are her own and name her.

    `shown_nick` is a nick that others may bear too. `birthday` is an ISO day or "", `gender` "female", "male" or "".
    """

    nick: str
    shown_nick: str
    open_uid: str
    phone: str
    phone_masked: str
    email: str
    name: str
    name_masked: str
    address: str
    province: str
    city: str
    district: str
    birthday: str
    gender: str
    tags: tuple[str, ...]
    joined_at: datetime | None
    bought_at: datetime | None
    has_bought: bool
    doubts: tuple[str, ...]
    row_number: int
    row_hash: bytes


class RefundRecord(NamedTuple):
    """One refund as a refund report tells it; amounts in fen."""

    refund_no: str
    order_no: str
    title: str
    outer_id: str
    paid_fen: int | None
    refund_fen: int
    state: RefundState
    reason: str
    explanation: str
    goods_state: str
    with_return: bool | None
    is_partial: bool | None
    paid_at: datetime | None
    asked_at: datetime | None
    finished_at: datetime | None
    doubts: tuple[str, ...]
    row_number: int
    row_hash: bytes


Record = OrderRecord | LineRecord | RefundRecord | CustomerRecord


class Reject(NamedTuple):
    """A row that was not accepted: `code` for machines, `text` for the shopkeeper, `raw` for the reject file."""

    row_number: int
    code: str
    message: str | Promise
    column: str
    raw: str
    params: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The message in the language of the reader. It quotes no cell, so it may be logged."""
        return str(self.message) % self.params if self.params else str(self.message)


class Parsed(NamedTuple):
    """What a chunk of rows became: each row is in exactly one of the two lists."""

    records: list[Any]
    rejects: list[Reject]


READING: Final = 1
"""To be raised whenever a row comes to be read otherwise than by the version before, so that no row counts as known then."""

MARK_BYTES: Final = 4


def is_read_anew(told: bytes, known: bytes) -> bool:
    """Whether two row hashes are of the same row, read in two ways."""
    return told != known and len(told) == len(known) and told[:-MARK_BYTES] == known[:-MARK_BYTES]


@dataclass(frozen=True, slots=True)
class Layout:
    """A file layout that was recognised in one header; it reads rows below that very header.

    `key_column` is the place of the column whose equal neighbours belong together and must be read in one piece. `terms` is
    all that decides how a row is read besides the platform and the names of the columns.
    """

    platform: str
    name: str
    label: str | Promise
    content: Content
    columns_used: tuple[str, ...]
    columns_unknown: tuple[str, ...]
    reader: Callable[[Sequence[Row], tzinfo, bytes], Parsed]
    key_column: int | None = None
    terms: str = ""

    def read(self, rows: Sequence[Row], zone: tzinfo) -> Parsed:
        """Turn rows into records. `zone` is the shop's, in which the file's times are written.

        Never raises on what a row holds: a row is a record or a reject, in the order of the file.
        """
        return self.reader(rows, zone, self.mark(zone))

    def mark(self, zone: tzinfo) -> bytes:
        """Stands for the way in which rows are read: it differs where the same row may become another record."""
        told = (str(READING), self.platform, self.content, self.terms or self.name, str(zone), *self.columns_used)
        return blake2b("\x1f".join(told).encode(), digest_size=MARK_BYTES).digest()


class Platform(ABC):
    """A kind of platform. One file in `kinds/` holds one subclass; it has no state."""

    name: ClassVar[str]
    label: ClassVar[str | Promise]
    reports: ClassVar[str | Promise] = ""
    """Where a seller downloads the files, in a sentence or two."""

    @abstractmethod
    def recognise(self, header: Sequence[str]) -> Layout | None:
        """The layout of a file with this header, or None when it is not one of this platform's."""


@cache
def platforms() -> dict[str, Platform]:
    """All platforms by name."""
    return registry.scan("shuke.platforms.kinds", Platform)  # type: ignore[type-abstract]  # it is only asked for its subclasses


def recognise(header: Sequence[str], *, platform: str | None = None) -> Layout | None:
    """The layout that knows most of the header's columns, of one platform or of all; None when nobody knows it."""
    kinds = platforms().values() if platform is None else [platforms()[platform]]
    found = [layout for kind in kinds if (layout := kind.recognise(header)) is not None]
    return max(found, key=lambda layout: len(layout.columns_used), default=None)
