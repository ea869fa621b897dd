"""Every series of a trend report in each of the four ways of counting the same models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineage.analysis.trends.findings import Line, Side, Timeline
from lineage.analysis.trends.moments import Calendar
from lineage.analysis.trends.since_release import last_day, since_release
from lineage.analysis.trends.variants import VARIANTS, Ways
from lineage.domain.arrays import Mask
from lineage.domain.families import Release

Columns = Sequence[tuple[str, Mask]]


@dataclass(frozen=True, slots=True)
class Groups:
    """Who stands in which line of each series."""

    counted: Mask
    releases: Columns
    relations: Columns
    rivals: Columns
    own: Sequence[tuple[Release, Mask]]
    """The releases of the family itself."""


def sides_of(groups: Groups, ways: Ways, own: Calendar, whole: Calendar) -> dict[str, Side]:
    """Count every series in each way; `whole` holds the months of all families."""
    releases = _timelines(groups.releases, ways, own)
    relations = _timelines(groups.relations, ways, own)
    rivals = _timelines(groups.rivals, ways, whole)
    last = last_day(groups.counted, ways.moments)
    return {
        key: Side(
            releases[key],
            relations[key],
            rivals[key],
            since_release(
                [(release, ways.column(key, which)) for release, which in groups.own],
                ways.moments,
                last,
            ),
        )
        for key in VARIANTS
    }


def _timelines(columns: Columns, ways: Ways, calendar: Calendar) -> Mapping[str, Timeline]:
    """Count one column after the other, so that few masks stand in memory at once."""
    lines: dict[str, list[Line]] = {key: [] for key in VARIANTS}
    for name, which in columns:
        for key, mask in ways.columns(which):
            lines[key].append(calendar.line(name, mask))
    return {key: Timeline(calendar.months, some) for key, some in lines.items()}
