"""What a draft must pass before it is published; each check is a value with its notes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lineage.build.draft import Draft
from lineage.store.manifest import CheckResult, Manifest, SnapshotKind
from lineage.store.reader import Snapshot

CENSUS_ENDPOINT = "https://huggingface.co"
CENSUS_AT = datetime(2026, 10, 3, tzinfo=UTC)
CENSUS_MODELS = 3_117_871
"""Source: a complete anonymous enumeration of the Hub's listing on that day."""

GROWTH_A_DAY = 2_400
"""Net; source: 2,000 to 2,700 a day between mid-2025 and the census."""


FEW_BAD_ROWS = 10
"""So many unreadable rows are never a reason to refuse, however small the draft."""

FEW_ANSWERING = 3


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What the checks look at."""

    kind: SnapshotKind
    endpoint: str
    models: int
    bad_rows: int
    previous_models: int | None
    """None where no snapshot came before."""
    previous_endpoint: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Where refusal begins; both are settings."""

    max_bad_share: float = 0.01
    min_kept_share: float = 0.9


def check_not_empty(draft: DraftFacts, limits: Limits) -> CheckResult:
    """Refuse a draft without models: whatever answered, it was not a Hub."""
    return CheckResult("not_empty", draft.models > 0, f"{draft.models} models")


def check_bad_rows(draft: DraftFacts, limits: Limits) -> CheckResult:
    """Refuse when more than a share of the rows, and more than a few, could not be read."""
    rows = draft.models + draft.bad_rows
    allowed = max(FEW_BAD_ROWS, limits.max_bad_share * rows)
    return CheckResult(
        "few_bad_rows",
        draft.bad_rows <= allowed,
        f"{draft.bad_rows} of {rows} rows could not be read; up to {allowed:.0f} are accepted",
    )


def check_sudden_loss(draft: DraftFacts, limits: Limits) -> CheckResult:
    """Refuse a full crawl that lists far fewer models than the last one did."""
    # A Hub in trouble answers with part of its list; published, that would make a tombstone of
    # every model that is missing from it.
    if draft.previous_models is None or draft.kind is not SnapshotKind.FULL:
        return CheckResult("no_sudden_loss", True, "no full crawl to compare with")
    floor = limits.min_kept_share * draft.previous_models
    return CheckResult(
        "no_sudden_loss",
        draft.models >= floor,
        f"{draft.models} models, {draft.previous_models} are known from before; "
        f"at least {floor:.0f} are expected",
    )


def check_draft_endpoint(draft: DraftFacts, limits: Limits) -> CheckResult:
    """Refuse to mix the histories of two Hubs."""
    before = draft.previous_endpoint
    return CheckResult(
        "same_endpoint",
        before is None or before.rstrip("/") == draft.endpoint.rstrip("/"),
        f"taken from {draft.endpoint}, the store's snapshots from {before or 'nowhere yet'}",
    )


def check_missing(answering: int, asked: int) -> CheckResult:
    """Refuse when most of the missing models answer by name: the listing was cut, they are there.

    Of fewer than FEW_ANSWERING nothing is concluded: the Hub keeps some models out of its listing.
    """
    return CheckResult(
        "missing_are_gone",
        answering < FEW_ANSWERING or 2 * answering <= asked,
        f"{answering} of {asked} missing models that were asked for by name are there",
    )


CHECKS: tuple[Callable[[DraftFacts, Limits], CheckResult], ...] = (
    check_not_empty,
    check_bad_rows,
    check_sudden_loss,
    check_draft_endpoint,
)


def run_checks(draft: DraftFacts, limits: Limits) -> tuple[CheckResult, ...]:
    """Run every check."""
    return tuple(check(draft, limits) for check in CHECKS)


def collect_draft_facts(
    draft: Draft, manifests: Sequence[Manifest], previous: Snapshot | None
) -> DraftFacts:
    """Return what the checks look at; `manifests` are those of the store, the newest last."""
    return DraftFacts(
        kind=draft.origin.kind,
        endpoint=draft.origin.endpoint,
        models=draft.models,
        bad_rows=draft.bad_rows,
        previous_models=_expected_draft_models(draft, manifests, previous),
        previous_endpoint=manifests[-1].origin.endpoint if manifests else None,
    )


def _expected_draft_models(
    draft: Draft, manifests: Sequence[Manifest], previous: Snapshot | None
) -> int | None:
    """Return how many models there were last time; a first full crawl of the Hub has its census."""
    # Without the census, a first listing that ends early (a proxy that drops the link to the next
    # page) would be believed, as there is nothing to compare it with.
    if previous is None:
        return CENSUS_MODELS if draft.origin.endpoint == CENSUS_ENDPOINT else None
    # A dump may hold a part of the Hub, so a full crawl after one is compared with the last crawl
    # as well.
    crawled = [
        manifest.models
        for manifest in manifests
        if manifest.origin.kind in (SnapshotKind.FULL, SnapshotKind.UPDATE)
    ]
    last_crawl = crawled[-1:] if draft.origin.kind is SnapshotKind.FULL else []
    return max([previous.manifest.models, *last_crawl])
