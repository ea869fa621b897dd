"""The history as a data set on the Hub: which files it is, and what is still to be sent."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated

import msgspec

from lineage.analysis.cut_tables import list_whole_tables_of_scope
from lineage.domain.files import delete_leftovers, hold_temporary_folder
from lineage.domain.opt_outs import OptOuts
from lineage.errors import SettingsError, SnapshotDamaged, StoreError
from lineage.export.data_set_card import write_card
from lineage.export.data_set_tables import (
    HISTORY,
    LATEST,
    write_data_set_changes,
    write_latest_data_set_table,
)
from lineage.export.hub_repository import (
    Head,
    HubRepository,
    OvertakenCommit,
    has_repository_digest,
)
from lineage.settings import DEFAULT_ENDPOINT
from lineage.store.inventory import list_snapshot_bases
from lineage.store.local_files import LocalFiles
from lineage.store.manifest import FILE, MOST_BYTES, Manifest, SnapshotKind, is_snapshot_below_base
from lineage.store.reader import Snapshot
from lineage.store.redaction import learn_redacted_opt_outs
from lineage.store.store import ParquetStore
from lineage.store.table_writer import delete_tables, write_tables

INDEX = "published.json"
README = "README.md"
_OWN_FILES = frozenset({".gitattributes", INDEX})
_LAYOUT = 1
"""Raised whenever what stands in `history` or `latest` is made in another way."""
_MOST_FILES = 96
"""The Hub asks for fewer than 100 files a commit; the index and the README are among them."""
_MOST_COMMIT_BYTES = 2 * 1024**3
_MOST_ATTEMPTS = 5
_BLOCK = 1 << 20
_ID = r"[0-9]{8}T[0-9]{6}Z"
_PATH = re.compile(rf"(?:snapshots/({_ID})/[^/]+|history/[a-z]+/[0-9]{{4}}/({_ID})\.parquet)")


@dataclass(frozen=True, slots=True)
class Index:
    """What a data set says of itself: enough to know what a publication need not make again."""

    snapshots: Mapping[Annotated[str, msgspec.Meta(pattern=rf"^{_ID}\Z")], str] = field(
        default_factory=dict
    )
    """By id: a digest of everything that a snapshot's files are made from."""
    latest: str = ""
    """The same of the snapshot that `latest` holds; empty while commits are still missing."""
    opt_outs: str = ""
    """Digest of the list whose names stand in no commit; of another one: they are to be dropped."""
    sample: bool = False
    layout: int = _LAYOUT


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publication did."""

    data_set: str
    url: str
    commit: str
    """The data set's head now."""
    snapshot: str
    """The newest."""
    snapshots: int
    sample: bool
    commits: int = 0
    files: int = 0
    """How many were sent."""
    bytes: int = 0
    deleted_files: int = 0
    added: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    """Snapshots that were there and of which files changed."""
    removed: tuple[str, ...] = ()
    """Snapshots that the store holds no more: pruned, or deleted by hand."""
    redacted: tuple[str, ...] = ()
    """Of the added and the rewritten those without models that opted out."""
    dropped_earlier_commits: bool = False


def find_data_set_sample_reason(manifests: Sequence[Manifest]) -> str:
    """Return why snapshots are no census of the Hub; empty where nothing says so."""
    for manifest in manifests:
        if manifest.origin.endpoint.rstrip("/") != DEFAULT_ENDPOINT:
            return f"{manifest.id} was taken from {manifest.origin.endpoint}, not from the Hub"
    if manifests and manifests[-1].origin.kind is SnapshotKind.DUMP:
        return (
            f"{manifests[-1].id} is a dump, which may hold a part of the Hub, and no crawl is newer"
        )
    return ""


@dataclass(slots=True)
class _DataSetCommitBatch:
    """What the next commit is to hold."""

    files: dict[str, Path | bytes] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    snapshots: dict[str, str] = field(default_factory=dict)
    """By id: what the index will say of them; empty for those that are removed."""
    bytes: int = 0

    def __len__(self) -> int:
        return len(self.files) + len(self.deleted)

    def add_all(self, other: "_DataSetCommitBatch") -> None:
        self.files |= other.files
        self.deleted += other.deleted
        self.snapshots |= other.snapshots
        self.bytes += other.bytes

    def has_room(self, other: "_DataSetCommitBatch") -> bool:
        together = self.bytes + other.bytes
        return len(self) + len(other) <= _MOST_FILES and together <= _MOST_COMMIT_BYTES


