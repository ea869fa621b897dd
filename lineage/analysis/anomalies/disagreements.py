"""Where Hub and author contradict each other: about the relation, or about the parent itself."""

import numpy as np

from lineage.analysis.anomalies.columns import (
    RELATIONS,
    Columns,
    Statements,
    are_in,
    distinct,
    packed,
)
from lineage.analysis.anomalies.wording import Sighting, Sightings, listed
from lineage.domain.arrays import Int64s, Mask, Positions

_NAMED_IN_A_SENTENCE = 3
_LOW = 0xFFFFFFFF


def relation_disagreements(columns: Columns) -> Sightings:
    """Find models of which two witnesses, or one in two places, state different relations."""
    said = columns.statements
    rows = np.flatnonzero(said.relation >= 0)
    if not rows.size:
        return Sightings(0, iter(()))
    child, relation = said.child[rows], said.relation[rows]
    first = np.flatnonzero(np.append(True, child[1:] != child[:-1]))
    last = np.append(first[1:], len(rows))
    differ = np.minimum.reduceat(relation, first) != np.maximum.reduceat(relation, first)
    found = np.flatnonzero(differ).tolist()
    each = (_relations(columns, rows[first[at] : last[at]]) for at in found)
    return Sightings(len(found), each)


def parent_disagreements(columns: Columns) -> Sightings:
    """Find models of which Hub and card name different parents, as the names settled.

    What the card names and nobody lists is not held against it: the Hub resolves no such name.
    """
    said = columns.statements
    hub, card = (_pairs(said, _is_by(said, rule)) for rule in ("hub", "card"))
    card_alone = _without(card, hub)
    card_alone = card_alone[(card_alone & _LOW) < columns.listed]
    hub_alone = _without(hub, card)
    disputed = distinct(np.concatenate((card_alone, hub_alone)) >> 32)
    both_speak = are_in(disputed, hub >> 32) & are_in(disputed, card >> 32)
    found = disputed[both_speak].tolist()
    each = (_parents(columns, child, hub_alone, card_alone) for child in found)
    return Sightings(len(found), each)


def _is_by(said: Statements, rule: str) -> Mask:
    if rule not in said.rules:
        return np.zeros(len(said.rule), np.bool_)
    mask: Mask = (said.rule == said.rules.index(rule)) & (said.parent >= 0)
    return mask


def _pairs(said: Statements, which: Mask) -> Int64s:
    """Return distinct pairs of child and parent, each as one number."""
    return distinct(packed(said.child[which], said.parent[which]))


def _without(values: Int64s, known: Int64s) -> Int64s:
    return values[~are_in(values, known)]


def _relations(columns: Columns, rows: Positions) -> Sighting:
    said = columns.statements
    name = columns.name(int(said.child[rows[0]]))
    voices: dict[str, list[str]] = {}
    for rule, relation in sorted(set(zip(said.rule[rows], said.relation[rows], strict=True))):
        voices.setdefault(said.rules[rule], []).append(RELATIONS[relation])
    told = ", ".join(f"{rule} says {' and '.join(voices[rule])}" for rule in sorted(voices))
    return Sighting([name], f"{name}: {told}")


def _parents(columns: Columns, child: int, hub_alone: Int64s, card_alone: Int64s) -> Sighting:
    name, others, parts = columns.name(child), [], []
    for voice, pairs in (("the card", card_alone), ("the Hub", hub_alone)):
        start, stop = np.searchsorted(pairs, [child << 32, (child + 1) << 32])
        names = [columns.name(int(pair) & _LOW) for pair in pairs[start:stop]]
        if names:
            others += names
            parts.append(f"{voice} alone names {listed(names, len(names), _NAMED_IN_A_SENTENCE)}")
    return Sighting([name, *others], f"{name}: {', '.join(parts)}")
