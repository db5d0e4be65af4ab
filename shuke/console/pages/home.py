"""The first page after signing in: what to do today, and for a new owner her first steps."""

from __future__ import annotations

from django.http import HttpResponse

from shuke.console import navigation
from shuke.console.desk import Desk, page
from shuke.merchants import queries as merchants


@page()
def show(desk: Desk) -> HttpResponse:
    """Where the day begins."""
    paths = {entry.page: entry.path for entry in navigation.ENTRIES if not entry.right or desk.may(entry.right)}
    return desk.show("console/home.html", paths=paths, shops=merchants.shops(desk.merchant_id))
