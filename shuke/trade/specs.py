"""What an owner may set about orders."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from shuke.core.specs import Spec, Ui


class LifecycleSpec(Spec):
    """When a customer counts as new, as long absent, as to be called back; whole days."""

    new_days: Annotated[
        int, Field(ge=1, le=365), Ui(_("New for"), unit=_("days"), help=_("After her first order."))
    ] = 30
    lapsed_days: Annotated[
        int, Field(ge=7, le=1825), Ui(_("Long absent after"), unit=_("days"), help=_("Without another order."))
    ] = 180
    callback_days: Annotated[
        int,
        Field(ge=1, le=90),
        Ui(_("To call back for"), unit=_("days"), help=_("After an order that she did not pay.")),
    ] = 15
