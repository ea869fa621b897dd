"""What a snapshot says of itself: written last, so that it exists when its manifest does."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from lineage.domain.clock import iso
from lineage.errors import SchemaTooNew, SnapshotDamaged
from lineage.store import former_schemas, schema

FILE = "manifest.json"
REFUSAL_FILE = "refused.json"


class SnapshotKind(StrEnum):
    """How a snapshot was taken."""

    FULL = "full"
    UPDATE = "update"
    DUMP = "dump"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a published file must look like."""

    rows: int
    bytes: int
    sha256: str
    footer: str | None = None
    """SHA-256 of its footer alone, looked at whenever it is read; older snapshots have none."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of a draft beside the snapshot before it."""

    name: str
    passed: bool
    notes: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where, when and how the records of a draft were taken."""

    kind: SnapshotKind
    endpoint: str
    taken_at: datetime
    """When the run began, UTC."""
    below: str | None = None
    """The one base whose descendants it holds, where kind is `below`."""
    registry: Mapping[str, str] = field(default_factory=dict)
    """Version of each family file whose former names were known."""
    requests: Mapping[str, str] = field(default_factory=dict)
    """`first` and `last` page as asked, `hub_date` of the first: where an update goes on."""
    dump: Mapping[str, str] = field(default_factory=dict)
    """Where kind is `dump`: `file`, `sha256`, `missing` fields, and whether `keys` stand in."""
    parents_known: bool = True
    """False for a dump without any column that names parents."""


@dataclass(frozen=True, slots=True)
class BuildsOn:
    """The whole snapshot that an update's changes are merged with."""

    id: str
    files: Mapping[str, str]
    """SHA-256 of each of its tables that is read, so that another one is noticed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about a snapshot but its rows."""

    id: str
    origin: Origin
    published_at: datetime
    previous: str | None
    models: int
    edges: int
    bad_rows: int
    tombstones: int
    unread_fields: Mapping[str, int]
    files: Mapping[str, FileFacts]
    checks: tuple[CheckResult, ...]
    written_by: str
    schema_version: int = schema.VERSION
    left_out: tuple[str, ...] = ()
    """Digests of the opt-outs and of their keys: a digest tells no name."""
    builds_on: BuildsOn | None = None
    """None where it stands alone."""

    def to_json(self) -> bytes:
        """Spell the manifest as indented JSON with sorted keys."""
        content = asdict(self)
        content["published_at"] = iso(self.published_at)
        content["origin"]["taken_at"] = iso(self.origin.taken_at)
        return json.dumps(content, indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, content: bytes, where: str) -> "Manifest":
        """Read a manifest; SchemaTooNew or SnapshotDamaged where that is not possible."""
        try:
            fields: dict[str, Any] = json.loads(content)
            version = int(fields["schema_version"])
            if version > schema.VERSION:
                raise SchemaTooNew(
                    f"{where} has schema version {version}, this lineage reads up to "
                    f"{schema.VERSION}",
                    "update lineage: pip install --upgrade llama-lineage",
                )
            return cls(
                **{
                    **fields,
                    "origin": _origin(fields["origin"]),
                    "published_at": datetime.fromisoformat(fields["published_at"]),
                    "files": {name: FileFacts(**f) for name, f in fields["files"].items()},
                    "checks": tuple(CheckResult(**check) for check in fields["checks"]),
                    "left_out": tuple(fields.get("left_out", ())),
                    "builds_on": _builds_on(fields.get("builds_on")),
                }
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SnapshotDamaged(
                f"{where} cannot be read: {error}", "restore the file or take a new snapshot"
            ) from error


def _origin(fields: dict[str, Any]) -> Origin:
    return Origin(
        **{
            **fields,
            "kind": SnapshotKind(former_schemas.snapshot_kind(fields["kind"])),
            "taken_at": datetime.fromisoformat(fields["taken_at"]),
        }
    )


def _builds_on(fields: dict[str, Any] | None) -> BuildsOn | None:
    if fields is None:
        return None
    base = BuildsOn(**fields)
    if "/" in base.id or set(base.files) != set(schema.KEYS):
        raise ValueError(f"{base.id!r} is nothing to build on")
    return base
