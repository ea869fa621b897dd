"""Who asked to be left out: ids and owners that no new snapshot may name."""

from dataclasses import dataclass

from lineage.domain.repo_ids import tidy_name


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Ids (`owner/name`) and owners (`owner`), in lower case: names are told apart without case."""

    names: frozenset[str] = frozenset()

    @classmethod
    def listed(cls, text: str) -> "Forgotten":
        """Read ids and owners, divided by commas or blanks."""
        return cls(frozenset(tidy_name(one).lower() for one in text.replace(",", " ").split()))

    def __bool__(self) -> bool:
        return bool(self.names)

    def covers(self, id: str) -> bool:
        """Say whether a model of this name is to be forgotten, by itself or with its owner."""
        name = tidy_name(id).lower()
        owner, slash, _ = name.partition("/")
        return name in self.names or (bool(slash) and owner in self.names)

    def named_in(self, *texts: str) -> bool:
        """Say whether words name somebody who is to be forgotten, wherever in them."""
        words = " ".join(texts).lower()
        return any(name in words for name in self.names)


NOBODY = Forgotten()