class DataSetPublisher:
    """Brings a data set to what a store holds; what is there already is not sent again."""

    def __init__(
        self,
        repository: HubRepository,
        store: ParquetStore,
        opt_outs: OptOuts,
        *,
        cache: str,
        sample: bool,
        private: bool,
        say: Callable[[str], None],
    ) -> None:
        """`store` shows everything; what is published names none of `opt_outs`.

        SettingsError where it is a sample that is not to be marked as one, SnapshotDamaged where a
        snapshot cannot be read.
        """
        self._repository, self._sample, self._private, self._say = repository, sample, private, say
        for problem in store.damaged().values():
            raise SnapshotDamaged(
                f"nothing is published while a snapshot is damaged: {problem}",
                "restore it, or delete its folder: lineage snapshots verify --all",
            )
        manifests = [
            manifest for manifest in store.manifests() if not is_snapshot_below_base(manifest)
        ]
        if not manifests:
            store.snapshot()  # says that there is none
        reason = find_data_set_sample_reason(manifests)
        if reason and not sample:
            raise SettingsError(
                f"this store is no census of the Hub: {reason}",
                "to publish it as the sample that it is, add --sample",
            )
        self._opt_outs = opt_outs
        for snapshot in map(store.snapshot, [it.id for it in manifests] if opt_outs else ()):
            # A model has another name in an older snapshot, and the same key.
            self._opt_outs = learn_redacted_opt_outs(snapshot, self._opt_outs)
        self._store = ParquetStore(store.location, self._opt_outs, cache)
        self._manifests = {
            it.id: it for it in self._store.manifests() if not is_snapshot_below_base(it)
        }
        self._previous = dict(zip(self._manifests, [None, *self._manifests], strict=False))
        contents = {id: store.files.read(f"{id}/{FILE}", MOST_BYTES) for id in self._manifests}
        self._marks = {
            id: self._digest_parts(contents[id], contents.get(previous or "", b""))
            for id, previous in self._previous.items()
        }
        self._newest = next(reversed(self._manifests))

    def run(self) -> Publication:
        """Publish; where somebody else's commit comes first, begin anew from that one.

        Raises:
            SettingsError: the data set is not ours, or marked otherwise.
            StoreError: the data set holds newer snapshots than the store.
            SourceError: the Hub refuses or cannot be reached, or others publish all the time.
        """
        for _ in range(_MOST_ATTEMPTS - 1):
            with suppress(OvertakenCommit):
                return self._publish()
            self._say("another publication came first: going on from what is there now")
        return self._publish()

    def _publish(self) -> Publication:
        """Make the commits that are missing on top of the head that is there now."""
        head = self._repository.read_head(private=self._private)
        self._index = self._read_index(head)
        # Its digest stands where every commit is without them; on the way there it is the old one.
        names = self._opt_outs.digest() if self._opt_outs else ""
        if not self._index.snapshots:
            self._index = replace(self._index, opt_outs=names)
        self._done = Publication(
            self._repository.id,
            self._repository.url,
            head.commit,
            self._newest,
            len(self._manifests),
            self._sample,
        )
        delete_leftovers(Path(gettempdir()), delete_tables)
        with ExitStack() as stack:
            self._folder = stack.enter_context(hold_temporary_folder(Path(gettempdir())))
            stack.callback(delete_tables, self._folder)
            batch = _DataSetCommitBatch()
            for part in self._list_parts(head):
                if len(batch) and not batch.has_room(part):
                    self._commit_batch(batch, complete=False)
                    batch = _DataSetCommitBatch()
                batch.add_all(part)
            self._commit_batch(batch, complete=True)
        done = self._done
        if done.redacted:
            self._say(
                f"opt-outs: {len(done.redacted)} of {done.snapshots} snapshots are written anew "
                "without them"
            )
        if self._index.opt_outs != names:
            if names:
                self._say("dropping the earlier commits: they name who opted out since")
                commit = self._repository.drop_earlier_commits(f"snapshot {self._newest}")
                self._note(commit=commit, dropped_earlier_commits=True)
            self._send(_DataSetCommitBatch(), replace(self._index, opt_outs=names), "Opt-outs")
        return self._done

    def _list_parts(self, head: Head) -> Iterator[_DataSetCommitBatch]:
        """Yield what each snapshot needs, the oldest first, then what the newest alone has."""
        present: dict[str, list[str]] = {}
        for path in head.digests:
            if match := _PATH.fullmatch(path):
                present.setdefault(match[1] or match[2], []).append(path)
        known = self._index.snapshots
        for id in sorted({*present, *known, *self._manifests}):
            if id not in self._manifests:
                self._note(removed=(*self._done.removed, id))
                yield _DataSetCommitBatch(deleted=present.get(id, []), snapshots={id: ""})
            elif known.get(id) != self._marks[id]:
                yield self._make_snapshot_part(id, present.get(id, []), head)
        yield self._make_last_part(head)

    def _make_snapshot_part(
        self, id: str, present: Sequence[str], head: Head
    ) -> _DataSetCommitBatch:
        self._say(f"preparing {id}")
        previous = self._previous[id]
        snapshot = self._store.snapshot(id)
        before = None if previous is None else self._store.snapshot(previous)
        files = self._copy_snapshot(snapshot)
        for name in HISTORY:
            path = f"history/{name}/{id[:4]}/{id}.parquet"
            files[path] = write_data_set_changes(
                before, snapshot, name, self._folder / f"{id}.changes"
            )
        sent = {path: it for path, it in files.items() if not _is_file_in_data_set(head, path, it)}
        _delete_staged_data_set_files(it for path, it in files.items() if path not in sent)
        deleted = [path for path in present if path not in files]
        is_redacted = snapshot.unredacted is not None
        if id not in self._index.snapshots:
            self._note(added=(*self._done.added, id))
        elif sent or deleted:
            self._note(rewritten=(*self._done.rewritten, id))
            if is_redacted:  # the commits until now name somebody
                self._index = replace(self._index, opt_outs="")
        if is_redacted:
            self._note(redacted=(*self._done.redacted, id))
        size = sum(it.stat().st_size for it in sent.values())
        return _DataSetCommitBatch(dict(sent), deleted, {id: self._marks[id]}, size)

    def _copy_snapshot(self, snapshot: Snapshot) -> dict[str, Path]:
        """Return the files of a snapshot by path, as they were published, where opt-outs allow."""
        id, folder = snapshot.id, self._folder / snapshot.id
        is_base_rewritten = any(
            self._store.snapshot(base.id).unredacted is not None
            for base in list_snapshot_bases(snapshot.manifest, self._manifests.__getitem__)
        )
        if is_base_rewritten and snapshot.unredacted is None:
            # What it builds on is another file now: it must stand alone.
            write_tables(
                LocalFiles(str(folder), "TMPDIR"),
                list_whole_tables_of_scope(snapshot),
                snapshot.manifest,
            )
        else:
            folder.mkdir()
            for name, facts in snapshot.manifest.files.items():
                digest = hashlib.sha256()
                with (
                    snapshot.files.open_input(f"{id}/{name}") as source,
                    (folder / name).open("wb") as target,
                ):
                    while block := source.read(_BLOCK):
                        digest.update(block)
                        target.write(block)
                if digest.hexdigest() != facts.sha256:
                    raise SnapshotDamaged(
                        f"{id}/{name} is not as it was published",
                        f"see what is wrong with: lineage snapshots verify {id}",
                    )
            # The manifest as it lies there: its fields may be those of an older schema.
            content = snapshot.files.read(f"{id}/{FILE}", MOST_BYTES)
            (folder / FILE).write_bytes(content)
        return {f"snapshots/{id}/{it.name}": it for it in sorted(folder.iterdir())}

    def _make_last_part(self, head: Head) -> _DataSetCommitBatch:
        part = _DataSetCommitBatch()
        manifests = list(self._manifests.values())
        url = self._repository.url
        card = write_card(self._repository.id, url, manifests, sample=self._sample).encode()
        if self._index.latest != self._marks[self._newest]:
            snapshot = self._store.snapshot(self._newest)
            for name in LATEST:
                local = write_latest_data_set_table(snapshot, name, self._folder / "latest")
                path = f"latest/{local.name}"
                if not _is_file_in_data_set(head, path, local):
                    part.files[path] = local
                    part.bytes += local.stat().st_size
        if not _is_file_in_data_set(head, README, card):
            part.files[README] = card
        return part

    def _commit_batch(self, batch: _DataSetCommitBatch, *, complete: bool) -> None:
        snapshots = {**self._index.snapshots, **batch.snapshots}
        index = replace(
            self._index,
            snapshots={id: mark for id, mark in sorted(snapshots.items()) if mark},
            latest=self._marks[self._newest] if complete else "",
            sample=self._sample,
        )
        if not len(batch) and index == self._index:
            return
        kind = "Sample: " if self._sample else ""
        what = self._newest if complete else f"{min(batch.snapshots)} to {max(batch.snapshots)}"
        self._send(batch, index, f"{kind}snapshot{'' if complete else 's'} {what}")
        _delete_staged_data_set_files(batch.files.values())

    def _send(self, batch: _DataSetCommitBatch, index: Index, message: str) -> None:
        content = json.dumps(asdict(index), indent=1).encode() + b"\n"
        files = {**batch.files, INDEX: content}
        self._say(f"sending {len(files)} files, {batch.bytes / 1e6:,.1f} MB")
        commit = self._repository.commit_files(self._done.commit, files, batch.deleted, message)
        self._index = index
        self._note(
            commit=commit,
            commits=self._done.commits + 1,
            files=self._done.files + len(files),
            bytes=self._done.bytes + batch.bytes,
            deleted_files=self._done.deleted_files + len(batch.deleted),
        )

    def _read_index(self, head: Head) -> Index:
        if self._private and not head.is_private:
            raise SettingsError(
                f"{self._repository.url} is public already",
                "make it private in its settings, or leave out --private",
            )
        if INDEX not in head.digests:
            if foreign := sorted(set(head.digests) - _OWN_FILES):
                raise SettingsError(
                    f"{self._repository.url} holds files that lineage did not write: {foreign[0]}",
                    "name a new data set, or delete what is in this one",
                )
            return Index(sample=self._sample)
        content = self._repository.read_small_file(INDEX, head.commit)
        try:
            index = msgspec.json.decode(content, type=Index)
        except (ValueError, RecursionError) as error:
            raise StoreError(
                f"{self._repository.url}: {INDEX} cannot be read: {error}",
                "restore it from an earlier commit",
            ) from error
        if index.layout > _LAYOUT:
            raise StoreError(
                f"{self._repository.url} was published by a newer lineage", "update lineage"
            )
        if index.sample != self._sample:
            is_sample = "is marked as a sample" if index.sample else "is a census"
            raise SettingsError(
                f"{self._repository.url} {is_sample}, and this publication is not",
                "publish samples and censuses to data sets of their own",
            )
        if (theirs := max(index.snapshots, default="")) > self._newest:
            raise StoreError(
                f"{self._repository.url} holds snapshot {theirs}, which is newer than any in this "
                "store",
                "another store is published there: name that one, or another data set",
            )
        return replace(index, layout=_LAYOUT)

    def _digest_parts(self, *contents: bytes) -> str:
        """Return a digest of what a snapshot's files are made from."""
        names = [*self._opt_outs.names, *self._opt_outs.keys, *self._opt_outs.learned]
        digest = hashlib.sha256(json.dumps([_LAYOUT, sorted(names)]).encode())
        for content in contents:
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()

    def _note(self, **changes: object) -> None:
        self._done = replace(self._done, **changes)  # type: ignore[arg-type]


def _is_file_in_data_set(head: Head, path: str, content: Path | bytes) -> bool:
    digest = head.digests.get(path)
    return digest is not None and has_repository_digest(content, digest)


def _delete_staged_data_set_files(contents: Iterable[Path | bytes]) -> None:
    for content in contents:
        if isinstance(content, Path):
            content.unlink()
