"""What exists, for rules of the second hearing: the models a test names, found as in a snapshot."""

from collections.abc import Sequence

from lineage.evidence.inference import Known


class FakeShelf:
    """Models by repository name; `former` says who had another name before."""

    def __init__(self, *models: Known | str, former: dict[str, str] | None = None) -> None:
        known = [Known(one) if isinstance(one, str) else one for one in models]
        self._named: dict[str, list[Known]] = {}
        names = {one.id: [one.id] for one in known}
        for old, now in (former or {}).items():
            names[now].append(old)
        for one in sorted(known):
            for name in names[one.id]:
                self._named.setdefault(name.rpartition("/")[2].lower(), []).append(one)

    def called(self, repository: str) -> Sequence[Known]:
        return self._named.get(repository, [])
