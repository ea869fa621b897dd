"""What exists, for rules that infer: the models a test names, found as in a snapshot."""

from collections.abc import Sequence

from lineage.evidence.infer import KnownModel


class FakeCatalog:
    """Models by repository name; `former` says which of them had another name before."""

    def __init__(self, *models: KnownModel | str, former: dict[str, str] | None = None) -> None:
        listed = [KnownModel(model) if isinstance(model, str) else model for model in models]
        self._models_by_name: dict[str, list[KnownModel]] = {}
        names = {model.id: [model.id] for model in listed}
        for old, now in (former or {}).items():
            names[now].append(old)
        for model in sorted(listed):
            for name in names[model.id]:
                repository = name.rpartition("/")[2].lower()
                self._models_by_name.setdefault(repository, []).append(model)

    def models_named(self, repository: str) -> Sequence[KnownModel]:
        return self._models_by_name.get(repository, [])
