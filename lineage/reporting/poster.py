"""A family tree as one page: its number, its largest branches, a key and what was counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import accumulate, pairwise

from lineage.analysis.tree.prune import PrunedRest, TreeNode, prune_tree_to_largest_branches
from lineage.analysis.tree.rows import RowKind
from lineage.domain.claims import Relation
from lineage.domain.escape import escape_markup
from lineage.domain.subjects import SubjectKind
from lineage.reporting.charts import palette as colors
from lineage.reporting.charts.draw import PHONE, WIDTH
from lineage.reporting.charts.palette import FONTS, GRAY, PALETTES, Theme
from lineage.reporting.charts.rows import fit_text, spell_letters, text_width, wrap_text
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.family_tree_text import (
    credit_line_of_report,
    headline,
    method_lines_of_report,
    notices,
    pruned_text,
    report_definition_line,
    report_text_of_node_number,
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
_TIGHT = 0.8
_DOT = " \N{MIDDLE DOT} "

ROOT, GROUP = "root", "group"
_SLOTS = {
    ROOT: 0,
    Relation.FINETUNE.value: 1,
    Relation.ADAPTER.value: 2,
    Relation.MERGE.value: 3,
    Relation.QUANTIZED.value: 5,
    Relation.UNSPECIFIED.value: GRAY,
}
_GROUP_TINT = 0.25
"""Releases are as much gray on the paper: they say where the roots are from, no more."""


def branch_colors(theme: Theme) -> dict[str, tuple[str, str]]:
    """Return by kind of branch its color and that of the words on it."""
    palette = PALETTES[theme]
    fills = {name: palette.fills[slot] for name, slot in _SLOTS.items()}
    fills[GROUP] = colors.mix_colors(palette.fills[GRAY], palette.paper, _GROUP_TINT)
    return {name: (fill, colors.text_color_on(fill)) for name, fill in fills.items()}


def poster_style(theme: Theme | None) -> str:
    """Return every color by its class; without a theme they follow the reader's scheme."""
    shared = f"text {{ font-family: {FONTS} }} .strong {{ font-weight: 700 }}"
    if theme is not None:
        return f"{shared}\n{_poster_colors(theme)}"
    dark = f"@media screen and (prefers-color-scheme: dark) {{ {_poster_colors(Theme.DARK)} }}"
    return f"{shared}\n{_poster_colors(Theme.LIGHT)}\n{dark}"


def _poster_colors(theme: Theme) -> str:
    palette = PALETTES[theme]
    rules = {
        "paper": f"fill: {palette.paper}",
        "ink": f"fill: {palette.ink}",
        "soft": f"fill: {palette.soft}",
        "line": f"fill: {palette.grid}",
        "veil": f"fill: {palette.paper}; fill-opacity: .72",
        "deleted": "fill: url(#deleted)",
        "deleted-frame": f"fill: none; stroke: {palette.ink}; stroke-dasharray: 4 3",
        "hatch": f"fill: {palette.ink}; fill-opacity: .2",
    }
    for name, (fill, ink) in branch_colors(theme).items():
        rules[f"is-{name}"] = f"fill: {fill}"
        rules[f"on-{name}"] = f"fill: {ink}"
    return " ".join(f".{name} {{ {rule} }}" for name, rule in rules.items())


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


def place_poster_boxes(nodes: Sequence[TreeNode], top: float, height: float) -> list[PosterBox]:
    """Return a box for each node, the whole first, then for the rests, as high as there is room.

    Those right of a box are together as high as it. Raises ValueError where lines alone need more
    than there is.
    """
    if (needed := _box_heights(nodes, 0.0)[0]) > height:
        raise ValueError(f"{needed:g} are needed, {height:g} there are")
    # Boxes that are too low for a name take a line all the same, so the scale at which all of it
    # fills the page has no formula: it is found by halving.
    low, high = 0.0, min(_SINGLE, height / max(1, _count_poster_box_models(nodes[0])))
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


def _count_poster_box_models(node: TreeNode) -> int:
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
        heights[at] = heights[at] or max(LINE, _count_poster_box_models(nodes[at]) * scale)
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


def draw_bow(x: float, y: float, kind: str = "ink") -> str:
    """Draw the mark of a merge: two wedges that meet."""
    return f'<path class="{kind}" d="M{x:.1f} {y - 4:.1f}v8l9 -8v8z"/>'


