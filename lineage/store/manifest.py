"""What a snapshot says of itself: written last, so that it exists when its manifest does."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from lineage.domain.clock import iso
from lineage.errors import SchemaTooNew, SnapshotDamaged
from lineage.store import former_schemas, schema

FILE = "manifest.json"
REFUSAL_FILE = "refused.json"
MOST_BYTES = 64 * 1024 * 1024
"""No manifest is larger: the longest have a digest of each model that opted out."""

_ID = msgspec.Meta(pattern=r"^[0-9]{8}T[0-9]{6}Z\Z")
_Id = Annotated[str, _ID]
_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""Rows are numbered in 32 bits."""
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Bytes = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_TableName = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]+(\.changes)?\.parquet\Z")]
"""Never a path; a later lineage may add a table."""
_YEARS = range(2000, 9999)
_LAST_WITHOUT_TRENDS = 2


class SnapshotKind(StrEnum):
    """How a snapshot was taken."""

    FULL = "full"
    UPDATE = "update"
    DUMP = "dump"
    BELOW = "below"

    @classmethod
    def _missing_(cls, value: object) -> "SnapshotKind | None":
        """Return the kind that older snapshots call by another word."""
        present = former_schemas.KINDS.get(str(value))
        return None if present is None else cls(present)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a published file must look like."""

    rows: _Number
    bytes: _Bytes
    sha256: _Digest
    footer: _Digest | None = None
    """SHA-256 of its footer alone, looked at whenever it is read; older snapshots have none."""


_PARENT_COLUMNS = frozenset({"baseModels", "tags", "cardData", "config"})
"""The fields of a listing that can name a parent."""


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
    taken_at: _Moment
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

    def __post_init__(self) -> None:
        # Older manifests name the columns that a dump lacked, and draw no conclusion.
        if set(self.dump.get("missing", "").split(", ")) >= _PARENT_COLUMNS:
            object.__setattr__(self, "parents_known", False)


@dataclass(frozen=True, slots=True)
class BuildsOn:
    """The snapshot that changes are merged with, which may keep changes too."""

    id: _Id
    files: Mapping[str, _Digest]
    """SHA-256 of each of its tables that is read, so that another one is noticed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about a snapshot but its rows."""

    id: _Id
    origin: Origin
    published_at: _Moment
    previous: _Id | None
    models: _Number
    edges: _Number
    bad_rows: _Number
    tombstones: _Number
    unread_fields: Mapping[str, _Number]
    files: Mapping[_TableName, FileFacts]
    checks: tuple[CheckResult, ...]
    written_by: str
    schema_version: _Positive = schema.VERSION
    left_out: tuple[str, ...] = ()
    """Digests of the opt-outs and of their keys: a digest tells no name."""
    builds_on: BuildsOn | None = None
    """None where it stands alone."""

    def stored_name(self, table: str) -> str:
        """Return the file that a table lies in: itself, or what changed of it."""
        is_delta = self.builds_on is not None and table in self.builds_on.files
        return schema.CHANGES[table] if is_delta else table

    def files_read_for(self, tables: Iterable[str]) -> list[str]:
        """Return the files of this snapshot that some tables are read from."""
        stored = {self.stored_name(table) for table in tables}
        # Which rows below are replaced stands beside the changes.
        return sorted({*stored, schema.CHANGED_FILE} if stored - set(tables) else stored)

    @property
    def builds_on_files(self) -> Collection[str]:
        """The tables that are kept as changes."""
        return () if self.builds_on is None else self.builds_on.files

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
            version = msgspec.json.decode(content, type=_Versioned).schema_version
            if version > schema.VERSION:
                raise SchemaTooNew(
                    f"{where} has schema version {version}, this lineage reads up to "
                    f"{schema.VERSION}",
                    "update lineage: get its newer source, and there pip install .",
                )
            manifest = msgspec.json.decode(content, type=cls)
            _check_manifest(manifest)
        except (ValueError, RecursionError) as error:
            raise SnapshotDamaged(
                f"{where} cannot be read: {error}", "restore the file or take a new snapshot"
            ) from error
        return manifest


def is_snapshot_below_base(manifest: Manifest) -> bool:
    """Say whether a snapshot holds one base's family alone."""
    return manifest.origin.kind is SnapshotKind.BELOW


@dataclass(frozen=True, slots=True)
class _Versioned:
    schema_version: _Positive


# What the types above cannot say. A manifest may come from anywhere: what is wrong in it is said
# here, once, and not by whichever question stumbles over it.


def _check_manifest(manifest: Manifest) -> None:
    """Raise ValueError where what a manifest says cannot be so."""
    moments = (manifest.published_at, manifest.origin.taken_at)
    if not all(moment.year in _YEARS and not moment.utcoffset() for moment in moments):
        raise ValueError("a moment is not in UTC, or in no year of ours")
    base = manifest.builds_on
    # Older ones alone, so that no two build on each other.
    if base is not None and (not _may_manifest_build_on(base) or base.id >= manifest.id):
        raise ValueError(f"{base.id!r} is nothing to build on")
    tables = {manifest.stored_name(name) for name in schema.TABLES}
    absent = (tables if base is None else {*tables, schema.CHANGED_FILE}) - set(manifest.files)
    if manifest.schema_version <= _LAST_WITHOUT_TRENDS:
        absent -= {schema.ABSENCES_FILE, schema.TRENDS_FILE}
    if absent:
        raise ValueError(f"it names no {min(absent)}")
    rows = {
        schema.EDGES_FILE: manifest.edges,
        schema.TOMBSTONES_FILE: manifest.tombstones,
        schema.BAD_ROWS_FILE: manifest.bad_rows,
        schema.MODELS_FILE: manifest.models,
        schema.METRICS_FILE: manifest.models,
    }
    rows = {name: number for name, number in rows.items() if name in tables}
    for name, number in rows.items():
        if manifest.files[name].rows != number:
            raise ValueError(f"it says {number} rows of {name}, and {manifest.files[name].rows}")


def _may_manifest_build_on(base: BuildsOn) -> bool:
    """Say whether the tables that are kept as changes can be so without the others."""
    tables = set(base.files)
    needed = set(schema.KEYS) - {schema.METRICS_FILE}
    return needed <= tables <= set(schema.CHANGES) and (
        schema.COUNTS_FILE not in tables or schema.EDGES_FILE in tables
    )
