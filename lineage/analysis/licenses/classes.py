"""Which class each license falls into, beside the terms above it, and what else is worth a look.

Models with the same statement, terms and form are one case, and each case is classed once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lineage.analysis.groups import ReleasesOfNodes, find_releases_above_nodes
from lineage.analysis.licenses.statements import CONFLICTS, DeclaredLicenses, LicenseStatement
from lineage.analysis.members import Members, relations_of_members
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.domain.claims import Relation
from lineage.domain.families import Family, Proof
from lineage.domain.licenses import (
    ClauseName,
    Drift,
    DriftSeverity,
    Grant,
    LicenseNote,
    LicenseTerms,
    Terms,
    WeightsForm,
)
from lineage.graph import reach
from lineage.store.reader import EdgeColumns

NO_NODE = -1


@dataclass(frozen=True, slots=True)
class ApplicableTerms:
    """The terms above every node of a graph."""

    terms: Sequence[Terms]
    releases: ReleasesOfNodes
    """Of the family alone: roots of other families do not end its paths."""
    bits: Int64s
    """Bit i of a node is set where terms[i] apply to it."""
    meets_others: Mask
    """Which nodes stem from another family too."""
    multimodal: Mask
    """Which nodes lie below, or are copies of, a model that a clause on such models is about."""
    disputed: Mask
    """Which nodes stem from a release whose official files disagree."""

    def of_bits(self, bits: int) -> tuple[Terms, ...]:
        """Return the terms behind some bits."""
        return tuple(each for place, each in enumerate(self.terms) if bits >> place & 1)


def find_terms_above_nodes(scope: Scope, family: Family, terms: LicenseTerms) -> ApplicableTerms:
    """Walk up from every node, and stop on each path at the first root of the family."""
    releases = find_releases_above_nodes(scope.scope_narrowed_to(family), scope.edges)
    # A root without known terms ends the paths through it all the same: the last bit is theirs.
    roots: list[list[str]] = [[] for _ in (*terms.terms, None)]
    for release in family.releases:
        for root, official in release.official_names_by_root().items():
            applied = terms.license_terms_of_root(official, release.id)
            roots[-1 if applied is None else terms.terms.index(applied)].append(root)
    labels = [scope.roots_of(ids) for ids in roots]
    edges = scope.edges
    label_bits = reach.reach_labels_from(edges.child, edges.parent, scope.nodes, labels)
    bits = label_bits.astype(np.int64) & ((1 << len(terms.terms)) - 1)
    disagreed = {disagreement.release for disagreement in terms.disagreements}
    disputed = np.zeros(scope.nodes, np.bool_)
    for release in releases.releases:
        if release.id in disagreed:
            disputed |= releases.mark_nodes_of_release(release)
    other_families = tuple(other for other in scope.families if other.id != family.id)
    first_releases = find_releases_above_nodes(
        scope.scope_narrowed_to(*other_families), scope.edges
    ).only_release()
    meets_others = (
        first_releases != NO_NODE if first_releases.size else np.zeros(scope.nodes, np.bool_)
    )
    clauses = (each.rules.get(ClauseName.EU_MULTIMODAL) for each in terms.terms)
    bases = {base for clause in clauses if clause is not None for base in clause.bases}
    copies = [mirror for base in bases for mirror in family.family_mirrors_of(base)]
    seeds = scope.roots_of(sorted(bases | set(copies)))
    is_root = reach.mark_nodes(scope.nodes, scope.tops_of(family))
    child, parent = _edges_below_roots(scope.edges, is_root)
    multimodal: Mask = reach.reach_labels_from(child, parent, scope.nodes, [seeds]) != 0
    return ApplicableTerms(terms.terms, releases, bits, meets_others, multimodal, disputed)


def nearest_license_parents(
    edges: EdgeColumns, nodes: int, roots: Indices, preferred: Indices
) -> Int64s:
    """Return the parent of each node that lies on its shortest path to a root, else NO_NODE.

    Of paths of one length the surest edge comes first, then a preferred node, then the lower
    number. Roots have no parent: no path leads on through one.
    """
    is_root = reach.mark_nodes(nodes, roots)
    is_plain = ~reach.mark_nodes(nodes, preferred)
    depth = reach.generations_below_roots(*_edges_below_roots(edges, is_root), nodes, roots).astype(
        np.int64
    )
    leads_up = ~is_root[edges.child] & (is_root[edges.parent] | (depth[edges.parent] > 0))
    leads_up &= np.where(is_root[edges.parent], 0, depth[edges.parent]) + 1 == depth[edges.child]
    chosen = np.flatnonzero(leads_up)
    child, parent = edges.child[chosen], edges.parent[chosen]
    order = np.lexsort((parent, is_plain[parent], -edges.strength[chosen].astype(int), child))
    children, first = np.unique(child[order], return_index=True)
    up = np.full(nodes, NO_NODE, np.int64)
    up[children] = parent[order][first]
    return up


def license_paths_up(
    scope: Scope, family: Family, up: Int64s, nodes: Indices
) -> list[tuple[str, ...]]:
    """Return the ids from each model upwards; a mirror is followed by its official repository."""
    steps = list(_license_steps_up(up, nodes))
    if not steps:
        return []
    on_paths = np.unique(np.concatenate(steps))
    on_paths = on_paths[on_paths != NO_NODE]
    names = scope.names_by_node(on_paths)[1]
    originals = {
        mirror.id: mirror.of
        for release in family.releases
        for mirror in release.mirrors
        if mirror.of
    }
    stands_for = {node: originals[id] for id, node in scope.nodes_of(originals).items()}
    names_on_path = {
        node: (id, stands_for[node]) if node in stands_for else (id,) for node, id in names.items()
    }
    # All paths grow by one step at a time, as columns: one by one they would be walked in Python.
    paths: list[tuple[str, ...]] = [()] * len(nodes)
    for step in steps:
        for row in np.flatnonzero(step != NO_NODE).tolist():
            paths[row] += names_on_path[int(step[row])]
    return paths


def _license_steps_up(up: Int64s, start: Indices) -> Iterator[Int64s]:
    """Yield the node that each path is at, a step at a time; NO_NODE behind its end."""
    nodes = start.astype(np.int64)
    while (nodes != NO_NODE).any():
        yield nodes
        nodes = np.where(nodes == NO_NODE, NO_NODE, up[nodes])


def _edges_below_roots(edges: EdgeColumns, is_root: Mask) -> tuple[Indices, Indices]:
    """Return child and parent of the edges that do not lead on upwards from a root."""
    below = ~is_root[edges.child]
    return edges.child[below], edges.parent[below]


FORMS = list(WeightsForm)
_ADDED_ALONE = {
    WeightsForm.ADAPTER: Drift.ADAPTER_PERMISSIVE,
    WeightsForm.DELTA: Drift.DELTA_PERMISSIVE,
}
"""What holds no weights of its ancestor: its tag can speak for the added ones alone."""


@dataclass(frozen=True, slots=True)
class LicenseCase:
    """A class, and what follows for models that fall into it."""

    drift: Drift
    severity: DriftSeverity
    form: WeightsForm
    terms: tuple[str, ...]
    clauses: tuple[str, ...]
    name_prefix: str | None


def classify_license_cases(
    declared: DeclaredLicenses,
    applicable: ApplicableTerms,
    nodes: Indices,
    forms: Int64s,
    terms: LicenseTerms,
    *,
    is_sample: bool,
) -> tuple[list[LicenseCase], Int64s]:
    """Return each distinct case, and which of them is each model's."""
    bits = applicable.bits[nodes]
    code = (declared.statement << len(applicable.terms) | bits) * len(FORMS) + forms
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    cases: list[LicenseCase] = []
    for row in first.tolist():
        form, above = FORMS[forms[row]], applicable.of_bits(int(bits[row]))
        statement = declared.statements[declared.statement[row]]
        drift = license_drift_of(statement, above, form, is_sample=is_sample)
        rule = terms.rule_of(drift)
        clauses = [
            each.rules[name].clause for name in rule.cites for each in above if name in each.rules
        ]
        prefixes = [
            each.rules[ClauseName.NAME_PREFIX].text or ""
            for each in above
            if ClauseName.NAME_PREFIX in each.rules
        ]
        case = LicenseCase(
            drift=drift,
            severity=rule.severity,
            form=form,
            terms=tuple(each.id for each in above),
            clauses=tuple(dict.fromkeys(clauses)),
            # `Llama 3` begins with `Llama` too: the longest satisfies all.
            name_prefix=max(prefixes, key=len, default=None),
        )
        cases.append(case)
    return cases, which.astype(np.int64)


