"""How a family grew: by month, by release, beside its rivals, and on the days people quote."""

from lineage.analysis.trends.finding import find_trends
from lineage.analysis.trends.findings import (
    Line,
    OnDate,
    OnDates,
    Part,
    SinceRelease,
    Survival,
    Timeline,
    TrendFindings,
    Variants,
)

__all__ = [
    "Line",
    "OnDate",
    "OnDates",
    "Part",
    "SinceRelease",
    "Survival",
    "Timeline",
    "TrendFindings",
    "Variants",
    "find_trends",
]
