"""The shape of a listing row as the Hub sends it, as far as we read it.

Wide where authors write freely (`Any`), narrow where the Hub itself writes. A row that does not fit
is read again field by field in `lineage.sources.parse`; it never spoils its page.
Source: recorded answers of `GET /api/models` with `expand[]`, 2026-07 to 2026-10.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, field

MAX_TEXT = 1000
"""The longest text kept of any field, in characters; a license link is the longest honest one."""
MAX_TAGS = 2000

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Moment = Annotated[datetime, Meta(tz=True)]
Counter = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Tags = Annotated[list[Text], Meta(max_length=MAX_TAGS)]


class WireParent(Struct):
    """One entry of `baseModels.models`."""

    key: Text = field(name="_id")
    id: Text


class WireBaseModels(Struct):
    """`baseModels`: one relation for the whole repository, several parents."""

    models: list[WireParent]
    relation: Text | None = None


class WireCard(Struct):
    """`cardData`: what the author wrote in the card's front matter."""

    base_model: Any = None
    base_model_relation: Any = None
    license: Any = None
    license_name: Any = None
    license_link: Any = None


class WirePeft(Struct):
    """`config.peft`: the Hub's extract of `adapter_config.json`."""

    base_model_name_or_path: Any = None


class WireConfig(Struct):
    """`config`: the Hub's extract of the model's own configuration."""

    model_type: Any = None
    name_or_path: Any = field(name="_name_or_path", default=None)
    peft: WirePeft | None = None
    adapter_config: WirePeft | None = None


class WireRow(Struct):
    """One row. Only `_id` and `id` are always there; an absent field is absent, not null."""

    key: Text = field(name="_id")
    id: Text
    author: Text | None = None
    created_at: Moment | None = field(name="createdAt", default=None)
    modified_at: Moment | None = field(name="lastModified", default=None)
    library: Text | None = field(name="library_name", default=None)
    pipeline: Text | None = field(name="pipeline_tag", default=None)
    tags: Tags = []
    gated: bool | Text | None = None
    sha: Text | None = None
    downloads: Counter | None = None
    downloads_all_time: Counter | None = field(name="downloadsAllTime", default=None)
    likes: Counter | None = None
    base_models: WireBaseModels | None = field(name="baseModels", default=None)
    card: WireCard | None = field(name="cardData", default=None)
    config: WireConfig | None = None
