"""One table of Apache Iceberg in a folder: its schema, manifests, position deletes and metadata.

Sources: the table specification, https://iceberg.apache.org/spec/, version 2; the folder is laid
out as Iceberg's Hadoop tables are: `metadata/version-hint.text` names the newest metadata.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO, UnsupportedOperation
from typing import NoReturn, Self
from uuid import NAMESPACE_URL, uuid5

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.conversions import to_bytes
from pyiceberg.io import OutputFile
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.partitioning import PARTITION_FIELD_ID_START, UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadataV2
from pyiceberg.table.name_mapping import MappedField, NameMapping, create_mapping_from_schema
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.typedef import Record
from pyiceberg.types import (
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from lineage.domain.arrays import Int64s
from lineage.errors import SettingsError
from lineage.store import schema
from lineage.store.files import Files

STORE = "lineage.store"
"""The property that names the store whose files a table registers; only our tables have it."""
OPT_OUTS = "lineage.opt-outs"
_MAPPING = "schema.name-mapping.default"
_HINT = "metadata/version-hint.text"
_MOST_BYTES = 64 << 20
_STEM = re.compile(r"/snap-([0-9]{14}-[0-9]+)\.avro\Z")
_FILES_OF_A_SNAPSHOT = (
    "metadata/snap-{}.avro",
    "metadata/data-{}.avro",
    "metadata/deletes-{}.avro",
    # Of each file but the newest: a day is read from five at most.
    *(f"data/deletes-{part}-{{}}.parquet" for part in range(5)),
)
_ELEMENTS = 1000
"""From here on the elements of lists have their numbers, so that columns may be added."""
_UNREGISTERED = frozenset({"node", "child_node", "parent_node"})
"""Numbers of nodes hold for one day: rows that a later day has from its base bear the base's."""
_PATH, _POSITION = 2147483546, 2147483545
"""The specification's numbers for the columns of position deletes."""
_DELETES = pa.schema(
    [
        pa.field("file_path", pa.string(), False, {"PARQUET:field_id": str(_PATH)}),
        pa.field("pos", pa.int64(), False, {"PARQUET:field_id": str(_POSITION)}),
    ]
)
_TYPES: Mapping[pa.DataType, IcebergType] = {
    pa.string(): StringType(),
    pa.int32(): IntegerType(),
    pa.int64(): LongType(),
    pa.timestamp("us", "UTC"): TimestamptzType(),
}


def iceberg_schema(file: str) -> Schema:
    """Return a table's schema; columns are numbered by their place in the store's."""
    fields, changes = [], _schema_of_changes(file)
    for number, column in enumerate(schema.TABLES[file], 1):
        kind = _TYPES.get(column.type) or ListType(_ELEMENTS + number, StringType(), False)
        may_be_null = column.nullable or changes.field(column.name).nullable
        if column.name not in _UNREGISTERED:
            fields.append(NestedField(number, column.name, kind, required=not may_be_null))
    return Schema(*fields)


def _schema_of_changes(file: str) -> pa.Schema:
    return schema.UPDATE_TABLES[schema.CHANGES.get(file, file)]


def map_column_names(file: str, fields: Schema) -> NameMapping:
    """Return the numbers of the columns in the store's files, by their names.

    Columns that are in no schema have numbers too: pyiceberg refuses a file with one without.
    """
    names = {*schema.TABLES[file].names, *_schema_of_changes(file).names}
    more = [
        MappedField.model_validate({"field-id": number, "names": [name]})
        for number, name in enumerate(sorted(names - set(fields.column_names)), 2 * _ELEMENTS)
    ]
    return NameMapping([*create_mapping_from_schema(fields).root, *more])


@dataclass(frozen=True, slots=True)
class IcebergTableFile:
    """A file of a table as its manifests have it."""

    address: str
    rows: int
    bytes: int
    deletes_in: str = ""
    """The file whose rows it deletes, where it holds position deletes."""

    def as_entry(self, status: ManifestEntryStatus, snapshot: int, sequence: int) -> ManifestEntry:
        """Return its line of a manifest; of an added file the manifest list says the sequence."""
        is_data, is_added = not self.deletes_in, status is ManifestEntryStatus.ADDED
        bounds = None if is_data else {_PATH: to_bytes(StringType(), self.deletes_in)}
        return ManifestEntry.from_args(
            status=status,
            snapshot_id=snapshot,
            sequence_number=None if is_added else sequence,
            file_sequence_number=None if is_added else sequence,
            # Bounds of columns would help to choose among files, and there are five at most.
            data_file=DataFile.from_args(
                content=DataFileContent.DATA if is_data else DataFileContent.POSITION_DELETES,
                file_path=self.address,
                file_format=FileFormat.PARQUET,
                partition=Record(),
                record_count=self.rows,
                file_size_in_bytes=self.bytes,
                lower_bounds=bounds,
                upper_bounds=bounds,
            ),
        )


