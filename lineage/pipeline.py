"""The story on one page: pages become records, records witnesses, witnesses edges, edges counts.

Nothing is decided here: each step stands in the folder that is named after it.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from lineage.analysis.checks import DraftFacts, Limits, check
from lineage.clock import Clock
from lineage.collecting import collector_paused
from lineage.derive import derive
from lineage.domain.families import Family
from lineage.errors import DraftRefused
from lineage.evidence import RULES, Rule, testify
from lineage.progress import Progress
from lineage.sources.interface import RecordPage
from lineage.store.draft import Draft
from lineage.store.manifest import Manifest, Origin
from lineage.store.snapshot import Snapshot
from lineage.store.store import ParquetStore


@dataclass(frozen=True, slots=True)
class Publication:
    """What a run needs besides its pages."""

    store: ParquetStore
    families: Sequence[Family]
    """Whose former names and roots are known."""
    limits: Limits
    clock: Clock
    progress: Progress
    rules: Sequence[Rule] = RULES


def publish(pages: Iterable[RecordPage], origin: Origin, into: Publication) -> Manifest:
    """Turn one walk's pages into a published snapshot.

    Raises DraftRefused when the draft fails a check; it is then kept aside with the reasons.
    """
    with closing(into.store.begin(origin)) as draft:
        with collector_paused():
            gather(pages, draft, into)
        before = into.store.latest_sweep()
        into.progress.begin("settle names, merge evidence, count")
        derive(draft, before, into.families, into.rules)
        into.progress.end()
        checks = check(_facts(draft, into.store, before), into.limits)
        if all(one.passed for one in checks):
            return draft.publish(checks, into.clock.now())
        draft.set_aside(checks, into.clock.now())
        reasons = "; ".join(f"{one.name}: {one.notes}" for one in checks if not one.passed)
        raise DraftRefused(
            f"the draft {draft.id} was set aside and not published: {reasons}",
            f"its files are kept in {into.store.location}/{draft.id} with the reasons; "
            "the snapshots before it are untouched",
        )


def gather(pages: Iterable[RecordPage], draft: Draft, into: Publication) -> None:
    """Stream records and their witnesses into the draft."""
    into.progress.begin("read models")
    first = last = date = ""
    for page in pages:
        draft.add(page.records, [testify(record, into.rules) for record in page.records])
        draft.add_bad_rows(page.bad_rows, page.request)
        draft.unread_fields.update(page.unread_fields)
        first, date = (first, date) if first else (page.request, page.date or "")
        last = page.request
        into.progress.step(draft.models)
    into.progress.end()
    requests = {"first": first, "last": last, "hub_date": date}
    draft.origin = replace(draft.origin, requests=requests)
    draft.seal()


def _facts(draft: Draft, store: ParquetStore, before: Snapshot | None) -> DraftFacts:
    manifests = store.manifests()
    return DraftFacts(
        kind=draft.origin.kind,
        endpoint=draft.origin.endpoint,
        models=draft.models,
        bad_rows=len(draft.bad_rows),
        previous_models=None if before is None else before.manifest.models,
        previous_endpoint=manifests[-1].origin.endpoint if manifests else None,
    )
