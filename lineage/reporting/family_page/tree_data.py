"""A family tree's rows, evidence and texts as the columns and lists that its page reads."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lineage.analysis.tree.evidence import ForestEvidence
from lineage.domain.arrays import Floats, Int64s, Nodes
from lineage.domain.claims import RELATIONS, STRENGTHS
from lineage.reporting.family_page.payload import Columns, pack, smallest
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Texts


def packed(report: FamilyTreeReport, texts: Texts) -> str:
    """Return everything that the page's script reads, ready to be embedded."""
    columns, voice_sets = _columns(report)
    said = report.evidence.said
    head = {
        "language": texts.language.value,
        "texts": dict(texts.sections["explorer"]),
        "words": dict(texts.sections["words"]),
        "family": report.family.id,
        "snapshot": report.manifest.id,
        "sample": report.is_sample,
        "least": report.definition.min_strength.code,
        "gone": "counted" if report.definition.deleted else "shown",
        "relations": [relation.value for relation in RELATIONS],
        "strengths": [strength.value for strength in STRENGTHS],
        "names": list(report.forest.names),
        "outside": list(report.evidence.outside),
        "coded": {name: list(coded.words) for name, coded in report.facts.words.items()},
        "dates": list(report.facts.dates),
        "numbers": list(report.facts.numbers),
        "said": [[one.rule, one.before, one.after, one.source, one.url] for one in said],
        "voiceSets": voice_sets,
    }
    return pack(head, columns)


def _columns(report: FamilyTreeReport) -> tuple[Columns, Sequence[Sequence[int]]]:
    forest, facts, evidence = report.forest, report.facts, report.evidence
    voice_set, voice_sets = _voice_sets(evidence)
    columns: dict[str, npt.NDArray[np.number]] = {
        "depth": smallest(forest.depth),
        "kind": forest.kind,
        "relation": forest.relation,
        "strength": forest.strength,
        "edges": smallest(np.bincount(evidence.child, minlength=len(forest))),
        "edgeParent": _parents(report),
        "edgeStrength": evidence.strength,
        "edgeVoices": smallest(voice_set),
    }
    columns |= {name: smallest(days) for name, days in facts.dates.items()}
    columns |= {name: smallest(coded.code) for name, coded in facts.words.items()}
    columns |= {name: _small_numbers(numbers) for name, numbers in facts.numbers.items()}
    return columns, voice_sets


def _parents(report: FamilyTreeReport) -> Nodes:
    """Return each edge's parent: a row, 0 for the row it is drawn below, below zero an outsider."""
    evidence = report.evidence
    drawn = report.forest.parent[evidence.child]
    return np.where(evidence.parent == drawn, 0, evidence.parent).astype(np.int32)


def _voice_sets(
    evidence: ForestEvidence,
) -> tuple[Int64s, Sequence[Sequence[int]]]:
    """Return for each edge its set of witnesses, and the sets: few, since most speak alike."""
    sets: dict[tuple[int, ...], int] = {(): 0}
    bounds = np.searchsorted(evidence.voice_edge, np.arange(len(evidence.child) + 1)).tolist()
    said = evidence.voice_said.tolist()
    chosen = [
        sets.setdefault(tuple(said[first:last]), len(sets)) for first, last in pairwise(bounds)
    ]
    return np.array(chosen, np.int64), [list(one) for one in sets]


def _small_numbers(numbers: Floats) -> npt.NDArray[np.number]:
    """Return counters as whole numbers where they fit, else as they are."""
    if numbers.max(initial=0) < 1 << 32:
        return smallest(numbers.astype(np.int64))
    return numbers
