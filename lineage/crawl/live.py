"""Asking the Hub about one model just now, and answering by the same pure functions as ever."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_subject_model
from lineage.analysis.traces import trace_model
from lineage.analysis.verdicts import ModelOrigin, Trace, VerdictReason
from lineage.build.opt_out import OptOutFilter, refuse_opted_out_draft
from lineage.crawl.runs import open_hub_for_crawl
from lineage.domain.claims import Claim, Relation, Strength
from lineage.domain.clock import Clock, SystemClock
from lineage.domain.families import CuratedEdge, CuratedSource, Family, Proof
from lineage.domain.opt_outs import OptOuts
from lineage.domain.progress import Progress
from lineage.domain.records import ModelRecord
from lineage.domain.repo_ids import find_repo_id, is_doubtful_repo_id, is_full_id, is_repo_id
from lineage.errors import UnknownModel
from lineage.evidence import RULES, extract_claims
from lineage.http.client import RequestTally
from lineage.http.page_log import PageLogs
from lineage.http.pages import PageLogReader
from lineage.settings import Settings
from lineage.sources.hub import HubSource
from lineage.sources.listing_pages import drop_private_rows
from lineage.store.reader import Snapshot
from lineage.store.redaction import learn_redacted_opt_outs

MOST_LOOKED_UP = 20
"""A longer line of models that no snapshot knows is not followed to its end."""

_INFERRING = {rule.name for rule in RULES if rule.strength is Strength.INFERRED}
_HUB = {rule.name for rule in RULES if rule.strength is Strength.CONFIRMED}
_CARD = {rule.name for rule in RULES if rule.teaches_names}
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
    """Trace a model; what the snapshot lacks is requested: the model, or the ends of its paths.

    One request a model, parents included, at most MOST_LOOKED_UP. Raises UnknownModel where the
    Hub shows none of this name either, SourceError where it cannot be asked, SettingsError for a
    model that opted out.
    """
    opt_out_filter = _make_live_opt_out_filter(settings, snapshot, name)
    stored_trace, open_ends = _trace_stored_and_live(snapshot, name, family, families)
    if stored_trace is not None and not open_ends:
        return stored_trace
    answers = _request_live_records(
        settings, snapshot, open_ends, opt_out_filter, clock=clock, progress=progress
    )
    records = dict(answers)
    if not records and stored_trace is not None:
        return stored_trace
    if not records:
        raise UnknownModel(
            f"neither snapshot {snapshot.id} nor {settings.endpoint} shows a model {name!r}",
            "check the spelling, upper and lower case included: owner/name",
        )
    names = _NameBook(snapshot, families, records)
    live_family = Family(
        "live",
        "live",
        "",
        (),
        edges=tuple(_make_live_trace_edges(settings, records.values(), names)),
    )
    subject = names.present_name_in_live_trace(name if stored_trace is None else stored_trace.id)
    origin = (
        ModelOrigin.LIVE
        if stored_trace is None or stored_trace.origin is ModelOrigin.NAMED
        else None
    )
    scope = Scope(snapshot, [*families, live_family])
    return replace(trace_model(scope, subject, family, origin), model=name)


def _trace_stored_and_live(
    snapshot: Snapshot, name: str, family: Family, families: Sequence[Family]
) -> tuple[Trace | None, list[str]]:
    """Return what the snapshot knows, if anything, and the models to request."""
    try:
        stored_trace = trace_model(Scope(snapshot, families), name, family)
    except UnknownModel:
        if (id := find_repo_id(name)) is None:
            raise
        return None, [id]
    return stored_trace, _list_live_trace_ends_to_request(snapshot, stored_trace)


def _make_live_opt_out_filter(settings: Settings, snapshot: Snapshot, name: str) -> OptOutFilter:
    opt_outs = learn_redacted_opt_outs(snapshot, OptOuts.parse(settings.opt_outs))
    refuse_opted_out_draft(name, opt_outs)
    return OptOutFilter(opt_outs)


def _list_live_trace_ends_to_request(snapshot: Snapshot, stored_trace: Trace) -> list[str]:
    """Return the ends of a model's paths that the snapshot does not list."""
    if (
        stored_trace.reason is VerdictReason.NOTHING_DECLARED
        and stored_trace.origin is ModelOrigin.NAMED
    ):
        return [stored_trace.id]
    if stored_trace.reason is not VerdictReason.DEAD_ENDS:
        return []
    nodes = snapshot.nodes_of(stored_trace.dead_ends)
    listed = {id for id, node in nodes.items() if node < snapshot.manifest.models}
    return [id for id in stored_trace.dead_ends if id not in listed and is_repo_id(id)]


