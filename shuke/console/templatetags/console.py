"""Icons, addresses of static files, money and moments for templates."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shuke.console import banners as lines_above
from shuke.console import navigation
from shuke.console.desk import Desk
from shuke.core import clock, money

register = template.Library()


@register.simple_tag
def asset(path: str) -> str:
    """The address of a static file with a mark of its content, so that browsers may keep it for long."""
    return f"{static(path)}?v={_mark(path)}" if not settings.DEBUG else f"{static(path)}?v={_digest(path)}"


@lru_cache(maxsize=64)
def _mark(path: str) -> str:
    return _digest(path)


def _digest(path: str) -> str:
    found = finders.find(path)
    return hashlib.sha256(Path(str(found)).read_bytes()).hexdigest()[:10] if found else "0"


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon of the sprite, hidden from screen readers: the words beside it speak."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css, asset("vendor/icons.svg"), name,
    )  # fmt: skip


@register.simple_tag
def navigation_entries(desk: Desk) -> list[tuple[navigation.Entry, bool]]:
    """The lines of the navigation for this person."""
    return navigation.entries(desk.person.rights, desk.request.path)


@register.simple_tag
def banners(desk: Desk) -> list[lines_above.Banner]:
    """What stands above every page for this person."""
    return lines_above.banners(desk)


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changed: Any) -> str:
    """The page's query string with some values changed; None or "" takes one out."""
    request: HttpRequest = context["request"]
    found = request.GET.copy()
    for name, value in changed.items():
        if value in {None, ""}:
            found.pop(name, None)
        else:
            found[name] = str(value)
    return f"?{found.urlencode()}" if found else "?"


@register.filter
def yuan(amount_fen: int | None) -> str:
    """`123456` → "¥1,234.56"."""
    return "–" if amount_fen is None else f"{'-' if amount_fen < 0 else ''}¥{money.yuan(abs(amount_fen))}"


@register.simple_tag
def money_typed(amount_fen: int) -> str:
    """`123456` → "1234.56", as it is typed into another program's field."""
    return money.yuan(amount_fen, grouped=False)


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """An instant in the merchant's zone, to the minute, as a <time>."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    text = local.strftime("%Y-%m-%d %H:%M")
    return format_html('<time datetime="{}" class="text-nowrap">{}</time>', at.isoformat(timespec="seconds"), text)


@register.filter
def ago(at: datetime | None) -> SafeString | str:
    """How long ago, for lists where the latest matters; the exact moment on hover."""
    if at is None:
        return "–"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(timespec="seconds"),
                       timezone.localtime(at).strftime("%Y-%m-%d %H:%M"), _ago_text(at))  # fmt: skip


def _ago_text(at: datetime) -> str:
    seconds = int((clock.now() - at).total_seconds())
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return _("%(count)s min ago") % {"count": seconds // 60}
    if seconds < 86400:
        return _("%(count)s h ago") % {"count": seconds // 3600}
    if seconds < 30 * 86400:
        return _("%(count)s d ago") % {"count": seconds // 86400}
    return timezone.localtime(at).strftime("%Y-%m-%d")


@register.filter
def day(on: date | None) -> str:
    """A day as people write it."""
    return "–" if on is None else date_format(on, "Y-m-d")


@register.filter
def may(desk: Desk, right: str) -> bool:
    """Whether the person at the desk has a right: `{% if desk|may:"members.edit" %}`."""
    return desk.may(right)


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """A value by a key that is itself a variable."""
    return mapping.get(key)


@register.simple_tag
def attributes(**found: Any) -> SafeString:
    """HTML attributes of what is neither None, False nor ""; True gives the bare name, `_` becomes `-`."""
    kept = [
        (name.rstrip("_").replace("_", "-"), value) for name, value in found.items() if value not in {None, False, ""}
    ]
    return format_html_join("", ' {}="{}"', ((name, "" if value is True else value) for name, value in kept))


@register.filter
def grouped(number: int | None) -> str:
    """`12345` → "12,345"."""
    return "–" if number is None else f"{number:,}"


@register.filter
def signed(number: int) -> str:
    """`1200` → "+1,200", `-30` → "−30"."""
    return f"+{number:,}" if number > 0 else f"−{-number:,}" if number < 0 else "0"


@register.filter
def last_day(end: datetime) -> str:
    """The last day on which something holds that ends at an instant."""
    return date_format(timezone.localtime(end - timedelta(microseconds=1)), "Y-m-d")


@register.filter
def discount(permille: int) -> str:
    """The share of the price to pay as sellers say it, with ‰ beside: `950` → "9.5折 (950‰)"."""
    if permille == 1000:
        return _("full price")
    tenths = f"{permille / 100:.2f}".rstrip("0").rstrip(".")
    return _("%(tenths)s of 10 (%(permille)s‰)") % {"tenths": tenths, "permille": permille}
