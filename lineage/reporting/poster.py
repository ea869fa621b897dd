"""A family tree as one page: its number, its largest branches, a key and what was counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import accumulate, pairwise

from lineage.analysis.tree.prune import PrunedRest, TreeNode, draw_largest_tree_branches
from lineage.analysis.tree.rows import RowKind
from lineage.domain.claims import Relation
from lineage.domain.escape import markup
from lineage.domain.subjects import SubjectKind
from lineage.reporting.charts.letters import (
    fit_text,
    flow_words,
    spell_letters,
    text_width,
    wrap_text,
)
from lineage.reporting.charts.palette import FONTS
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.family_tree_text import (
    credit_line_of_report,
    date_line_of_report,
    headline,
    method_lines_of_report,
    node_number_text,
    notices,
    pruned_text,
    report_title,
    top_note_texts,
    top_role_text,
    word,
)
from lineage.reporting.language import Texts

LINE = 17.0
"""Height of a box with room for one line of text."""
_SINGLE = 3 * LINE
"""Height of a single model, where there are few."""
_STEPS = 60
SIZE = 12.5
_SMALL = 11.5
_PAD = 6.0
_GAP = 10.0
_BOW = 13.0
"""Room for the mark of a merge."""
_DOT = " \N{MIDDLE DOT} "

ROOT, GROUP = "root", "group"
# On white paper, distinguishable without red or green, and in gray.
FILLS = {
    Relation.FINETUNE.value: "#b3d3f3",
    Relation.ADAPTER.value: "#f6d29d",
    Relation.QUANTIZED.value: "#b2dfc6",
    Relation.MERGE.value: "#eabfe4",
    Relation.UNSPECIFIED.value: "#d8d8d8",
    ROOT: "#d3cdf0",
    GROUP: "#e4e1d9",
}
_STYLE = f"text {{ font-family: {FONTS}; fill: #17191d }}\n"
_STYLE += """\
.soft { fill: #43474e } .paper { fill: #ffffff } .line { fill: #d3d1cb }
.notice { fill: #f6f5f2; stroke: #2b5d9b } .veil { fill: #ffffff; fill-opacity: .5 }
.merge { fill: #b3261e } .deleted { fill: url(#deleted) }
.deleted-frame { fill: none; stroke: #17191d; stroke-dasharray: 4 3 }
.halo { stroke: #ffffff; stroke-width: 3; stroke-opacity: .8; paint-order: stroke }
"""


@dataclass(frozen=True, slots=True)
class PosterBox:
    """A branch, or what is summed up beside branches."""

    column: int
    top: float
    height: float
    content: TreeNode | PrunedRest


@dataclass(frozen=True, slots=True)
class Wording:
    """What boxes are worded with."""

    texts: Texts
    released: Mapping[str, date | None]
    """The day of each release, by its name."""


def poster_style() -> str:
    """Return every color by its class."""
    return _STYLE + " ".join(f".is-{name} {{ fill: {fill} }}" for name, fill in FILLS.items())


def place_boxes(nodes: Sequence[TreeNode], top: float, height: float) -> list[PosterBox]:
    """Return a box for each node, the whole first, then for the rests, as high as there is room.

    Those right of a box are together as high as it. Raises ValueError where lines alone need more
    than there is.
    """
    if (needed := _box_heights(nodes, 0.0)[0]) > height:
        raise ValueError(f"{needed:g} are needed, {height:g} there are")
    # Boxes that are too low for a name take a line all the same, so the scale at which all of it
    # fills the page has no formula: it is found by halving.
    low, high = 0.0, min(_SINGLE, height / max(1, _count_box_models(nodes[0])))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if _box_heights(nodes, middle)[0] > height else (middle, high)
    heights = _box_heights(nodes, low)
    boxes: list[PosterBox] = []
    next_top: list[float] = []
    """Of each box, where the next one at its right begins."""
    for node, its_height in zip(nodes, heights, strict=True):
        place = next_top[node.parent] if node.parent >= 0 else top
        boxes.append(PosterBox(node.depth, place, its_height, node))
        next_top.append(place)
        if node.parent >= 0:
            next_top[node.parent] += its_height
    return boxes + [
        PosterBox(node.depth + 1, place, _remainder_box_height(node.remainder, low), node.remainder)
        for node, place in zip(nodes, next_top, strict=True)
        if node.remainder is not None
    ]


def _count_box_models(node: TreeNode) -> int:
    return node.drawn_below + node.counted


def _remainder_box_height(remainder: PrunedRest, scale: float) -> float:
    return max(LINE, remainder.models * scale)


def _box_heights(nodes: Sequence[TreeNode], scale: float) -> list[float]:
    """Return how high each box is: as those right of it, which come after it."""
    heights = [
        0.0 if node.remainder is None else _remainder_box_height(node.remainder, scale)
        for node in nodes
    ]
    for at in range(len(nodes) - 1, -1, -1):
        heights[at] = heights[at] or max(LINE, _count_box_models(nodes[at]) * scale)
        if nodes[at].parent >= 0:
            heights[nodes[at].parent] += heights[at]
    return heights


def draw_box(box: PosterBox, x0: float, x1: float, wording: Wording) -> Iterator[str]:
    """Draw a box between two edges."""
    if isinstance(box.content, PrunedRest):
        yield from _draw_pruned(box, box.content, x0, x1, wording.texts)
    elif box.column == 0:
        yield from _draw_whole(box, box.content, x0, x1, wording.texts)
    else:
        yield from _draw_branch(box, box.content, x0, x1, wording)


def draw_bow(x: float, y: float) -> str:
    """Draw the mark of a merge: two wedges that meet."""
    return f'<path class="merge" d="M{x:.1f} {y - 4:.1f}v8l9 -8v8z"/>'


def draw_text(
    words: str, x: float, y: float, size: float, *, kind: str = "", more: str = ""
) -> str:
    """Write spelled words."""
    classes = f' class="{kind}"' if kind else ""
    return (
        f'<text{classes} x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{more}>{escape(words)}</text>'
    )


def draw_field(kind: str, x0: float, x1: float, top: float, height: float) -> str:
    """Fill a box; a gap stays free around it."""
    return (
        f'<rect class="{kind}" x="{x0:.1f}" y="{top:.2f}" width="{max(x1 - x0 - 2, 0):.1f}"'
        f' height="{max(height - 1.5, 1):.2f}"/>'
    )


def _draw_whole(
    box: PosterBox, node: TreeNode, x0: float, x1: float, texts: Texts
) -> Iterator[str]:
    """Draw the whole, its name from bottom to top."""
    yield draw_field(f"is-{GROUP}", x0, x1, box.top, box.height)
    number = texts.number(node.total)
    room = box.height - 16 - text_width(f"{_DOT}{number}", 20)
    name = fit_text(spell_letters(node.name), 20, room)
    x, y = (x0 + x1) / 2 + 6, box.top + box.height / 2
    turned = f' text-anchor="middle" transform="rotate(-90 {x:.1f} {y:.1f})"'
    yield draw_text(f"{name}{_DOT}{number}" if name else number, x, y, 20, more=turned)


def _draw_branch(
    box: PosterBox, node: TreeNode, x0: float, x1: float, wording: Wording
) -> Iterator[str]:
    kind = node.relation.value if node.relation else GROUP if node.kind is RowKind.GROUP else ROOT
    yield draw_field(f"is-{kind}", x0, x1, box.top, box.height)
    if node.deleted:
        yield draw_field("deleted", x0, x1, box.top, box.height)
        yield draw_field("deleted-frame", x0 + 1, x1 - 1, box.top + 1, box.height - 2)
    bow = _BOW if node.other_parents else 0.0
    room = x1 - x0 - 2 - 2 * _PAD - bow
    halo = "halo" if node.deleted else ""
    name, number, second = _branch_lines(node, room, box.height, wording)
    y = _text_baseline(box, 2 if second else 1)
    if bow:
        yield draw_bow(x0 + _PAD, y - SIZE * 0.36)
    yield draw_text(name, x0 + _PAD + bow, y, SIZE, kind=halo)
    if second:
        kind = f"{halo} soft".strip()
        yield draw_text(second, x0 + _PAD + bow, y + LINE - 1, _SMALL, kind=kind)
    if number:
        at = x1 - 2 - _PAD
        yield draw_text(number, at, y, SIZE, kind=halo, more=' text-anchor="end"')


def _branch_lines(
    node: TreeNode, room: float, height: float, wording: Wording
) -> tuple[str, str, str]:
    """Return the name, what stands at its right, and a second line where there is room."""
    texts = wording.texts
    name = node.name if node.kind >= RowKind.OFFICIAL else word(texts, node.name)
    number, deleted = (
        node_number_text(node, texts, "poster.here"),
        word(texts, "deleted") if node.deleted else "",
    )
    notes = [note for note in (top_role_text(node, texts), *top_note_texts(node, texts)) if note]
    # Two lines: the name alone, and below it as many notes as fit.
    if height >= 2 * LINE + 2:
        released = wording.released.get(node.name) if node.kind is RowKind.GROUP else None
        day = [texts.date(released)] if released is not None else []
        words = [text for text in (number, *day, *notes) if text]
        while len(words) > 1 and text_width(spell_letters(_DOT.join(words)), _SMALL) > room:
            words.pop()
        return _fit_box_name(name, room), "", spell_letters(_DOT.join(words))
    # One line: the whole name and all notes, then with the first note alone.
    for x1 in (_DOT.join([*notes, number]), _DOT.join([*notes[:1], number])):
        fits = text_width(spell_letters(name), SIZE) + _GAP + text_width(spell_letters(x1), SIZE)
        if (not deleted or deleted in x1) and fits <= room:
            return spell_letters(name), spell_letters(x1), ""
    # Else the name is cut; that a model is deleted is never left out.
    x1 = spell_letters(_DOT.join([deleted, number]) if deleted else number)
    return _fit_box_name(name, room - _GAP - text_width(x1, SIZE)), x1, ""


def _fit_box_name(name: str, room: float) -> str:
    """Return a name that fits: whole, without its owner, or cut."""
    # Models below one branch often share an owner: the name tells them apart, so the owner goes
    # first.
    whole = spell_letters(name)
    short = whole.partition("/")[2] or whole
    return whole if text_width(whole, SIZE) <= room else fit_text(short, SIZE, room)


def _draw_pruned(
    box: PosterBox, pruned: PrunedRest, x0: float, x1: float, texts: Texts
) -> Iterator[str]:
    """Draw what is summed up: its relations side by side, under a veil."""
    # What is summed up looks like what it sums up, only paler.
    at = x0
    for relation, models in pruned.by_relation.items():
        end = at + (x1 - 2 - x0) * models / pruned.models
        yield draw_field(f"is-{relation.value}", at, end + 2, box.top, box.height)
        at = end
    yield draw_field("veil", x0, x1, box.top, box.height)
    room = x1 - x0 - 2 - 2 * _PAD
    lines = wrap_text(pruned_text(pruned, texts), SIZE, room)
    if len(lines) > int(box.height / LINE):
        lines = [f"+ {texts.number(pruned.models)}"]
    y = _text_baseline(box, len(lines))
    for row, words in enumerate(lines):
        yield draw_text(words, x0 + _PAD, y + row * LINE, SIZE, kind="soft")


def _text_baseline(box: PosterBox, lines: int) -> float:
    """Return where the first of some lines stands: in the middle; of a high box near its top."""
    middle = min(box.height / 2, 50.0)
    return box.top + middle - (lines - 1) * LINE / 2 + SIZE * 0.36 - 0.5


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
    columns = _COLUMNS if report.kind is SubjectKind.FAMILY else _COLUMNS_OF_BASE
    edges = list(pairwise(accumulate((_MARGIN, *columns))))
    lines, deepest = int(height * _SPARE / LINE), len(columns) - 1
    nodes = draw_largest_tree_branches(report.forest, lines=lines, deepest=deepest)
    boxes = place_boxes(nodes, first, height)
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
    sentences = (headline(report, texts), date_line_of_report(report, texts))
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
    entries = list(_poster_key_entries(report, texts))
    room, y = WIDTH - _MARGIN - _KEY, _MARGIN + 11.0
    widths = [text_width(words, _WORDS) + 40 for _, words in entries]
    lines, bottom = [], y
    for (sign, words), (row, x0) in zip(entries, flow_words(widths, room), strict=True):
        bottom = y + 20 * row
        lines += [
            *_draw_sign(sign, _KEY + x0, bottom),
            draw_text(words, _KEY + x0 + 20, bottom, _WORDS),
        ]
    for line in wrap_text(texts.say("poster.boxes"), _WORDS, room):
        bottom += 18
        lines.append(draw_text(line, _KEY, bottom + 4, _WORDS, kind="soft"))
    return bottom + 6, lines


def _poster_key_entries(report: FamilyTreeReport, texts: Texts) -> Iterator[tuple[str, str]]:
    if report.kind is SubjectKind.FAMILY:
        yield f"is-{GROUP}", spell_letters(texts.say("poster.group"))
    if report.kind is not SubjectKind.MODEL:
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
    sentences = [f"{label}: {text}" for label, text in method_lines_of_report(report, texts)]
    sentences.append(credit_line_of_report(report, texts))
    room = WIDTH - 2 * _MARGIN
    return [line for text in sentences for line in wrap_text(text, _WORDS, room)]


def _draw_foot(lines: Sequence[str], top: float) -> Iterator[str]:
    yield draw_field("line", _MARGIN, WIDTH - _MARGIN + 2, top - 10, 2.5)
    for at, line in enumerate(lines):
        yield draw_text(line, _MARGIN, top + 9 + 16 * at, _WORDS, kind="soft")
