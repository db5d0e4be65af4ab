"""Addresses of the programs' surface."""

from django.urls import path

from shuke.api import document
from shuke.api.route import api
from shuke.api.routes import (
    exports,
    facts,
    imports,
    levels,
    members,
    orders,
    people,
    points,
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
    sorting,
    orders,
    imports,
    points,
    redemptions,
    levels,
    rulebook,
    exports,
    settings,
    facts,
)
"""Importing these registers their routes."""

urlpatterns = [
    path("v1/openapi.json", document.openapi, name="api_openapi"),
    path("v1/docs", document.page, name="api_docs"),
    path("v1/docs.css", document.style, name="api_style"),
    path("v1/", api.urls),
]
