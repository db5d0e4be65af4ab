"""Everything that changes points rules, levels and what orders have yielded."""

from shuke.loyalty.actions.crediting import Credit, credit
from shuke.loyalty.actions.giving import Adjustment, adjust, grant_signup_bonus
from shuke.loyalty.actions.joining import rehome
from shuke.loyalty.actions.levels import (
    REVIEW_ALL,
    forget_levels,
    release_level,
    review_all,
    review_due,
    review_levels,
    save_level_rule,
    set_level,
    start_review,
)
from shuke.loyalty.actions.points_rules import BACKFILL, backfill, save_points_rule, start_backfill
from shuke.loyalty.actions.redeeming import (
    bind_redemption,
    cancel_redemption,
    decide_redemption,
    reserve_redemption,
    save_redemption_rule,
    unbind_redemption,
)
from shuke.loyalty.actions.redemption_settling import expire_redemptions, settle_redemptions
from shuke.loyalty.actions.settling import Settlement, settle_orders
from shuke.loyalty.queries.reckoning import Change

__all__ = [
    "BACKFILL", "REVIEW_ALL", "Adjustment", "Change", "Credit", "Settlement", "adjust", "backfill", "bind_redemption", "cancel_redemption", "credit", "decide_redemption", "expire_redemptions", "forget_levels", "grant_signup_bonus", "rehome", "release_level", "reserve_redemption", "review_all", "review_due", "review_levels", "save_level_rule", "save_points_rule", "save_redemption_rule", "set_level", "settle_orders", "settle_redemptions", "start_backfill", "start_review", "unbind_redemption",
]  # fmt: skip
