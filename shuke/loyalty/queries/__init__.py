"""Questions about points and levels that pages and other modules ask."""

from shuke.loyalty.queries.points import (
    AdjustmentMade,
    Liability,
    PointsSummary,
    adjustments,
    expiring_soon,
    liability,
    points_summary,
)
from shuke.loyalty.queries.rulebook import (
    GROWTH,
    POINTS,
    SavedLevelRule,
    SavedPointsRule,
    level_rule,
    level_rules,
    line_source,
    points_rule,
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
    warned,
    way_to,
)
