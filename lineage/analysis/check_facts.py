"""What rules are held against: every name, root, license and revision above some models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.ancestry import Ancestry, find_ancestry_in_scope
from lineage.analysis.scope import Scope
from lineage.domain.check_rules import CheckRules, ListedModel, SubjectPattern
from lineage.domain.families import Family, Release, is_claimable
from lineage.domain.licenses import ClauseName, Terms
from lineage.domain.subjects import SubjectKind, parse_subject
from lineage.errors import SettingsError
from lineage.families.license_terms import families_with_terms, license_terms
from lineage.store import schema


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What the rules are held against, for every node on a path up from a model."""

    ancestry: Ancestry
    records: int
    """Nodes from this number on have no record: others name them, and nothing more is known."""
    nodes: int
    """Nodes from this number on are named by the list alone; the registry may know them."""
    node_by_name: Mapping[str, int]
    names: Mapping[int, frozenset[str]]
    """Every present and former name of each node, and of a mirror those of what it mirrors."""
    roots: Mapping[int, tuple[Family, Release]]
    curated_children: Mapping[int, tuple[tuple[Family, Release | None], ...]]
    terms: Mapping[int, tuple[Terms, ...]]
    """By root."""
    tags: Mapping[int, tuple[str, ...]]
    """License tag and license name of each node that has a record."""
    shas: Mapping[int, str]
    _matches: dict[tuple[str, int], bool] = field(default_factory=dict, compare=False, repr=False)

    def matches_rule_to_check(self, pattern: SubjectPattern, node: int) -> bool:
        """Say whether a pattern means a node; asked once, however many models stand below it."""
        key = pattern.text, node
        if key not in self._matches:
            self._matches[key] = check_rule_matches_node(self, pattern, node)
        return self._matches[key]


def gather_facts_to_check(
    scope: Scope, listed: Sequence[ListedModel], rules: CheckRules
) -> CheckFacts:
    """Look up the models, all that lies above them, and what the rules ask of each node."""
    spelled = {model.name: _checked_model_id(model.name) for model in listed}
    # All names at once: each look goes over the names of the whole snapshot.
    exact = {it.name for it in rules.exact_check_patterns}
    scope.every_scope_node_of({*spelled.values(), *_registry_ids(scope.families), *exact})
    nodes = scope.nodes_of(set(spelled.values()))
    registry_nodes = dict(scope.every_scope_node_of(_registry_ids(scope.families)))
    # What no snapshot lists gets a node of its own, above all others, which no edge leads to: the
    # registry may know it all the same, and a pattern may deny its name.
    registered = {id.lower(): id for family in scope.families for id in family.root_repo_ids()}
    for former in (it for family in scope.families for it in family.former_names()):
        if former.now.lower() in registered:
            registered.setdefault(former.name.lower(), former.now)
    extra: dict[str, int] = {}
    for id in spelled.values():
        if is_claimable(id):  # in a list of models it is an unknown one
            nodes[id] = extra.setdefault(id, scope.nodes + len(extra))
        elif id not in nodes:
            root = registered.get(id.lower(), id)
            if root not in registry_nodes:
                registry_nodes[root] = (extra.setdefault(root, scope.nodes + len(extra)),)
            nodes[id] = registry_nodes[root][0]
    ancestry = find_ancestry_in_scope(
        scope, [node for node in nodes.values() if node < scope.nodes]
    )
    ids = {**ancestry.ids, **{node: id for id, node in extra.items()}}
    keys = {**ancestry.keys, **{node: f"name:{id}" for id, node in extra.items()}}
    ancestry = replace(ancestry, ids=ids, keys=keys)
    roots, curated, terms = _place_registry_in_check_scope(scope.families, registry_nodes)
    return CheckFacts(
        ancestry,
        scope.snapshot.records,
        scope.nodes,
        {name: nodes[id] for name, id in spelled.items()},
        _names_of_ancestors(scope, ancestry, registry_nodes, rules),
        roots,
        curated,
        terms,
        *_read_ancestor_columns(scope, ancestry, roots),
    )


