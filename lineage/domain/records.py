"""What one row of a listing says, and what the Hub answers about one model by its name."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class HubParent(NamedTuple):
    """A parent as the Hub itself resolved it."""

    key: str | None
    """The parent's `_id`: 24 hex digits, stable across renames; None where the row lacks it."""
    id: str


class ModelRecord(NamedTuple):
    """One public model as a listing shows it; None means that the row does not say.

    A tuple and not a dataclass, because a full crawl makes three million of them, a page at a time.
    """

    key: str
    """The Hub's `_id`: 24 hex digits, stable across renames."""
    id: str
    """`owner/name`, or a bare name for a few old repositories."""
    author: str | None
    created_at: datetime | None
    """None also where the Hub shows its constant for "older than this field"."""
    modified_at: datetime | None
    """The moment of the last commit."""
    license: str | None
    license_name: str | None
    license_link: str | None
    library: str | None
    pipeline: str | None
    model_type: str | None
    config_name_or_path: str | None
    """What the model's own config calls the checkpoint it started from."""
    tags: list[str]
    gated: str | None
    """`false`, `auto` or `manual`."""
    sha: str | None
    downloads: int | None
    downloads_all_time: int | None
    likes: int | None
    hub_relation: str | None
    hub_parents: tuple[HubParent, ...]
    card_relation: str | None
    card_parents: tuple[str, ...]
    """`base_model` of the card, each entry as the author wrote it."""
    adapter_parent: str | None
    """`base_model_name_or_path` of the adapter's config, as written."""
    parameters: int | None = None
    """How many parameters its weights have in full precision; None for packed ones."""


class BadRow(NamedTuple):
    """A row that could not be read, kept whole so that nothing is lost."""

    reason: str
    raw: str
    """The row's own JSON, cut at a cap."""
    key: str | None
    """The row's `_id` where that much could be read: such a model is present, not missing."""


class Availability(StrEnum):
    """What can be told from one answer; who was never asked about has none: not listed."""

    GONE = "gone"
    """401 without a token, 404 with one: deleted and private look alike."""
    HIDDEN = "hidden"
    """It exists, and the Hub says so: disabled, or behind a gate."""
    RENAMED = "renamed"
    """The Hub redirects its name to another one."""
    REPLACED = "replaced"
    """Another model bears its name now."""
    UNLISTED = "unlisted"
    """The Hub shows it to who asks by name, and did not list it: back since, or kept out."""


@dataclass(frozen=True, slots=True)
class AvailabilityAnswer:
    """One answer of the Hub about one model."""

    standing: Availability
    status: int
    """The HTTP status of the answer."""
    asked_at: datetime
