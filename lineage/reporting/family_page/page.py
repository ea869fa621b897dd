"""A family tree as one HTML file: the tree itself first, explorable offline, then its tables."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lineage.analysis.tree.row_facts import RowEvidence
from lineage.analysis.tree.rows import RowKind, TreeRows
from lineage.domain.arrays import Floats, Indices, Int64s
from lineage.domain.claims import RELATIONS, STRENGTHS
from lineage.domain.clock import end_of_data
from lineage.reporting.charts.palette import Theme
from lineage.reporting.document import Document
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.html import fill_page_template
from lineage.reporting.language import Texts, load_texts
from lineage.reporting.poster import branch_colors

_ALIGNED = 8
_TYPES = {"u1", "u2", "u4", "i1", "i4", "f8"}

_DIGITS = np.frombuffer(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%/()*+-;,=.?@^_:{|}~",
    np.uint8,
)
"""Of base 85, as data.js reads them: none means anything in HTML."""

Columns = Mapping[str, npt.NDArray[np.number]]

_LIBRARIES = [
    f"vendor/{name}.min.js" for name in ("d3-dispatch", "d3-quadtree", "d3-timer", "d3-force")
]
SCRIPTS = (
    *("text.js", "data.js", "filters.js", "state.js", "branches.js", "picture.js", "graph.js"),
    *("outline.js", "search.js", "details.js", "controls.js", "main.js"),
)


def family_page(report: FamilyTreeReport, document: Document) -> str:
    """Return the page; the same report in the same language is the same text.

    Of the document, which Markdown writes whole, the drawn outline is left out: the page has the
    tree itself.
    """
    texts = load_texts(document.language)
    return fill_page_template(
        "family_tree.html",
        document.language,
        title=document.title,
        reports=document.reports,
        has_charts=False,
        style=read_report_page_asset("family_tree.css") + _branch_colors_of_family_page(),
        script="\n".join(
            (*map(read_report_page_asset, _LIBRARIES), *map(_read_report_page_script, SCRIPTS))
        ),
        document=replace(document, sections=document.sections[1:]),
        pictures=[name for name in document.files if name.endswith((".svg", ".png", ".csv"))],
        words=texts.sections["page"],
        explorer=texts.sections["explorer"],
        data=pack_family_page_data(report, texts),
    )


@cache
def read_report_page_asset(name: str) -> str:
    """Return a file of this package's assets."""
    return (resources.files("lineage.reporting.family_page") / "assets" / name).read_text("utf-8")


