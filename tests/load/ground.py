"""Makes a merchant with one shop, a points rule and a key in the folder SHUKE_HOME; prints key and shop as JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuke.settings")

import django

django.setup()

# ruff: noqa: E402 - models need Django to be set up first

from shuke.cli.home import database_open
from shuke.core.actors import SYSTEM
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty.specs import PointsRuleSpec
from shuke.merchants import actions as merchants
from shuke.merchants.queries import scope_choices
from shuke.merchants.specs import ApiKeySpec


def main() -> None:
    """Make and print them."""
    with database_open():
        user_id = merchants.create_user("rounds", "Alice", "correct horse battery")
        merchant_id, _staff_id = merchants.open_merchant("Alice", owner_user_id=user_id)
        with tenant(merchant_id):
            shop_id = merchants.open_shop(merchant_id, "Alice", "taobao", by=SYSTEM)
            loyalty.save_points_rule(merchant_id, PointsRuleSpec(hold_days=0), by=SYSTEM)
            spec = ApiKeySpec(name="rounds", scopes=[name for name, _label in scope_choices()], per_minute=1_000_000)
            _key_id, key = merchants.create_key(merchant_id, spec, by=SYSTEM)
    print(json.dumps([key, shop_id]))


if __name__ == "__main__":
    main()
