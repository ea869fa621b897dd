"""What stands behind each chart and table of a trend report, for CSV; words for machines."""

from collections.abc import Iterator, Sequence

from lineage.analysis.trends import TrendFindings, Variants
from lineage.render.shapes import Document
from lineage.reporting.charts import Chart


def chart_rows(snapshot: str, chart: Chart) -> Iterator[Document]:
    """Yield a document for each position with the value of every series, then the undated."""
    series = chart.in_file()
    positions = chart.all_positions or chart.positions
    for at, position in enumerate(positions):
        values = {one.key: _rounded(one.values[at]) for one in series}
        yield {"snapshot": snapshot, chart.along.key: position.key, **values}
    if any(one.undated is not None for one in series):
        values = {one.key: one.undated for one in series}
        yield {"snapshot": snapshot, chart.along.key: "undated", **values}


def date_rows(found: TrendFindings) -> Iterator[Document]:
    """Yield a document for each day, then the undated of every definition."""
    names = [step.value.replace(" ", "_") for step in found.dates.steps]
    for row in found.dates.rows:
        told = [found.dates.can_tell(row, at) for at in range(len(names))]
        yield {
            "snapshot": found.snapshot,
            "day": row.day.isoformat(),
            "releases": list(row.releases),
            **dict(zip(names, row.numbers, strict=True)),
            "can_tell": all(told),
        }
    undated = dict(zip(names, found.dates.undated, strict=True))
    yield {"snapshot": found.snapshot, "day": "undated", "releases": [], **undated}


def variant_rows(snapshot: str, group: str, rows: Sequence[Variants]) -> Iterator[Document]:
    """Yield a document for each release or family, counted in four ways, dated or not."""
    for row in rows:
        yield {
            "snapshot": snapshot,
            group: row.key,
            "all": row.all,
            "authors": row.authors,
            "no_bursts": row.no_bursts,
            "downloads": row.downloads,
        }


def _rounded(value: float | None) -> float | int | None:
    """Spell whole numbers as such, shares with four decimals."""
    if value is None:
        return None
    return int(value) if float(value).is_integer() else round(value, 4)
