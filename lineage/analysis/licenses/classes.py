"""Which class each license falls into, beside the terms above it, and what else is worth a look.

Models with the same statement, terms and form are one case, and each case is classed once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lineage.analysis.licenses.findings import CONFLICTS
from lineage.analysis.licenses.statements import DeclaredLicenses, LicenseStatement
from lineage.analysis.licenses.terms_above import ApplicableTerms
from lineage.analysis.members import Members, relation_of
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.domain.claims import Relation
from lineage.domain.families import Proof
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


def class_cases(
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
        drift = drift_of(statement, above, form, is_sample=is_sample)
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


def forms_of(scope: Scope, members: Members, nodes: Indices, mirrors: Indices) -> Int64s:
    """Return what each model holds of its ancestor's weights, as positions in FORMS."""
    relation = relation_of(members.edges, members.nodes)[nodes]
    curated = [edge for family in scope.families for edge in family.curated_edges()]
    deltas = scope.nodes_of({edge.child for edge in curated if edge.proof is Proof.DELTA})
    # Later lines win: a registry's word on a copy or delta is surer than the Hub's relation.
    forms = np.full(len(nodes), FORMS.index(WeightsForm.WEIGHTS), np.int64)
    forms[relation == Relation.ADAPTER.code] = FORMS.index(WeightsForm.ADAPTER)
    forms[np.isin(nodes, sorted(deltas.values()))] = FORMS.index(WeightsForm.DELTA)
    forms[relation == Relation.QUANTIZED.code] = FORMS.index(WeightsForm.COPY)
    forms[np.isin(nodes, mirrors)] = FORMS.index(WeightsForm.COPY)
    return forms


def drift_of(
    statement: LicenseStatement, above: Sequence[Terms], form: WeightsForm, *, is_sample: bool
) -> Drift:
    """Class one statement; `above` are the terms of every release it stems from, at least one.

    Several terms add up: a model with the tag of the strictest of them is consistent.
    """
    if statement.is_silent:
        return Drift.NOT_IN_SAMPLE if is_sample else Drift.UNDECLARED
    if statement.tagged is not None:
        strictest = max(each.strictness() for each in above)
        is_right = any(
            each.id == statement.tagged and each.strictness() == strictest for each in above
        )
        return Drift.CONSISTENT if is_right else Drift.MISMATCH
    match statement.grant:
        case Grant.OTHER:
            return _class_other(statement, above)
        case Grant.NONCOMMERCIAL:
            return _class_noncommercial(above, form)
        case Grant.PERMISSIVE | Grant.COPYLEFT:
            return _class_wider(statement, above, form)
        case None:
            return Drift.UNRANKED


def _class_other(statement: LicenseStatement, above: Sequence[Terms]) -> Drift:
    if names_applicable_terms(statement, above):
        return Drift.OTHER_WITH_LINK
    return Drift.MISMATCH if statement.named else Drift.UNNAMED


def _class_noncommercial(above: Sequence[Terms], form: WeightsForm) -> Drift:
    if not any(ClauseName.NO_OTHER_TERMS in each.rules for each in above):
        return Drift.NARROWS
    # A label for what was added is no term on what lies below it.
    return Drift.CONSISTENT if form in _ADDED_ALONE else Drift.OTHER_TERMS


def _class_wider(statement: LicenseStatement, above: Sequence[Terms], form: WeightsForm) -> Drift:
    if form in _ADDED_ALONE:
        return _ADDED_ALONE[form]
    if names_applicable_terms(statement, above):
        return Drift.TAG_AGAINST_CARD
    if statement.grant is Grant.COPYLEFT:
        return Drift.COPYLEFT_CLASH
    return Drift.MIRROR_PERMISSIVE if form is WeightsForm.COPY else Drift.WEIGHTS_PERMISSIVE


def names_applicable_terms(statement: LicenseStatement, above: Sequence[Terms]) -> bool:
    """Say whether name or link name any of the terms; only terms without a number need none."""
    return any(
        each.id in statement.named or (statement.is_unnumbered and not each.number)
        for each in above
    )


def find_notes(
    declared: DeclaredLicenses,
    applicable: ApplicableTerms,
    nodes: Indices,
    *,
    cases: Sequence[LicenseCase],
    case: Int64s,
    repeats: Mask,
) -> list[tuple[LicenseNote, ...]]:
    """Return the notes of each model; `repeats` says whose tag is its parent's."""

    def spread(of_case: Sequence[bool]) -> Mask:
        mask: Mask = np.array(of_case, np.bool_)[case]
        return mask

    def has_clause(each: LicenseCase, clause: ClauseName) -> bool:
        return any(clause in terms.rules for terms in applicable.terms if terms.id in each.terms)

    conflicts = spread([each.severity in CONFLICTS for each in cases])
    has_weights = spread([each.form is WeightsForm.WEIGHTS for each in cases])
    several = spread([len(each.terms) > 1 for each in cases])
    bans_others = spread([has_clause(each, ClauseName.IMPROVE_OTHERS_BANNED) for each in cases])
    is_peft = np.array([library == "peft" for library in declared.library], np.bool_)
    is_gpl = np.array([tag in {"gpl", "gpl-3.0"} for tag in declared.license], np.bool_)
    # The code of LLaMA 1 was published under the GPL, its weights never: people confuse the two.
    on_llama_1 = spread(
        [
            each.drift is Drift.COPYLEFT_CLASH and has_clause(each, ClauseName.NONCOMMERCIAL)
            for each in cases
        ]
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
