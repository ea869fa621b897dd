"""What stands behind each chart and table of a trend report, for CSV; words for machines."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lineage.analysis.growth import TrendFindings, VariantCounts
from lineage.domain.documents import Document
from lineage.reporting.chart_texts import Chart, Series


def chart_rows(snapshot: str, chart: Chart) -> Iterator[Document]:
    """Yield a document for each position with the value of every series, then the undated.

    Fields side by side stand below each other, told apart by `variant`.
    """
    if not chart.panels:
        yield from _series_rows({"snapshot": snapshot}, chart, chart.in_file())
    for panel in chart.panels:
        words: Document = {"snapshot": snapshot, "variant": panel.key}
        yield from _series_rows(words, chart, panel.all_series)


def _series_rows(words: Document, chart: Chart, series: Sequence[Series]) -> Iterator[Document]:
    positions = chart.all_positions or chart.positions
    for at, position in enumerate(positions):
        values = {one.key: _rounded(one.values[at]) for one in series}
        yield {**words, chart.along.key: position.key, **values}
    if any(one.undated is not None for one in series):
        values = {one.key: one.undated for one in series}
        yield {**words, chart.along.key: "undated", **values}


def license_rows(found: TrendFindings) -> Iterator[Document]:
    """Yield a document for each month and tag; a tag is a stranger's word and no column's name.

    An empty tag stands for models of which none is known.
    """
    mix = found.license_mix
    for line in [*mix.by_month.lines, replace(mix.none, key="")]:
        told = [*zip(mix.by_month.months, line.values, strict=True), ("undated", line.undated)]
        for month, models in told:
            if models:
                words: Document = {"snapshot": found.snapshot, "month": month}
                yield {**words, "license": line.key, "models": models}


def release_license_rows(found: TrendFindings) -> Iterator[Document]:
    """Yield a document for each release and tag; an empty tag is none that is known."""
    for row in found.license_mix.by_release:
        tags = [*zip(found.license_mix.tags, row.tags, strict=True), ("", row.none)]
        for tag, models in tags:
            if models:
                words: Document = {"snapshot": found.snapshot, "release": row.release}
                yield {**words, "license": tag, "models": models}


def claim_rows(found: TrendFindings) -> Iterator[Document]:
    """Yield a document for each definition: when the claimed number was passed by it."""
    dates = found.dates
    for at, (step, one) in enumerate(zip(dates.steps, dates.passed, strict=True)):
        yield {
            "snapshot": found.snapshot,
            "definition": step.value.replace(" ", "_"),
            "more_than": dates.claim,
            "surely_by": one.surely.isoformat() if one.surely else None,
            "not_before": one.earliest.isoformat() if one.earliest else None,
            "dated": dates.rows[-1].numbers[at],
            "undated": dates.undated[at],
        }


def date_rows(found: TrendFindings) -> Iterator[Document]:
    """Yield a document for each day, then the undated of every definition."""
    names = [step.value.replace(" ", "_") for step in found.dates.steps]
    for row in found.dates.rows:
        told = [found.dates.is_reliable(row, at) for at in range(len(names))]
        yield {
            "snapshot": found.snapshot,
            "day": row.day.isoformat(),
            "releases": list(row.releases),
            **dict(zip(names, row.numbers, strict=True)),
            "can_tell": all(told),
        }
    undated = dict(zip(names, found.dates.undated, strict=True))
    yield {"snapshot": found.snapshot, "day": "undated", "releases": [], **undated}


def variant_rows(snapshot: str, group: str, rows: Sequence[VariantCounts]) -> Iterator[Document]:
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
