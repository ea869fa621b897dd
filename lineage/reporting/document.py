"""A report as blocks of words and tables, before anyone decides on Markdown or HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from lineage.reporting.charts.chart import Chart, ChartKind, edit_chart
from lineage.reporting.language import Language, Texts, load_texts

NOTHING = "\N{EN DASH}"
"""What stands in an empty cell."""


@dataclass(frozen=True, slots=True)
class Word:
    """Something as a stranger wrote it: an id, a tag, a link; shown letter by letter."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address of our own choosing; what a stranger wrote is never an address."""

    text: str
    url: str
    """Begins with `https://`."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a license text or card, in English whatever the language of the report."""

    text: str


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that stands beside the page."""

    name: str
    text: str


Inline = str | Word | Quote | Link | FileLink
Cell = Inline | Sequence[Inline]
"""What stands in one place of a table or line; several parts stand side by side."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    is_number: bool = False
    is_short: bool = False
    """Stands on one line where there is room, as a day does."""
    is_roomy: bool = False
    """Holds sentences or paths, and takes room before the others do."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header; every row has a cell for each column."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    is_sortable: bool = False
    """Long enough to be sorted and filtered, where a script may run."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Lines of a label and what it says."""

    lines: Sequence[tuple[str, Cell]]


@dataclass(frozen=True, slots=True)
class Outline:
    """A list of lists: each line with its depth, 0 at first and never more than one deeper."""

    lines: Sequence[tuple[int, Cell]]


@dataclass(frozen=True, slots=True)
class Notice:
    """A paragraph that must not be overlooked."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart; its numbers stand in a table beside it."""

    chart: Chart
    note: str = ""


# A closed set of blocks, and no markup inside: each writer escapes what it writes, so that a new
# block cannot reach a page unescaped.
Block = Cell | Notice | Table | Facts | Outline | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading."""

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Document:
    """One page: the finding with its picture, what backs it, and the rest folded."""

    language: Language
    title: str
    """What the report is called, whatever it finds."""
    headline: str
    """The finding, computed from the data; else neutral."""
    definition: str
    """What was counted, in one line."""
    source: str
    """Where the data are from, in one line."""
    picture: Picture | None
    """The one that stands for the report; None where nothing can be drawn."""
    lead: Sequence[Block]
    """What must be read with the picture."""
    sections: Sequence[Section]
    """At most three screens, with all that stands above them."""
    more: Sequence[Section]
    """Tables and the rest; folded where a page can fold."""
    citation: str
    footer: str
    reports: Sequence[FileLink] = ()
    """The other reports about the same, named without the ending."""
    files: Sequence[str] = ()
    """Names of all files of the report, beside the page."""
    picture_files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of these the ones that hold a picture, by the name of its chart."""


@dataclass(frozen=True, slots=True)
class ReportName:
    """Which report about what, and so how its files are called."""

    report: str
    """`trend`, `family-tree` or `licenses`."""
    subject: str
    """As it may stand in the name of a file."""
    language: Language

    @property
    def stem(self) -> str:
        """What page and Markdown are called, without the ending."""
        return f"{self.report}.{self.subject}.{self.language.value}"

    def picture_file(self, chart: str, ending: str) -> str:
        """Return what a picture is called."""
        return f"{self.report}.{self.subject}.{chart}.{self.language.value}.{ending}"

    def table_file(self, table: str) -> str:
        """Return what a CSV file is called; numbers have no language."""
        return f"{self.report}.{self.subject}.{table}.csv"

    def other_reports(self) -> list[FileLink]:
        """Return the other reports about the same, as they are called beside this one."""
        texts = load_texts(self.language, "page")
        others = [name for name in texts.sections["report"] if name != self.report]
        return [
            FileLink(replace(self, report=name).stem, texts.say(f"report.{name}"))
            for name in others
        ]


def chart_table(chart: Chart, texts: Texts) -> Table:
    """Return what a picture shows, as counts: a row for each position, of a matrix each series.

    `texts` are those of all pages.
    """

    def spell(value: float | None) -> str:
        return NOTHING if value is None else texts.number(round(value))

    chart = edit_chart(chart, texts.language)
    if chart.kind is ChartKind.MATRIX:
        columns = [Column(""), *(Column(it.name, is_number=True) for it in chart.positions)]
        return Table(columns, [(line.name, *map(spell, line.values)) for line in chart.series])
    first = Column(texts.say(f"axis.{chart.axis}"))
    if not chart.panels:
        columns = [first, *(Column(line.name, is_number=True) for line in chart.series)]
        rows: list[Sequence[Cell]] = [
            (position.name, *(spell(line.values[at]) for line in chart.series))
            for at, position in enumerate(chart.positions)
        ]
        return Table(columns, rows)
    # Panels may differ in their series: a number stands on a line of its own.
    columns = [Column(texts.say("axis.panel")), first, Column(texts.say("axis.series"))]
    rows = [
        (panel.name, position.name, line.name, spell(line.values[at]))
        for panel in chart.panels
        for at, position in enumerate(chart.positions)
        for line in panel.series
    ]
    return Table([*columns, Column(texts.say("axis.models"), is_number=True)], rows)


LONGEST_WORD = 60
"""A tag is as long as its author likes; a page shows its beginning, the files hold it whole."""


def shorten_word_for_report(text: str) -> str:
    """Return a stranger's word as a page has room for it."""
    return text if len(text) <= LONGEST_WORD else f"{text[: LONGEST_WORD - 1]}…"


def quote_address_in_report(url: str) -> str:
    """Return an address as it may stand in a page, whatever letters it holds."""
    return quote(url, safe=":/?=&%-._~", errors="replace")


def report_table_columns(texts: Texts, section: str, *keys: str) -> list[Column]:
    """Return columns called by keys of a section; `#` before a key makes one of numbers."""
    return [Column(texts.say(f"{section}.{key.strip('#')}"), key.startswith("#")) for key in keys]


def fill_place_in_report_text(text: str, place: str, word: str) -> Cell:
    """Return a text with a stranger's word where `place` stands in it."""
    before, _, after = text.partition(place)
    return [before, Word(word), after]
