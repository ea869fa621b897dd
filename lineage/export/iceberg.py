"""Every snapshot of a store as a snapshot of Apache Iceberg tables: registered, nothing copied.

A table of a day is a file, or the files of those that it builds on, position deletes for the rows
that changed since, and the file of the changes. What the tables hold follows from the store alone,
so that a run goes on from the last one, and begins anew where the store or the tables were moved.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from pyiceberg.manifest import ManifestEntryStatus as Status
from pyiceberg.table.snapshots import Snapshot

from lineage.domain.clock import iso
from lineage.domain.opt_outs import OptOuts
from lineage.errors import SettingsError, StoreError
from lineage.export.iceberg_tables import OPT_OUTS, STORE, IcebergTableFile, IcebergTableFolder
from lineage.store import schema
from lineage.store.files import Files
from lineage.store.inventory import list_snapshot_bases
from lineage.store.manifest import FileFacts, Manifest, is_snapshot_below_base
from lineage.store.merged_tables import files_of_table, tables_of
from lineage.store.redaction import needs_redacted_copy
from lineage.store.store import ParquetStore

TABLES = (
    schema.MODELS_FILE,
    schema.METRICS_FILE,
    schema.EVIDENCE_FILE,
    schema.EDGES_FILE,
    schema.COUNTS_FILE,
    schema.TOMBSTONES_FILE,
)
_FIRST_SCHEMA = 4
"""What older ones hold is translated by the reader; a reader of files alone would miss that."""
_SNAPSHOT, _DIGESTS, _DELETES = "lineage.snapshot", "lineage.sha256", "lineage.deletes"
_Present = dict[IcebergTableFile, tuple[int, int]]
"""Files of a snapshot, with number and sequence of the snapshot that added each."""


@dataclass(frozen=True, slots=True)
class IcebergExport:
    """What was registered."""

    snapshots: int
    new: int


def export_iceberg(
    store: ParquetStore, out: Files, opt_outs: OptOuts, tell: Callable[[str], None]
) -> IcebergExport:
    """Register every snapshot of everything that is not registered yet, and drop deleted ones.

    `store` must show all models, also those that opted out: snapshots that name one of
    `opt_outs` are left out. `tell` is called with what is left out, and why.

    Raises:
        SettingsError: addresses that other programs could not follow, or a folder that holds
            other tables.
        StoreError: there is nothing to register.
    """
    origin, target = _iceberg_address_of(store.files), _iceberg_address_of(out)
    if out.folder is None and store.files.folder is not None:
        raise SettingsError(
            f"tables in {target} would point to files of this machine",
            "name a folder with --out, or a store that lies on an object store too",
        )
    folders = [
        IcebergTableFolder(out, file, f"{target}/{file.removesuffix('.parquet')}")
        for file in TABLES
    ]
    properties = {STORE: origin, OPT_OUTS: opt_outs.digest() if opt_outs else ""}
    manifests = {it.id: it for it in store.manifests()}
    former = folders[0].metadata
    is_same_list = former is not None and former.properties.get(OPT_OUTS) == properties[OPT_OUTS]
    known = former.snapshots if former is not None and is_same_list else ()
    clean = {_read_iceberg_summary(it, _SNAPSHOT) for it in known}
    days = _choose_iceberg_snapshots(store, manifests, opt_outs, clean, tell)
    if not days:
        store.snapshot()  # says so where there is none at all
        raise StoreError(
            f"no snapshot in {store.location} can be registered",
            f"take a new one: lineage crawl; and delete {target} if an earlier run wrote it",
        )
    new = [
        _TableHistory(store, manifests, file, folder, properties).register(days)
        for file, folder in zip(TABLES, folders, strict=True)
    ]
    return IcebergExport(len(days), max(new))


def _iceberg_address_of(files: Files) -> str:
    """Return how other programs find a folder or a place in a bucket."""
    address = files.location if files.folder is None else f"file://{files.folder}"
    if not address.isprintable() or any(sign in address for sign in "#?%"):
        raise SettingsError(
            f"{address!r} holds a sign that Iceberg's readers take for something else",
            "use a path without #, ? and %",
        )
    return address


def _choose_iceberg_snapshots(
    store: ParquetStore,
    manifests: Mapping[str, Manifest],
    opt_outs: OptOuts,
    clean: Collection[str],
    tell: Callable[[str], None],
) -> list[Manifest]:
    """Return the snapshots that can be registered, in order of the moment they were taken."""
    for problem in store.damaged().values():
        tell(problem)
    whole = [it for it in manifests.values() if not is_snapshot_below_base(it)]
    days = [it for it in whole if it.schema_version >= _FIRST_SCHEMA]
    if older := len(whole) - len(days):
        tell(
            f"{older} of schema 1 to {_FIRST_SCHEMA - 1} left out: lineage alone reads their words"
        )
    # The file of a base is registered whole, also with rows that an update replaced since.
    naming = {
        it.id
        for it in days
        if it.id not in clean and needs_redacted_copy(store.snapshot(it.id), opt_outs)
    }
    bases = {day.id: list_snapshot_bases(day, manifests.__getitem__) for day in days}
    named = [day for day in days if naming & {it.id for it in (day, *bases[day.id])}]
    if named:
        tell(f"{len(named)} left out: their files name models that opted out")
    chosen = [it for it in days if it not in named]
    return sorted(chosen, key=lambda it: (it.origin.taken_at, it.id))


@dataclass(frozen=True, slots=True)
class _TableHistory:
    """One table over all snapshots, and the folder in which it is registered."""

    store: ParquetStore
    manifests: Mapping[str, Manifest]
    file: str
    folder: IcebergTableFolder
    properties: Mapping[str, str]

    def register(self, days: Sequence[Manifest]) -> int:
        """Register what is not yet; return how many snapshots that were."""
        former = self._find_former()
        snapshots: list[Snapshot] = []
        present: _Present = {}
        for day in days:
            snapshot = former.get(day.id)
            # A dump may be dated back: what comes after it is registered anew.
            if snapshot is None or _read_iceberg_summary(snapshot, _DIGESTS) != self._digests_of(
                day
            ):
                break
            snapshots.append(snapshot)
            number = snapshot.snapshot_id, snapshot.sequence_number or 0
            files = [*self._data_files_of(day), *_read_iceberg_deletes(snapshot)]
            present = {it: present.get(it, number) for it in files}
        new = days[len(snapshots) :]
        metadata = self.folder.metadata
        as_before = {} if metadata is None else metadata.properties
        is_same = not new and len(snapshots) == len(former)
        if is_same and self.properties.items() <= as_before.items():
            return 0
        first = 1 if metadata is None else metadata.last_sequence_number + 1
        for sequence, day in enumerate(new, first):
            parent = snapshots[-1].snapshot_id if snapshots else None
            snapshot, present = self._add_snapshot(day, parent, sequence, present)
            snapshots.append(snapshot)
        self.folder.publish(snapshots, self.properties)
        return len(new)

    def _find_former(self) -> dict[str, Snapshot]:
        """Return what an earlier run registered, where it would register the same today."""
        former = self.folder.metadata
        if (
            former is None
            or former.location != self.folder.address
            or former.properties[STORE] != self.properties[STORE]
            or former.schema() != self.folder.schema
        ):
            return {}
        return {_read_iceberg_summary(it, _SNAPSHOT): it for it in former.snapshots}

    def _facts_of(self, day: Manifest) -> dict[str, FileFacts]:
        """Return by path what the files of the table must look like, the oldest first."""
        paths = [path.partition("/") for path in files_of_table(day, self.file, self.manifests)]
        return {f"{id}/{name}": self.manifests[id].files[name] for id, _, name in paths}

    def _data_files_of(self, day: Manifest) -> list[IcebergTableFile]:
        return [
            IcebergTableFile(f"{self.properties[STORE]}/{path}", facts.rows, facts.bytes)
            for path, facts in self._facts_of(day).items()
        ]

    def _digests_of(self, day: Manifest) -> str:
        return " ".join(facts.sha256 for facts in self._facts_of(day).values())

    def _add_snapshot(
        self, day: Manifest, parent: int | None, sequence: int, present: _Present
    ) -> tuple[Snapshot, _Present]:
        """Write one snapshot; `present` are the files of its parent, and since when."""
        number = int("".join(filter(str.isdigit, day.id)))
        tables = tables_of(self.store.files, day)
        # Opened, so that nothing is registered that was damaged since.
        with tables.open(files_of_table(day, self.file, self.manifests)[-1].partition("/")[2]):
            data, replaced = self._data_files_of(day), tables.find_replaced_rows(self.file)
        deletes = [
            self.folder.write_deletes(number, part, it.address, rows)
            for part, (it, rows) in enumerate(zip(data, replaced, strict=True))
            if len(rows)
        ]
        files = {it: present.get(it, (number, sequence)) for it in [*data, *deletes]}
        entries = [
            it.as_entry(Status.EXISTING if it in present else Status.ADDED, *since)
            for it, since in files.items()
        ]
        # Who reads what changed between two snapshots must see what went.
        gone = {it: since for it, (_, since) in present.items() if it not in files}
        entries += [it.as_entry(Status.DELETED, number, since) for it, since in gone.items()]
        summary = {
            "operation": "append" if parent is None else "overwrite",
            _SNAPSHOT: day.id,
            "lineage.taken-at": iso(day.origin.taken_at),
            _DIGESTS: self._digests_of(day),
            _DELETES: msgspec.json.encode(deletes).decode(),
        }
        snapshot = Snapshot.model_validate(
            {
                "snapshot-id": number,
                "parent-snapshot-id": parent,
                "sequence-number": sequence,
                "timestamp-ms": round(day.origin.taken_at.timestamp() * 1000),
                "manifest-list": self.folder.write_manifests(number, parent, sequence, entries),
                "summary": summary,
                "schema-id": self.folder.schema.schema_id,
            }
        )
        return snapshot, files


def _read_iceberg_summary(snapshot: Snapshot, name: str) -> str:
    return str(snapshot.summary.additional_properties.get(name, "")) if snapshot.summary else ""


def _read_iceberg_deletes(snapshot: Snapshot) -> list[IcebergTableFile]:
    """Return the position deletes of a snapshot that an earlier run registered, if it has any."""
    with suppress(ValueError):
        return msgspec.json.decode(
            _read_iceberg_summary(snapshot, _DELETES), type=list[IcebergTableFile]
        )
    return []
