"""Models that claim, owe and hold the same are one case, and each case is classed once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lineage.analysis.licenses.applicable_terms import Owed
from lineage.analysis.licenses.classing import drift_of
from lineage.analysis.licenses.declared import Declared
from lineage.analysis.members import Members, relation_of
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Indices, Int64s
from lineage.domain.claims import Relation
from lineage.domain.families import Proof
from lineage.domain.licenses import (
    ClauseName,
    Drift,
    DriftSeverity,
    LicenseTerms,
    Terms,
    WeightsForm,
)

FORMS = list(WeightsForm)


@dataclass(frozen=True, slots=True)
class Case:
    """A class, and what follows for whoever falls into it."""

    drift: Drift
    severity: DriftSeverity
    form: WeightsForm
    terms: tuple[str, ...]
    clauses: tuple[str, ...]
    name_prefix: str | None


def cases_of(
    declared: Declared,
    owed: Owed,
    nodes: Indices,
    forms: Int64s,
    terms: LicenseTerms,
    *,
    is_sample: bool,
) -> tuple[list[Case], Int64s]:
    """Return each distinct case, and which of them is each model's."""
    code = (declared.claim << len(owed.terms) | owed.bits[nodes]) * len(FORMS) + forms
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    cases: list[Case] = []
    for at in first.tolist():
        form, due = FORMS[forms[at]], owed.of_bits(int(owed.bits[nodes[at]]))
        claim = declared.claims[declared.claim[at]]
        drift = drift_of(claim, due, form, is_sample=is_sample)
        cases.append(_case(drift, form, due, terms))
    return cases, which.astype(np.int64)


def with_cards(declared: Declared, terms: LicenseTerms) -> Declared:
    """Let cards that a source tells word for word name their terms."""
    names = {card.model: card.names for card in terms.cards}
    claims, claim = list(declared.claims), declared.claim.copy()
    for at in [at for at, id in enumerate(declared.id) if id in names]:
        said = claims[claim[at]]
        claims.append(replace(said, named=said.named | {names[declared.id[at]]}))
        claim[at] = len(claims) - 1
    return replace(declared, claims=claims, claim=claim)


def forms_of(scope: Scope, members: Members, nodes: Indices, mirrors: Indices) -> Int64s:
    """Return what each model holds of its ancestor's weights, as positions in FORMS."""
    relation = relation_of(members.edges, members.nodes)[nodes]
    forms = np.full(len(nodes), FORMS.index(WeightsForm.WEIGHTS), np.int64)
    forms[relation == Relation.ADAPTER.code] = FORMS.index(WeightsForm.ADAPTER)
    forms[np.isin(nodes, _deltas(scope))] = FORMS.index(WeightsForm.DELTA)
    forms[relation == Relation.QUANTIZED.code] = FORMS.index(WeightsForm.COPY)
    forms[np.isin(nodes, mirrors)] = FORMS.index(WeightsForm.COPY)
    return forms


def _deltas(scope: Scope) -> list[int]:
    edges = [edge for family in scope.families for edge in family.curated_edges()]
    known = scope.nodes_of({edge.child for edge in edges if edge.proof is Proof.DELTA})
    return sorted(known.values())


def _case(drift: Drift, form: WeightsForm, due: Sequence[Terms], terms: LicenseTerms) -> Case:
    rule = terms.rule_of(drift)
    clauses = [one.rules[name].clause for name in rule.cites for one in due if name in one.rules]
    prefixes = [
        one.rules[ClauseName.NAME_PREFIX].text or ""
        for one in due
        if ClauseName.NAME_PREFIX in one.rules
    ]
    return Case(
        drift=drift,
        severity=rule.severity,
        form=form,
        terms=tuple(one.id for one in due),
        clauses=tuple(dict.fromkeys(clauses)),
        # `Llama 3` begins with `Llama` too: the longest satisfies all.
        name_prefix=max(prefixes, key=len, default=None),
    )
