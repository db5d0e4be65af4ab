"""Addresses of the programs' surface."""

from django.urls import path

from shuke.api import document
from shuke.api.route import api
from shuke.api.routes import (
    accounts,
    exports,
    facts,
    hooks,
    imports,
    levels,
    members,
    memberships,
    orders,
    people,
    points,
    privacy,
    redemptions,
    rulebook,
    settings,
    shops,
    sorting,
)

SUBJECTS = (
    shops,
    members,
    people,
    privacy,
    sorting,
    orders,
    imports,
    points,
    accounts,
    redemptions,
    levels,
    memberships,
    rulebook,
    exports,
    settings,
    facts,
    hooks,
)
"""Importing these registers their routes."""

urlpatterns = [
    path("v1/openapi.json", document.openapi, name="api_openapi"),
    path("v1/docs", document.page, name="api_docs"),
    path("v1/docs.css", document.style, name="api_style"),
    path("v1/", api.urls),
]
