"""What a trend report is told with: its texts, and the names of lines in a language."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth import TrendFindings
from lineage.domain.claims import Relation
from lineage.domain.families import Family
from lineage.reporting.language import Language, Texts, texts
from lineage.store.manifest import Manifest


@cache
def trend_texts(language: Language) -> Texts:
    """Return what a trend report says in a language."""
    file = resources.files("lineage.reporting") / "texts" / f"trends.{language.value}.toml"
    return Texts(language, tomllib.loads(file.read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Told:
    """Findings and the words they are told in."""

    found: TrendFindings
    manifest: Manifest
    says: Texts
    families: Mapping[str, str]
    """Names of families by id."""

    @classmethod
    def of(
        cls,
        found: TrendFindings,
        manifest: Manifest,
        language: Language,
        families: Sequence[Family],
    ) -> "Told":
        """Take the words of a language."""
        names = {family.id: family.name for family in families}
        return cls(found, manifest, trend_texts(language), names)

    def say(self, key: str, **places: object) -> str:
        """Say a text; the family's name and the least downloads are always at hand."""
        found = self.found
        always = {
            "family": found.family.name,
            "least": found.least_downloads,
            "claim": found.dates.claim,
        }
        return self.says.say(key, **{**always, **places})

    def name(self, key: str) -> str:
        """Return what a line is called: a relation, a variant, a family, or as it is."""
        if key in set(Relation):
            return texts(self.says.language).say(f"words.{key}")
        if key in {MIXED, UNKNOWN, "all", "authors", "no_bursts", "downloads", "others"}:
            return self.say(f"column.{key}")
        return self.families.get(key, key)

    @property
    def last_day(self) -> date:
        """The day that was asked about, else the snapshot's own."""
        return self.found.definition.as_of or self.manifest.origin.taken_at.date()