def draw_text(
    words: str,
    x: float,
    y: float,
    size: float,
    *,
    kind: str = "",
    room: float = 0.0,
    more: str = "",
) -> str:
    """Write spelled words; where they nearly fill the room there is, in no other width."""
    classes = f' class="{kind}"' if kind else ""
    # A machine without such letters takes others, which may be wider by a tenth.
    width = text_width(words, size, is_bold="strong" in kind) if room else 0.0
    if width > _TIGHT * room:
        more += f' textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"'
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
    words = f"{name}{_DOT}{number}" if name else number
    yield draw_text(words, x, y, 20, kind=f"on-{GROUP}", more=turned)


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
    ink = f"on-{kind}"
    name, number, second = _branch_lines(node, room, box.height, wording)
    y = _text_baseline(box, 2 if second else 1)
    if bow:
        yield draw_bow(x0 + _PAD, y - SIZE * 0.36, ink)
    beside = text_width(number, SIZE) + _GAP if number else 0.0
    yield draw_text(name, x0 + _PAD + bow, y, SIZE, kind=ink, room=room - beside)
    if second:
        yield draw_text(second, x0 + _PAD + bow, y + LINE - 1, _SMALL, kind=ink, room=room)
    if number:
        at = x1 - 2 - _PAD
        yield draw_text(number, at, y, SIZE, kind=ink, more=' text-anchor="end"')


def _branch_lines(
    node: TreeNode, room: float, height: float, wording: Wording
) -> tuple[str, str, str]:
    """Return the name, what stands at its right, and a second line where there is room."""
    texts = wording.texts
    name = node.name if node.kind >= RowKind.OFFICIAL else word(texts, node.name)
    number, deleted = (
        report_text_of_node_number(node, texts, "explorer.here"),
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
        yield draw_text(words, x0 + _PAD, y + row * LINE, SIZE, kind="ink", room=room)


def _text_baseline(box: PosterBox, lines: int) -> float:
    """Return where the first of some lines stands: in the middle; of a high box near its top."""
    middle = min(box.height / 2, 50.0)
    return box.top + middle - (lines - 1) * LINE / 2 + SIZE * 0.36 - 0.5


HEIGHT = 1680
"""As high where all lines are needed; a small family needs less."""
_LINES = 70
# The whole, then releases, roots, and what was made of them; a base has no releases. Shares of the
# page's width, and on a phone of its own.
_COLUMNS = (0.031, 0.169, 0.262, 0.276, 0.262)
_COLUMNS_OF_BASE = (0.031, 0.259, 0.25, 0.24, 0.22)
_COLUMNS_OF_PHONE = (0.07, 0.4, 0.53)
_WORDS = 13.0
_SPARE = 0.94
"""Part of the height that lines may need: the rest lets the large be larger."""
_PATTERN = (
    '<pattern id="deleted" width="7" height="7" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect class="hatch" width="2.2" height="7"/></pattern>'
)


def draw_poster(
    report: FamilyTreeReport, texts: Texts, theme: Theme | None = None, width: int = WIDTH
) -> str:
    """Draw the page; the same report in the same language is the same text.

    Without a theme it follows the scheme of the reader's screen. It is laid out for 390 to 1200
    pixels; wider ones are enlarged.
    """
    page_width = min(max(width, PHONE), WIDTH)
    part = (page_width - PHONE) / (WIDTH - PHONE)
    margin, title, size = (
        low + (high - low) * part for low, high in ((16, 28), (21, 32), (13, 17))
    )
    room = page_width - 2 * margin
    y, frame = _draw_head(report, texts, margin, room, (title, size))
    y, key = _draw_key(report, texts, margin, y + 8, room)
    foot_lines = _poster_foot_lines(report, texts, room)
    first = y + 12
    columns: Sequence[float] = _COLUMNS_OF_PHONE
    if page_width > 2 * PHONE:
        columns = _COLUMNS if report.kind is SubjectKind.FAMILY else _COLUMNS_OF_BASE
    nodes = choose_poster_nodes(report, len(columns))
    edges = list(pairwise(accumulate((margin, *(share * room for share in columns)))))
    height = HEIGHT - margin - 16 * len(foot_lines) - first - _GAP
    height = max(height, _LINES * LINE / _SPARE)
    boxes = place_poster_boxes(nodes, first, height)
    foot = first + boxes[0].height + 2 * _GAP
    page = round(foot + 16 * len(foot_lines) + margin - 6)
    wording = Wording(texts, {line.name: line.released for line in report.releases})
    about = texts.say("poster.text", family=report.family.name, n=report.count.total)
    scale = width / page_width
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}"'
            f' height="{round(page * scale)}" viewBox="0 0 {page_width} {page}"'
            ' aria-labelledby="poster-title poster-text">',
            f'<title id="poster-title">{escape_markup(headline(report, texts))}</title>',
            f'<desc id="poster-text">{escape_markup(about)}</desc>',
            f"<style>{poster_style(theme)}</style>",
            f"<defs>{_PATTERN}</defs>",
            f'<rect class="paper" width="{page_width}" height="{page}"/>',
            *frame,
            *key,
            *(line for box in boxes for line in draw_box(box, *edges[box.column], wording)),
            draw_field("line", margin, margin + room + 2, foot - 10, 2.5),
            *(
                draw_text(line, margin, foot + 9 + 16 * at, _WORDS, kind="soft", room=room)
                for at, line in enumerate(foot_lines)
            ),
            "</svg>",
        ]
    )


