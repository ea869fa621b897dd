"""How families and bases grow: curves over snapshots, and trends by date of creation."""

from lineage.analysis.growth.curves import curve_of_base, curve_of_family
from lineage.analysis.growth.results import (
    ClaimPassed,
    Curve,
    Deletions,
    GroupSize,
    GrowthSeries,
    LicenseMix,
    Moment,
    OnDate,
    OnDates,
    Point,
    ReleaseLicenses,
    SinceRelease,
    Timeline,
    TrendFindings,
    VariantCounts,
    VariantSeries,
)
from lineage.analysis.growth.trends import find_trends

__all__ = [
    "ClaimPassed",
    "Curve",
    "Deletions",
    "GroupSize",
    "GrowthSeries",
    "LicenseMix",
    "Moment",
    "OnDate",
    "OnDates",
    "Point",
    "ReleaseLicenses",
    "SinceRelease",
    "Timeline",
    "TrendFindings",
    "VariantCounts",
    "VariantSeries",
    "curve_of_base",
    "curve_of_family",
    "find_trends",
]
