"""The story on one page: pages become records, records witnesses, witnesses edges, edges counts.

Nothing is decided here: each step stands in the folder that is named after it.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

from lineage.analysis.checks import DraftFacts, check
from lineage.analysis.curves.counting import trends_table
from lineage.analysis.relatives import relatives_among
from lineage.card_hearings import cards_heard
from lineage.collecting import collector_paused
from lineage.crawl.forgetting import LeavingOut
from lineage.crawl.missing import ask_about
from lineage.derive import derive
from lineage.domain.census import CENSUS_ENDPOINT, CENSUS_MODELS
from lineage.errors import DraftRefused, NamesForgotten
from lineage.evidence import testify
from lineage.publication import Publication
from lineage.sources.interface import RecordPage
from lineage.store.draft import Draft
from lineage.store.forgotten import holds_keys_of
from lineage.store.manifest import Kind, Manifest, Origin
from lineage.store.schema import TRENDS_FILE
from lineage.store.snapshot import Snapshot
from lineage.store.store import ParquetStore
from lineage.store.tombstones import last_names, never_asked, note_standings
from lineage.takeover import forgotten_by, make_whole, past_of


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
    past = past_of(origin, into, onto)
    before = onto or next((one.snapshot for one in past), None)
    known = forgotten_by(past, into)
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
        make_whole(draft, onto, past, into)
        draft.note_watermark()
        into.progress.begin("settle names, merge evidence, count")
        hear = cards_heard(draft, before, into)
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