@cache
def _read_report_page_script(name: str) -> str:
    """Return a script without comments and indents: a page of 600 kB has no room for them."""
    lines = (line.strip() for line in read_report_page_asset(name).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _branch_colors_of_family_page() -> str:
    """Return the colors of branches as the style's variables."""
    light, dark = branch_colors(Theme.LIGHT), branch_colors(Theme.DARK)
    lines = [
        f"--fill-{name}: light-dark({fill}, {dark[name][0]});"
        f" --on-{name}: light-dark({ink}, {dark[name][1]});"
        for name, (fill, ink) in light.items()
    ]
    rules = [
        f".is-{name} {{ --fill: var(--fill-{name}); --on-fill: var(--on-{name}) }}"
        for name in light
    ]
    return f":root {{ {' '.join(lines)} }}\n" + "\n".join(rules) + "\n"


def pack_family_page_data(report: FamilyTreeReport, texts: Texts) -> str:
    """Return everything that the page's script reads, ready to be embedded."""
    claim_set, claim_sets = _claim_sets_of_family_page(report.evidence)
    owners, owner, models = _split_names_for_family_page(report.forest)
    # The first month that is not over in the data, in months since January 1970
    end = end_of_data(report.manifest.origin.taken_at, report.definition.as_of)
    head = {
        "language": texts.language.value,
        "texts": dict(texts.sections["explorer"]),
        "words": dict(texts.sections["words"]),
        "family": report.family.id,
        "snapshot": report.manifest.id,
        "sample": report.is_sample,
        "running": 12 * (end.year - 1970) + end.month - 1,
        "least": report.definition.min_strength.code,
        "deleted": "counted" if report.definition.deleted else "hidden",
        "relations": [relation.value for relation in RELATIONS],
        "strengths": [strength.value for strength in STRENGTHS],
        "owners": owners,
        "models": models,
        "outside": list(report.evidence.outside),
        "coded": {name: list(coded.words) for name, coded in report.facts.words.items()},
        "dates": list(report.facts.dates),
        "numbers": list(report.facts.numbers),
        "claims": [
            [claim.rule, claim.before, claim.after, claim.source, claim.url]
            for claim in report.evidence.texts
        ],
        "claimSets": claim_sets,
    }
    columns = {"owner": owner, **_report_page_columns_of(report, claim_set)}
    return pack_page_block(head, columns)


def _split_names_for_family_page(rows: TreeRows) -> tuple[list[str], Indices, list[str]]:
    """Return all owners, the place of each row's plus one, and the names without them.

    In a name that holds the name of the model above it a slash stands for that one. What is no
    `owner/name` has no owner: 0, and its name whole.
    """
    # An owner of a thousand models stands in the page once, a name that is made longer too.
    owners_of: list[str] = []
    models: list[str] = []
    for name, kind in zip(rows.names, rows.kind.tolist(), strict=True):
        is_id = kind >= RowKind.OFFICIAL and name.count("/") == 1
        owner, _, model = name.partition("/") if is_id else ("", "", name)
        owners_of.append(owner)
        models.append(model)
    owners = sorted({owner for owner in owners_of if owner})
    place = {owner: at + 1 for at, owner in enumerate(owners)} | {"": 0}
    codes = np.array([place[owner] for owner in owners_of], np.int64)
    packed = [
        model.replace(models[above], "/", 1) if owner and len(models[above]) > 1 else model
        for model, owner, above in zip(models, owners_of, rows.parent.tolist(), strict=True)
    ]
    return owners, smallest_type_for_report_page(codes), packed


def pack_page_block(head: Mapping[str, object], columns: Columns) -> str:
    """Return a deflated block as text: length of the head, the head as JSON, the columns.

    The head gets `columns`: by name the type (`u1` `u2` `u4` `i1` `i4` `f8`, little-endian), where
    it begins after the head, counted in bytes, and how many numbers it has. Equal input gives
    equal text.
    """
    table: dict[str, list[object]] = {}
    parts: list[bytes] = []
    at = 0
    for name, column in columns.items():
        kind = column.dtype.str[1:]
        if kind not in _TYPES:
            raise ValueError(f"column {name}: a page cannot read {column.dtype}")
        content = column.astype(column.dtype.newbyteorder("<")).tobytes()
        # A typed array of JavaScript may begin at a multiple of its own width alone.
        content += bytes(-len(content) % _ALIGNED)
        table[name] = [kind, at, len(column)]
        parts.append(content)
        at += len(content)
    text = json.dumps({**head, "columns": table}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    length = len(text).to_bytes(_ALIGNED, "little")
    # Raw deflate: what browsers unpack by themselves, without a library in the page.
    # The last step would take as long again, for a five hundredth of the size.
    deflate = zlib.compressobj(8, zlib.DEFLATED, -zlib.MAX_WBITS)
    blocks = [deflate.compress(part) for part in (length, text, *parts)]
    return _spell_base85_for_page(b"".join((*blocks, deflate.flush())))


def _spell_base85_for_page(packed: bytes) -> str:
    # A fifteenth less than base 64; by columns, since 5 MB of a large family took the standard
    # library's encoder a second.
    short = -len(packed) % 4
    words = np.frombuffer(packed + bytes(short), ">u4").astype(np.uint32)
    digits = words[:, None] // (85 ** np.arange(4, -1, -1, dtype=np.uint32)) % 85
    text: str = _DIGITS[digits].tobytes().decode("ascii")
    return text[: len(text) - short]


def smallest_type_for_report_page(column: Indices) -> Indices:
    """Return a column without negative numbers in the smallest type that holds it."""
    top = int(column.max(initial=0))
    return column.astype(np.uint8 if top < 1 << 8 else np.uint16 if top < 1 << 16 else np.uint32)


def _report_page_columns_of(report: FamilyTreeReport, claim_set: Int64s) -> Columns:
    forest, facts, evidence = report.forest, report.facts, report.evidence
    # An edge's parent: a row, 0 for the row it is drawn below, below zero an outsider. Most edges
    # are drawn, and a column of zeros takes hardly any room.
    is_drawn = evidence.parent == forest.parent[evidence.child]
    columns: dict[str, npt.NDArray[np.number]] = {
        "depth": smallest_type_for_report_page(forest.depth),
        "kind": forest.kind,
        "relation": forest.relation,
        "strength": forest.strength,
        "total": smallest_type_for_report_page(forest.total),
        "edges": smallest_type_for_report_page(np.bincount(evidence.child, minlength=len(forest))),
        "edgeParent": np.where(is_drawn, 0, evidence.parent).astype(np.int32),
        "edgeStrength": evidence.strength,
        "edgeClaims": smallest_type_for_report_page(claim_set),
    }
    columns |= {name: smallest_type_for_report_page(days) for name, days in facts.dates.items()}
    # Most models are changed on their first day alone: days since then plus one.
    created, modified = facts.dates["created_at"], facts.dates["modified_at"]
    later = np.where((created > 0) & (modified > 0), np.maximum(modified - created, 0) + 1, 0)
    columns["modified_at"] = smallest_type_for_report_page(later)
    columns |= {
        name: smallest_type_for_report_page(coded.code) for name, coded in facts.words.items()
    }
    columns |= {
        name: _smallest_numbers_for_family_page(numbers) for name, numbers in facts.numbers.items()
    }
    return columns


def _claim_sets_of_family_page(evidence: RowEvidence) -> tuple[Int64s, Sequence[Sequence[int]]]:
    """Return for each edge its set of claims, and the sets: few, since most edges share theirs."""
    sets: dict[tuple[int, ...], int] = {(): 0}
    bounds = np.searchsorted(evidence.claim_edge, np.arange(len(evidence.child) + 1)).tolist()
    claims = evidence.claim_text.tolist()
    chosen = [
        sets.setdefault(tuple(claims[first:last]), len(sets)) for first, last in pairwise(bounds)
    ]
    return np.array(chosen, np.int64), [list(claim_set) for claim_set in sets]


def _smallest_numbers_for_family_page(numbers: Floats) -> npt.NDArray[np.number]:
    """Return counters as whole numbers where they fit, else as they are."""
    if numbers.max(initial=0) < 1 << 32:
        return smallest_type_for_report_page(numbers.astype(np.int64))
    return numbers
