"""A family tree's rows, evidence and texts packed for its page: one deflated block as base64."""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lineage.analysis.tree.row_evidence import RowEvidence
from lineage.domain.arrays import Floats, Indices, Int64s
from lineage.domain.claims import RELATIONS, STRENGTHS
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Texts

_ALIGNED = 8
_TYPES = {"u1", "u2", "u4", "i1", "i4", "f8"}

Columns = Mapping[str, npt.NDArray[np.number]]


def pack_report(report: FamilyTreeReport, texts: Texts) -> str:
    """Return everything that the page's script reads, ready to be embedded."""
    claim_set, claim_sets = _claim_sets(report.evidence)
    head = {
        "language": texts.language.value,
        "texts": dict(texts.sections["explorer"]),
        "words": dict(texts.sections["words"]),
        "family": report.family.id,
        "snapshot": report.manifest.id,
        "sample": report.is_sample,
        "least": report.definition.min_strength.code,
        "deleted": "counted" if report.definition.deleted else "shown",
        "relations": [relation.value for relation in RELATIONS],
        "strengths": [strength.value for strength in STRENGTHS],
        "names": list(report.forest.names),
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
    return pack_block(head, _columns_of(report, claim_set))


def pack_block(head: Mapping[str, object], columns: Columns) -> str:
    """Return base64 of a deflated block: length of the head, the head as JSON, the columns.

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
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    blocks = [deflate.compress(part) for part in (length, text, *parts)]
    return base64.b64encode(b"".join((*blocks, deflate.flush()))).decode("ascii")


def smallest_type(column: Indices) -> Indices:
    """Return a column without negative numbers in the smallest type that holds it."""
    top = int(column.max(initial=0))
    return column.astype(np.uint8 if top < 1 << 8 else np.uint16 if top < 1 << 16 else np.uint32)


def _columns_of(report: FamilyTreeReport, claim_set: Int64s) -> Columns:
    forest, facts, evidence = report.forest, report.facts, report.evidence
    # An edge's parent: a row, 0 for the row it is drawn below, below zero an outsider. Most edges
    # are drawn, and a column of zeros takes hardly any room.
    is_drawn = evidence.parent == forest.parent[evidence.child]
    columns: dict[str, npt.NDArray[np.number]] = {
        "depth": smallest_type(forest.depth),
        "kind": forest.kind,
        "relation": forest.relation,
        "strength": forest.strength,
        "edges": smallest_type(np.bincount(evidence.child, minlength=len(forest))),
        "edgeParent": np.where(is_drawn, 0, evidence.parent).astype(np.int32),
        "edgeStrength": evidence.strength,
        "edgeClaims": smallest_type(claim_set),
    }
    columns |= {name: smallest_type(days) for name, days in facts.dates.items()}
    columns |= {name: smallest_type(coded.code) for name, coded in facts.words.items()}
    columns |= {name: _smallest_numbers(numbers) for name, numbers in facts.numbers.items()}
    return columns


def _claim_sets(evidence: RowEvidence) -> tuple[Int64s, Sequence[Sequence[int]]]:
    """Return for each edge its set of claims, and the sets: few, since most edges share theirs."""
    sets: dict[tuple[int, ...], int] = {(): 0}
    bounds = np.searchsorted(evidence.claim_edge, np.arange(len(evidence.child) + 1)).tolist()
    claims = evidence.claim_text.tolist()
    chosen = [
        sets.setdefault(tuple(claims[first:last]), len(sets)) for first, last in pairwise(bounds)
    ]
    return np.array(chosen, np.int64), [list(claim_set) for claim_set in sets]


def _smallest_numbers(numbers: Floats) -> npt.NDArray[np.number]:
    """Return counters as whole numbers where they fit, else as they are."""
    if numbers.max(initial=0) < 1 << 32:
        return smallest_type(numbers.astype(np.int64))
    return numbers