class IcebergTableFolder:
    """The folder of one table: what was written there, and the next version of it."""

    def __init__(self, out: Files, file: str, address: str) -> None:
        """`address` is how other programs find the folder."""
        self.address = address
        self._out, self._name = out, file.removesuffix(".parquet")
        self.schema = iceberg_schema(file)
        self.mapping = map_column_names(file, self.schema)
        self.version, self.metadata = self._read_table_metadata()

    def write_deletes(
        self, snapshot: int, part: int, address: str, rows: Int64s
    ) -> IcebergTableFile:
        """Write which rows of a file hold no more; `part` is its place among them."""
        table = pa.table([pa.repeat(address, len(rows)), pa.array(rows)], _DELETES)
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer, compression="zstd", use_dictionary=["file_path"])
        content = buffer.getvalue().to_pybytes()
        path = f"data/deletes-{part}-{snapshot}-{self.version + 1}.parquet"
        self._write(path, content)
        return IcebergTableFile(f"{self.address}/{path}", len(rows), len(content), address)

    def write_manifests(
        self, snapshot: int, parent: int | None, sequence: int, entries: Sequence[ManifestEntry]
    ) -> str:
        """Write what a snapshot consists of; return the address of its manifest list."""
        manifests = []
        for content in ManifestContent:
            is_data = content is ManifestContent.DATA
            part = [
                it for it in entries if (it.data_file.content == DataFileContent.DATA) == is_data
            ]
            if part:
                with self._write_avro(content.name.lower(), snapshot) as target:
                    with _IcebergContentWriter(content, self.schema, target, snapshot) as writer:
                        for entry in part:
                            writer.add_entry(entry)
                    manifests.append(writer.to_manifest_file())
        with (
            self._write_avro("snap", snapshot) as target,
            write_manifest_list(2, target, snapshot, parent, sequence, "deflate") as lists,
        ):
            lists.add_manifests(manifests)
        return target.location

    def publish(self, snapshots: Sequence[Snapshot], properties: Mapping[str, str]) -> None:
        """Write the next version with these snapshots, oldest first, and delete what it has not."""
        newest, sequences = snapshots[-1], [it.sequence_number or 0 for it in snapshots]
        if self.metadata is not None:
            sequences.append(self.metadata.last_sequence_number)
        log = [{"snapshot-id": it.snapshot_id, "timestamp-ms": it.timestamp_ms} for it in snapshots]
        metadata = TableMetadataV2.model_validate(
            {
                "location": self.address,
                "table-uuid": uuid5(NAMESPACE_URL, self.address),
                "last-sequence-number": max(sequences),
                "last-updated-ms": newest.timestamp_ms,
                "last-column-id": 3 * _ELEMENTS,
                "schemas": [self.schema],
                "current-schema-id": self.schema.schema_id,
                "partition-specs": [UNPARTITIONED_PARTITION_SPEC],
                "last-partition-id": PARTITION_FIELD_ID_START - 1,
                "sort-orders": [UNSORTED_SORT_ORDER],
                "properties": {**properties, _MAPPING: self.mapping.model_dump_json()},
                "current-snapshot-id": newest.snapshot_id,
                "snapshots": snapshots,
                "snapshot-log": log,
                "refs": {"main": {"snapshot-id": newest.snapshot_id, "type": "branch"}},
            }
        )
        self._write(_metadata_file(self.version + 1), metadata.model_dump_json().encode())
        self._write(_HINT, str(self.version + 1).encode())
        # What only former snapshots need, and all metadata but the last two.
        needed = {it.manifest_list for it in snapshots}
        for it in self.metadata.snapshots if self.metadata is not None else ():
            # Whatever the former metadata name: only files with names of ours, in this folder.
            if it.manifest_list not in needed and (stem := _STEM.search(it.manifest_list)):
                for path in _FILES_OF_A_SNAPSHOT:
                    self._out.delete_file(f"{self._name}/{path.format(stem[1])}")
        self._out.delete_file(f"{self._name}/{_metadata_file(self.version - 1)}")

    def _read_table_metadata(self) -> tuple[int, TableMetadataV2 | None]:
        """Return the newest version and its metadata; 0 and None where no table is yet."""
        hint = self._out.read_fresh(f"{self._name}/{_HINT}", 100)
        if hint is None:
            return 0, None
        with suppress(ValueError):
            version = int(hint)
            content = self._out.read_fresh(f"{self._name}/{_metadata_file(version)}", _MOST_BYTES)
            metadata = TableMetadataV2.model_validate_json(content or b"")
            if STORE in metadata.properties:
                return version, metadata
        raise SettingsError(
            f"{self.address} holds a table that this command did not write",
            "name another folder with --out",
        )

    @contextmanager
    def _write_avro(self, kind: str, snapshot: int) -> Iterator["_AvroFile"]:
        path = f"metadata/{kind}-{snapshot}-{self.version + 1}.avro"
        target = _AvroFile(f"{self.address}/{path}")
        yield target
        self._write(path, target.getvalue())

    def _write(self, path: str, content: bytes) -> None:
        self._out.write_whole(f"{self._name}/{path}", content)


def _metadata_file(version: int) -> str:
    return f"metadata/v{version}.metadata.json"


class _AvroFile(BytesIO, OutputFile):
    """What pyiceberg writes, in memory: the store's own door writes it, whole, to where it goes."""

    def __init__(self, location: str) -> None:
        super().__init__()
        self._location = location

    def __len__(self) -> int:
        return self.getbuffer().nbytes

    def exists(self) -> bool:
        return False

    def to_input_file(self) -> NoReturn:
        raise UnsupportedOperation("a manifest is written here and never read")

    def create(self, overwrite: bool = False) -> Self:
        return self

    def close(self) -> None:
        """Keep what was written."""


class _IcebergContentWriter(ManifestWriterV2):
    """Writes a manifest of data files or of deletes; pyiceberg's own writes the former alone."""

    def __init__(
        self, content: ManifestContent, schema: Schema, target: OutputFile, snapshot: int
    ) -> None:
        super().__init__(UNPARTITIONED_PARTITION_SPEC, schema, target, snapshot, "deflate")
        self._content = content

    def content(self) -> ManifestContent:
        return self._content

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": self._content.name.lower()}