_Curated = dict[int, tuple[tuple[Family, Release | None], ...]]


def _place_registry_in_check_scope(
    families: Sequence[Family], registry_nodes: Mapping[str, Sequence[int]]
) -> tuple[dict[int, tuple[Family, Release]], _Curated, dict[int, tuple[Terms, ...]]]:
    """Return the roots, the curated children and the terms of the registry, each by node."""
    roots: dict[int, tuple[Family, Release]] = {}
    terms: dict[int, tuple[Terms, ...]] = {}
    with_terms = set(families_with_terms())
    curated: _Curated = {}
    for family in families:
        release_of = {
            id: release
            for release in family.releases
            for id in (release.subject, *release.root_repo_ids())
        }
        for id, release in release_of.items():
            roots |= dict.fromkeys(registry_nodes.get(id, ()), (family, release))
        for release in family.releases if family.id in with_terms else ():
            for id, official in release.official_names_by_root().items():
                applied = license_terms(family.id).license_terms_of_root(official, release.id)
                if applied is not None:
                    terms |= dict.fromkeys(registry_nodes.get(id, ()), (applied,))
        # A path may end at a release or a family that a claim names in place of a model.
        for id in family.claimable().keys() - release_of.keys():
            curated |= dict.fromkeys(registry_nodes.get(id, ()), ((family, None),))
        for edge in family.curated_family_edges():
            for node in registry_nodes.get(edge.child, ()):
                entry = (family, release_of.get(edge.parent))
                curated[node] = (*curated.get(node, ()), entry)
    return roots, curated, terms


def _checked_model_id(name: str) -> str:
    try:
        subject = parse_subject(name)
    except ValueError:
        subject = None
    # What is no model (a data set, a family) is an unknown model, never a clean one.
    is_model = subject is not None and subject.kind in {None, SubjectKind.MODEL}
    return subject.name if subject is not None and is_model else name


def _registry_ids(families: Sequence[Family]) -> set[str]:
    curated = {edge.child for family in families for edge in family.curated_family_edges()}
    named = {id for family in families for id in (*family.root_repo_ids(), *family.claimable())}
    return curated | named


def _names_of_ancestors(
    scope: Scope, ancestry: Ancestry, registry_nodes: Mapping[str, Sequence[int]], rules: CheckRules
) -> dict[int, frozenset[str]]:
    """Return every name of each node: now, formerly, and of a mirror what it mirrors."""
    names = {node: {id} for node, id in ancestry.ids.items()}
    by_key = {key: node for node, key in ancestry.keys.items()}
    for former, key in scope.snapshot.former_keys().items():
        if key in by_key:
            names[by_key[key]].add(former)
    # A newer snapshot may know a node by a name that it got later: rules without `*` are looked up.
    for name, nodes in scope.every_scope_node_of(
        it.name for it in rules.exact_check_patterns
    ).items():
        for node in names.keys() & set(nodes):
            names[node].add(name)
    for family in scope.families:
        pairs = [(id, id) for id in family.root_repo_ids()]
        pairs += [(former.name, former.now) for former in family.former_names()]
        mirrors = (mirror for release in family.releases for mirror in release.mirrors)
        pairs += [(it.of, it.id) for it in mirrors if it.of is not None]
        for name, id in pairs:
            for node in registry_nodes.get(id, ()):
                if node in names:
                    names[node].add(name)
    return {node: frozenset(each) for node, each in names.items()}