def license_forms_of(scope: Scope, members: Members, nodes: Indices, mirrors: Indices) -> Int64s:
    """Return what each model holds of its ancestor's weights, as positions in FORMS."""
    relation = relations_of_members(members.edges, members.nodes)[nodes]
    curated = [edge for family in scope.families for edge in family.curated_family_edges()]
    deltas = scope.nodes_of({edge.child for edge in curated if edge.proof is Proof.DELTA})
    # Later lines win: a registry's word on a copy or delta is surer than the Hub's relation.
    forms = np.full(len(nodes), FORMS.index(WeightsForm.WEIGHTS), np.int64)
    forms[relation == Relation.ADAPTER.code] = FORMS.index(WeightsForm.ADAPTER)
    forms[np.isin(nodes, sorted(deltas.values()))] = FORMS.index(WeightsForm.DELTA)
    forms[relation == Relation.QUANTIZED.code] = FORMS.index(WeightsForm.COPY)
    forms[np.isin(nodes, mirrors)] = FORMS.index(WeightsForm.COPY)
    return forms


def license_drift_of(
    statement: LicenseStatement, above: Sequence[Terms], form: WeightsForm, *, is_sample: bool
) -> Drift:
    """Class one statement; `above` are the terms of every release it stems from, at least one.

    Several terms add up: a model with the tag of the strictest of them is consistent.
    """
    if statement.is_silent:
        return Drift.NOT_IN_SAMPLE if is_sample else Drift.UNDECLARED
    if statement.tagged is not None:
        strictest = max(each.strictness() for each in above)
        if any(each.id == statement.tagged and each.strictness() == strictest for each in above):
            return Drift.CONSISTENT
        if statement.grant is None:
            return Drift.MISMATCH
    if statement.grant is Grant.OTHER:
        if names_applicable_terms(statement, above):
            return Drift.OTHER_WITH_LINK
        return Drift.MISMATCH if statement.named else Drift.UNNAMED
    return _classify_ranked_license(statement, above, form)


