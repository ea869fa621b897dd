"""Every answer by the slowest way: from the tables alone, one edge at a time, in sets of keys."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineage.analysis.results import Count, Group
from lineage.domain.claims import STRENGTHS, Relation, Strength
from lineage.domain.definitions import Closure, Definition
from lineage.domain.families import Family, is_claimable
from lineage.store.reader import Snapshot
from tests.builders import Row, rows_of

Numbers = tuple[int, int, dict[str, int]]
"""Direct, total, and the total by relation without zeros."""

UNSPECIFIED = Relation.UNSPECIFIED.value


@dataclass(frozen=True, slots=True, repr=False)
class Plain:
    """A snapshot as plain Python values."""

    models: Mapping[str, Row]
    """Listed models by key, with their downloads."""
    edges: Sequence[Row]
    keys: Mapping[str, str]
    """Key of every name that a model bears now; listed models win."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Plain":
        metrics = {one["key"]: one["downloads"] for one in rows_of(snapshot, "metrics.parquet")}
        models = {
            str(one["key"]): one | {"downloads": metrics[one["key"]]}
            for one in rows_of(snapshot, "models.parquet")
        }
        edges = rows_of(snapshot, "edges.parquet")
        keys = {str(one["parent"]): str(one["parent_key"]) for one in edges}
        return cls(models, edges, keys | {str(one["id"]): key for key, one in models.items()})

    def over(self, families: Sequence[Family], rule: Definition) -> "Plain":
        """The same with the registry's edges, where a rule counts them."""
        if not rule.curated or rule.min_strength is Strength.CONFIRMED:
            return self
        said = [edge for family in families for edge in family.curated_family_edges()]
        before = {old.now: old.name for family in families for old in family.former_names()}
        ids = {id for edge in said for id in (edge.child, edge.parent)}
        unknown = {id: id if is_claimable(id) else f"name:{id}" for id in ids}
        names = {id: self.keys.get(before.get(id, id), unknown[id]) for id in ids}
        keys = names | dict(self.keys)
        sure = [one for one in self.edges if one["strength"] != Strength.INFERRED]
        declared = {one["child_key"]: one["relation"] for one in sure}
        pairs = {(one["child_key"], one["parent_key"]) for one in sure}
        more: list[Row] = [
            {
                "child_key": keys[edge.child],
                "child": edge.child,
                "parent_key": keys[edge.parent],
                "parent": edge.parent,
                "relation": declared.get(keys[edge.child], edge.relation.value),
                "strength": Strength.DECLARED.value,
            }
            for edge in said
            if (keys[edge.child], keys[edge.parent]) not in pairs
        ]
        return Plain(self.models, [*self.edges, *more], keys)

    def keys_of(self, ids: Iterable[str]) -> set[str]:
        return {self.keys[id] for id in ids if id in self.keys}

    def tops_of(self, family: Family) -> set[str]:
        """Its roots, and its releases where curated edges name them in place of a model."""
        return self.keys_of(
            (*family.root_repo_ids(), *(release.subject for release in family.releases))
        )

    def kept(self, rule: Definition) -> list[Row]:
        """The edges that a definition counts by."""
        enough = STRENGTHS[rule.min_strength.code :]
        return [
            one
            for one in self.edges
            if one["relation"] in rule.relations and one["strength"] in enough
        ]

    def children(self, rule: Definition) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in self.kept(rule):
            found.setdefault(str(one["parent_key"]), set()).add(str(one["child_key"]))
        return found

    def countable(self, keys: Iterable[str], rule: Definition) -> set[str]:
        return {key for key in keys if key in self.models and self._has_enough(key, rule)}

    def below(self, roots: set[str], rule: Definition) -> tuple[set[str], set[str]]:
        """The direct derivatives of some roots, and all that the definition counts."""
        children = self.children(rule)
        right_below = {child for root in roots for child in children.get(root, set())}
        reached = right_below if rule.closure is Closure.DIRECT else closed(roots, children)
        return self.countable(right_below - roots, rule), self.countable(reached - roots, rule)

    def numbers(self, direct: set[str], total: set[str], rule: Definition) -> Numbers:
        relation = {one["child_key"]: str(one["relation"]) for one in self.kept(rule)}
        return len(direct), len(total), dict(Counter(relation[key] for key in total))

    def undated(self, keys: set[str]) -> int:
        return sum(self.models[key]["created_at"] is None for key in keys)

    def release_of(self, key: str, families: Sequence[Family], rule: Definition) -> str:
        """Walk up and stop on each path at the first root."""
        met = self.find_releases(key, families, rule)
        return next(iter(met), "unknown") if len(met) < 2 else "mixed"

    def find_releases(self, key: str, families: Sequence[Family], rule: Definition) -> set[str]:
        return _met(key, self._parents(rule), self._seeds(families))

    def releases_of(
        self, keys: set[str], families: Sequence[Family], rule: Definition
    ) -> dict[str, set[str]]:
        """The releases that each of many models meets."""
        parents, seeds = self._parents(rule), self._seeds(families)
        return {key: _met(key, parents, seeds) for key in keys}

    def _seeds(self, families: Sequence[Family]) -> dict[str, set[str]]:
        seeds: dict[str, set[str]] = {}
        for release in (release for family in families for release in family.releases):
            for key in self.keys_of((*release.root_repo_ids(), release.subject)):
                seeds.setdefault(key, set()).add(release.name)
        return seeds

    def _parents(self, rule: Definition) -> dict[str, set[str]]:
        parents: dict[str, set[str]] = {}
        for one in self.kept(rule):
            parents.setdefault(str(one["child_key"]), set()).add(str(one["parent_key"]))
        return parents

    def _has_enough(self, key: str, rule: Definition) -> bool:
        downloads = self.models[key]["downloads"]
        if rule.min_downloads == 0:
            return True
        return isinstance(downloads, int) and downloads >= rule.min_downloads


def closed(roots: Iterable[str], children: Mapping[str, set[str]]) -> set[str]:
    """Everything that some line of edges leads down to."""
    reached: set[str] = set()
    waiting = list(roots)
    while waiting:
        fresh = children.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return reached


def _met(key: str, parents: Mapping[str, set[str]], seeds: Mapping[str, set[str]]) -> set[str]:
    met: set[str] = set()
    seen = {key}
    waiting = [key]
    while waiting:
        at = waiting.pop()
        if at in seeds:
            met |= seeds[at]
            continue
        fresh = parents.get(at, set()) - seen
        seen |= fresh
        waiting += fresh
    return met


def told(count: Count | Group) -> Numbers:
    """The same numbers from an answer."""
    return count.direct, count.total, {word.value: n for word, n in count.by_relation.items()}
