"""Results as plain documents with the names that scripts rely on; JSON and CSV spell them."""

import json
from collections.abc import Iterable, Mapping, Sequence

from lineage.analysis.results import Branch, Count, Tree
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Definition
from lineage.domain.documents import Document
from lineage.domain.moments import iso
from lineage.store.manifest import Manifest


def of_counts(counts: Iterable[Count]) -> list[Document]:
    """Return one document for each base."""
    return [_of_count(count) for count in counts]


def of_crawl(
    manifest: Manifest, requests: Mapping[str, int], seconds: float, cards: int | None = None
) -> Document:
    """Return what a crawl did; `requests` has sent, replayed, retried and refused_429.

    `cards`: how many cards were asked for, None where none were to be read; their requests are
    among those sent.
    """
    asked = {} if cards is None else {"cards": cards}
    return {
        "snapshot": manifest.id,
        "kind": manifest.origin.kind.value,
        "models": manifest.models,
        "edges": manifest.edges,
        "bad_rows": manifest.bad_rows,
        "tombstones": manifest.tombstones,
        "requests": dict(requests),
        "seconds": round(seconds, 3),
        **asked,
    }


def of_manifests(manifests: Iterable[Manifest]) -> list[Document]:
    """Return one document for each snapshot, in the order given."""
    return [
        {
            "id": manifest.id,
            "kind": manifest.origin.kind.value,
            "taken_at": iso(manifest.origin.taken_at),
            "models": manifest.models,
            "edges": manifest.edges,
            "tombstones": manifest.tombstones,
            "previous": manifest.previous,
            "builds_on": None if manifest.builds_on is None else manifest.builds_on.id,
        }
        for manifest in manifests
    ]


def of_manifest(manifest: Manifest) -> Document:
    """Return everything that a snapshot says of itself, as its manifest spells it."""
    content: Document = json.loads(manifest.to_json())
    return content


def flat(document: Document) -> Document:
    """Return a document with the fields of its inner tables beside its own."""
    found: Document = {}
    for name, value in document.items():
        found |= value if isinstance(value, dict) else {name: value}
    return found


def of_definition(definition: Definition) -> Document:
    """Return the rule that a number was counted by."""
    return {
        "roots": list(definition.roots),
        "relations": [relation.value for relation in definition.relations],
        "closure": definition.closure.value,
        "least": definition.least.value,
        "mirrors": definition.mirrors,
        "curated": definition.curated,
        "deleted": definition.deleted,
        "as_of": None if definition.as_of is None else definition.as_of.isoformat(),
        "min_downloads": definition.min_downloads,
    }


def of_tree(tree: Tree) -> Document:
    """Return a tree, its branches nested."""
    return {
        "snapshot": tree.snapshot,
        "root": _of_branch(tree.root),
        "definition": of_definition(tree.definition),
    }


def rows_of_counts(counts: Iterable[Count]) -> list[Document]:
    """Return a flat row for each base and group; without groups a row for each base."""
    return [row for count in counts for row in _rows_of_count(count)]


def rows_of_tree(tree: Tree) -> list[Document]:
    """Return a flat row for each branch, from the root down, with the depth it stands at."""
    return _rows_of_branch(tree.root, None, 0)


def _of_count(count: Count) -> Document:
    document = _head(count) | _numbers(count.direct, count.total, count.by_relation)
    document |= {"undated": count.undated, "definition": of_definition(count.definition)}
    if count.grouping is not None:
        document["groups"] = [
            {count.grouping.value: group.value}
            | _numbers(group.direct, group.total, group.by_relation)
            for group in count.groups
        ]
    return document


def _head(count: Count) -> Document:
    return {"base": count.base, "id": count.id, "key": count.key, "snapshot": count.snapshot}


def _numbers(direct: int, total: int, by_relation: Mapping[Relation, int]) -> Document:
    found = {
        relation.value: by_relation[relation] for relation in Relation if relation in by_relation
    }
    return {"direct": direct, "total": total, "by_relation": found}


def _rows_of_count(count: Count) -> list[Document]:
    definition = of_definition(count.definition)
    if count.grouping is None:
        numbers = _columns(count.direct, count.total, count.by_relation)
        return [_head(count) | numbers | {"undated": count.undated} | definition]
    return [
        _head(count)
        | {count.grouping.value: group.value}
        | _columns(group.direct, group.total, group.by_relation)
        | definition
        for group in count.groups
    ]


def _columns(direct: int, total: int, by_relation: Mapping[Relation, int]) -> Document:
    columns: Document = {"direct": direct, "total": total}
    return columns | {one.value: by_relation.get(one, 0) for one in RELATIONS}


def _of_branch(branch: Branch) -> Document:
    return _facts(branch) | {"branches": [_of_branch(below) for below in branch.branches]}


def _facts(branch: Branch) -> Document:
    return {
        "name": branch.name,
        "relation": None if branch.relation is None else branch.relation.value,
        "total": branch.total,
        "folded": branch.folded,
        "folded_total": branch.folded_total,
        "other_parents": branch.other_parents,
        "guessed": branch.guessed,
    }


def _rows_of_branch(branch: Branch, parent: str | None, depth: int) -> list[Document]:
    row: Document = {"depth": depth, "parent": parent} | _facts(branch)
    below: Sequence[Branch] = branch.branches
    return [row, *(r for one in below for r in _rows_of_branch(one, branch.name, depth + 1))]
