"""Everything about how a subject grew: over the snapshots, and by its models' dates of creation."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from lineage.analysis.comparison import LEAST_DOWNLOADS
from lineage.analysis.groups import MIXED, ReleasesOfNodes, find_releases_above_nodes
from lineage.analysis.growth.curves import Say
from lineage.analysis.growth.history import DayNumbers, is_definition_stored, read_history
from lineage.analysis.growth.periods import (
    DAY,
    UNDATED,
    Calendar,
    DayLimit,
    creation_dates_for_growth,
    day_number_of_growth,
    span_of_growth_months,
)
from lineage.analysis.growth.published import VariantColumns, compare_published_numbers_with_counts
from lineage.analysis.growth.results import (
    GrowthSeries,
    RelationMix,
    SinceRelease,
    SubjectHistory,
    Timeline,
    TrendFindings,
)
from lineage.analysis.licenses.statements import license_knowledge_of
from lineage.analysis.members import members_below, relations_of_members
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import (
    ResolvedSubject,
    SubjectMembers,
    count_members_opted_out,
    select_members,
)
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Codes, Int64s, Mask
from lineage.domain.claims import RELATIONS, Strength
from lineage.domain.clock import end_of_data
from lineage.domain.families import Release
from lineage.errors import SettingsError
from lineage.families.published import PublishedNumber
from lineage.store.store import ParquetStore

LEAST_DATED = 0.9
"""A release of which fewer models are dated is not compared by days since its release."""
LEAST_MODELS = 50
"""Fewer models say nothing about a release."""
_WEEK = 7

_Groups = Sequence[tuple[str, Mask]]
"""The models of each group, an element for each model with a record."""


@dataclass(frozen=True, slots=True)
class TrendQuestion:
    """What is asked beside a subject and a definition."""

    since: date | None = None
    """Time is shown from this day on."""
    days: Sequence[date] = ()
    """Days to count; none for those that are worth a row."""
    numbers: Sequence[PublishedNumber] = ()
    """Numbers that somebody has published."""
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True)
class _TimeCounts:
    """Today's models by their dates of creation; each as in TrendFindings."""

    growth: Timeline
    shares: Timeline
    variants: Timeline
    mixes: Sequence[RelationMix]
    since_release: SinceRelease
    authors: int


@dataclass(frozen=True, slots=True)
class _SubjectColumns:
    """A subject in a snapshot: what each question needs of every record."""

    selected: SubjectMembers
    counted: Mask
    """Models with a record, as in every column here."""
    possible: Mask
    """The counted, and the undated that may have existed on the day of the question."""
    limit: DayLimit
    moments: Int64s
    relation: Codes

    @property
    def counts_undated(self) -> bool:
        """Whether every undated member is counted, as of a snapshot's own day."""
        return self.counted is self.possible


def find_trends(
    store: ParquetStore | None,
    scope: Scope,
    subject: ResolvedSubject,
    question: TrendQuestion = TrendQuestion(),
    say: Say = lambda _: None,
) -> TrendFindings:
    """Count a subject over the history of a store and by its models' dates; see TrendFindings.

    Without a store the scope's snapshot alone is asked. `say` is called for each snapshot that is
    left out or counted anew.

    Raises:
        SettingsError: `since` lies after the data.
        UnknownModel: the subject of a user's published number is unknown.
    """
    snapshot, definition = scope.snapshot, scope.definition
    last_day = _find_last_day(scope, question.since)

    # The history, where numbers by this definition were stored
    is_stored, history = is_definition_stored(definition, subject), SubjectHistory()
    if store is not None and is_stored:
        history = read_history(store, scope, subject, say)

    # Today's models by their dates of creation, and days
    columns = _read_subject_columns(scope, subject)
    least = max(LEAST_DOWNLOADS, definition.min_downloads)
    by_time = _count_by_time(scope, subject, columns, question.bounds, least)
    numbers = _prepare_growth_days(scope, subject, columns, history, last_day)
    days = sorted(set(question.days or numbers.choose_days()))

    # Numbers that others have published: of a sample nothing follows about the Hub
    knowledge = license_knowledge_of(snapshot)
    published = () if knowledge.is_sample else question.numbers
    is_full = subject.model is None
    return TrendFindings(
        snapshot=snapshot.id,
        subject=subject,
        definition=replace(definition, mirrors=True, curated=True) if is_full else definition,
        models=numbers.models,
        undated=numbers.undated,
        undated_count=columns.counts_undated,
        knowledge=knowledge,
        is_stored=is_stored,
        history=history,
        first_snapshot=history.moments[0].taken_at.date() if history.moments else None,
        growth=by_time.growth,
        shares=by_time.shares,
        mixes=by_time.mixes,
        inferred=_count_inferred(scope, subject, columns),
        since_release=by_time.since_release,
        authors=by_time.authors,
        variants=by_time.variants,
        days=[numbers.count_day(day) for day in days],
        published=list(compare_published_numbers_with_counts(store, scope, subject, published)),
        left_out=len(question.numbers) - len(published),
        bounds=question.bounds,
        least_downloads=least,
        opted_out=count_members_opted_out(scope, subject, numbers.at_most),
    ).since_day(question.since, question.days)


