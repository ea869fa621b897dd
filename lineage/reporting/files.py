"""Every file of each report: the page, the same as Markdown, pictures, and the numbers as CSV.

The same report gives the same bytes; a PNG as long as the library that paints it is the same. Pages
and PNG pictures need the extra `report`: where it is missing, everything else is written.

`siblings` are the names of the files that stand beside a report: another report that is not among
them is not linked. Without them all reports are written together.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from lineage.analysis.growth.results import TrendFindings
from lineage.analysis.subjects import ResolvedSubject
from lineage.domain.documents import Document as CsvRow
from lineage.domain.escape import escaped_csv_lines
from lineage.domain.families import Family
from lineage.errors import SettingsError
from lineage.reporting.charts.chart import Axis, Chart, ChartKind, Panel
from lineage.reporting.charts.draw import WIDTH, can_paint_charts, draw_chart, paint_chart_svg
from lineage.reporting.charts.palette import Theme
from lineage.reporting.document import Document, FileLink, Picture, ReportName
from lineage.reporting.html import can_make_report_pages, render_html
from lineage.reporting.language import Language, load_texts
from lineage.reporting.markdown import render_markdown
from lineage.reporting.trend import (
    published_number_report_rows,
    report_rows_of_days,
    trend_report_document,
)
from lineage.reporting.trend_text import TrendText
from lineage.store.manifest import Manifest

if TYPE_CHECKING:
    # What one report needs the others do not load: that is a tenth of a run.
    from lineage.analysis.licenses.statements import LicenseFindings
    from lineage.reporting.family_tree import FamilyTreeReport

MOST_PAINTED = 5
"""Painting is two thirds of a report's time: its first pictures are worth that, all are SVG."""

_Picture = TypeVar("_Picture")
NamedFile = tuple[str, bytes]
"""A file's name and content; given one at a time, since all of them together are large."""

_POSTER = "poster"
"""The one picture of a family tree."""
# The id of a base holds a slash, and a family file of the user's own may hold any letter.
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class PictureChoice:
    """One picture of a report, and how it is to look."""

    chart: str
    theme: Theme = Theme.LIGHT
    width: int = WIDTH

    @property
    def file_name(self) -> str:
        """What stands for the chart in a file's name: a picture that looks otherwise is another."""
        theme = "" if self.theme is Theme.LIGHT else f"-{self.theme.value}"
        return f"{self.chart}{theme}{'' if self.width == WIDTH else f'-{self.width}'}"

    def find(self, charts: Mapping[str, _Picture]) -> _Picture:
        """Return the chart; SettingsError with the names there are where it is none of them."""
        if self.chart not in charts:
            names = f"there are: {', '.join(charts)}" if charts else "it has none"
            raise SettingsError(f"no picture of this report is called {self.chart!r}", names)
        return charts[self.chart]


def subject_file_name(subject: ResolvedSubject) -> str:
    """Return what stands for a subject in the names of files."""
    return _NOT_IN_A_NAME.sub("--", subject.id.rpartition(":")[2])


def has_report_extra() -> bool:
    """Say whether pages and PNG pictures can be made: both come with the extra `report`."""
    return can_make_report_pages() and can_paint_charts()


def tree_report_files(
    report: "FamilyTreeReport",
    language: Language,
    choice: PictureChoice | None = None,
    *,
    with_extra: bool = True,
    siblings: Collection[str] | None = None,
) -> Iterator[NamedFile]:
    """Yield a family tree: its page, Markdown, the poster, and what it draws as CSV.

    With a choice it is the poster alone, as it was chosen.
    """
    from lineage.reporting.family_page.page import family_page
    from lineage.reporting.family_tree_text import family_tree_report_document
    from lineage.reporting.poster import draw_poster

    texts, subject = load_texts(language), _NOT_IN_A_NAME.sub("--", report.family.id)
    name = ReportName("family-tree", subject, language)
    drawing = choice or PictureChoice(_POSTER)
    poster = drawing.find({_POSTER: draw_poster})(report, texts, drawing.theme, drawing.width)
    pictures = {name.picture_file(drawing.file_name, "svg"): poster.encode()}
    table = name.table_file(_POSTER)
    if choice is None:
        endings = ("html", "md") if with_extra else ("md",)
        files = [*(f"{name.stem}.{ending}" for ending in endings), *pictures]
        files += [name.picture_file(drawing.file_name, "png")] if with_extra else []
        document = family_tree_report_document(report, name)
        reports = _links_to_reports(document, siblings, with_extra=with_extra)
        document = replace(document, reports=reports, files=[*files, table])
        if with_extra:
            page = family_page(report, document)
            yield f"{name.stem}.html", page.encode("utf-8", "backslashreplace")
        yield f"{name.stem}.md", render_markdown(document).encode("utf-8", "backslashreplace")
    yield from pictures.items()
    yield table, _report_table_as_csv(poster_rows(report))
    if with_extra:
        yield name.picture_file(drawing.file_name, "png"), paint_chart_svg(poster)


