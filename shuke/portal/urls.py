"""Addresses of the buyers' pages; none holds an id."""

from django.urls import path, re_path

from shuke.portal.pages import entry, home, levels, points, rules, statement

app_name = "portal"

urlpatterns = [
    path("", home.show, name="home"),
    path("points/", points.show, name="points"),
    path("points/account/", statement.show, name="statement"),
    path("levels/", levels.show, name="levels"),
    path("rules/", rules.show, name="rules"),
    path("language/", entry.set_language, name="language"),
    path("leave/", entry.leave, name="leave"),
    path("shop/<str:mark>/", entry.shop, name="shop"),
    path("shop/<str:mark>/qr.png", entry.qr, {"kind": "png"}, name="qr_png"),
    path("shop/<str:mark>/qr.svg", entry.qr, {"kind": "svg"}, name="qr_svg"),
    # Chat programs cut a link's last stroke off now and then.
    re_path(r"^(?P<token>[\w.=-]{40,400})/?$", entry.open_link, name="open"),
    re_path(r"^", entry.missing),
]
