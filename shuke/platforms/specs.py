"""How a file of any other system is read: which column is which field, what its status words mean, how it writes days."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from shuke.core.specs import Mismatch, Spec, Ui

Column = Annotated[str, Field(max_length=200)]
STATE_LABELS = {
    "unpaid": _("Waiting for payment"),
    "paid": _("Waiting to be shipped"),
    "part_shipped": _("Partly shipped"),
    "shipped": _("Shipped"),
    "signed": _("Signed for"),
    "finished": _("Finished"),
    "closed": _("Closed"),
}
_ORDER, _AMOUNTS, _TIMES, _BUYER, _GOODS, _MORE = (
    _("Order"), _("Amounts"), _("Points in time"), _("Buyer or customer"), _("Products"), _("More about the customer"),
)  # fmt: skip


class StateWord(Spec):
    """A status word of the file and what it means."""

    word: Annotated[str, Ui(_("Word in the file")), Field(min_length=1, max_length=60)]
    state: Annotated[
        Literal["unpaid", "paid", "part_shipped", "shipped", "signed", "finished", "closed"],
        Ui(_("Means"), choices=STATE_LABELS, widget="select"),
    ] = "paid"


class MappingSpec(Spec):
    """How files of one header are read. Each field names a column, "" where the file has none."""

    label: Annotated[
        str, Ui(_("Name of this format"), _("Such as “ERP order list”.")), Field(min_length=1, max_length=60)
    ]
    content: Annotated[
        Literal["orders", "sales", "customers"],
        Ui(
            _("What a row is"),
            widget="radio",
            choices={
                "orders": _("A row is an order"),
                "sales": _("A row is a product of an order"),
                "customers": _("A row is a customer"),
            },
        ),
    ] = "orders"
    dates: Annotated[
        Literal["ymd", "dmy", "mdy"],
        Ui(
            _("Days are written"),
            widget="select",
            choices={
                "ymd": _("Year first: 2026-11-22"),
                "dmy": _("Day first: 22/11/2026"),
                "mdy": _("Month first: 11/22/2026"),
            },
        ),
    ] = "ymd"
    unit: Annotated[
        Literal["yuan", "fen"],
        Ui(_("Amounts are in"), widget="select", choices={"yuan": _("yuan"), "fen": _("fen")}),
    ] = "yuan"
    order_no: Annotated[Column, Ui(_("Order number"), section=_ORDER)] = ""
    state: Annotated[Column, Ui(_("State of the order"), section=_ORDER)] = ""
    message: Annotated[Column, Ui(_("Message of the buyer"), section=_ORDER)] = ""
    remark: Annotated[Column, Ui(_("Remark of the shop"), section=_ORDER)] = ""
    total: Annotated[Column, Ui(_("Order amount"), section=_AMOUNTS)] = ""
    paid: Annotated[Column, Ui(_("Paid by the buyer, before refunds"), section=_AMOUNTS)] = ""
    post: Annotated[Column, Ui(_("Postage in it"), section=_AMOUNTS)] = ""
    refund: Annotated[Column, Ui(_("Amount refunded"), section=_AMOUNTS)] = ""
    currency: Annotated[Column, Ui(_("Currency"), section=_AMOUNTS)] = ""
    placed_at: Annotated[Column, Ui(_("Placed"), section=_TIMES)] = ""
    paid_at: Annotated[Column, Ui(_("Paid at"), section=_TIMES)] = ""
    shipped_at: Annotated[Column, Ui(_("Shipped at"), section=_TIMES)] = ""
    finished_at: Annotated[Column, Ui(_("Finished at"), section=_TIMES)] = ""
    own_phone: Annotated[Column, Ui(_("Phone of the buyer"), section=_BUYER)] = ""
    email: Annotated[Column, Ui(_("E-mail of the buyer"), section=_BUYER)] = ""
    nick: Annotated[Column, Ui(_("Nick or account"), section=_BUYER)] = ""
    name: Annotated[Column, Ui(_("Full name"), section=_BUYER)] = ""
    phone: Annotated[Column, Ui(_("Phone of the receiver"), section=_BUYER)] = ""
    province: Annotated[Column, Ui(_("Province"), section=_BUYER)] = ""
    city: Annotated[Column, Ui(_("City"), section=_BUYER)] = ""
    district: Annotated[Column, Ui(_("District"), section=_BUYER)] = ""
    address: Annotated[Column, Ui(_("Street address"), section=_BUYER)] = ""
    title: Annotated[Column, Ui(_("Title of the product"), section=_GOODS)] = ""
    sku: Annotated[Column, Ui(_("Variant"), section=_GOODS)] = ""
    outer_id: Annotated[Column, Ui(_("Product code of the shop"), section=_GOODS)] = ""
    product_id: Annotated[Column, Ui(_("Product number of the platform"), section=_GOODS)] = ""
    quantity: Annotated[Column, Ui(_("Pieces"), section=_GOODS)] = ""
    price: Annotated[Column, Ui(_("Price of a piece"), section=_GOODS)] = ""
    due: Annotated[Column, Ui(_("To be paid for this row"), section=_GOODS)] = ""
    gender: Annotated[Column, Ui(_("Gender"), section=_MORE)] = ""
    birthday: Annotated[Column, Ui(_("Birthday"), section=_MORE)] = ""
    tags: Annotated[Column, Ui(_("Tags"), section=_MORE)] = ""
    joined_at: Annotated[Column, Ui(_("Customer since"), section=_MORE)] = ""
    bought_at: Annotated[Column, Ui(_("Bought last at"), section=_MORE)] = ""
    order_count: Annotated[Column, Ui(_("Number of orders"), section=_MORE)] = ""
    states: Annotated[
        list[StateWord],
        Ui(_("Status words"), _("What the words in the status column mean."), row=_("word")),
        Field(max_length=60),
    ] = []

    @property
    def columns(self) -> dict[str, str]:
        """The column of each field that the file has."""
        return {name: column for name in FIELDS if (column := getattr(self, name))}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """What a row cannot be read without."""
        if self.content == "customers":
            if not (self.own_phone or self.email or self.nick):
                raise Mismatch(
                    "own_phone", _("Choose at least one of phone, e-mail and nick: by it she is known again.")
                )
            return self
        if not self.order_no:
            raise Mismatch("order_no", _("Orders are known by their number: choose its column."))
        if not (self.placed_at or self.paid_at):
            raise Mismatch("placed_at", _("Choose when an order was placed or paid."))
        if not (self.total or self.paid or (self.due and self.content == "sales")):
            raise Mismatch("total", _("Choose the column with the amount."))
        if self.content == "sales" and not self.title:
            raise Mismatch("title", _("Choose the column with the product."))
        if self.state and not self.states:
            raise Mismatch("states", _("Say what the words in the status column mean."))
        words = [one.word for one in self.states]
        if len(set(words)) < len(words):
            raise Mismatch("states", _("A word stands there twice."))
        return self


FIELDS: Final = tuple(
    name for name in MappingSpec.model_fields if name not in {"label", "content", "dates", "unit", "states"}
)
FIELDS_OF: Final[dict[str, frozenset[str]]] = {
    "orders": frozenset(FIELDS)
    - {"sku", "outer_id", "product_id", "price", "due", "gender", "birthday", "tags", "joined_at", "bought_at", "order_count"},
    "sales": frozenset(FIELDS) - {"gender", "birthday", "tags", "joined_at", "bought_at", "order_count"},
    "customers": frozenset(
        {"own_phone", "email", "nick", "name", "province", "city", "district", "address", "gender", "birthday", "tags",
         "joined_at", "bought_at", "order_count"}
    ),
}  # fmt: skip
