"""The names of official repositories as people shorten them, for reading the names of others."""

import re
from collections.abc import Iterable, Iterator, Mapping

from lineage.domain.families import Family

_EXACT = re.compile(r"(?<![a-z])(?:instruct|chat|it|base|pt|hf)(?![a-z])")
"""Whoever writes these out means just that checkpoint."""
_AFTER = r"[-_.]"


class RootNames:
    """Official repositories of every family by repository name, without case.

    A former name counts, and so does a name without `Meta-` in front or `-hf` at its end, unless
    that is another official name; of a checkpoint in two formats the `-hf` one is meant, which
    alone carries what others load.
    """

    def __init__(self, families: Iterable[Family]) -> None:
        official = dict(_spelled(families))
        shortened = {short: id for name, id in official.items() for short in _shortened(name)}
        self._ids: Mapping[str, str] = {
            name: official.get(f"{name}-hf", id) for name, id in {**shortened, **official}.items()
        }
        # Who writes `Llama-3.1-8B-cats` has as often begun with `Llama-3.1-8B-Instruct`.
        telling = (re.escape(name) for name in self._ids if _EXACT.search(name))
        self._names = "|".join(sorted(telling, key=len, reverse=True))
        self._begins = re.compile(rf"(?:{self._names}){_AFTER}", re.IGNORECASE)

    @property
    def pattern(self) -> str | None:
        """An RE2 pattern for ids that `begins` may know; None where it can know none."""
        return rf"(?i)^(?:[^/]*/)?(?:{self._names}){_AFTER}" if self._names else None

    def of(self, name: str) -> str | None:
        """Return the id of the root that a repository name means."""
        return self._ids.get(name.lower())

    def begins(self, name: str) -> tuple[str, str] | None:
        """Return the root whose exact name begins this one, and what follows that name."""
        found = self._begins.match(name) if self._names else None
        if found is None:
            return None
        rest = name[found.end() - 1 :]
        # `phi-2.7` is not made of `phi-2`.
        if rest[0] == "." and rest[1:2].isdigit():
            return None
        return self._ids[name[: found.end() - 1].lower()], rest


def _spelled(families: Iterable[Family]) -> Iterator[tuple[str, str]]:
    for family in families:
        for release in family.releases:
            for former in release.former_names:
                yield _repository(former.name), former.now
            for id in release.official:
                yield _repository(id), id


def _repository(id: str) -> str:
    return id.rpartition("/")[2].lower()


def _shortened(name: str) -> Iterator[str]:
    bare = name.removesuffix("-hf")
    yield from {bare, bare.removeprefix("meta-"), name.removeprefix("meta-")} - {name}
