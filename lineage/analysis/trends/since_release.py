"""Growth counted from each release's own first day."""

from collections.abc import Sequence

import numpy as np

from lineage.analysis.trends.findings import Line, SinceRelease
from lineage.analysis.trends.moments import DAY, UNDATED, day_number
from lineage.domain.arrays import Int64s, Mask
from lineage.domain.families import Release

_WEEK = 7


def since_release(
    releases: Sequence[tuple[Release, Mask]], moments: Int64s, last: int
) -> SinceRelease:
    """Count each release's models by the ends of the weeks after its release day.

    A line ends with `last`, in days since 1970: the last day that any model of the family is
    dated, after which the snapshot tells nothing. A release without a dated model has no line.
    """
    lines, earlier = [], 0
    for release, own in releases:
        when = moments[own]
        age = when[when != UNDATED] // DAY - day_number(release.released)
        if not len(age):
            continue
        earlier += int((age < 0).sum())
        weeks = max(last - day_number(release.released), 0) // _WEEK
        ends = np.arange(weeks + 1) * _WEEK
        values = np.searchsorted(np.sort(age), ends, side="right").tolist()
        lines.append(Line(release.name, values, len(when) - len(age)))
    longest = max((len(line.values) for line in lines), default=0)
    return SinceRelease([_WEEK * week for week in range(longest)], lines, earlier)


def last_day(which: Mask, moments: Int64s) -> int:
    """Return the day of the last dated one of some models, in days since 1970; 0 for none."""
    dated = moments[which & (moments != UNDATED)]
    return int(dated.max() // DAY) if len(dated) else 0
