"""The story on one page: pages become records, records witnesses, witnesses edges, edges counts.

Nothing is decided here: each step stands in the folder that is named after it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from lineage.analysis.checks import DraftFacts, Limits, check
from lineage.analysis.curves.counting import trends_table
from lineage.analysis.relatives import relatives_among
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
from lineage.crawl.forgetting import LeavingOut
from lineage.crawl.missing import Questions, ask_about
from lineage.derive import derive, giving_keys
from lineage.domain.census import CENSUS_ENDPOINT, CENSUS_MODELS
from lineage.domain.evidence import Witness
from lineage.domain.families import Family
from lineage.domain.forgotten import LEFT_OUT, NOBODY, Forgotten
from lineage.errors import DraftRefused, NamesForgotten
from lineage.evidence import RULES, Rule, testify
from lineage.evidence.card_text import hear_card_text
from lineage.progress import Progress
from lineage.sources.interface import RecordPage
from lineage.store.burial import Earlier
from lineage.store.carrying import Kept, carry_unread
from lineage.store.draft import Draft
from lineage.store.earlier_cards import said_by_cards
from lineage.store.forgotten import holds_keys_of, known_to
from lineage.store.manifest import Kind, Manifest, Origin
from lineage.store.past import heard_by
from lineage.store.schema import METRICS_FILE, TRENDS_FILE
from lineage.store.snapshot import Snapshot
from lineage.store.store import ParquetStore
from lineage.store.tombstones import last_names, never_asked, note_standings


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
    questions: Questions | None = None
    """None where nobody is asked what became of the missing."""
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
    NamesForgotten where an update learns that what it goes on from names a forgotten model.
    """
    past = _past(origin, into, onto)
    before = onto or next((one.snapshot for one in past), None)
    known = _all_names(_known_to(past, into.forgotten), into.families)
    leaving_out = LeavingOut(known)
    with closing(into.store.begin(origin)) as draft:
        with collector_paused():
            gather(map(leaving_out.cleaned, pages), draft, into)
        if onto is not None and holds_keys_of(onto, leaving_out.forgotten, known):
            raise NamesForgotten(
                f"a model in {onto.id} belongs to somebody who is to be forgotten by now",
                "take a sweep, which names nobody of them: lineage crawl",
            )
        into = replace(into, forgotten=leaving_out.forgotten)
        draft.left_out = into.forgotten.all_marks()
        draft.previous = None if before is None else before.id
        _make_whole(draft, onto, past, into)
        draft.note_watermark()
        into.progress.begin("settle names, merge evidence, count")
        told = partial(_hear_cards_before, draft, before, into)
        hear = told if into.cards is None else partial(_hear_cards, draft, into, into.cards)
        families, rules, forgotten = into.families, into.rules, into.forgotten
        derive(draft, past, families, rules, hear_cards=hear, forgotten=forgotten)
        draft.write(TRENDS_FILE, trends_table(draft.so_far(), families))
        into.progress.end()
        return _ended(draft, before, into)


def _ended(draft: Draft, before: Snapshot | None, into: Publication) -> Manifest:
    """Publish a draft that passes its checks; set aside any other."""
    checks = check(_facts(draft, into.store, before), into.limits)
    if all(one.passed for one in checks):
        _ask_about_the_missing(draft, before, into)
        return draft.publish(checks, into.clock.now())
    draft.set_aside(checks, into.clock.now())
    reasons = "; ".join(f"{one.name}: {one.notes}" for one in checks if not one.passed)
    raise DraftRefused(
        f"the draft {draft.id} was set aside and not published: {reasons}",
        f"its files are kept in {into.store.location}/{draft.id} with the reasons; "
        "the snapshots before it are untouched",
    )


def _known_to(past: Sequence[Earlier], forgotten: Forgotten) -> Forgotten:
    for one in past:
        forgotten = known_to(one.snapshot, forgotten)
    return forgotten


