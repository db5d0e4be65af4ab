"""Settings: every Spec that a module has registered, by its name."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field, ValidationError

from shuke.api import problems
from shuke.api.calls import Call
from shuke.api.problems import Problem
from shuke.api.route import reads, writes
from shuke.api.shapes import Listing, Sent, Told
from shuke.core.errors import Missing
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.specs import SettingPage, setting_pages

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z]+$", examples=["AdjustLimitSpec"])]


class Setting(Told):
    """A setting with its present value; the reference of settings says what each may be."""

    name: str
    title: str
    value: dict[str, Any]


class SettingCall(Sent):
    """The whole new value; what is left out has its default."""

    value: Annotated[dict[str, Any], Field(examples=[{}])]


@reads("/settings", scope="settings:write")
def list_settings(call: Call) -> Listing[Setting]:
    """List all settings."""
    return Listing(items=[_setting(call, page) for page in setting_pages()])


@reads("/settings/{name}", scope="settings:write", refuses=("no_setting",))
def get_setting(call: Call, name: Name) -> Setting:
    """Get a setting."""
    return _setting(call, _page(name))


@writes("PUT", "/settings/{name}", scope="settings:write", refuses=("no_setting",))
def save_setting(call: Call, name: Name, body: SettingCall) -> Setting:
    """Change a setting."""
    page = _page(name)
    try:
        value = page.spec.model_validate(body.value)
    except ValidationError as error:
        raise Problem(
            422,
            errors=[
                {"in": "body", "field": ".".join(["value", *map(str, one["loc"])]), "message": problems.words(one)}
                for one in error.errors(include_url=False)
            ],
        ) from error
    merchants.save_setting(call.merchant_id, value, by=call.caller.by)
    return _setting(call, page)


def _page(name: str) -> SettingPage:
    found = next((one for one in setting_pages() if one.name == name), None)
    if found is None:
        raise Missing("no_setting", _("This setting does not exist."))
    return found


def _setting(call: Call, page: SettingPage) -> Setting:
    value = queries.setting(call.merchant_id, page.spec)
    return Setting(name=page.name, title=str(page.title), value=value.model_dump(mode="json"))
