"""A report as blocks of words and tables, before anyone decides on Markdown or HTML."""

from collections.abc import Sequence
from dataclasses import dataclass

from lineage.reporting.charts.old_chart import Chart
from lineage.reporting.language import Language, Texts

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
class FileLink:
    """A file that stands beside the page."""

    name: str
    text: str


Inline = str | Word | Link | FileLink
Cell = Inline | Sequence[Inline]
"""What stands in one place of a table or line; several parts stand side by side."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    is_number: bool = False
    is_short: bool = False
    """Stands on one line where there is room, as a day does."""


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
    """A chart with its numbers beside it."""

    chart: Chart
    table: Table
    table_title: str
    """What opens the table."""
    files: Sequence[str]
    """Names of the files beside the page that hold it; an SVG is among them."""
    note: str = ""

    @property
    def picture_file(self) -> str:
        """The file that a page without pictures of its own shows."""
        return next(name for name in self.files if name.endswith(".svg"))


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
    reports: Sequence[FileLink]
    """The other reports about the same, named without the ending."""
    files: Sequence[str]
    """Names of all files of the report, beside the page."""
    citation: str
    footer: str


def table_columns(texts: Texts, section: str, *keys: str) -> list[Column]:
    """Return columns called by keys of a section; `#` before a key makes one of numbers."""
    return [Column(texts.say(f"{section}.{key.strip('#')}"), key.startswith("#")) for key in keys]


def split_table_place(text: str, place: str, word: str) -> Cell:
    """Return a text with a stranger's word where `place` stands in it."""
    before, _, after = text.partition(place)
    return [before, Word(word), after]
