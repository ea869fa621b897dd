"""The names of official repositories as people shorten them, for reading the names of others."""

import re
from collections.abc import Iterable, Iterator, Mapping

from lineage.domain.families import Family

_EXACT = re.compile(r"(?<![a-z])(?:instruct|chat|it|base|pt|hf)(?![a-z])")
"""Whoever writes these out means just that checkpoint."""
_AFTER = re.compile(r"[-_.]")


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
        self._exact = {name: id for name, id in self._ids.items() if _EXACT.search(name)}

    @property
    def pattern(self) -> str | None:
        """An RE2 pattern for ids that `begins` may know; None where it can know none."""
        names = "|".join(re.escape(name) for name in sorted(self._exact))
        return rf"(?i)^(?:[^/]*/)?(?:{names})[-_.]" if names else None

    def of(self, name: str) -> str | None:
        """Return the id of the root that a repository name means."""
        return self._ids.get(name.lower())

    def begins(self, name: str) -> tuple[str, str] | None:
        """Return the root whose exact name begins this one, and what follows that name."""
        low = name.lower()
        for cut in reversed([found.start() for found in _AFTER.finditer(low)]):
            # `phi-2.7` is not made of `phi-2`.
            if low[:cut] in self._exact and not (low[cut] == "." and low[cut + 1 :][:1].isdigit()):
                return self._exact[low[:cut]], name[cut:]
        return None


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
