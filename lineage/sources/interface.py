"""What a source is: something that yields every model it knows, page by page."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from lineage.domain.records import BadRow, ModelRecord


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One page of a listing after reading, or a part of it."""

    records: list[ModelRecord]
    bad_rows: list[BadRow] = field(default_factory=list)
    unread_fields: Counter[str] = field(default_factory=Counter)
    request: str = ""
    """The page as it was asked for."""
    date: str | None = None
    """The source's own clock when it answered, as it wrote it."""
    unread_keys: list[str] = field(default_factory=list)
    """Of rows that are neither read nor kept: their models are present all the same."""


class Source(Protocol):
    """Where records come from."""

    def list_everything_of_source(self) -> Iterator[RecordPage]:
        """Yield every public model in order of its key."""
        ...

    def list_children_from_source(self, id: str) -> Iterator[RecordPage]:
        """Yield the models that the source lists as children of one model."""
        ...

    def read_model_from_source(self, id: str) -> RecordPage | None:
        """Return one model, under the name it has now; None where the source shows none."""
        ...


class ChangingSource(Protocol):
    """Where can be asked what changed."""

    def by_last_commit(self, models: int) -> Iterator[RecordPage]:
        """Yield every public model, the last one committed to first; so many were known before."""
        ...

    def newest_first(self, models: int) -> Iterator[RecordPage]:
        """Yield every public model, the last one created first; so many were known before."""
        ...

    def created_from(self, request: str, newest_key: str) -> Iterator[RecordPage]:
        """Yield models in order of the key, from a page that was asked for before.

        No key known before is greater than `newest_key`.
        """
        ...
