"""A made-up family of any size as a report: branches uneven as real ones, names of real length."""

import random
from dataclasses import replace

import numpy as np

from lineage.analysis.tree.row_facts import (
    DATES,
    LAST_SEEN,
    MISSED,
    NUMBERS,
    WORDS,
    Coded,
    RowEvidence,
    RowFacts,
    SharedClaim,
)
from lineage.analysis.tree.rows import RowKind, TreeRows
from lineage.domain.claims import Relation
from lineage.reporting.family_tree import FamilyTreeReport

RELEASES = 12
ROOTS = 8
GONE = 0.03
"""Share of models that are known to be gone; what hangs below them stays."""
_SYLLABLES = (
    *("la", "lo", "mi", "ra", "ne", "to", "ki", "su"),
    *("ve", "da", "gu", "po", "er", "an", "is", "ul"),
)
_SUFFIXES = ("", "-GGUF", "-Instruct", "-AWQ", "-LoRA", "-4bit", "-v2", "-merged")


def synthetic_report(models: int, like: FamilyTreeReport, seed: int = 7) -> FamilyTreeReport:
    """Return a report with so many models; what stands around the tree is taken from another."""
    dice = random.Random(seed)
    forest = _forest(models, dice)
    return replace(
        like,
        forest=forest,
        facts=_facts(forest, dice),
        evidence=_evidence(forest, dice),
        count=replace(like.count, total=int((forest.kind == RowKind.MODEL).sum())),
    )


def _forest(models: int, dice: random.Random) -> TreeRows:
    children: dict[int, list[int]] = {0: list(range(1, RELEASES + 1))}
    for release in range(1, RELEASES + 1):
        first = RELEASES + 1 + (release - 1) * ROOTS
        children[release] = list(range(first, first + ROOTS))
    roots = range(RELEASES + 1, RELEASES + 1 + RELEASES * ROOTS)
    size = roots.stop + models
    # Half hang below a root, the larger the likelier; the others below any model before them.
    weights = [1 / (at + 1) for at in range(len(roots))]
    for at in range(roots.stop, size):
        is_first = at == roots.stop or dice.random() < 0.5
        parent = dice.choices(roots, weights)[0] if is_first else _elder(roots.stop, at, dice)
        children.setdefault(parent, []).append(at)
    return _walked(children, size, roots, dice)


def _elder(first: int, at: int, dice: random.Random) -> int:
    return first + int((at - first) * dice.random() ** 3)


def _walked(
    children: dict[int, list[int]], size: int, roots: range, dice: random.Random
) -> TreeRows:
    below = [1] * size
    order, parents, _ = _walk(children)
    for place in range(size - 1, 0, -1):
        below[order[parents[place]]] += below[order[place]]
    for branches in children.values():
        branches.sort(key=lambda at: below[at])
    order, parents, depths = _walk(children)
    node = np.array(order)
    kind = np.full(size, RowKind.MODEL, np.uint8)
    kind[[dice.random() < GONE for _ in range(size)]] = RowKind.DELETED
    kind[node < roots.stop] = RowKind.OFFICIAL
    kind[node < roots.start] = RowKind.GROUP
    kind[node == 0] = RowKind.FAMILY
    relation = np.array(dice.choices(range(len(Relation)), (4, 2, 5, 8, 2), k=size), np.int8)
    relation[kind < RowKind.MODEL] = -1
    below = [1] * size
    for place in range(size - 1, 0, -1):
        below[parents[place]] += below[place]
    counted = kind == RowKind.MODEL
    before = np.concatenate([[0], counted.cumsum()])
    end = np.arange(size) + below
    return TreeRows(
        [_name(at, roots, dice) for at in order],
        node.astype(np.int32),
        kind,
        np.array(depths, np.int32),
        relation,
        np.full(size, 2, np.int8),
        np.array(parents, np.int32),
        end=end.astype(np.int32),
        counted=counted,
        total=before[end] - before[1:],
        deleted=kind == RowKind.DELETED,
        other_parents=np.zeros(size, np.int32),
    )


def _walk(children: dict[int, list[int]]) -> tuple[list[int], list[int], list[int]]:
    """Return the rows of a walk, the last branch first, with each one's parent and depth."""
    order: list[int] = []
    parents: list[int] = []
    depths: list[int] = []
    waiting = [(0, -1, 0)]
    while waiting:
        at, parent, depth = waiting.pop()
        waiting.extend((low, len(order), depth + 1) for low in children.get(at, ()))
        order.append(at)
        parents.append(parent)
        depths.append(depth)
    return order, parents, depths


def _name(at: int, roots: range, dice: random.Random) -> str:
    if at < roots.start:
        return "Synthetic" if at == 0 else f"Release {at}"
    words = ["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 5))) for _ in range(3)]
    return f"{words[0]}/{words[1]}-{words[2]}-{at}{dice.choice(_SUFFIXES)}"


def _facts(forest: TreeRows, dice: random.Random) -> RowFacts:
    size = len(forest)
    is_model, is_gone = forest.kind >= RowKind.MODEL, forest.kind == RowKind.DELETED
    days = np.array([dice.randint(19_400, 20_700) * (dice.random() < 0.9) for _ in range(size)])
    license_of = np.array([dice.randint(0, 30) for _ in range(size)], np.int32)
    counters = np.array([int(dice.paretovariate(0.6)) % 10**7 for _ in range(size)], np.float64)
    nobody = Coded((), np.zeros(size, np.int32))
    licensed = Coded([f"license-{at}" for at in range(30)], license_of * is_model)
    return RowFacts(
        {name: (days * is_model).astype(np.int32) for name in DATES}
        | {MISSED: (20_750 * is_gone).astype(np.int32)},
        {name: licensed if name == "license" else nobody for name in WORDS}
        | {LAST_SEEN: Coded(("20261014T060000Z",), is_gone.astype(np.int32))},
        dict.fromkeys(NUMBERS, counters * is_model),
    )


def _evidence(forest: TreeRows, dice: random.Random) -> RowEvidence:
    child = np.flatnonzero(forest.kind >= RowKind.MODEL)
    merged = np.array(sorted(dice.sample(child.tolist(), len(child) * 6 // 100)))
    second = np.array(dice.choices(child[:1000].tolist(), k=len(merged)), np.int64)
    whose = np.concatenate([child, merged])
    parent = np.concatenate([forest.parent[child], second])
    order = np.argsort(whose, kind="stable")
    voices = np.repeat(np.arange(len(whose)), 3)
    heads = (("hub", "finetune: "), ("tag", "base_model:"), ("card", "base_model: "))
    return RowEvidence(
        child=whose[order].astype(np.int32),
        parent=parent[order].astype(np.int32),
        strength=np.full(len(whose), 2, np.int8),
        outside=(),
        claim_edge=voices.astype(np.int32),
        claim_text=np.tile([0, 1, 2], len(whose)).astype(np.int32),
        texts=[SharedClaim(rule, before, "") for rule, before in heads],
    )