def poster_rows(report: "FamilyTreeReport") -> Iterator[CsvRow]:
    """Yield what the poster draws: a row for each branch, its fold in columns of its own."""
    from lineage.reporting.poster import choose_poster_nodes

    nodes = choose_poster_nodes(report)
    for node in nodes:
        rest = node.remainder
        yield {
            "snapshot": report.manifest.id,
            "depth": node.depth,
            "model": node.name,
            "parent": nodes[node.parent].name if node.parent >= 0 else None,
            "kind": node.kind.name.lower(),
            "relation": node.relation and node.relation.value,
            "strength": node.strength and node.strength.value,
            "descendants": node.total,
            "drawn_here": node.drawn_below,
            "other_parents": node.other_parents,
            "folded_branches": rest.branches if rest else 0,
            "folded_models": rest.models if rest else 0,
        }


def license_report_files(
    findings: "LicenseFindings",
    manifest: Manifest,
    language: Language,
    choice: PictureChoice | None = None,
    *,
    with_extra: bool = True,
    siblings: Collection[str] | None = None,
) -> Iterator[NamedFile]:
    """Yield a license report: its page, Markdown, the picture, and every model as CSV."""
    from lineage.reporting.licenses import license_report_document

    name = ReportName("licenses", subject_file_name(findings.subject), language)
    document = license_report_document(findings, manifest, name)
    tables = {"models": license_report_rows(findings)}
    yield from _document_files(
        document,
        name,
        findings.snapshot,
        tables,
        choice=choice,
        with_extra=with_extra,
        siblings=siblings,
    )


def _document_files(
    document: Document,
    name: ReportName,
    snapshot: str,
    tables: Mapping[str, Iterator[CsvRow]],
    *,
    choice: PictureChoice | None,
    with_extra: bool,
    siblings: Collection[str] | None,
) -> Iterator[NamedFile]:
    """Yield every file of a run: all of a report, or one of its pictures as it was chosen.

    A whole report has each picture as SVG and CSV and paints the first five as PNG: light, 1200
    pixels wide. Page and PNG need the extra.
    """
    charts = [picture.chart for picture in pictures_of_report(document)]
    if choice is not None:
        yield from _chosen_picture_files(charts, name, snapshot, choice, with_extra=with_extra)
        return
    painted = charts[: MOST_PAINTED if with_extra else 0]
    files: dict[str, Sequence[str]] = {}
    for chart in charts:
        pictures = ("svg", "png") if chart in painted else ("svg",)
        names = [name.picture_file(chart.name, ending) for ending in pictures]
        files[chart.name] = [*names, name.table_file(chart.name)]
    document = replace(
        document,
        reports=_links_to_reports(document, siblings, with_extra=with_extra),
        picture_files=files,
        files=[
            *(f"{name.stem}.{ending}" for ending in ("html", "md")[0 if with_extra else 1 :]),
            *(each for names in files.values() for each in names),
            *map(name.table_file, tables),
        ],
    )
    if with_extra:
        yield f"{name.stem}.html", render_html(document).encode("utf-8", "backslashreplace")
    yield f"{name.stem}.md", render_markdown(document).encode("utf-8", "backslashreplace")
    svgs = []
    for chart in charts:
        svg = draw_chart(chart, name.language)
        yield name.picture_file(chart.name, "svg"), svg.encode()
        yield name.table_file(chart.name), _report_table_as_csv(chart_rows(snapshot, chart))
        svgs.append(svg)
    for table, rows in tables.items():
        yield name.table_file(table), _report_table_as_csv(rows)
    # What follows the reader's scheme on a screen is painted light.
    for chart, svg in zip(painted, svgs, strict=False):
        yield name.picture_file(chart.name, "png"), paint_chart_svg(svg)


