"""Which class a license falls into, beside the terms that stand above it."""

from collections.abc import Sequence

from lineage.analysis.licenses.claims import LicenseStatement
from lineage.domain.licenses import ClauseName, Drift, Grant, Terms, WeightsForm

_ADDED_ALONE = {
    WeightsForm.ADAPTER: Drift.ADAPTER_PERMISSIVE,
    WeightsForm.DELTA: Drift.DELTA_PERMISSIVE,
}
"""What holds no weights of its ancestor: its tag can speak for the added ones alone."""


def drift_of(
    claim: LicenseStatement, owed: Sequence[Terms], form: WeightsForm, *, is_sample: bool
) -> Drift:
    """Class one claim; `owed` are the terms of every release it stems from, at least one.

    Several terms add up: who carries the tag of the strictest of them is consistent.
    """
    if claim.is_silent:
        return Drift.NOT_IN_SAMPLE if is_sample else Drift.UNDECLARED
    if claim.tagged is not None:
        return _of_family_tag(claim.tagged, owed)
    match claim.grant:
        case Grant.OTHER:
            return _of_other(claim, owed)
        case Grant.NONCOMMERCIAL:
            return _of_noncommercial(owed, form)
        case Grant.PERMISSIVE | Grant.COPYLEFT:
            return _of_wider(claim, owed, form)
        case None:
            return Drift.UNRANKED


def names_what_is_owed(claim: LicenseStatement, owed: Sequence[Terms]) -> bool:
    """Say whether name or link name any of the terms; only terms without a number need none."""
    return any(one.id in claim.named or (claim.is_unnumbered and not one.number) for one in owed)


def _of_family_tag(tagged: str, owed: Sequence[Terms]) -> Drift:
    strictest = max(one.strictness() for one in owed)
    is_right = any(one.id == tagged and one.strictness() == strictest for one in owed)
    return Drift.CONSISTENT if is_right else Drift.MISMATCH


def _of_other(claim: LicenseStatement, owed: Sequence[Terms]) -> Drift:
    if names_what_is_owed(claim, owed):
        return Drift.OTHER_WITH_LINK
    return Drift.MISMATCH if claim.named else Drift.UNNAMED


def _of_noncommercial(owed: Sequence[Terms], form: WeightsForm) -> Drift:
    if not any(ClauseName.NO_OTHER_TERMS in one.rules for one in owed):
        return Drift.NARROWS
    # A label for what was added is no term on what stands below it.
    return Drift.CONSISTENT if form in _ADDED_ALONE else Drift.OTHER_TERMS


def _of_wider(claim: LicenseStatement, owed: Sequence[Terms], form: WeightsForm) -> Drift:
    if form in _ADDED_ALONE:
        return _ADDED_ALONE[form]
    if names_what_is_owed(claim, owed):
        return Drift.TAG_AGAINST_CARD
    if claim.grant is Grant.COPYLEFT:
        return Drift.COPYLEFT_CLASH
    return Drift.MIRROR_PERMISSIVE if form is WeightsForm.COPY else Drift.WEIGHTS_PERMISSIVE