@dataclass(frozen=True, slots=True)
class _NameBook:
    """What written names mean: resolved as a crawl does, then by the records just read."""

    snapshot: Snapshot
    families: Sequence[Family]
    records: Mapping[str, ModelRecord]
    """By the name they were requested by."""

    def present_name_in_live_trace(self, name: str) -> str:
        """Return the name that a model has now; the name as written where it is unknown."""
        tidy = find_repo_id(name) or name
        if (record := self.records.get(tidy)) is not None:
            stored_trace = self.snapshot.node_of_key(record.key)
            return record.id if stored_trace is None else stored_trace[1]
        return self.find_name_for_live_trace(tidy) or tidy

    def means_model_in_live_trace(self, id: str, rule: str) -> bool:
        """Say whether an id in a claim is an edge: as in a crawl, or because its model is known."""
        is_name = rule not in _PATHS and is_full_id(id)
        is_answered = rule not in _PATHS and id in self.records
        return is_name or is_answered or self.find_name_for_live_trace(id) is not None

    def find_name_for_live_trace(self, name: str) -> str | None:
        """Return the name of the model that the snapshot or the registry knows by this name."""
        try:
            return find_subject_model(Scope(self.snapshot, self.families), name).id
        except UnknownModel:
            lowered = {root.lower(): root for it in self.families for root in it.root_repo_ids()}
            return lowered.get(name.lower())


def _request_live_records(
    settings: Settings,
    snapshot: Snapshot,
    names: Sequence[str],
    opt_out_filter: OptOutFilter,
    *,
    clock: Clock | None,
    progress: Progress | None,
) -> Iterator[tuple[str, ModelRecord]]:
    """Yield models by the requested name, then every parent that the snapshot does not list."""
    clock, progress = clock or SystemClock(), progress or Progress()
    requested, queue = set(names), deque(names)
    with TemporaryDirectory() as folder, open_hub_for_crawl(settings, clock, progress) as client:
        log = PageLogs(Path(folder), clock).begin_page_log({"asked": names[0]})
        source = HubSource(PageLogReader(client, log, RequestTally(), drop_private_rows))
        for _ in range(MOST_LOOKED_UP):
            if not queue:
                return
            name = queue.popleft()
            page = source.read_model_from_source(name)
            for record in [] if page is None else opt_out_filter.redact(page).records:
                yield name, record
                # The parents that a record names and the snapshot does not list; a path is no name
                claims = [it for it in extract_claims([record], RULES)[0] if it.rule not in _PATHS]
                ids = (find_repo_id(it.parent_as_written) for it in claims)
                parents = {id for id in ids if id is not None and not is_doubtful_repo_id(id)}
                nodes = snapshot.nodes_of(sorted(parents))
                fresh = (
                    parents - {id for id, node in nodes.items() if node < snapshot.manifest.models}
                ) - requested
                queue.extend(sorted(fresh))
                requested |= fresh


def _make_live_trace_edges(
    settings: Settings, records: Iterable[ModelRecord], names: _NameBook
) -> Iterator[CuratedEdge]:
    """Turn what records declare into edges; a path only where its name is known."""
    for record in records:
        claims = [it for it in extract_claims([record], RULES)[0] if it.rule not in _INFERRING]
        relation = next((it.relation for it in claims if it.relation in set(Relation)), None)
        child = names.present_name_in_live_trace(record.id)
        meant = _find_meant_live_parents(claims, names)
        for claim in claims:
            parent = find_repo_id(claim.parent_as_written)
            if parent is not None and claim.rule not in _HUB:
                parent = meant.get(parent.lower(), parent)
            if parent is None or not names.means_model_in_live_trace(parent, claim.rule):
                continue
            yield CuratedEdge(
                child,
                names.present_name_in_live_trace(parent),
                Relation(relation or Relation.UNSPECIFIED),
                Proof.DECLARED,
                CuratedSource(f"asked at {settings.endpoint}", claim.quote),
                claim.rule,
            )


def _find_meant_live_parents(claims: Sequence[Claim], names: _NameBook) -> dict[str, str | None]:
    """Return what names beside the Hub's keys mean, as in a crawl: one of its parents, or None.

    Where the Hub gives as many parents as the author wrote names, no name is a further parent,
    whatever it leads to now; of several it is open which, and the Hub's own claim is edge enough.
    """
    hub = [it for it in claims if it.rule in _HUB]
    by_name = [it for it in claims if it.rule not in _HUB | _PATHS]
    author = [it for it in by_name if it.rule in _CARD] or by_name
    ids = {id for it in author if (id := find_repo_id(it.parent_as_written)) is not None}
    written = {id.lower(): id for id in ids if names.means_model_in_live_trace(id, author[0].rule)}
    keys = {it.parent_key for it in hub}
    if None in keys or len(written) > len(keys):
        return {}
    present = {names.present_name_in_live_trace(it.parent_as_written) for it in hub}
    (parent,) = present if len(present) == 1 else (None,)
    return {
        low: parent
        for low, id in written.items()
        if names.present_name_in_live_trace(id) not in present
    }
