"""Asking the Hub about one model just now, and answering by the same pure functions as ever."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_model
from lineage.analysis.traces import trace_model
from lineage.analysis.verdicts import ModelOrigin, Trace, VerdictReason
from lineage.build.opt_out import OptOutFilter, refuse_opted_out
from lineage.crawl.runs import open_hub
from lineage.domain.claims import Relation, Strength
from lineage.domain.clock import Clock, SystemClock
from lineage.domain.families import CuratedEdge, CuratedSource, Family, Proof
from lineage.domain.opt_outs import OptOuts
from lineage.domain.progress import Progress
from lineage.domain.records import ModelRecord
from lineage.domain.repo_ids import is_repo_id, tidy_name
from lineage.errors import UnknownModel
from lineage.evidence import RULES, extract_claims
from lineage.http.client import RequestTally
from lineage.http.page_log import PageLogs
from lineage.http.pages import PageReader
from lineage.settings import Settings
from lineage.sources.hub import HubSource
from lineage.store.reader import Snapshot
from lineage.store.redaction import learn_opt_outs

MOST_LOOKED_UP = 20
"""A longer line of models that no snapshot knows is not followed to its end."""

_INFERRING = {rule.name for rule in RULES if rule.strength is Strength.INFERRED}
_PATHS = {rule.name for rule in RULES if not rule.names_models} | _INFERRING


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
    """Trace a model; who is not in the snapshot is asked for: the model, or where its ways end.

    One request a model, parents included, at most MOST_LOOKED_UP. Raises UnknownModel where the
    Hub shows none of this name either, SourceError where it cannot be asked, SettingsError for a
    model that is to be forgotten.
    """
    leaving_out = _leaving_out(settings, snapshot, name)
    known, open_ends = _known(snapshot, name, family, families)
    if known is not None and not open_ends:
        return known
    found = _look_up(settings, snapshot, open_ends, leaving_out, clock=clock, progress=progress)
    records = dict(found)
    if not records and known is not None:
        return known
    if not records:
        raise UnknownModel(
            f"neither snapshot {snapshot.id} nor {settings.endpoint} shows a model {name!r}",
            "check the spelling, upper and lower case included: owner/name",
        )
    names = _Names(snapshot, families, records)
    heard = Family("live", "live", "", (), edges=tuple(_heard(settings, records.values(), names)))
    subject = names.now(name if known is None else known.id)
    origin = ModelOrigin.LIVE if known is None or known.origin is ModelOrigin.NAMED else None
    scope = Scope(snapshot, [*families, heard])
    return replace(trace_model(scope, subject, family, origin), model=name)


def _known(
    snapshot: Snapshot, name: str, family: Family, families: Sequence[Family]
) -> tuple[Trace | None, list[str]]:
    """Return what the snapshot knows, if anything, and whom to ask for."""
    try:
        known = trace_model(Scope(snapshot, families), name, family)
    except UnknownModel:
        if not is_repo_id(tidy_name(name)):
            raise
        return None, [tidy_name(name)]
    return known, _open_ends(snapshot, known)


def _leaving_out(settings: Settings, snapshot: Snapshot, name: str) -> OptOutFilter:
    opt_outs = learn_opt_outs(snapshot, OptOuts.parse(settings.opt_outs))
    refuse_opted_out(name, opt_outs)
    return OptOutFilter(opt_outs)


def _open_ends(snapshot: Snapshot, known: Trace) -> list[str]:
    """Return the models where the ways of a known one end, and that the snapshot does not list."""
    if known.reason is VerdictReason.NOTHING_DECLARED and known.origin is ModelOrigin.NAMED:
        return [known.id]
    if known.reason is not VerdictReason.DEAD_ENDS:
        return []
    nodes = snapshot.nodes_of(known.dead_ends)
    listed = {id for id, node in nodes.items() if node < snapshot.manifest.models}
    return [id for id in known.dead_ends if id not in listed and is_repo_id(id)]


@dataclass(frozen=True, slots=True)
class _Names:
    """What written names mean: settled as a crawl settles them, then by what was just asked."""

    snapshot: Snapshot
    families: Sequence[Family]
    records: Mapping[str, ModelRecord]
    """By the name they were asked for."""

    def now(self, name: str) -> str:
        """Return the name that a model has now; the name as written where it is unknown."""
        tidy = tidy_name(name)
        if (record := self.records.get(tidy)) is not None:
            known = self.snapshot.node_of_key(record.key)
            return record.id if known is None else known[1]
        return self.resolved(tidy) or tidy

    def resolved(self, name: str) -> str | None:
        """Return the name of the model that the snapshot or the registry knows by this name."""
        try:
            return find_model(Scope(self.snapshot, self.families), name).id
        except UnknownModel:
            lowered = {root.lower(): root for one in self.families for root in one.roots()}
            return lowered.get(name.lower())


def _look_up(
    settings: Settings,
    snapshot: Snapshot,
    names: Sequence[str],
    leaving_out: OptOutFilter,
    *,
    clock: Clock | None,
    progress: Progress | None,
) -> Iterator[tuple[str, ModelRecord]]:
    """Yield models by the name asked for, then every parent that the snapshot does not list."""
    clock, progress = clock or SystemClock(), progress or Progress()
    seen, waiting = set(names), deque(names)
    with TemporaryDirectory() as folder, open_hub(settings, clock, progress) as client:
        log = PageLogs(Path(folder), clock).begin({"asked": names[0]})
        source = HubSource(PageReader(client, log, RequestTally()))
        for _ in range(MOST_LOOKED_UP):
            if not waiting:
                return
            name = waiting.popleft()
            page = source.model(name)
            for record in [] if page is None else leaving_out.redact(page).records:
                yield name, record
                fresh = _parents_to_ask_for(snapshot, record) - seen
                waiting.extend(sorted(fresh))
                seen |= fresh


def _parents_to_ask_for(snapshot: Snapshot, record: ModelRecord) -> set[str]:
    """Return the parents that a record names and the snapshot does not list; a path is no name."""
    said = [one for one in extract_claims([record], RULES)[0] if one.rule not in _PATHS]
    parents = {tidy_name(one.parent_as_written) for one in said}
    parents = {one for one in parents if is_repo_id(one)}
    nodes = snapshot.nodes_of(sorted(parents))
    return parents - {id for id, node in nodes.items() if node < snapshot.manifest.models}


def _heard(
    settings: Settings, records: Iterable[ModelRecord], names: _Names
) -> Iterator[CuratedEdge]:
    """Turn what records say into edges; a possible path makes one only where it is known."""
    for record in records:
        said = [one for one in extract_claims([record], RULES)[0] if one.rule not in _INFERRING]
        relation = next((one.relation for one in said if one.relation in set(Relation)), None)
        child = names.now(record.id)
        for claim in said:
            written = tidy_name(claim.parent_as_written)
            if claim.rule in _PATHS and names.resolved(written) is None:
                continue
            yield CuratedEdge(
                child,
                names.now(written),
                Relation(relation or Relation.UNSPECIFIED),
                Proof.DECLARED,
                CuratedSource(f"asked at {settings.endpoint}", claim.quote),
                claim.rule,
            )
