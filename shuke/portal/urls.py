"""Addresses of the buyers' pages; none holds an id."""

from django.urls import path, re_path

from shuke.portal.pages import claim, entry, home, levels, my_data, points, redeem, rules, statement

app_name = "portal"

urlpatterns = [
    path("", home.show, name="home"),
    path("points/", points.show, name="points"),
    path("redeem/", redeem.show, name="redeem"),
    path("redeem/ask/", redeem.ask, name="redeem_ask"),
    path("redeem/cancel/", redeem.cancel, name="redeem_cancel"),
    path("points/account/", statement.show, name="statement"),
    path("levels/", levels.show, name="levels"),
    path("rules/", rules.show, name="rules"),
    path("data/", my_data.show, name="my_data"),
    path("data/file/<str:token>/", my_data.export, name="my_data_export"),
    path("data/correct/", my_data.correct, name="my_data_correct"),
    path("data/words/", my_data.switch, name="my_data_switch"),
    path("data/delete/", my_data.delete, name="my_data_delete"),
    path("shop/<str:mark>/claim/", claim.claim, name="claim"),
    path("language/", entry.set_language, name="language"),
    path("leave/", entry.leave, name="leave"),
    path("shop/<str:mark>/", entry.shop, name="shop"),
    path("shop/<str:mark>/qr.png", entry.qr, {"kind": "png"}, name="qr_png"),
    path("shop/<str:mark>/qr.svg", entry.qr, {"kind": "svg"}, name="qr_svg"),
    # Chat programs cut a link's last stroke off now and then.
    re_path(r"^(?P<token>[\w.=-]{40,400})/?$", entry.open_link, name="open"),
    re_path(r"^", entry.missing),
]
