"""Marks such as [LM] in a family file, replaced by the source that they stand for."""

import re
from typing import Any

from lineage.errors import SettingsError

_MARK = re.compile(r"\[([A-Z][A-Z0-9]{0,7})\]")


def with_sources_told(file: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return a file's content without its table `sources`, every mark of that table spelled out.

    Marks are read in `source`, `note` and the like `*_source`, at any depth. A file without the
    table is returned as it is; SettingsError for a mark that the table does not have.
    """
    if "sources" not in content:
        return content
    sources = content["sources"]
    if not isinstance(sources, dict) or not all(isinstance(one, str) for one in sources.values()):
        raise SettingsError(
            f"{file}: sources must be a table of texts", 'write LM = "owner/repository@commit"'
        )
    rest = {key: value for key, value in content.items() if key != "sources"}
    told: dict[str, Any] = _told(file, rest, sources)
    return told


def _told(file: str, value: Any, sources: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_told(file, one, sources) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _spelled(file, one, sources)
        if isinstance(one, str) and _tells_a_source(key)
        else _told(file, one, sources)
        for key, one in value.items()
    }


def _tells_a_source(key: str) -> bool:
    return key in {"source", "note"} or key.endswith("_source")


def _spelled(file: str, text: str, sources: dict[str, str]) -> str:
    for mark in _MARK.findall(text):
        if mark not in sources:
            raise SettingsError(
                f"{file}: [{mark}] in {text!r} stands for nothing",
                f"give {mark} in [sources]; there are {', '.join(sources)}",
            )
    return _MARK.sub(lambda mark: sources[mark[1]], text)
