"""What became of deleted models: a bounded number of the important ones are asked for by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_family_members
from lineage.build.checks import check_missing
from lineage.build.draft import Draft
from lineage.domain.families import Family
from lineage.domain.progress import Progress
from lineage.domain.records import Availability, AvailabilityAnswer
from lineage.errors import RequestLimitReached, SourceError
from lineage.store import schema
from lineage.store.keys import join_column_chunks
from lineage.store.manifest import CheckResult, SnapshotKind
from lineage.store.reader import STANDING_COLUMNS, Snapshot

MOST_SAMPLED = 50
MAX_FAILURES_IN_A_ROW = 2
"""Each is many attempts; a Hub in trouble is asked by the next full crawl."""


class AvailabilitySource(Protocol):
    """Where can be asked what became of a model."""

    def ask(self, key: str, id: str) -> AvailabilityAnswer | None:
        """Return what is answered about the model that had this key and name; None: nothing."""
        ...


@dataclass(frozen=True, slots=True)
class AvailabilityChecks:
    """What asking about deleted models needs."""

    source: AvailabilitySource
    most: int
    """About how many models one full crawl may ask, recorded answers included."""


def check_availability(
    draft: Draft,
    newest: Snapshot | None,
    families: Sequence[Family],
    checks: AvailabilityChecks | None,
    progress: Progress,
) -> tuple[CheckResult, ...]:
    """After a full crawl, ask what became of deleted models: members of families, each once.

    Up to MOST_SAMPLED of those that this crawl is the first to miss are asked about who they
    are: where most answer, the listing was cut, and the check that is returned fails.
    """
    # Few strangers: asking about all 100,000 deleted models would cost more than the crawl itself.
    # Only a full crawl proves them deleted, so no other kind asks.
    if checks is None or not checks.most or newest is None:
        return ()
    if draft.origin.kind is not SnapshotKind.FULL:
        return ()
    never_asked = never_asked_tombstones(draft.deleted)
    members = find_family_members(Scope(newest, families), never_asked)
    sample = _choose_tombstone_sample(members, tombstones_missed_now(draft).to_pylist(), draft.id)
    keys = list(dict.fromkeys([*sample, *members]))
    if not keys:
        return ()
    answers = ask_about_draft_tombstones(
        last_names_of_tombstones(draft.deleted, keys), checks, progress
    )
    if answers:
        draft.deleted = with_availability(draft.deleted, answers)
        draft.tables.write(schema.TOMBSTONES_FILE, draft.deleted)
    standings = [answers[key].standing for key in sample if key in answers]
    return (check_missing(standings.count(Availability.UNLISTED), len(standings)),)


def _choose_tombstone_sample(
    members: Sequence[str], missing: Sequence[str], seed: str
) -> list[str]:
    """Return some of the missing: members of families first, then others by chance."""
    missing_keys = set(missing)
    chosen = [key for key in members if key in missing_keys][:MOST_SAMPLED]
    others = sorted(missing_keys.difference(members))
    # A run that goes on, or replays, must choose the same ones.
    return chosen + Random(seed).sample(others, min(MOST_SAMPLED - len(chosen), len(others)))


def ask_about_draft_tombstones(
    models: Sequence[tuple[str, str]], checks: AvailabilityChecks, progress: Progress
) -> Mapping[str, AvailabilityAnswer]:
    """Return what is answered about models, given by key and name, by key.

    Never fails: a model without an answer is left out, and the next full crawl asks about it.
    """
    progress.begin("ask about deleted models", min(len(models), checks.most))
    answers: dict[str, AvailabilityAnswer] = {}
    failures = 0
    for number, (key, id) in enumerate(models[: checks.most], 1):
        try:
            answer = checks.source.ask(key, id)
        except RequestLimitReached:
            break
        except SourceError:
            failures += 1
            if failures == MAX_FAILURES_IN_A_ROW:
                break
            continue
        failures = 0
        if answer is not None:
            answers[key] = answer
        progress.step(number)
    progress.end()
    if unanswered := len(models) - len(answers):
        progress.say(
            f"deleted models: {len(answers):,} asked about, "
            f"{unanswered:,} left to the next full crawl"
        )
    return answers


def never_asked_tombstones(deleted: pa.Table) -> pa.ChunkedArray:
    """Return the keys of those about which the Hub was never asked."""
    return deleted.filter(deleted["asked_at"].is_null())["key"]


def tombstones_missed_now(draft: Draft) -> pa.ChunkedArray:
    """Return the keys of those whose absence this crawl is the first to see, never asked about."""
    deleted = draft.deleted.filter(draft.deleted["asked_at"].is_null())
    began = pa.scalar(draft.origin.taken_at, deleted.schema.field("missed_at").type)
    return deleted.filter(pc.equal(deleted["missed_at"], began))["key"]


def last_names_of_tombstones(deleted: pa.Table, keys: Sequence[str]) -> list[tuple[str, str]]:
    """Return each key with the name it had last."""
    rows = deleted.filter(pc.is_in(deleted["key"], value_set=pa.array(keys, pa.string())))
    names = dict(zip(rows["key"].to_pylist(), rows["id"].to_pylist(), strict=True))
    return [(key, names[key]) for key in keys]


def with_availability(deleted: pa.Table, answers: Mapping[str, AvailabilityAnswer]) -> pa.Table:
    """Return tombstones with what the Hub answered about some, by key."""
    keys = join_column_chunks(deleted["key"].chunks)
    mask = pc.is_in(keys, value_set=pa.array(sorted(answers), pa.string()))
    in_order = [answers[key] for key in keys.filter(mask).to_pylist()]
    columns = (
        [answer.standing.value for answer in in_order],
        [answer.status for answer in in_order],
        [answer.asked_at for answer in in_order],
    )
    for name, values in zip(STANDING_COLUMNS, columns, strict=True):
        at = deleted.schema.get_field_index(name)
        field = deleted.schema.field(at)
        column = pc.replace_with_mask(
            deleted[name].combine_chunks(), mask, pa.array(values, field.type)
        )
        deleted = deleted.set_column(at, field, column)
    return deleted