def _links_to_reports(
    document: Document, siblings: Collection[str] | None, *, with_extra: bool
) -> list[FileLink]:
    """Return the links to other reports that lead somewhere: all, where no siblings are given."""
    endings = ("html", "md") if with_extra else ("md",)
    return [
        report
        for report in document.reports
        if siblings is None or all(f"{report.name}.{each}" in siblings for each in endings)
    ]


def _chosen_picture_files(
    charts: Sequence[Chart],
    name: ReportName,
    snapshot: str,
    choice: PictureChoice,
    *,
    with_extra: bool,
) -> Iterator[NamedFile]:
    """Yield one picture as it was asked for; SettingsError where no picture has that name."""
    chart = choice.find({chart.name: chart for chart in charts})
    svg = draw_chart(chart, name.language, choice.theme, choice.width)
    yield name.picture_file(choice.file_name, "svg"), svg.encode()
    yield name.table_file(chart.name), _report_table_as_csv(chart_rows(snapshot, chart))
    if with_extra:
        yield name.picture_file(choice.file_name, "png"), paint_chart_svg(svg)


def pictures_of_report(document: Document) -> Iterator[Picture]:
    """Yield every picture of a document, the one that leads first."""
    if document.picture is not None:
        yield document.picture
    for section in (*document.sections, *document.more):
        yield from (block for block in section.blocks if isinstance(block, Picture))


def trend_report_files(
    findings: TrendFindings,
    manifest: Manifest,
    language: Language,
    families: Sequence[Family],
    choice: PictureChoice | None = None,
    *,
    with_extra: bool = True,
    siblings: Collection[str] | None = None,
) -> Iterator[NamedFile]:
    """Yield a trend report: its page, Markdown, pictures, and the numbers behind all of it."""
    trend = TrendText.trend_text_in_language(findings, manifest, language, families)
    name = ReportName("trend", subject_file_name(findings.subject), language)
    tables = {"days": report_rows_of_days(trend)}
    if findings.published:
        tables["published"] = published_number_report_rows(trend)
    yield from _document_files(
        trend_report_document(trend, name),
        name,
        findings.snapshot,
        tables,
        choice=choice,
        with_extra=with_extra,
        siblings=siblings,
    )


def _report_table_as_csv(rows: Iterator[CsvRow]) -> bytes:
    return "".join(escaped_csv_lines(rows)).encode("utf-8", "backslashreplace")


def license_report_rows(findings: "LicenseFindings") -> Iterator[CsvRow]:
    """Yield every model of a license report, in the order of the findings."""
    for row in findings.rows:
        yield {
            "snapshot": findings.snapshot,
            "model": row.model,
            "class": row.drift.value,
            "severity": row.severity.value,
            "license": row.tag,
            "license_name": row.license_name,
            "license_link": row.license_link,
            "terms": list(row.terms),
            "clauses": "; ".join(row.clauses),
            "release": row.release,
            "form": row.form.value,
            "is_mirror": row.is_mirror,
            "path": list(row.path),
            "name_prefix": row.name_prefix,
            "name_level": None if row.license_name_level is None else row.license_name_level.value,
            "notes": [note.value for note in row.notes],
            "downloads": row.downloads,
            "below": row.below,
        }


def chart_rows(snapshot: str, chart: Chart) -> Iterator[CsvRow]:
    """Yield the numbers of a chart: a row for each position, of a matrix for each cell."""
    if chart.kind is ChartKind.MATRIX:
        for line in chart.series:
            for position, models in zip(chart.positions, line.values, strict=True):
                if models:
                    words: CsvRow = {"snapshot": snapshot, "row": line.key, "column": position.key}
                    is_framed = (line.key, position.key) in chart.frames
                    yield {**words, "models": models, "framed": is_framed}
        return
    for panel in chart.panels or [Panel("", "", chart.series)]:
        variant = {"variant": panel.key} if chart.panels else {}
        for at, position in enumerate(chart.positions):
            is_time = chart.axis in {Axis.DAYS, Axis.MONTHS}
            marks = {"complete": not position.is_hatched, "reliable": not position.is_pale}
            complete = marks if is_time else {}
            values = {line.key: _round_chart_value(line.values[at]) for line in panel.series}
            row: CsvRow = {"snapshot": snapshot, **variant, chart.axis.value: position.key}
            yield {**row, **complete, **values}


def _round_chart_value(value: float | None) -> float | int | None:
    """Spell whole numbers as such, shares with four decimals."""
    if value is None:
        return None
    # A share is a quotient of two counts: more digits would pretend to a precision that none has.
    return int(value) if float(value).is_integer() else round(value, 4)
