"""Icons, static files, money, discounts and days as the buyers' pages write them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shuke.core import clock, money
from shuke.loyalty.queries.explain import short_no
from shuke.loyalty.queries.rulewords import discount_words

register = template.Library()


@register.simple_tag
def asset(path: str) -> str:
    """The address of a static file with a mark of its content, so that phones may keep it for long."""
    return f"{static(path)}?v={_digest(path) if settings.DEBUG else _mark(path)}"


@lru_cache(maxsize=32)
def _mark(path: str) -> str:
    return _digest(path)


def _digest(path: str) -> str:
    found = finders.find(path)
    return hashlib.sha256(Path(str(found)).read_bytes()).hexdigest()[:10] if found else "0"


@register.simple_tag
def glyph(name: str) -> SafeString:
    """One icon, hidden from screen readers: the words beside it speak."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        asset("portal/icons.svg"), name,
    )  # fmt: skip


@register.filter
def yuan(amount_fen: int) -> str:
    """`123456` → "¥1,234.56"; whole yuan without the noughts."""
    text = money.yuan(abs(amount_fen)).removesuffix(".00")
    return f"{'−' if amount_fen < 0 else ''}¥{text}"


@register.filter
def discount(permille: int) -> str:
    """970 → "9.7折" or "3% off"; "" for the full price."""
    return discount_words(permille)


@register.filter
def signed(points: int) -> str:
    """Points with their sign, a true minus included."""
    return f"+{points:,}" if points > 0 else f"−{-points:,}" if points < 0 else "0"


@register.filter
def grouped(points: int) -> str:
    """12345 → "12,345"."""
    return f"{points:,}" if points >= 0 else f"−{-points:,}"


@register.filter
def day(at: datetime | date) -> str:
    """A day in the merchant's zone, as people write it."""
    on = timezone.localtime(at).date() if isinstance(at, datetime) else at
    return date_format(on, _("j F Y"))


@register.filter
def soon(at: datetime | date) -> str:
    """A day as `day` has it, but without the year when it is this one."""
    on = timezone.localtime(at).date() if isinstance(at, datetime) else at
    is_this_year = on.year == clock.today(timezone.get_current_timezone_name()).year
    return date_format(on, _("j F")) if is_this_year else day(on)


@register.filter
def moment(at: datetime) -> str:
    """A day as `soon` has it, with the time of day."""
    return f"{soon(at)} {timezone.localtime(at):%H:%M}"


@register.filter
def last_day(end: datetime) -> str:
    """The last day on which something holds that ends at an instant, as `soon` has it."""
    return soon(end - timedelta(microseconds=1))


@register.filter
def month(first: date) -> str:
    """A month with its year."""
    return date_format(first, _("F Y"))


@register.filter
def short(order_no: str) -> str:
    """What tells an order from her others, without the whole number."""
    return short_no(order_no)
