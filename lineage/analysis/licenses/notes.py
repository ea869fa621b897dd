"""What else is worth a look at a model, beside the class of its license."""

from collections.abc import Sequence

import numpy as np

from lineage.analysis.licenses.applicable_terms import Owed
from lineage.analysis.licenses.cases import Case
from lineage.analysis.licenses.declared import Declared
from lineage.analysis.licenses.findings import CONFLICTS
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.domain.licenses import ClauseName, Drift, LicenseNote, WeightsForm

_NOTES = list(LicenseNote)


def notes_on(
    declared: Declared,
    owed: Owed,
    nodes: Indices,
    *,
    cases: Sequence[Case],
    case: Int64s,
    repeats: Mask,
) -> list[tuple[LicenseNote, ...]]:
    """Return the notes of each model; `repeats` says whose tag is its parent's."""

    def holds(of_case: Sequence[bool]) -> Mask:
        told: Mask = np.array(of_case, np.bool_)[case]
        return told

    several = holds([len(one.terms) > 1 for one in cases])
    banned = holds([_has(owed, one, ClauseName.IMPROVE_OTHERS_BANNED) for one in cases])
    peft = np.array([library == "peft" for library in declared.library], np.bool_)
    found = {
        LicenseNote.IMPROVES_OTHERS: banned & (several | owed.meets_others[nodes]),
        LicenseNote.EU_MULTIMODAL: owed.multimodal[nodes],
        LicenseNote.REPEATS_PARENT: repeats & holds([one.severity in CONFLICTS for one in cases]),
        LicenseNote.MAYBE_ADAPTER: peft & holds([one.form is WeightsForm.WEIGHTS for one in cases]),
        LicenseNote.SOURCES_DISAGREE: owed.disputed[nodes],
        LicenseNote.SEVERAL_TERMS: several,
        LicenseNote.CODE_LICENSE: _is_gpl(declared) & holds([_clashes(owed, one) for one in cases]),
    }
    code = sum((mask.astype(np.int64) << at for at, mask in enumerate(found.values())), 0)
    spelled = {
        bits: tuple(note for at, note in enumerate(found) if bits >> at & 1)
        for bits in np.unique(code).tolist()
    }
    return [spelled[bits] for bits in np.asarray(code).tolist()]


def _has(owed: Owed, case: Case, rule: ClauseName) -> bool:
    return any(rule in one.rules for one in owed.terms if one.id in case.terms)


def _clashes(owed: Owed, case: Case) -> bool:
    """Say whether a case is a copyleft tag on weights that forbid commerce: LLaMA 1's."""
    return case.drift is Drift.COPYLEFT_CLASH and _has(owed, case, ClauseName.NONCOMMERCIAL)


def _is_gpl(declared: Declared) -> Mask:
    return np.array([tag in {"gpl", "gpl-3.0"} for tag in declared.license], np.bool_)