def _classify_ranked_license(
    statement: LicenseStatement, above: Sequence[Terms], form: WeightsForm
) -> Drift:
    if statement.grant is None:
        return Drift.UNRANKED
    if all(each.is_permissive for each in above):
        return Drift.PERMITTED
    if statement.grant is Grant.NONCOMMERCIAL:
        return _classify_noncommercial_license(above, form)
    return _classify_wider_license(statement, above, form)


def _classify_noncommercial_license(above: Sequence[Terms], form: WeightsForm) -> Drift:
    if not any(ClauseName.NO_OTHER_TERMS in each.rules for each in above):
        # Terms that forbid commerce themselves are not narrowed by a wish of the same kind.
        is_narrower = any(ClauseName.NONCOMMERCIAL not in each.rules for each in above)
        return Drift.NARROWS if is_narrower else Drift.OWN_TERMS
    # A label for what was added is no term on what lies below it.
    return Drift.CONSISTENT if form in _ADDED_ALONE else Drift.OTHER_TERMS


def _classify_wider_license(
    statement: LicenseStatement, above: Sequence[Terms], form: WeightsForm
) -> Drift:
    restrictive = [each for each in above if not each.is_permissive]
    if form in _ADDED_ALONE:
        return _ADDED_ALONE[form]
    if names_applicable_terms(statement, restrictive):
        return Drift.TAG_AGAINST_CARD
    if form is WeightsForm.WEIGHTS and all(
        _may_derivatives_have_own_terms(each) for each in restrictive
    ):
        return Drift.OWN_TERMS
    if statement.grant is Grant.COPYLEFT:
        return Drift.COPYLEFT_CLASH
    return Drift.MIRROR_PERMISSIVE if form is WeightsForm.COPY else Drift.WEIGHTS_PERMISSIVE


def _may_derivatives_have_own_terms(terms: Terms) -> bool:
    """Say whether derivatives may have terms that are wider in kind."""
    return ClauseName.OWN_TERMS in terms.rules and ClauseName.NONCOMMERCIAL not in terms.rules


def names_applicable_terms(statement: LicenseStatement, above: Sequence[Terms]) -> bool:
    """Say whether name or link name any of the terms; only terms without a number need none."""
    return any(
        each.id in statement.named or (statement.is_unnumbered and not each.number)
        for each in above
    )


def find_license_notes(
    declared: DeclaredLicenses,
    applicable: ApplicableTerms,
    nodes: Indices,
    *,
    cases: Sequence[LicenseCase],
    case: Int64s,
    repeats: Mask,
) -> list[tuple[LicenseNote, ...]]:
    """Return the notes of each model; `repeats` says whose tag is its parent's."""

    def spread_license(of_case: Sequence[bool]) -> Mask:
        mask: Mask = np.array(of_case, np.bool_)[case]
        return mask

    def has_license_clause(each: LicenseCase, clause: ClauseName) -> bool:
        return any(clause in terms.rules for terms in applicable.terms if terms.id in each.terms)

    conflicts = spread_license([each.severity in CONFLICTS for each in cases])
    has_weights = spread_license([each.form is WeightsForm.WEIGHTS for each in cases])
    several = spread_license([len(each.terms) > 1 for each in cases])
    bans_others = spread_license(
        [has_license_clause(each, ClauseName.IMPROVE_OTHERS_BANNED) for each in cases]
    )
    is_peft = np.array([library == "peft" for library in declared.library], np.bool_)
    is_gpl = np.array([tag in {"gpl", "gpl-3.0"} for tag in declared.license], np.bool_)
    # The code of LLaMA 1 was published under the GPL, its weights never: people confuse the two.
    on_llama_1 = spread_license(
        [each.drift is Drift.COPYLEFT_CLASH and "llama1" in each.terms for each in cases]
    )
    masks = {
        LicenseNote.IMPROVES_OTHERS: bans_others & (several | applicable.meets_others[nodes]),
        LicenseNote.EU_MULTIMODAL: applicable.multimodal[nodes],
        LicenseNote.REPEATS_PARENT: repeats & conflicts,
        LicenseNote.MAYBE_ADAPTER: is_peft & has_weights,
        LicenseNote.SOURCES_DISAGREE: applicable.disputed[nodes],
        LicenseNote.SEVERAL_TERMS: several,
        LicenseNote.CODE_LICENSE: is_gpl & on_llama_1,
    }
    code = sum((mask.astype(np.int64) << bit for bit, mask in enumerate(masks.values())), 0)
    notes_of = {
        bits: tuple(note for bit, note in enumerate(masks) if bits >> bit & 1)
        for bits in np.unique(code).tolist()
    }
    return [notes_of[bits] for bits in np.asarray(code).tolist()]
