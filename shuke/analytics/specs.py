"""What people may choose about lists of customers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from shuke.core.specs import Fen, Spec, Ui
from shuke.core.typed import LARGEST

LIFECYCLES = {
    "loyal": _("Loyal customers"),
    "new": _("New customers"),
    "callback": _("Customers to call back"),
    "lapsed": _("Long absent"),
    "other": _("Other customers"),
}
SORTS = {
    "last_order": _("Last order"),
    "amount": _("Paid amount"),
    "orders": _("Order count"),
    "average": _("Average order"),
    "points": _("Points"),
    "joined": _("Joined"),
    "nick": _("Nick"),
    "level": _("Level"),
}

Count = Annotated[int | None, Field(ge=0, le=10**15)]
Id = Annotated[int | None, Field(gt=0, le=LARGEST)]
Amount = Annotated[Fen | None, Field(ge=0, le=10**15)]


class MemberFilter(Spec):
    """Which customers a list shows; an empty field leaves all in. Bounds count themselves in; days are the shop's."""

    text: Annotated[str, Field(max_length=200), Ui(_("Nick, name, phone"))] = ""
    lifecycle: Annotated[
        Literal["", "loyal", "new", "callback", "lapsed", "other"], Ui(_("Lifecycle"), choices=LIFECYCLES)
    ] = ""
    level_no: Annotated[int | None, Field(ge=0, le=20), Ui(_("Level"))] = None
    tag_id: Annotated[Id, Ui(_("Tag"))] = None
    group_id: Annotated[Id, Ui(_("Group"))] = None
    status: Annotated[
        Literal["", "normal", "blacklist"],
        Ui(_("Status"), choices={"normal": _("Normal"), "blacklist": _("Blacklisted")}),
    ] = ""
    relation_source: Annotated[
        Literal["", "traded", "untraded", "recruited"],
        Ui(
            _("Relation"),
            choices={"traded": _("Traded"), "untraded": _("Ordered only"), "recruited": _("Recruited")},
        ),
    ] = ""
    province: Annotated[str, Field(max_length=30), Ui(_("Province"))] = ""
    shop_id: Annotated[Id, Ui(_("Shop"))] = None
    amount_from_fen: Annotated[Amount, Ui(_("Paid at least"))] = None
    amount_to_fen: Annotated[Amount, Ui(_("Paid at most"))] = None
    orders_from: Annotated[Count, Ui(_("Orders at least"))] = None
    orders_to: Annotated[Count, Ui(_("Orders at most"))] = None
    points_from: Annotated[Count, Ui(_("Points at least"))] = None
    points_to: Annotated[Count, Ui(_("Points at most"))] = None
    last_order_from_on: Annotated[date | None, Ui(_("Last order from"))] = None
    last_order_to_on: Annotated[date | None, Ui(_("Last order until"))] = None
