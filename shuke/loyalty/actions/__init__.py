"""Everything that changes points rules, levels, memberships and what orders have yielded."""

from shuke.loyalty.actions.backfilling import BACKFILL, start_backfill
from shuke.loyalty.actions.birthdays import celebrate
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
from shuke.loyalty.actions.memberships import (
    cancel_membership,
    retire_plan,
    save_plan,
    sell_membership,
    take_memberships,
)
from shuke.loyalty.actions.notices import publish_endings
from shuke.loyalty.actions.points_rules import backfill, save_points_rule, withdraw_points_rule
from shuke.loyalty.actions.redeeming import (
    bind_redemption,
    cancel_redemption,
    decide_redemption,
    reserve_redemption,
    save_redemption_rule,
    unbind_redemption,
)
from shuke.loyalty.actions.redemption_settling import expire_redemptions, settle_redemptions
from shuke.loyalty.actions.requests import (
    approve_adjustment,
    expire_adjustments,
    refuse_adjustment,
    submit_adjustment,
    withdraw_adjustment,
)
from shuke.loyalty.actions.settling import Settlement, settle_orders
from shuke.loyalty.queries.reckoning import Change

__all__ = [
    "BACKFILL", "REVIEW_ALL", "Adjustment", "Change", "Credit", "Settlement", "adjust", "approve_adjustment", "backfill", "bind_redemption", "cancel_membership", "cancel_redemption", "celebrate", "credit", "decide_redemption", "expire_adjustments", "expire_redemptions", "forget_levels", "grant_signup_bonus", "publish_endings", "refuse_adjustment", "rehome", "release_level", "reserve_redemption", "retire_plan", "review_all", "review_due", "review_levels", "save_level_rule", "save_plan", "save_points_rule", "save_redemption_rule", "sell_membership", "set_level", "settle_orders", "settle_redemptions", "start_backfill", "start_review", "submit_adjustment", "take_memberships", "unbind_redemption", "withdraw_adjustment", "withdraw_points_rule",
]  # fmt: skip
