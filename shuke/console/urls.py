"""Addresses of the console, each with the name that navigation and templates use."""

from django.urls import path

from shuke.console.pages import account, audit, first_start, home, imports, settings, shops, sign_in, staff, workplaces

app_name = "console"

urlpatterns = [
    path("", home.show, name="home"),
    path("start/", first_start.show, name="first_start"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("language/", account.set_language, name="language"),
    path("workplaces/", workplaces.show, name="workplaces"),
    path("account/", account.show, name="account"),
    path("account/password/", account.change_password, name="password"),
    path("imports/", imports.list_all, name="imports"),
    path("imports/upload/", imports.upload, name="imports_upload"),
    path("imports/preview/", imports.preview, name="imports_preview"),
    path("imports/start/", imports.start, name="imports_start"),
    path("imports/<int:import_id>/", imports.show, name="import"),
    path("imports/<int:import_id>/password/", imports.open_with_password, name="import_password"),
    path("imports/<int:import_id>/discard/", imports.discard, name="import_discard"),
    path("imports/<int:import_id>/undo/", imports.undo, name="import_undo"),
    path("imports/<int:import_id>/rejects/", imports.rejects, name="import_rejects"),
    path("shops/", shops.list_all, name="shops"),
    path("shops/add/", shops.add, name="shop_add"),
    path("shops/<int:shop_id>/", shops.edit, name="shop_edit"),
    path("staff/", staff.list_all, name="staff"),
    path("staff/add/", staff.add, name="staff_add"),
    path("staff/<int:staff_id>/", staff.edit, name="staff_edit"),
    path("staff/<int:staff_id>/password/", staff.issue_password, name="staff_password"),
    path("audit/", audit.show, name="audit"),
    path("settings/", settings.merchant, name="settings"),
    path("settings/<str:name>/", settings.edit, name="setting"),
]
