"""Headlines of the trend report: sentences computed from numbers, each under a condition.

Where the condition does not hold, the title is neutral: a wrong headline is worse than none. A
number that is rounded is right to its last digit, and nothing is said of a month that is not over
or of which too little is known.
"""

from collections.abc import Sequence
from fractions import Fraction

from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth.results import GrowthSeries, RelationMix, SubjectHistory
from lineage.analysis.growth.trends import LEAST_MODELS
from lineage.domain.claims import Relation
from lineage.reporting.trend_text import TrendText

_DAYS_OF_WEEKS = 7 * 52
"""Up to a year a span of whole weeks is given in weeks."""
_STEP, _HALF_YEAR = 30, 180
"""Releases are compared after a multiple of so many days; younger ones than that only at need."""


def growth_headline(trend: TrendText) -> str:
    """Say by how much a subject grew or shrank from the first snapshot that is shown to the last.

    With a single snapshot it says how many models there are.
    """
    history = trend.findings.history
    if not trend.findings.has_history:
        day = trend.findings.definition.as_of
        key, places = ("count", {}) if day is None else ("count_by", {"day": trend.last_day})
        models = trend.findings.models
        return trend.texts.say_number(f"headline.{key}", models, **trend.places, **places)
    first, last = history.whole[0], history.whole[-1]
    begin, end = (history.moments[at].taken_at.date() for at in (0, -1))
    days = (end - begin).days
    if days % 7 or days > _DAYS_OF_WEEKS or days < 14:
        span = trend.say("headline.from_day", day=begin)
    else:
        span = trend.say("headline.weeks", n=days // 7)
    if first == last:
        return trend.say("headline.equal", last=last, day=begin)
    if last >= 2 * first > 0:
        return trend.say(
            "headline.grew_times", factor=_spell_factor_in_headline(trend, last, first), span=span
        )
    direction = "grew" if last > first else "shrank"
    # 0 % of growth or 100 % of loss would be said of numbers that are neither.
    percent = round(Fraction(100 * abs(last - first), first or 1))
    if first and 1 <= percent <= 99:
        text = trend.texts.whole_percent_in_language(percent)
        return trend.say(f"headline.{direction}_percent", percent=text, span=span)
    return trend.say(f"headline.{direction}_from", first=first, last=last, span=span)


def _spell_factor_in_headline(trend: TrendText, last: int, first: int) -> str:
    factor = Fraction(last, first)
    return trend.texts.decimal(factor, 1 if factor < 10 else 0)


def rivals_headline(trend: TrendText) -> str:
    """Say since when the subject has been ahead of all other families, or behind the largest."""
    history, neutral = trend.findings.history, trend.say("headline.rivals")
    own, others = _headline_of_two_families(history, trend.family_id)
    if own is None or not others or not any(own.values):
        return neutral
    rival = max(others, key=lambda line: line.values[-1])
    most_of_others = [max(column) for column in zip(*(it.values for it in others), strict=True)]
    if own.values[-1] > most_of_others[-1]:
        ahead = [mine > most for mine, most in zip(own.values, most_of_others, strict=True)]
        key = "leading"
    elif [line.values[-1] for line in others].count(rival.values[-1]) > 1:
        return neutral
    elif rival.values[-1] > own.values[-1]:
        ahead = [theirs > mine for mine, theirs in zip(own.values, rival.values, strict=True)]
        key = "overtaken"
    else:
        return neutral
    places = {"families": len(others) + 1, "rival": trend.line_name(rival.key)}
    if all(ahead):
        key = {"leading": "ahead", "overtaken": "behind"}[key]
        return trend.say(f"headline.{key}", n=len(ahead), **places)
    since = len(ahead) - ahead[::-1].index(False)
    day = history.moments[since].taken_at.date()
    return trend.say(f"headline.{key}", day=day, **places)


def _headline_of_two_families(
    history: SubjectHistory, own: str
) -> tuple[GrowthSeries[int] | None, list[GrowthSeries[int]]]:
    others = [line for line in history.families if line.key != own]
    return next((line for line in history.families if line.key == own), None), others


def share_headline(trend: TrendText, month: str | None) -> str:
    """Say which part of a month's new derivatives is the subject's, and which the largest's.

    `month` is the last one that is over and of which enough is known; None where there is none.
    """
    shares, neutral = trend.findings.shares, trend.say("headline.shares")
    if month is None:
        return neutral
    at = shares.months.index(month)
    values = {line.key: line.values[at] for line in shares.lines if line.key != MIXED}
    whole = sum(line.values[at] for line in shares.lines)
    own = values.get(trend.family_id, 0)
    most = max(values.values(), default=0)
    first = [key for key, models in values.items() if models == most]
    if not most or len(first) > 1:
        return neutral
    share = _spell_share(trend, own, whole)
    places = {"month": trend.texts.month(month), "share": share}
    if first == [trend.family_id]:
        return trend.say("headline.share_first", **places)
    rival_share = _spell_share(trend, most, whole)
    rival = trend.line_name(first[0])
    return trend.say("headline.share_behind", rival=rival, rival_share=rival_share, **places)


def _spell_share(trend: TrendText, part: int, whole: int) -> str:
    """Spell a part in whole percent; 0 and 100 stand for nothing and all, and for nothing else."""
    percent = round(Fraction(100 * part, whole))
    if not part:
        return trend.say("headline.none")
    if percent < 1:
        return trend.say("headline.tiny")
    if percent > 99 and part < whole:
        return trend.say("headline.over_99")
    return trend.texts.whole_percent_in_language(percent)


def mixes_headline(trend: TrendText) -> str:
    """Say which relation is most frequent below all releases, or most; or where the largest differ.

    A relation leads where no number of models of unspecified relation could change that; a number
    of releases is given only where those models are too few to hide another one.
    """
    if not trend.is_family:
        return trend.say("headline.mix_subject")
    mixes = mixes_compared_in_headline(trend.findings.mixes)
    leads = [most_frequent_relation_in_headline(mix) for mix in mixes]
    largest = sorted(range(len(mixes)), key=lambda at: -mixes[at].models)[:2]
    pair = [leads[at] for at in largest]
    if len(pair) < 2 or None in pair:
        return trend.say("headline.mixes")
    kinds = [trend.say(f"kind.{kind}") for kind in pair]
    if pair[0] != pair[1]:
        names = [trend.line_name(mixes[at].key) for at in largest]
        places = {"first": names[0], "second": names[1]}
        kind_places = {"first_kind": kinds[0], "second_kind": kinds[1]}
        return trend.say("headline.mix_two", **places, **kind_places)
    releases = leads.count(pair[0])
    by_declared = [most_frequent_relation_in_headline(mix, by_declared=True) for mix in mixes]
    if by_declared.count(pair[0]) != releases or 2 * releases <= len(mixes):
        return trend.say("headline.mixes")
    key = "mix_all" if releases == len(mixes) else "mix_most"
    kind = kinds[0][0].upper() + kinds[0][1:]
    return trend.say(f"headline.{key}", kind=kind, n=releases, of=len(mixes))


def mixes_compared_in_headline(mixes: Sequence[RelationMix]) -> list[RelationMix]:
    """Return the releases with enough models to compare them."""
    named = [mix for mix in mixes if mix.key not in (MIXED, UNKNOWN)]
    return [mix for mix in named if mix.models >= LEAST_MODELS]


def most_frequent_relation_in_headline(
    mix: RelationMix, *, by_declared: bool = False
) -> Relation | None:
    """Return the relation with most models; None where two have as many.

    Unless asked by what is declared alone, it must lead by more than the unspecified are.
    """
    hidden = 0 if by_declared else mix.by_relation.get(Relation.UNSPECIFIED, 0)
    known = [(mix.by_relation.get(key, 0), key) for key in Relation if key in _KINDS]
    (most, kind), (second, _) = sorted(known, reverse=True)[:2]
    return kind if most > second + hidden else None


_KINDS = frozenset(Relation) - {Relation.UNSPECIFIED}


def since_release_headline(trend: TrendText) -> str:
    """Say which release had most models after the same number of days.

    It is the largest multiple of 30 days that all have reached but those of the last half year, or
    else two. The first must lead even if every undated model of another were in it.
    """
    since, neutral = trend.findings.since_release, trend.say("headline.since_releases")
    spans = sorted((since.days[len(line.values) - 1] for line in since.lines), reverse=True)
    old = [span for span in spans if span >= _HALF_YEAR]
    reached = old[-1] if len(old) > 1 else (*spans, 0, 0)[1]
    days = reached // _STEP * _STEP
    # Lines have a value a week: the last one up to the day.
    week = days // 7
    compared = [line for line in since.lines if len(line.values) > week]
    if not days or len(compared) < 2:
        return neutral
    ranked = sorted(compared, key=lambda line: -line.values[week])
    best = ranked[0]
    if any(best.values[week] <= line.values[week] + line.undated for line in ranked[1:]):
        return neutral
    return trend.say(
        "headline.since_release",
        days=since.days[week],
        name=trend.line_name(best.key),
        models=best.values[week],
        n=len(compared),
    )


def variants_headline(trend: TrendText) -> str:
    """Say from how many authors the models come, where several come from one."""
    findings, authors = trend.findings, trend.findings.authors
    if not findings.undated_count or not 0 < authors < findings.models:
        return trend.say("headline.variants_plain")
    return trend.say("headline.variants", models=findings.models, authors=authors)
