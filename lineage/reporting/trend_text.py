"""Findings of a trend report, and the words of a language for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lineage.analysis.definition_text import is_counted_day_after_data, is_counted_day_before_data
from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth.published import VARIANTS
from lineage.analysis.growth.results import TrendFindings
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