def _find_last_day(scope: Scope, since: date | None) -> date:
    """Return the last day that the data tell of; SettingsError where time would begin after it."""
    taken_on = scope.snapshot.manifest.origin.taken_at.date()
    last_day = min(scope.definition.as_of or taken_on, taken_on)
    if since is not None and since > last_day:
        message = f"--since {since} is after the data, which end on {last_day}"
        raise SettingsError(message, f"give a day up to {last_day}")
    return last_day


def _prepare_growth_days(
    scope: Scope,
    subject: ResolvedSubject,
    columns: _SubjectColumns,
    history: SubjectHistory,
    last_day: date,
) -> DayNumbers:
    """Return what single days can be counted from."""
    moments, possible = columns.moments, columns.possible
    dated = np.sort(moments[possible & (moments != UNDATED)])
    return DayNumbers(
        snapshot=scope.snapshot.id,
        taken_on=scope.snapshot.manifest.origin.taken_at.date(),
        last_day=last_day,
        models=int(columns.counted.sum()),
        at_most=int(possible.sum()),
        dated=dated,
        undated=int(possible.sum()) - len(dated),
        history=history,
        releases=_releases_of_subject(subject),
    )


def _count_by_time(
    scope: Scope,
    subject: ResolvedSubject,
    columns: _SubjectColumns,
    bounds: Bounds,
    least_downloads: int,
) -> _TimeCounts:
    """Place today's models in time: of a family by release and beside others, else by relation."""
    moments, possible = columns.moments, columns.possible
    end = end_of_data(scope.snapshot.manifest.origin.taken_at, scope.definition.as_of)
    own = Calendar.of(moments, span_of_growth_months(moments[possible]), end)
    selected = columns.selected.scope
    variants = VariantColumns.growth_variant_columns_of(
        selected, possible, moments, bounds, least_downloads
    )
    is_family = subject.model is None and subject.release is None
    releases = find_releases_above_nodes(selected, selected.edges) if is_family else None
    if releases is None:
        groups = _divide_by_relation(columns)
        shares, compared = NO_MONTHS, NO_RELEASES
        mixes: _Groups = [(subject.id, possible)]
    else:
        groups = mixes = _divide_by_release(releases, possible)
        rivals = _mark_models_by_family(columns, releases)
        # Families are compared month by month, so that all of them need the same months.
        every = np.any([possible, *(mask for _, mask in rivals)], axis=0)
        whole = Calendar.of(moments, span_of_growth_months(moments[every]), end)
        shares = whole.growth_timeline_of(rivals, every)
    growth = own.growth_timeline_of(groups, possible).added_up()
    if releases is not None:
        compared = _compare_release_growth(subject, releases, columns, growth)
    return _TimeCounts(
        growth=growth,
        shares=shares,
        variants=own.growth_timeline_of(variants.all_of(possible), possible).added_up(),
        mixes=_count_growth_mixes(columns, mixes),
        since_release=compared,
        authors=int(variants.models_of("authors", columns.counted).sum()),
    )


NO_MONTHS = Timeline((), ())
NO_RELEASES = SinceRelease((), ())


def _read_subject_columns(scope: Scope, subject: ResolvedSubject) -> _SubjectColumns:
    moments = creation_dates_for_growth(scope.snapshot)
    limit = DayLimit.of(scope)
    selected = select_members(scope.under(limit.definition), subject)
    members = selected.members
    possible = members.counted[: len(moments)] & limit.possibly
    counted = possible if limit.surely is limit.possibly else possible & limit.surely
    relation = relations_of_members(members.edges, members.nodes)[: len(moments)]
    return _SubjectColumns(selected, counted, possible, limit, moments, relation)


def _releases_of_subject(subject: ResolvedSubject) -> Sequence[Release]:
    if subject.release is not None:
        return (subject.release,)
    return () if subject.family is None else subject.family.releases


def _divide_by_release(releases: ReleasesOfNodes, possible: Mask) -> _Groups:
    place = releases.place_by_node()[: len(possible)]
    codes = np.where(possible, place, -1)
    names = list(enumerate(releases.names_of_counted_releases()))
    return [(name, codes == at) for at, name in names if (codes == at).any()]


