"""Filters of the reference page."""

from __future__ import annotations

import json
from typing import Any

from django import template

register = template.Library()


@register.filter
def pretty(value: Any) -> str:
    """A value as JSON that people read."""
    return json.dumps(value, ensure_ascii=False, indent=2)
