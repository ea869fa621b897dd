"""The story on one page: pages become records, records witnesses, witnesses edges, edges counts.

Nothing is decided here: each step stands in the folder that is named after it.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

from lineage.analysis.growth.counting import trends_table
from lineage.analysis.relatives import relatives_among
from lineage.build.availability import ask_about
from lineage.build.card_claims import cards_heard
from lineage.build.carry_forward import forgotten_by, make_whole, past_of
from lineage.build.checks import DraftFacts, check
from lineage.build.context import Publication
from lineage.build.derived_tables import derive
from lineage.build.draft import Draft, open_draft
from lineage.build.opt_out import OptOutFilter
from lineage.build.tombstones import last_names, never_asked, note_standings
from lineage.domain.census import CENSUS_ENDPOINT, CENSUS_MODELS
from lineage.domain.gc_paused import gc_paused
from lineage.errors import DraftRefused, NamesOptedOut
from lineage.evidence import extract_claims
from lineage.sources.interface import RecordPage
from lineage.store.manifest import Manifest, Origin, SnapshotKind
from lineage.store.opt_outs import holds_keys_of
from lineage.store.reader import Snapshot
from lineage.store.schema import TRENDS_FILE
from lineage.store.store import ParquetStore


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
    leaving_out = OptOutFilter(known)
    with closing(open_draft(into.store, origin)) as draft:
        with gc_paused():
            gather(map(leaving_out.cleaned, pages), draft, into)
        if onto is not None and holds_keys_of(onto, leaving_out.opt_outs, known):
            raise NamesOptedOut(
                f"a model in {onto.id} belongs to somebody who is to be forgotten by now",
                "take a sweep, which names nobody of them: lineage crawl",
            )
        into = replace(into, opt_outs=leaving_out.opt_outs)
        draft.left_out = into.opt_outs.all_marks()
        draft.previous = None if before is None else before.id
        make_whole(draft, onto, past, into)
        draft.note_watermark()
        into.progress.begin("settle names, merge evidence, count")
        hear = cards_heard(draft, before, into)
        families, rules, opt_outs = into.families, into.rules, into.opt_outs
        derive(draft, past, families, rules, hear_cards=hear, opt_outs=opt_outs)
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
    draft.add(page.records, extract_claims(page.records, into.rules))
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
    if draft.origin.kind is not SnapshotKind.FULL:
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
    walked = [
        one.models
        for one in manifests
        if one.origin.kind in (SnapshotKind.FULL, SnapshotKind.UPDATE)
    ]
    last_walk = walked[-1:] if origin.kind is SnapshotKind.FULL else []
    return max([before.manifest.models, *last_walk])