def _draw_head(
    report: FamilyTreeReport, texts: Texts, margin: float, room: float, sizes: tuple[float, float]
) -> tuple[float, list[str]]:
    """Say the finding, what was counted, and what must not be overlooked; return where it ends."""
    lines: list[str] = []
    y = margin
    for kind, text, height, most in (
        ("ink strong", headline(report, texts), sizes[0], 4),
        ("soft", report_definition_line(report, texts), sizes[1], 8),
        *(("ink", note, _WORDS, 8) for note in notices(report, texts)),
    ):
        for line in wrap_text(text, height, room, is_bold=kind != "soft", most=most):
            y += height * 1.22
            lines.append(draw_text(line, margin, y - height * 0.2, height, kind=kind, room=room))
        y += height * 0.35
    return y, lines


def choose_poster_nodes(
    report: FamilyTreeReport, columns: int = len(_COLUMNS)
) -> Sequence[TreeNode]:
    """Return the branches that the page shows."""
    return prune_tree_to_largest_branches(report.forest, lines=_LINES, deepest=columns - 1)


def _draw_key(
    report: FamilyTreeReport, texts: Texts, left: float, y: float, room: float
) -> tuple[float, list[str]]:
    """Explain colors, marks and boxes; return where that ends."""
    lines: list[str] = []
    x, y = 0.0, y + 11
    for sign, words in _poster_key_entries(report, texts):
        width = text_width(words, _WORDS) + 40
        if x and x + width - 20 > room:
            x, y = 0.0, y + 20
        if sign == "merge":
            lines.append(draw_bow(left + x + 2, y - 4.5))
        else:
            kinds = [sign, "deleted-frame"] if sign == "deleted" else [sign]
            lines += [draw_field(kind, left + x, left + x + 16, y - 11, 14.5) for kind in kinds]
        lines.append(draw_text(words, left + x + 20, y, _WORDS, kind="ink"))
        x += width
    for line in wrap_text(texts.say("poster.boxes"), _WORDS, room):
        y += 17
        lines.append(draw_text(line, left, y + 5, _WORDS, kind="soft", room=room))
    return y + 6, lines


def _poster_key_entries(report: FamilyTreeReport, texts: Texts) -> Iterator[tuple[str, str]]:
    if report.kind is SubjectKind.FAMILY:
        yield f"is-{GROUP}", spell_letters(texts.say("poster.group"))
    if report.kind is not SubjectKind.MODEL:
        yield f"is-{ROOT}", spell_letters(texts.say("poster.root"))
    for relation, number in report.count.by_relation.items():
        words = f"{word(texts, relation)} {texts.number(number)}"
        yield f"is-{relation.value}", spell_letters(words)
    yield "merge", spell_letters(texts.say("poster.merge"))
    if report.deleted_models:
        words = f"{texts.say('poster.deleted_mark')} {texts.number(report.deleted_models)}"
        yield "deleted", spell_letters(words)


def _poster_foot_lines(report: FamilyTreeReport, texts: Texts, room: float) -> list[str]:
    """Say what was counted by, and from what, line by line."""
    sentences = [f"{label}: {text}" for label, text in method_lines_of_report(report, texts)][1:]
    sentences.append(credit_line_of_report(report, texts))
    return [line for text in sentences for line in wrap_text(text, _WORDS, room)]
