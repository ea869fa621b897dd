"""A family tree as one page: its number, its largest branches, a key and what was counted."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from lineage.analysis.tree.prune import RowSums, prune_rows
from lineage.domain.escape import markup
from lineage.reporting.charts.letters import fit_text, spell_letters, text_width, wrap_text
from lineage.reporting.charts.scale import flow_rows
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.family_tree_text import (
    credit_line,
    date_line,
    headline,
    method_lines,
    notices,
    report_title,
    word,
)
from lineage.reporting.language import Texts
from lineage.reporting.poster_boxes import (
    GROUP,
    LINE,
    ROOT,
    Wording,
    draw_bow,
    draw_box,
    draw_field,
    draw_text,
    place_boxes,
    poster_style,
)

WIDTH, HEIGHT = 1188, 1680
"""Four a millimetre of A3, standing; a small family needs less of its height."""
_MARGIN, _SPACE = 40.0, 24.0
# A base has no releases, so its columns begin with what was made of it.
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
    '<pattern id="deleted" width="7" height="7" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="2.2" height="7" fill="#17191d"'
    ' fill-opacity=".2"/></pattern>'
)


def draw_poster(report: FamilyTreeReport, texts: Texts) -> str:
    """Draw the page; the same report in the same language is the same text."""
    head_bottom, head = _draw_head(report, texts)
    key_bottom, key = _draw_key(report, texts)
    notes_bottom, notes = _draw_notices(report, texts, max(head_bottom, key_bottom) + 10)
    foot_lines = _foot_lines(report, texts)
    first = notes_bottom + 14
    height = HEIGHT - _MARGIN - 16 * len(foot_lines) - first - _SPACE
    sums = RowSums.of(report.forest, report.facts, report.evidence, report.definition)
    columns = _COLUMNS_OF_BASE if report.is_base else _COLUMNS
    edges = list(pairwise(accumulate((_MARGIN, *columns))))
    lines, deepest = int(height * _SPARE / LINE), len(columns) - 1
    boxes = place_boxes(prune_rows(sums, lines=lines, deepest=deepest), first, height)
    foot = first + boxes[0].height + _SPACE
    page = round(foot + 16 * len(foot_lines) + _MARGIN)
    wording = Wording(texts, {line.name: line.released for line in report.releases})
    about = texts.say("poster.text", family=report.family.name, n=report.count.total)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}"'
            f' height="{page}" viewBox="0 0 {WIDTH} {page}"'
            ' aria-labelledby="poster-title poster-text">',
            f'<title id="poster-title">{markup(report_title(report, texts))}</title>',
            f'<desc id="poster-text">{markup(about)}</desc>',
            f"<style>{poster_style()}</style>",
            f"<defs>{_PATTERN}</defs>",
            f'<rect class="paper" width="{WIDTH}" height="{page}"/>',
            *head,
            *key,
            *notes,
            *(line for box in boxes for line in draw_box(box, *edges[box.column], wording)),
            *_draw_foot(foot_lines, foot),
            "</svg>",
        ]
    )


def _draw_head(report: FamilyTreeReport, texts: Texts) -> tuple[float, list[str]]:
    """Say what it is, how many and when; return where that ends."""
    room, y = _KEY - _MARGIN - 30, _MARGIN + _TITLES[0] * 0.75
    title = spell_letters(report_title(report, texts))
    size = next((size for size in _TITLES if text_width(title, size) <= room), _TITLES[-1])
    lines = [draw_text(fit_text(title, size, room), _MARGIN, y, size)]
    y += _TITLES[0]
    sentences = (headline(report, texts), date_line(report, texts))
    for line in (line for text in sentences for line in wrap_text(text, _NUMBER, room)):
        lines.append(draw_text(line, _MARGIN, y, _NUMBER))
        y += _NUMBER * 1.3
    return y - _NUMBER, lines


def _draw_notices(report: FamilyTreeReport, texts: Texts, y: float) -> tuple[float, list[str]]:
    """Say what must not be overlooked; return where that ends."""
    lines, room = [], WIDTH - 2 * _MARGIN
    for note in notices(report, texts):
        words = wrap_text(note, _WORDS, room - 24)
        lines.append(draw_field("notice", _MARGIN, _MARGIN + room + 2, y, 16 * len(words) + 14))
        lines += [
            draw_text(line, _MARGIN + 12, y + 18 + 16 * at, _WORDS) for at, line in enumerate(words)
        ]
        y += 16 * len(words) + 20
    return y, lines


def _draw_key(report: FamilyTreeReport, texts: Texts) -> tuple[float, list[str]]:
    """Explain colors, marks and boxes; return where that ends."""
    entries = list(_key_entries(report, texts))
    room, y = WIDTH - _MARGIN - _KEY, _MARGIN + 11.0
    widths = [text_width(words, _WORDS) + 40 for _, words in entries]
    lines, bottom = [], y
    for (sign, words), (row, left) in zip(entries, flow_rows(widths, room), strict=True):
        bottom = y + 20 * row
        lines += [
            *_draw_sign(sign, _KEY + left, bottom),
            draw_text(words, _KEY + left + 20, bottom, _WORDS),
        ]
    for line in wrap_text(texts.say("poster.boxes"), _WORDS, room):
        bottom += 18
        lines.append(draw_text(line, _KEY, bottom + 4, _WORDS, kind="soft"))
    return bottom + 6, lines


def _key_entries(report: FamilyTreeReport, texts: Texts) -> Iterator[tuple[str, str]]:
    if not report.is_base:
        yield f"is-{GROUP}", spell_letters(texts.say("poster.group"))
        yield f"is-{ROOT}", spell_letters(texts.say("poster.root"))
    for relation, number in report.count.by_relation.items():
        yield (
            f"is-{relation.value}",
            spell_letters(f"{word(texts, relation)} {texts.number(number)}"),
        )
    yield "merge", spell_letters(texts.say("poster.merge"))
    if report.deleted_models:
        yield (
            "deleted",
            spell_letters(
                f"{texts.say('poster.deleted_mark')} {texts.number(report.deleted_models)}"
            ),
        )


def _draw_sign(kind: str, x: float, y: float) -> Sequence[str]:
    if kind == "merge":
        return [draw_bow(x + 2, y - 4.5)]
    kinds = [kind, "deleted-frame"] if kind == "deleted" else [kind]
    return [draw_field(name, x, x + 16, y - 11, 14.5) for name in kinds]


def _foot_lines(report: FamilyTreeReport, texts: Texts) -> list[str]:
    """Say how it was counted, and from what, line by line."""
    sentences = [f"{label}: {text}" for label, text in method_lines(report, texts)]
    sentences.append(credit_line(report, texts))
    room = WIDTH - 2 * _MARGIN
    return [line for text in sentences for line in wrap_text(text, _WORDS, room)]


def _draw_foot(lines: Sequence[str], top: float) -> Iterator[str]:
    yield draw_field("line", _MARGIN, WIDTH - _MARGIN + 2, top - 10, 2.5)
    for at, line in enumerate(lines):
        yield draw_text(line, _MARGIN, top + 9 + 16 * at, _WORDS, kind="soft")
