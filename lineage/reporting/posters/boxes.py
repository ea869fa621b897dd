"""The boxes of a poster with what stands in them: a name, a number, what it is, who is gone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape

from lineage.analysis.tree.forest import Kind
from lineage.analysis.tree.largest import Rest, Twig
from lineage.reporting.charts.letters import fitted, spelled, width, wrapped
from lineage.reporting.family_tree_document import beside, rest_words, role
from lineage.reporting.family_tree_words import word
from lineage.reporting.language import Texts
from lineage.reporting.posters.colors import GROUP, ROOT
from lineage.reporting.posters.layout import LINE, Box

SIZE = 12.5
_SMALL = 11.5
_PAD = 6.0
_GAP = 10.0
_BOW = 13.0
"""Room for the mark of a merge."""
_DOT = " \N{MIDDLE DOT} "


@dataclass(frozen=True, slots=True)
class Wording:
    """What boxes are worded with."""

    texts: Texts
    released: Mapping[str, date | None]
    """The day of each release, by its name."""


def drawn(box: Box, left: float, right: float, wording: Wording) -> Iterator[str]:
    """Draw a box between two edges."""
    if isinstance(box.content, Rest):
        yield from _rest(box, box.content, left, right, wording.texts)
    elif box.column == 0:
        yield from _family(box, box.content, left, right, wording.texts)
    else:
        yield from _branch(box, box.content, left, right, wording)


def bow(x: float, y: float) -> str:
    """Draw the mark of a merge: two wedges that meet."""
    return f'<path class="merge" d="M{x:.1f} {y - 4:.1f}v8l9 -8v8z"/>'


def text(words: str, x: float, y: float, size: float, *, kind: str = "", more: str = "") -> str:
    """Write spelled words."""
    classes = f' class="{kind}"' if kind else ""
    return (
        f'<text{classes} x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{more}>{escape(words)}</text>'
    )


def field(kind: str, left: float, right: float, top: float, height: float) -> str:
    """Fill a box; a seam stays free around it."""
    return (
        f'<rect class="{kind}" x="{left:.1f}" y="{top:.2f}" width="{max(right - left - 2, 0):.1f}"'
        f' height="{max(height - 1.5, 1):.2f}"/>'
    )


def _family(box: Box, twig: Twig, left: float, right: float, texts: Texts) -> Iterator[str]:
    """Draw the whole, its name from bottom to top."""
    yield field(f"is-{GROUP}", left, right, box.top, box.height)
    number = texts.number(twig.models)
    room = box.height - 16 - width(f"{_DOT}{number}", 20)
    name = fitted(spelled(twig.name), 20, room)
    told = f"{name}{_DOT}{number}" if name else number
    x, y = (left + right) / 2 + 6, box.top + box.height / 2
    turned = f' text-anchor="middle" transform="rotate(-90 {x:.1f} {y:.1f})"'
    yield text(told, x, y, 20, more=turned)


def _branch(box: Box, twig: Twig, left: float, right: float, wording: Wording) -> Iterator[str]:
    kind = twig.relation.value if twig.relation else GROUP if twig.kind is Kind.GROUP else ROOT
    yield field(f"is-{kind}", left, right, box.top, box.height)
    is_gone = twig.missed is not None
    if is_gone:
        yield field("gone", left, right, box.top, box.height)
        yield field("gone-frame", left + 1, right - 1, box.top + 1, box.height - 2)
    name = twig.name if twig.kind >= Kind.OFFICIAL else word(wording.texts, twig.name)
    mark = _BOW if twig.other_parents else 0.0
    room = right - left - 2 - 2 * _PAD - mark
    halo = "halo" if is_gone else ""
    first, second = _said(name, twig, room, box.height, wording)
    y = _baseline(box, 2 if second else 1)
    if mark:
        yield bow(left + _PAD, y - SIZE * 0.36)
    yield text(first[0], left + _PAD + mark, y, SIZE, kind=halo)
    if second:
        yield text(second, left + _PAD + mark, y + LINE - 1, _SMALL, kind=f"{halo} soft".strip())
    if first[1]:
        at = right - 2 - _PAD
        yield text(first[1], at, y, SIZE, kind=halo, more=' text-anchor="end"')


def _said(
    name: str, twig: Twig, room: float, height: float, wording: Wording
) -> tuple[tuple[str, str], str]:
    """Return the name with what stands at its right, and a second line where there is room."""
    texts = wording.texts
    number, gone = texts.number(twig.models), word(texts, "gone") if twig.missed else ""
    notes = [one for one in (role(twig, texts), *beside(twig, texts)) if one]
    if height >= 2 * LINE + 2:
        told = [one for one in (number, *_days(twig, wording), *notes) if one]
        while len(told) > 1 and width(spelled(_DOT.join(told)), _SMALL) > room:
            told.pop()
        return (_named(name, room), ""), spelled(_DOT.join(told))
    for right in (_DOT.join([*notes, number]), _DOT.join([*notes[:1], number])):
        is_told = not gone or gone in right
        if is_told and width(spelled(name), SIZE) + _GAP + width(spelled(right), SIZE) <= room:
            return (spelled(name), spelled(right)), ""
    right = spelled(_DOT.join([gone, number]) if gone else number)
    return (_named(name, room - _GAP - width(right, SIZE)), right), ""


def _days(twig: Twig, wording: Wording) -> Iterator[str]:
    released = wording.released.get(twig.name) if twig.kind is Kind.GROUP else None
    if released is not None:
        yield wording.texts.date(released)


def _named(name: str, room: float) -> str:
    """Return a name that fits: whole, without its owner, or cut."""
    whole = spelled(name)
    short = whole.partition("/")[2] or whole
    return whole if width(whole, SIZE) <= room else fitted(short, SIZE, room)


def _rest(box: Box, rest: Rest, left: float, right: float, texts: Texts) -> Iterator[str]:
    """Draw what is summed up: side by side the ways of being made, under a veil."""
    edges = _edges([n for _, n in rest.by_relation], left, right - 2)
    if not rest.by_relation:
        yield field("is-unspecified", left, right, box.top, box.height)
    for (relation, _), (start, end) in zip(rest.by_relation, edges, strict=True):
        yield field(f"is-{relation.value}", start, end + 2, box.top, box.height)
    yield field("veil", left, right, box.top, box.height)
    room = right - left - 2 - 2 * _PAD
    lines = _summed(rest, room, int(box.height / LINE), texts)
    y = _baseline(box, len(lines))
    for at, words in enumerate(lines):
        yield text(words, left + _PAD, y + at * LINE, SIZE, kind="soft")


def _summed(rest: Rest, room: float, most: int, texts: Texts) -> list[str]:
    """Say how much is not drawn, on as many lines as fit; the number comes before all else."""
    ways = [wrapped(rest_words(one, texts), SIZE, room) for one in (rest, replace(rest, gone=0))]
    ways.append([f"+ {texts.number(rest.models)}"])
    return next((lines for lines in ways if lines and len(lines) <= most), ways[-1])


def _edges(parts: Sequence[int], left: float, right: float) -> Iterator[tuple[float, float]]:
    at, whole = left, max(1, sum(parts))
    for part in parts:
        end = at + (right - left) * part / whole
        yield at, end
        at = end


def _baseline(box: Box, lines: int) -> float:
    """Return where the first of some lines stands: in the middle; of a high box near its top."""
    middle = min(box.height / 2, 50.0)
    return box.top + middle - (lines - 1) * LINE / 2 + SIZE * 0.36 - 0.5
