"""Every file of a trend report: the page, the same as Markdown, pictures and numbers."""

from collections.abc import Iterator

from lineage.analysis.growth import TrendFindings
from lineage.domain import csv_text
from lineage.reporting.chart_texts import Chart
from lineage.reporting.charts.png import png
from lineage.reporting.charts.svg import Frame, svg
from lineage.reporting.document import Document, Picture
from lineage.reporting.html import html
from lineage.reporting.markdown import markdown
from lineage.reporting.trend_rows import (
    chart_rows,
    claim_rows,
    date_rows,
    license_rows,
    release_license_rows,
    variant_rows,
)


def trend_files(found: TrendFindings, document: Document) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file, one at a time.

    Same findings, same bytes; a PNG as long as the library that paints it is the same.
    """
    stem, language = f"trend.{found.family.id}", document.language
    yield f"{stem}.{language.value}.html", html(document).encode()
    yield f"{stem}.{language.value}.md", markdown(document).encode()
    frame = Frame(document.footer)
    own = {"licenses-by-month": license_rows(found)}
    for chart in charts(document):
        name = f"{stem}.{chart.name}"
        yield f"{name}.{language.value}.svg", svg(chart, language, frame=frame).encode()
        yield f"{name}.{language.value}.png", png(chart, language, frame)
        rows = own.get(chart.name) or chart_rows(found.snapshot, chart)
        yield f"{name}.csv", csv_text.table(list(rows)).encode()
    tables = {
        "claim": claim_rows(found),
        "dates": date_rows(found),
        "releases-in-variants": variant_rows(
            found.snapshot, "release", found.by_release_in_variants
        ),
        "rivals-in-variants": variant_rows(found.snapshot, "family", found.rivals_in_variants),
        "licenses-by-release": release_license_rows(found),
    }
    for name, rows in tables.items():
        yield f"{stem}.{name}.csv", csv_text.table(list(rows)).encode()


def charts(document: Document) -> Iterator[Chart]:
    """Yield every chart of a document."""
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Picture):
                yield block.chart
