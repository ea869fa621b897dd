"""What a file says of itself: which models it holds, by which rule, and when that was so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from lineage.analysis.definition_text import Line, definition_lines
from lineage.domain.definitions import Definition
from lineage.store.manifest import Manifest


@dataclass(frozen=True, slots=True)
class About:
    """Stands in every format that has a place for it; its texts are not escaped yet."""

    title: str
    """What was asked for: a model, a release or a family."""
    day: date
    """When the snapshot was taken, UTC."""
    lines: Sequence[Line]

    def sentence(self) -> str:
        """Return all of it on one line."""
        told = "; ".join(f"{label}: {text}" for label, text in self.lines)
        return f"{self.title} and its descendants, by lineage. {told}"

    def only(self, part: str) -> "About":
        """Say too that only a part of that is shown; an empty text says nothing."""
        return replace(self, lines=[*self.lines, ("shown", part)]) if part else self


def about(title: str, roots: Sequence[str], definition: Definition, manifest: Manifest) -> About:
    """Say what a file holds."""
    lines = definition_lines(replace(definition, roots=tuple(roots)), manifest)
    return About(title, manifest.origin.taken_at.date(), lines)