def _read_ancestor_columns(
    scope: Scope, ancestry: Ancestry, roots: Mapping[int, tuple[Family, Release]]
) -> tuple[dict[int, tuple[str, ...]], dict[int, str]]:
    """Return the license tags and the revision of each node on a path that has a record."""
    nodes = sorted(node for node in ancestry.ids if node < scope.snapshot.records)
    columns = ("license", "license_name", "sha")
    tag, name, sha = (
        scope.snapshot.record_column(column).take(pa.array(nodes, pa.int64())).to_pylist()
        for column in columns
    )
    tags = {node: tuple(filter(None, pair)) for node, *pair in zip(nodes, tag, name, strict=True)}
    for node, (_, release) in roots.items():
        if release.license is not None and node in ancestry.ids:
            tags[node] = tuple(dict.fromkeys((*tags.get(node, ()), release.license)))
    return tags, {node: it for node, it in zip(nodes, sha, strict=True) if it is not None}


def refuse_unknown_licenses_to_check(scope: Scope, rules: CheckRules) -> None:
    """Raise SettingsError for a denied license that neither registry nor snapshot knows."""
    if not rules.deny_license:
        return
    terms = [it for id in families_with_terms() for it in license_terms(id).terms]
    known = {name for it in terms for name in (it.id, it.tag, *(str(rule) for rule in it.rules))}
    known |= {release.license for family in scope.families for release in family.releases}
    # The snapshot's own tags are read only where the registry does not know a name.
    if missing := {it.lower() for it in rules.deny_license} - {str(it).lower() for it in known}:
        for column in ("license", "license_name"):
            tags = pc.unique(scope.snapshot.record_column(column)).to_pylist()
            missing -= {tag.lower() for tag in tags if tag is not None}
    if missing:
        raise SettingsError(
            f"no license is called {', '.join(sorted(missing))}",
            f"ids of terms: {', '.join(it.id for it in terms)}; else a license tag of the Hub",
        )


def can_check_rule_match(scope: Scope, facts: CheckFacts, pattern: SubjectPattern) -> bool:
    """Say whether a pattern can match at all: a typo in a deny list must not pass in silence."""
    if pattern.kind is SubjectKind.FAMILY:
        return any(family.id == pattern.name for family in scope.families)
    if pattern.kind is SubjectKind.RELEASE:
        releases = (release for family in scope.families for release in family.releases)
        return any(pattern.name in {it.id, it.name.lower()} for it in releases)
    if any(map(pattern.matches, (name for each in facts.names.values() for name in each))):
        return True
    former = {it.name for family in scope.families for it in family.former_names()}
    if any(map(pattern.matches, former | _registry_ids(scope.families))):
        return True
    snapshot = scope.snapshot
    columns = (
        snapshot.record_column("id"),
        snapshot.column(schema.COUNTS_FILE, "id"),
        snapshot.former_names()["name"],
    )
    return any(
        pc.any(pc.match_substring_regex(pc.utf8_lower(names), pattern.expression)).as_py()
        for names in columns
    )


def check_rule_matches_node(facts: CheckFacts, pattern: SubjectPattern, node: int) -> bool:
    """Say whether a pattern means a node, by any of its names or by the registry."""
    if pattern.kind is SubjectKind.MODEL:
        return any(map(pattern.matches, facts.names[node]))
    registered = [*facts.curated_children.get(node, ())]
    if node in facts.roots:
        registered.append(facts.roots[node])
    if pattern.kind is SubjectKind.FAMILY:
        return any(family.id == pattern.name for family, _ in registered)
    return any(
        release is not None and pattern.name in {release.id, release.name.lower()}
        for _, release in registered
    )


def find_license_to_check(
    facts: CheckFacts, name: str, node: int
) -> tuple[str, str | None, str | None] | None:
    """Return how a license applies to a node, in words, with quotation and address; else None."""
    for terms in facts.terms.get(node, ()):
        clause = next((it for it in terms.rules.values() if it.name == name), None)
        if clause is not None:
            return f"{terms.name}, section {clause.clause}", clause.quote, terms.source.url
        if name in {terms.id.lower(), (terms.tag or "").lower()}:
            clause = terms.rules.get(ClauseName.MONTHLY_USERS)
            return terms.name, None if clause is None else clause.quote, terms.source.url
    if name in {tag.lower() for tag in facts.tags.get(node, ())}:
        return f"its license tag is {name}", None, None
    return None
