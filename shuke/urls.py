"""Addresses of all surfaces."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="console:home")),
    path("console/", include("shuke.console.urls")),
    path("b/", include("shuke.portal.urls")),
    path("api/", include("shuke.api.urls")),
]

handler400 = "shuke.console.pages.errors.bad_request"
handler403 = "shuke.console.pages.errors.forbidden"
handler404 = "shuke.console.pages.errors.not_found"
handler500 = "shuke.console.pages.errors.broken"
