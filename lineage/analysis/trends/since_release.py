"""Growth counted from each release's own first day."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lineage.analysis.trends.findings import Line, SinceRelease
from lineage.analysis.trends.moments import DAY, UNDATED, Int64s, day_number
from lineage.domain.families import Release

_WEEK = 7


def since_release(
    releases: Sequence[Release], code: npt.NDArray[np.integer], moments: Int64s
) -> SinceRelease:
    """Count each release's models by the ends of the weeks after its release day.

    `code` is the position of each model's release; a negative one means none, or several. A line
    ends with the last day that any model is dated: after it the snapshot tells nothing.
    """
    dated = moments != UNDATED
    last = int(moments[dated].max() // DAY) if dated.any() else 0
    lines, earlier = [], 0
    for at, release in enumerate(releases):
        own = code == at
        age = moments[own & dated] // DAY - day_number(release.released)
        if not len(age):
            continue
        earlier += int((age < 0).sum())
        weeks = max(last - day_number(release.released), 0) // _WEEK
        ends = np.arange(weeks + 1) * _WEEK
        values = np.searchsorted(np.sort(age), ends, side="right").tolist()
        lines.append(Line(release.name, values, int((own & ~dated).sum())))
    longest = max((len(line.values) for line in lines), default=0)
    return SinceRelease([_WEEK * week for week in range(longest)], lines, earlier)
