"""Results to draw, and drawings as text."""

import io
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console, RenderableType

from lineage.analysis.results import Count, Group
from lineage.analysis.tree.prune import PrunedRest, Tree, TreeNode
from lineage.analysis.tree.rows import RowKind
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.subjects import SubjectKind
from lineage.store.manifest import CheckResult, FileFacts, Manifest, Origin, SnapshotKind

TAKEN = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ID = "20261121T060000Z"
HOSTILE = "\x1b[2J\x1b]0;owned\x07[bold red]x[/]\u202eevil\r\n:smile:"


def text_of(picture: RenderableType, width: int = 100, *, colors: bool = False) -> str:
    """What a terminal of this width would show."""
    told = io.StringIO()
    console = Console(
        file=told, width=width, force_terminal=colors, highlight=False, markup=False, emoji=False
    )
    console.print(picture)
    return told.getvalue()


def manifest(
    endpoint: str = "https://huggingface.co", kind: SnapshotKind = SnapshotKind.FULL
) -> Manifest:
    below = "owner/base" if kind is SnapshotKind.BELOW else None
    return Manifest(
        id=ID,
        origin=Origin(kind, endpoint, TAKEN, below, {"llama": "2026-11-21"}),
        published_at=TAKEN,
        previous=None,
        models=3_117_871,
        edges=1_130_000,
        bad_rows=2,
        tombstones=0,
        unread_fields={},
        files={"models.parquet": FileFacts(3_117_871, 400_000_000, "0" * 64)},
        checks=(CheckResult("few_bad_rows", True, "2 of 3117873 rows could not be read"),),
        written_by="lineage 0.1.0",
    )


def count(
    base: str = "owner/base",
    grouping: Grouping | None = None,
    groups: tuple[Group, ...] = (),
    definition: Definition | None = None,
) -> Count:
    rule = definition or Definition(roots=(base,))
    parts = {Relation.FINETUNE: 12_000, Relation.ADAPTER: 345}
    model = SubjectKind.MODEL
    return Count(
        base,
        base,
        model,
        "0" * 24,
        ID,
        direct=1_234,
        total=12_345,
        at_most=12_345,
        undated=678,
        opted_out=0,
        parents_known=True,
        by_relation=parts,
        definition=rule,
        grouping=grouping,
        groups=groups,
    )


def group(value: str, total: int = 10) -> Group:
    return Group(value, 1, total, {Relation.MERGE: total})


def tree(name: str = "owner/child", definition: Definition | None = None) -> Tree:
    sure = Strength.CONFIRMED

    def node(id: str, depth: int, parent: int, relation: Relation | None, total: int) -> TreeNode:
        kind = RowKind.MODEL if relation else RowKind.OFFICIAL
        strength = sure if relation else None
        counted = relation is not None
        return TreeNode(
            *(id, kind, depth, parent, relation, strength),
            *(total, total, counted, False, 0),
        )

    child = node(name, 1, 0, Relation.FINETUNE, 1_000)
    rest = PrunedRest(12, 11, 3_412, {Relation.MERGE: 3_412})
    merge = node(f"{name}-of-merge", 2, 1, Relation.MERGE, 3)
    nodes = (
        node("owner/base", 0, -1, None, 12_345),
        replace(child, remainder=rest),
        replace(merge, other_parents=2, drawn_below=1),
        node("z/z", 1, 0, Relation.ADAPTER, 7),
    )
    return Tree(count("owner/base", definition=definition), nodes)
