"""A family tree as one page: its number, its largest branches, a key and what was counted."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import accumulate, pairwise

from lineage.analysis.tree.largest import Grown, largest_branches
from lineage.domain.escape import visible
from lineage.reporting import family_tree_words as said
from lineage.reporting.charts.letters import fitted, spelled, width, wrapped
from lineage.reporting.charts.scale import rows_of
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Texts
from lineage.reporting.posters.boxes import Wording, bow, drawn, field, text
from lineage.reporting.posters.colors import GROUP, ROOT, style
from lineage.reporting.posters.layout import LINE, laid_out

WIDTH, HEIGHT = 1188, 1680
"""Four a millimetre of A3, standing; a small family needs less of its height."""
_MARGIN, _SEAM = 40.0, 24.0
_COLUMNS = (38.0, 200.0, 284.0, 302.0, 284.0)
"""The whole, releases, roots, and what was made of them."""
_COLUMNS_OF_BASE = (38.0, 290.0, 270.0, 258.0, 252.0)
_KEY = 600.0
"""Where the key begins."""
_TITLES = (30.0, 26.0, 22.0, 18.0, 15.0)
"""The first size in which a title has room."""
_NUMBER, _WORDS = 19.0, 12.5
_SPARE = 0.94
"""Part of the height that lines may need: the rest lets the large be larger."""
_PATTERN = (
    '<pattern id="gone" width="7" height="7" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="2.2" height="7" fill="#17191d"'
    ' fill-opacity=".2"/></pattern>'
)


def poster(report: FamilyTreeReport, texts: Texts) -> str:
    """Draw the page; the same report in the same language is the same text."""
    head_bottom, head = _head(report, texts)
    key_bottom, key = _key(report, texts)
    notes_bottom, notes = _notes(report, texts, max(head_bottom, key_bottom) + 10)
    counted = _counted(report, texts)
    first = notes_bottom + 14
    height = HEIGHT - _MARGIN - 16 * len(counted) - first - _SEAM
    grown = Grown.of(report.forest, report.facts, report.evidence, report.definition)
    columns = _COLUMNS_OF_BASE if report.is_base else _COLUMNS
    edges = list(pairwise(accumulate((_MARGIN, *columns))))
    lines, deepest = int(height * _SPARE / LINE), len(columns) - 1
    boxes = laid_out(largest_branches(grown, lines=lines, deepest=deepest), first, height)
    foot = first + boxes[0].height + _SEAM
    page = round(foot + 16 * len(counted) + _MARGIN)
    said_of = Wording(texts, {line.name: line.released for line in report.releases})
    about = texts.say("poster.text", family=report.family.name, n=report.count.total)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}"'
            f' height="{page}" viewBox="0 0 {WIDTH} {page}"'
            ' aria-labelledby="poster-title poster-text">',
            _element("title", "poster-title", said.title(report, texts)),
            _element("desc", "poster-text", about),
            f"<style>{style()}</style>",
            f"<defs>{_PATTERN}</defs>",
            f'<rect class="paper" width="{WIDTH}" height="{page}"/>',
            *head,
            *key,
            *notes,
            *(line for box in boxes for line in drawn(box, *edges[box.column], said_of)),
            *_foot(counted, foot),
            "</svg>",
        ]
    )


def _element(name: str, id: str, words: str) -> str:
    return f'<{name} id="{id}">{escape(visible(words))}</{name}>'


def _head(report: FamilyTreeReport, texts: Texts) -> tuple[float, list[str]]:
    """Say what it is, how many and when; return where that ends."""
    room, y = _KEY - _MARGIN - 30, _MARGIN + _TITLES[0] * 0.75
    title = spelled(said.title(report, texts))
    size = next((one for one in _TITLES if width(title, one) <= room), _TITLES[-1])
    lines = [text(fitted(title, size, room), _MARGIN, y, size)]
    y += _TITLES[0]
    told = (said.headline(report, texts), said.dated(report, texts))
    for line in (line for one in told for line in wrapped(one, _NUMBER, room)):
        lines.append(text(line, _MARGIN, y, _NUMBER))
        y += _NUMBER * 1.3
    return y - _NUMBER, lines


def _notes(report: FamilyTreeReport, texts: Texts, y: float) -> tuple[float, list[str]]:
    """Say what must not be overlooked; return where that ends."""
    lines, room = [], WIDTH - 2 * _MARGIN
    for note in said.notes(report, texts):
        words = wrapped(note, _WORDS, room - 24)
        lines.append(field("warned", _MARGIN, _MARGIN + room + 2, y, 16 * len(words) + 14))
        lines += [
            text(line, _MARGIN + 12, y + 18 + 16 * at, _WORDS) for at, line in enumerate(words)
        ]
        y += 16 * len(words) + 20
    return y, lines


def _key(report: FamilyTreeReport, texts: Texts) -> tuple[float, list[str]]:
    """Explain colors, marks and boxes; return where that ends."""
    entries = list(_entries(report, texts))
    room, y = WIDTH - _MARGIN - _KEY, _MARGIN + 11.0
    widths = [width(words, _WORDS) + 40 for _, words in entries]
    lines, bottom = [], y
    for (sign, words), (row, left) in zip(entries, rows_of(widths, room), strict=True):
        bottom = y + 20 * row
        lines += [*_sign(sign, _KEY + left, bottom), text(words, _KEY + left + 20, bottom, _WORDS)]
    for line in wrapped(texts.say("poster.boxes"), _WORDS, room):
        bottom += 18
        lines.append(text(line, _KEY, bottom + 4, _WORDS, kind="soft"))
    return bottom + 6, lines


def _entries(report: FamilyTreeReport, texts: Texts) -> Iterator[tuple[str, str]]:
    if not report.is_base:
        yield f"is-{GROUP}", spelled(texts.say("poster.group"))
        yield f"is-{ROOT}", spelled(texts.say("poster.root"))
    for relation, number in report.count.by_relation.items():
        yield (
            f"is-{relation.value}",
            spelled(f"{said.word(texts, relation)} {texts.number(number)}"),
        )
    yield "merge", spelled(texts.say("poster.merge"))
    if report.gone:
        yield "gone", spelled(f"{texts.say('poster.gone')} {texts.number(report.gone)}")


def _sign(kind: str, x: float, y: float) -> Sequence[str]:
    if kind == "merge":
        return [bow(x + 2, y - 4.5)]
    plain = [field(kind, x, x + 16, y - 11, 14.5)]
    return [*plain, field("gone-frame", x, x + 16, y - 11, 14.5)] if kind == "gone" else plain


def _counted(report: FamilyTreeReport, texts: Texts) -> list[str]:
    """Say how it was counted, and from what, line by line."""
    told = [f"{label}: {words}" for label, words in said.method(report, texts)]
    told.append(said.made_by(report, texts))
    return [line for one in told for line in wrapped(one, _WORDS, WIDTH - 2 * _MARGIN)]


def _foot(lines: Sequence[str], top: float) -> Iterator[str]:
    yield field("line", _MARGIN, WIDTH - _MARGIN + 2, top - 10, 2.5)
    for at, line in enumerate(lines):
        yield text(line, _MARGIN, top + 9 + 16 * at, _WORDS, kind="soft")
