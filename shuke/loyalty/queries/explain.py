"""One sentence for every level, balance, line and refusal: the same for the buyer and for staff."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuke.core.money import yuan
from shuke.ledger import queries as ledger
from shuke.loyalty.queries.standings import LevelView, Warned, Way
from shuke.loyalty.specs import PointsRuleSpec