def _divide_by_relation(columns: _SubjectColumns) -> _Groups:
    masks = [
        (relation.value, columns.possible & (columns.relation == relation.code))
        for relation in RELATIONS
    ]
    return [(key, mask) for key, mask in masks if mask.any()]


def _mark_models_by_family(columns: _SubjectColumns, releases: ReleasesOfNodes) -> _Groups:
    """Return the models of each family that has any; those that meet two are in `mixed` alone."""
    # Official repositories and mirrors of any family are roots here and count nowhere: a family
    # that is built on another must not count as its derivatives.
    scope, records = columns.selected.scope, len(columns.moments)
    roots = np.unique(np.concatenate([np.empty(0, np.int32), *releases.roots])).astype(np.int32)
    counted = members_below(scope, roots).counted[:records] & columns.limit.possibly
    below = {family.id: np.zeros(records, np.bool_) for family in scope.families}
    owner = [family.id for family in scope.families for _ in family.releases]
    for family, release in zip(owner, releases.releases, strict=True):
        below[family] |= releases.mark_nodes_of_release(release)[:records] & counted
    families_met = np.zeros(records, np.int8)
    for mask in below.values():
        families_met += mask
    single = [(family, mask & (families_met == 1)) for family, mask in below.items()]
    return [(key, mask) for key, mask in [*single, (MIXED, families_met > 1)] if mask.any()]


def _count_growth_mixes(columns: _SubjectColumns, groups: _Groups) -> list[RelationMix]:
    """Divide the counted models of each group by relation."""
    mixes = []
    for key, mask in groups:
        own = columns.relation[mask & columns.counted]
        numbers = np.bincount(own, minlength=len(RELATIONS)).tolist()
        mixes.append(RelationMix(key, dict(zip(RELATIONS, numbers, strict=True))))
    return [mix for mix in mixes if mix.models]


def _count_inferred(
    scope: Scope, subject: ResolvedSubject, columns: _SubjectColumns
) -> dict[str, int]:
    """Count what inferred links alone bring to a family, by release, where they are counted."""
    definition = scope.definition
    is_counted = definition.min_strength is Strength.INFERRED
    if not is_counted or subject.model is not None or subject.release is not None:
        return {}
    declared = scope.under(replace(definition, min_strength=Strength.DECLARED))
    added = columns.counted & ~_read_subject_columns(declared, subject).counted
    selected = columns.selected.scope
    groups = _divide_by_release(find_releases_above_nodes(selected, selected.edges), added)
    return {key: int(mask.sum()) for key, mask in groups}


def _compare_release_growth(
    subject: ResolvedSubject, releases: ReleasesOfNodes, columns: _SubjectColumns, growth: Timeline
) -> SinceRelease:
    """Count the models of each release by the ends of the weeks after its release day.

    A series ends with the last dated model of the family and the last day that is over in the
    data: nothing is known of later days. Where fewer than two can be compared, none is.
    """
    moments, possible = columns.moments, columns.possible
    place = releases.place_by_node()[: len(possible)]
    dated = moments[possible & (moments != UNDATED)]
    taken_on = columns.selected.scope.snapshot.manifest.origin.taken_at.date()
    last_day = min(int(dated.max() // DAY) if len(dated) else 0, day_number_of_growth(taken_on) - 1)
    # A release of times of which too little is dated would seem to have waited for its derivatives.
    is_known = len(dated) >= LEAST_DATED * possible.sum()
    first = "" if is_known else next(iter(growth.months[growth.few :]), "9999")
    lines, excluded = [], []
    for release in _releases_of_subject(subject):
        created = moments[possible & (place == releases.releases.index(release))]
        age = created[created != UNDATED] // DAY - day_number_of_growth(release.released)
        is_early = f"{release.released:%Y-%m}" < first
        if is_early or len(created) < LEAST_MODELS or len(age) < LEAST_DATED * len(created):
            excluded += [release.name] if len(created) >= LEAST_MODELS else []
            continue
        weeks = (last_day - day_number_of_growth(release.released)) // _WEEK
        if weeks < 1:
            continue
        ends = np.arange(weeks + 1) * _WEEK
        values = np.searchsorted(np.sort(age), ends, side="right").tolist()
        lines.append(GrowthSeries(release.name, values, len(created) - len(age)))
    if len(lines) < 2:
        return SinceRelease((), (), excluded)
    longest = max(len(line.values) for line in lines)
    return SinceRelease([_WEEK * week for week in range(longest)], lines, excluded)
