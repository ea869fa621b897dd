"""Asking the Hub about one model just now, and answering by the same pure functions as ever."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lineage.analysis.ground import Ground
from lineage.analysis.traces import EVERYTHING, trace, trace_on
from lineage.analysis.verdicts import Origin, Trace
from lineage.clock import Clock, SystemClock
from lineage.domain.evidence import Relation, Witness
from lineage.domain.families import CuratedEdge, Family, Proof, Source
from lineage.domain.records import ModelRecord
from lineage.domain.repo_ids import is_repo_id, tidy_name
from lineage.errors import UnknownModel
from lineage.evidence import RULES, testify
from lineage.http.client import RequestTally
from lineage.http.page_log import PageLogs
from lineage.http.pages import PageReader
from lineage.progress import Progress
from lineage.settings import Settings
from lineage.sources.hub import HubSource
from lineage.store.snapshot import Snapshot
from lineage.wiring import open_hub

MOST_LOOKED_UP = 20
"""A longer line of models that no snapshot knows is not followed to its end."""

_PATHS = {rule.name for rule in RULES if not rule.names_models}


def trace_live(
    settings: Settings,
    snapshot: Snapshot,
    name: str,
    family: Family,
    families: Sequence[Family],
    *,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> Trace:
    """Trace a model; one that nobody here knows, and its unknown parents, are asked for.

    One request a model, at most MOST_LOOKED_UP. Raises UnknownModel where the Hub shows none of
    this name either, SourceError where it cannot be asked.
    """
    try:
        return trace(snapshot, name, family, families)
    except UnknownModel:
        asked = tidy_name(name)
        if not is_repo_id(asked):
            raise
    records = list(_look_up(settings, snapshot, asked, clock, progress))
    if not records:
        raise UnknownModel(
            f"neither snapshot {snapshot.id} nor {settings.endpoint} shows a model {name!r}",
            "check the spelling, upper and lower case included: owner/name",
        )
    if (known := snapshot.node_of_key(records[0].key)) is not None:
        return replace(trace(snapshot, known[1], family, families), model=name)
    heard = Family("live", "live", "", (), edges=tuple(_heard(settings, records)))
    ground = Ground.of(snapshot, EVERYTHING, [*families, heard])
    return replace(trace_on(ground, records[0].id, family, Origin.LIVE), model=name)


def _look_up(
    settings: Settings,
    snapshot: Snapshot,
    name: str,
    clock: Clock | None,
    progress: Progress | None,
) -> Iterator[ModelRecord]:
    """Yield the model, then every parent that the snapshot does not know, as the Hub shows them."""
    clock, progress = clock or SystemClock(), progress or Progress()
    seen, waiting = {name}, deque([name])
    with TemporaryDirectory() as folder, open_hub(settings, clock, progress) as client:
        log = PageLogs(Path(folder), clock).begin({"asked": name})
        source = HubSource(PageReader(client, log, RequestTally()))
        while waiting and len(seen) <= MOST_LOOKED_UP:
            page = source.model(waiting.popleft())
            for record in [] if page is None else page.records:
                yield record
                parents = {tidy_name(one.parent_as_written) for one in _said(record)}
                fresh = {one for one in parents if is_repo_id(one)} - seen
                fresh -= snapshot.nodes_of(sorted(fresh)).keys()
                waiting.extend(sorted(fresh))
                seen |= fresh


def _said(record: ModelRecord) -> list[Witness]:
    """Return what is said of a record's parents; a path in a configuration is no name."""
    return [one for one in testify([record], RULES)[0] if one.rule not in _PATHS]


def _heard(settings: Settings, records: Sequence[ModelRecord]) -> Iterator[CuratedEdge]:
    for record in records:
        said = _said(record)
        relation = next((one.relation for one in said if one.relation in set(Relation)), None)
        for witness in said:
            yield CuratedEdge(
                record.id,
                tidy_name(witness.parent_as_written),
                Relation(relation or Relation.UNSTATED),
                Proof.DECLARED,
                Source(f"asked at {settings.endpoint}", witness.quote),
                witness.rule,
            )
