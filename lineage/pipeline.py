"""The story on one page: pages become records, records witnesses, witnesses edges, edges counts.

Nothing is decided here: each step stands in the folder that is named after it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from lineage.analysis.checks import DraftFacts, Limits, check
from lineage.analysis.curves.counting import trends_table
from lineage.clock import Clock
from lineage.collecting import collector_paused
from lineage.crawl.cards import (
    Cards,
    FamilySigns,
    Heard,
    Model,
    Plan,
    read_cards,
    worth_reading,
)
from lineage.crawl.forgetting import without_forgotten
from lineage.derive import derive
from lineage.domain.census import CENSUS_ENDPOINT, CENSUS_MODELS
from lineage.domain.evidence import Strength, Witness
from lineage.domain.families import Family
from lineage.domain.forgotten import NOBODY, Forgotten
from lineage.errors import DraftRefused
from lineage.evidence import RULES, Rule, testify
from lineage.evidence.card_text import hear_card_text
from lineage.progress import Progress
from lineage.sources.interface import RecordPage
from lineage.store.draft import Draft
from lineage.store.manifest import Kind, Manifest, Origin
from lineage.store.schema import METRICS_FILE, TRENDS_FILE
from lineage.store.snapshot import Snapshot
from lineage.store.store import ParquetStore


@dataclass(frozen=True, slots=True)
class CardReading:
    """What reading cards needs."""

    source: Cards
    most: int
    """How many may be asked for."""
    plan: Plan | None
    """None where the network is off."""


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
    cards: CardReading | None = None
    """None where no cards are read."""
    forgotten: Forgotten = NOBODY
    """Who is kept out of every table."""


def publish(
    pages: Iterable[RecordPage],
    origin: Origin,
    into: Publication,
    *,
    onto: Snapshot | None = None,
) -> Manifest:
    """Turn one walk's pages into a published snapshot; of an update, with what it goes on from.

    Raises DraftRefused when the draft fails a check; it is then kept aside with the reasons.
    """
    with closing(into.store.begin(origin)) as draft:
        with collector_paused():
            gather(pages, draft, into)
        before = onto or _beside(origin, into)
        draft.previous = None if before is None else before.id
        if onto is not None:
            _lay_over(draft, onto, into)
        draft.note_watermark()
        into.progress.begin("settle names, merge evidence, count")
        hear = None if into.cards is None else partial(_hear_cards, draft, into, into.cards)
        families, rules, forgotten = into.families, into.rules, into.forgotten
        derive(draft, before, families, rules, hear_cards=hear, forgotten=forgotten)
        draft.write(TRENDS_FILE, trends_table(draft.so_far(), families))
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


def _lay_over(draft: Draft, onto: Snapshot, into: Publication) -> None:
    """Make an update's draft whole: the rules that knew a key keep it, others are asked again."""
    sure = [rule.name for rule in into.rules if rule.strength is Strength.CONFIRMED]
    again = [rule.name for rule in into.rules if rule.hears_again]
    into.progress.begin("lay the changes over the last snapshot")
    draft.lay_over(onto, sure, again)
    into.progress.end()


def _beside(origin: Origin, into: Publication) -> Snapshot | None:
    """Return the newest snapshot that is as it was published; what is damaged proves nothing."""
    for snapshot in into.store.beside(origin):
        if not (found := into.store.problems(snapshot.id)):
            return snapshot
        into.progress.say(f"Snapshot {snapshot.id} is damaged and passed over: {found[0]}.")
    return None


def gather(pages: Iterable[RecordPage], draft: Draft, into: Publication) -> None:
    """Stream records and their witnesses into the draft."""
    into.progress.begin("read models")
    # By map, because a loop's variable would keep each page alive while the next is read.
    for models in map(partial(_take_in, draft, into), pages):
        into.progress.step(models)
    into.progress.end()
    draft.seal()


def _take_in(draft: Draft, into: Publication, page: RecordPage) -> int:
    page = without_forgotten(page, into.forgotten)
    draft.add(page.records, testify(page.records, into.rules))
    draft.add_bad_rows(page.bad_rows, page.request)
    draft.unread_fields.update(page.unread_fields)
    draft.saw(page.request, page.date)
    return draft.models


def _hear_cards(
    draft: Draft, into: Publication, reading: CardReading, heard: Heard
) -> Iterator[tuple[int, Witness]]:
    """Read the cards that can help after the first hearing: each witness with its child's row."""
    roots = {root for family in into.families for root in family.roots()}
    types = draft.rows_of(draft.called(roots), ("id", "model_type"))
    signs = FamilySigns(into.families, {id: model_type for _, id, model_type in types})
    undeclared, unsure = heard.undeclared(), heard.unsure()
    downloads = draft.column("downloads", METRICS_FILE)
    columns = ("key", "id", "license", "model_type", "tags", "sha")
    models = (
        Model._make((*said, downloads[said[0]].as_py()))
        for said in draft.rows_of(undeclared | unsure, columns)
    )
    wanted = worth_reading(models, undeclared, unsure, signs)
    for model, text in read_cards(
        wanted, reading.source, reading.most, reading.plan, into.progress
    ):
        for witness in hear_card_text(text, model.id):
            if not into.forgotten.named_in(witness.parent_as_written, witness.quote):
                yield model.row, witness


def _facts(draft: Draft, store: ParquetStore, before: Snapshot | None) -> DraftFacts:
    manifests = store.manifests()
    return DraftFacts(
        kind=draft.origin.kind,
        endpoint=draft.origin.endpoint,
        models=draft.models,
        bad_rows=draft.bad_rows,
        previous_models=_expected(draft.origin, before, manifests),
        previous_endpoint=manifests[-1].origin.endpoint if manifests else None,
    )


def _expected(origin: Origin, before: Snapshot | None, manifests: Sequence[Manifest]) -> int | None:
    """Return how many models there were last time; a first sweep of the Hub has its census.

    Else a listing that ends early, by a proxy that drops the link to the next page, would be
    believed as long as there is nothing to compare it with. A dump may hold a part of the Hub, so
    a sweep after one is held against the last walk too.
    """
    if before is None:
        return CENSUS_MODELS if origin.endpoint == CENSUS_ENDPOINT else None
    walked = [one.models for one in manifests if one.origin.kind in (Kind.SWEEP, Kind.UPDATE)]
    last_walk = walked[-1:] if origin.kind is Kind.SWEEP else []
    return max([before.manifest.models, *last_walk])
