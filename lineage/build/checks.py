"""What a draft must stand up to before it is published; each check is a value with its notes."""

from collections.abc import Callable
from dataclasses import dataclass

from lineage.store.manifest import CheckResult, SnapshotKind

FEW_BAD_ROWS = 10
"""So many unreadable rows are never a reason to refuse, however small the draft."""


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What the checks look at."""

    kind: SnapshotKind
    endpoint: str
    models: int
    bad_rows: int
    previous_models: int | None
    """None where there is no snapshot to stand beside."""
    previous_endpoint: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Where refusal begins; both are settings."""

    max_bad_share: float = 0.01
    min_kept_share: float = 0.9


def not_empty(draft: DraftFacts, limits: Limits) -> CheckResult:
    """Refuse a draft without models: whatever answered, it was not a Hub."""
    return CheckResult("not_empty", draft.models > 0, f"{draft.models} models")


def few_bad_rows(draft: DraftFacts, limits: Limits) -> CheckResult:
    """Refuse when more than a share of the rows, and more than a handful, could not be read."""
    rows = draft.models + draft.bad_rows
    allowed = max(FEW_BAD_ROWS, limits.max_bad_share * rows)
    return CheckResult(
        "few_bad_rows",
        draft.bad_rows <= allowed,
        f"{draft.bad_rows} of {rows} rows could not be read; up to {allowed:.0f} are accepted",
    )


def no_sudden_loss(draft: DraftFacts, limits: Limits) -> CheckResult:
    """Refuse a sweep that lists far fewer models than the last: a Hub in trouble is no massacre."""
    if draft.previous_models is None or draft.kind is not SnapshotKind.FULL:
        return CheckResult("no_sudden_loss", True, "no sweep to compare with")
    floor = limits.min_kept_share * draft.previous_models
    return CheckResult(
        "no_sudden_loss",
        draft.models >= floor,
        f"{draft.models} models, {draft.previous_models} are known from before; "
        f"at least {floor:.0f} are expected",
    )


def same_endpoint(draft: DraftFacts, limits: Limits) -> CheckResult:
    """Refuse to mix the histories of two Hubs."""
    before = draft.previous_endpoint
    return CheckResult(
        "same_endpoint",
        before is None or before.rstrip("/") == draft.endpoint.rstrip("/"),
        f"taken from {draft.endpoint}, the store's snapshots from {before or 'nowhere yet'}",
    )


CHECKS: tuple[Callable[[DraftFacts, Limits], CheckResult], ...] = (
    not_empty,
    few_bad_rows,
    no_sudden_loss,
    same_endpoint,
)


def check(draft: DraftFacts, limits: Limits) -> tuple[CheckResult, ...]:
    """Run every check."""
    return tuple(one(draft, limits) for one in CHECKS)
