"""Findings of a trend report, and the words of a language for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from lineage.analysis.definition_text import is_counted_day_after_data, is_counted_day_before_data
from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth.published import VARIANTS
from lineage.analysis.growth.results import GrowthSeries, RelationMix, SubjectHistory, TrendFindings
from lineage.analysis.growth.trends import LEAST_MODELS
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Closure, Definition
from lineage.domain.families import Family
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.reporting.language import Language, Texts, load_texts
from lineage.store.manifest import Manifest
from lineage.version import __version__


def report_data_notices(
    manifest: Manifest,
    definition: Definition,
    language: Language,
    *,
    total: int = 0,
    at_most: int = 0,
    opted_out: int | None = None,
) -> Iterator[str]:
    """Yield a sentence for each bound: of the day, the dates, the opt-outs, the parents.

    Without `opted_out` it is said of the whole snapshot how many models are left out.
    """
    texts, day, taken = load_texts(language, "notices"), definition.as_of, manifest.origin.taken_at
    if is_counted_day_before_data(definition, manifest):
        yield texts.say("day.before", day=day, id=manifest.id, date=taken.date())
    elif is_counted_day_after_data(definition, manifest):
        yield texts.say("day.after", day=day, date=taken.date())
    if at_most > total:
        yield texts.say_number("dates.range", at_most - total, total=total, at_most=at_most)
    left_out = count_opt_out_marks(manifest.left_out) if opted_out is None else opted_out
    if left_out:
        where = "snapshot" if opted_out is None else "number"
        yield texts.say_number(f"opted_out.{where}", left_out)
    if not manifest.origin.parents_known:
        yield texts.say("parents.unknown")


@dataclass(frozen=True, slots=True)
class TrendText:
    """Findings and the words of a language for them."""

    findings: TrendFindings
    manifest: Manifest
    texts: Texts
    families: Mapping[str, str]
    """Names of families by id."""

    @classmethod
    def trend_text_in_language(
        cls,
        findings: TrendFindings,
        manifest: Manifest,
        language: Language,
        families: Sequence[Family],
    ) -> "TrendText":
        """Take the words of a language."""
        names = {family.id: family.name for family in families}
        return cls(findings, manifest, load_texts(language, "trend"), names)

    @property
    def is_family(self) -> bool:
        """Whether it is about a family, and not about a release or a model."""
        subject = self.findings.subject
        return subject.model is None and subject.release is None

    @property
    def family_id(self) -> str:
        """The id of the family, or the release's; empty for a model."""
        family = self.findings.subject.family
        return "" if family is None else family.id

    @property
    def subject(self) -> str:
        """What the subject is called: a name of the registry, or a model's as it is now."""
        subject = self.findings.subject
        if subject.model is not None:
            return subject.model.id
        named = subject.release or subject.family
        assert named is not None
        return named.name

    @property
    def places(self) -> Mapping[str, object]:
        """What every text may name."""
        where = self.texts.say("page.where") if self.findings.knowledge.is_sample else ""
        where += self.texts.say("page.filtered") if self.filters else ""
        return {
            "subject": self.subject,
            "where": where,
            "least": self.findings.least_downloads,
        }

    def say(self, key: str, **places: object) -> str:
        """Return a text; the subject, the least downloads and the sample are always at hand."""
        return self.texts.say(key, **{**self.places, **places})

    def line_name(self, key: str) -> str:
        """Return what a line is called: a relation, a variant, a family, or as it is."""
        # Words of ours are translated, and nothing else: a family may be called like one of them.
        if key in set(Relation):
            return load_texts(self.texts.language).say(f"words.{key}")
        if key in {MIXED, UNKNOWN, *VARIANTS}:
            return self.say(f"column.{key}")
        return self.families.get(key, key)

    @property
    def filters(self) -> list[str]:
        """What the definition narrows or widens beside the day; a picture must not go without."""
        definition, words = self.findings.definition, load_texts(self.texts.language)
        is_model, parts = self.findings.subject.model is not None, []
        if definition.closure is Closure.DIRECT:
            parts.append(self.texts.say("filter.direct"))
        if set(definition.relations) != set(Relation):
            names = ", ".join(words.say(f"words.{relation}") for relation in definition.relations)
            parts.append(self.texts.say("filter.relations", names=names))
        if definition.min_strength is not Strength.DECLARED:
            parts.append(self.texts.say(f"filter.{definition.min_strength}"))
        if definition.min_downloads:
            parts.append(self.texts.say("filter.downloads", n=definition.min_downloads))
        chosen = {
            "deleted": definition.deleted,
            "mirrors": is_model and definition.mirrors,
            "curated": is_model and definition.curated,
        }
        return parts + [self.texts.say(f"filter.{key}") for key, is_in in chosen.items() if is_in]

    @property
    def last_day(self) -> date:
        """The day that was asked about, but none after the snapshot's own."""
        taken = self.manifest.origin.taken_at.date()
        # Of days to come the data say nothing.
        return min(self.findings.definition.as_of or taken, taken)

    def report_source_line(self, *, of_history: bool) -> str:
        """Return what travels with each picture: version, snapshots, and whether it is a sample."""
        moments = self.findings.history.moments
        if of_history:
            line = self.say(
                "page.source_history",
                version=__version__,
                n=len(moments),
                first=moments[0].taken_at.date(),
                date=moments[-1].taken_at.date(),
            )
        else:
            taken_on = self.manifest.origin.taken_at.date()
            id = self.findings.snapshot
            line = self.say("page.source", version=__version__, id=id, date=taken_on)
        if filters := self.filters:
            line = f"{line} {self.say('page.source_filters', filters='; '.join(filters))}"
        is_sample = self.findings.knowledge.is_sample
        return f"{line} {self.say('page.source_sample')}" if is_sample else line


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
        factor = Fraction(last, first)
        return trend.say(
            "headline.grew_times",
            factor=trend.texts.decimal(factor, 1 if factor < 10 else 0),
            span=span,
        )
    direction = "grew" if last > first else "shrank"
    # 0 % of growth or 100 % of loss would be said of numbers that are neither.
    percent = round(Fraction(100 * abs(last - first), first or 1))
    if first and 1 <= percent <= 99:
        text = trend.texts.whole_percent_in_language(percent)
        return trend.say(f"headline.{direction}_percent", percent=text, span=span)
    return trend.say(f"headline.{direction}_from", first=first, last=last, span=span)


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
