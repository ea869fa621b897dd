"""How families and bases grow: curves over snapshots, and trends by date of creation."""

# Result types alone: a publication loads this package, and needs no report of a trend.
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
]
