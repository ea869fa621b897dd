"""How a family grew: by month, by release, beside its rivals, and on the days people quote."""

from lineage.analysis.trends.finding import find_trends
from lineage.analysis.trends.findings import (
    LicenseMix,
    Line,
    OnDate,
    OnDates,
    Part,
    Passed,
    ReleaseLicenses,
    Side,
    SinceRelease,
    Survival,
    Timeline,
    TrendFindings,
    Variants,
)

__all__ = [
    "LicenseMix",
    "Line",
    "OnDate",
    "OnDates",
    "Part",
    "Passed",
    "ReleaseLicenses",
    "Side",
    "SinceRelease",
    "Survival",
    "Timeline",
    "TrendFindings",
    "Variants",
    "find_trends",
]