def _all_names(forgotten: Forgotten, families: Sequence[Family]) -> Forgotten:
    """Add what the registry knows: the name now beside each former one."""
    names: dict[str, str] = {}
    for former in (one for family in families for one in family.former_names()):
        listed = forgotten.behind(former.name) or forgotten.behind(former.now)
        if listed is not None:
            names |= {former.name: listed, former.now: listed}
    return forgotten.and_also({}, names)


def _make_whole(
    draft: Draft, onto: Snapshot | None, past: Sequence[Earlier], into: Publication
) -> None:
    """Take over what this walk did not read: what did not change, and what could not be read.

    The rules that knew a key keep it, others are asked again.
    """
    kept = Kept(
        giving_keys(into.rules),
        [rule.name for rule in into.rules if rule.hears_again],
        into.forgotten,
    )
    if draft.origin.kind is not Kind.BELOW:
        carry_unread(draft, (one.snapshot for one in past), kept, onto)
    if onto is not None:
        into.progress.begin("lay the changes over the last snapshot")
        draft.lay_over(onto, kept.gives_keys, kept.without)
        into.progress.end()


def _past(origin: Origin, into: Publication, onto: Snapshot | None) -> list[Earlier]:
    """Return the snapshots that a draft learns from, the newest first.

    Only those that are as they were published: what is damaged proves nothing. A dump, or a walk
    below one base, proves nobody missing, and asks the newest alone.
    """
    taken_at = origin.taken_at if origin.kind is Kind.SWEEP else None
    unharmed = partial(_is_unharmed, into, onto)
    heard = heard_by(taken_at, into.store.beside(origin), unharmed)
    if origin.kind in (Kind.BULK, Kind.BELOW):
        heard = islice(heard, 1)
    return [Earlier(into.store.snapshot(one.manifest.id), one.missed_at) for one in heard]


def _is_unharmed(into: Publication, onto: Snapshot | None, manifest: Manifest) -> bool:
    if onto is not None and onto.id == manifest.id:
        return True  # whoever chose it has looked
    if found := into.store.problems(manifest.id):
        into.progress.say(f"Snapshot {manifest.id} is damaged and passed over: {found[0]}.")
    return not found


def gather(pages: Iterable[RecordPage], draft: Draft, into: Publication) -> None:
    """Stream records and their witnesses into the draft."""
    into.progress.begin("read models")
    # By map, because a loop's variable would keep each page alive while the next is read.
    for models in map(partial(_take_in, draft, into), pages):
        into.progress.step(models)
    into.progress.end()
    draft.seal()


def _take_in(draft: Draft, into: Publication, page: RecordPage) -> int:
    draft.add(page.records, testify(page.records, into.rules))
    draft.add_bad_rows(page.bad_rows, page.request)
    draft.unreadable += page.unread_keys
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
            yield from _without_names(model.row, witness, into.forgotten)


def _hear_cards_before(
    draft: Draft, before: Snapshot | None, into: Publication, heard: Heard
) -> Iterator[tuple[int, Witness]]:
    """Repeat what cards said before: where nobody committed since, they still say it."""
    rules = [rule.name for rule in into.rules if rule.hears_cards]
    for row, witness in () if before is None else said_by_cards(before, draft, rules):
        yield from _without_names(row, witness, into.forgotten)


def _without_names(
    row: int, witness: Witness, forgotten: Forgotten
) -> Iterator[tuple[int, Witness]]:
    if forgotten and forgotten.names_in(witness.parent_as_written):
        return
    named = forgotten and forgotten.named_in(witness.quote)
    yield row, witness._replace(quote=LEFT_OUT) if named else witness


def _ask_about_the_missing(draft: Draft, before: Snapshot | None, into: Publication) -> None:
    """After a sweep, ask what became of the members of families that nobody was asked about yet.

    A draft that is refused proves nobody missing, and so asks about nobody.
    """
    questions = into.questions
    if questions is None or not questions.most or before is None:
        return
    if draft.origin.kind is not Kind.SWEEP:
        return
    if keys := relatives_among(before, into.families, never_asked(draft.dead)):
        wanted = last_names(draft.dead, keys)
        note_standings(draft, ask_about(wanted, questions, into.progress))


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
