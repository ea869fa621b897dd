"""A family and its releases, as curated data: who is official, and whose weights are whose."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Mirror:
    """A plain re-upload: the same weights under another name; counts as a root."""

    id: str
    of: str | None
    """The official repository it stands for; None where no official one exists."""


@dataclass(frozen=True, slots=True)
class FormerName:
    """A name that an official repository had before it was renamed."""

    name: str
    now: str


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a family: its official repositories and what stands for them."""

    id: str
    """A short handle, `llama-3.1`."""
    name: str
    """As people write it, `Llama 3.1`."""
    released: date
    license: str | None
    """The Hub's license tag."""
    official: tuple[str, ...]
    mirrors: tuple[Mirror, ...]
    former_names: tuple[FormerName, ...]

    def roots(self) -> tuple[str, ...]:
        """Return the ids that are roots of this release: official first, then plain mirrors."""
        return self.official + tuple(mirror.id for mirror in self.mirrors)


@dataclass(frozen=True, slots=True)
class Family:
    """What lies below curated roots."""

    id: str
    name: str
    version: str
    """The registry's own version: the date of its last change."""
    releases: tuple[Release, ...]

    def roots(self) -> tuple[str, ...]:
        """Return the ids that are roots of any release."""
        return tuple(root for release in self.releases for root in release.roots())

    def former_names(self) -> Iterator[FormerName]:
        """Yield every known rename of an official repository."""
        for release in self.releases:
            yield from release.former_names

    def mirrors_of(self, id: str) -> tuple[str, ...]:
        """Return the plain mirrors that stand for one official repository."""
        return tuple(
            mirror.id for release in self.releases for mirror in release.mirrors if mirror.of == id
        )
