"""Questions about points and levels that pages and other modules ask."""

from shuke.loyalty.queries.explain import (
    Booked,
    Told,
    explain_balance,
    explain_level,
    explain_line,
    explain_warning,
    history,
    journal,
)
from shuke.loyalty.queries.gains import LevelGain, explain_gain, level_gain
from shuke.loyalty.queries.points import (
    AdjustmentMade,
    Liability,
    PointsSummary,
    adjustments,
    expiring_soon,
    lapsing_points,
    liability,
    points_summary,
)
from shuke.loyalty.queries.preview import (
    Compared,
    Gainer,
    LevelPreview,
    PointsPreview,
    preview_levels,
    preview_points_rule,
)
from shuke.loyalty.queries.reckoning import Change
from shuke.loyalty.queries.redemptions import (
    Offer,
    Redemption,
    SavedRedemptionRule,
    offer,
    redemption,
    redemption_of_code,
    redemption_rule,
    redemption_rules,
)
from shuke.loyalty.queries.rulebook import (
    GROWTH,
    POINTS,
    PointsRulebook,
    SavedLevelRule,
    SavedPointsRule,
    level_rule,
    level_rules,
    order_source,
    points_rule,
    points_rulebook,
    points_rules,
)
from shuke.loyalty.queries.standings import (
    LevelMove,
    LevelView,
    Step,
    Warned,
    Way,
    ladder,
    level_counts,
    level_members,
    level_moves,
    level_of,
    levels_of,
    recent_moves,
    warned,
    warned_count,
    warned_of,
    way_to,
)
from shuke.loyalty.queries.taobao import TaobaoLadder, taobao_ladder

__all__ = [
    "GROWTH", "POINTS", "AdjustmentMade", "Booked", "Change", "Compared", "Gainer", "LevelGain", "LevelMove", "LevelPreview", "LevelView",
    "Liability", "Offer", "PointsPreview", "PointsRulebook", "PointsSummary", "Redemption", "SavedLevelRule", "SavedPointsRule", "SavedRedemptionRule", "Step", "TaobaoLadder", "Told", "Warned", "Way",
    "adjustments", "expiring_soon", "explain_balance", "explain_gain", "explain_level", "explain_line", "explain_warning", "history",
    "journal", "ladder", "lapsing_points", "level_counts", "level_gain", "level_members", "level_moves", "level_of", "level_rule", "level_rules", "levels_of",
    "liability", "offer", "order_source", "points_rule", "points_rulebook", "points_rules", "points_summary", "preview_levels", "preview_points_rule", "recent_moves", "redemption", "redemption_of_code", "redemption_rule", "redemption_rules", "taobao_ladder", "warned", "warned_count", "warned_of", "way_to",
]  # fmt: skip
