"""Cards as they came, one file a model: asked again only when the model has changed since."""

import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec
import zstandard

from lineage.domain.atomic_write import write_atomically
from lineage.errors import StoreError

_LEVEL = 3
_SUFFIX = ".card"


class StoredCard(msgspec.Struct, frozen=True):
    """What the Hub answered when it was asked for one model's card."""

    sha: str | None
    """The model's commit as the listing gave it then."""
    status: int
    """200 where `text` is the card; anything else is why there is none."""
    etag: str = ""
    text: bytes = b""
    """The card's first bytes, as many as are read."""


class _CardHead(msgspec.Struct, frozen=True):
    sha: str | None
    status: int
    etag: str
    size: int
    sha256: str
    """Of the compressed text: a file that was cut by a lost write is no card."""


class CardStore:
    """A folder of cards; a file that is damaged counts as none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> StoredCard | None:
        """Return what was kept for a model; None if there is nothing whole."""
        try:
            data = self._path(key).read_bytes()
        except OSError:
            return None
        return _unpack_card(data)

    def put(self, key: str, card: StoredCard) -> None:
        """Keep an answer in place of the one before.

        Not synced to disk: what a power cut damages is noticed and asked again.
        """
        path = self._path(key)
        try:
            self._make(path.parent)
            with write_atomically(path, sync=False) as file:
                file.write(_pack_card(card))
        except OSError as error:
            raise StoreError(
                f"A card cannot be kept in {self.folder}: {error.strerror}",
                "Free space there, or name another folder with --cache.",
            ) from error

    def _path(self, key: str) -> Path:
        # A hash, so that nothing from the Hub ever becomes a path, and no folder gets too full.
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self.folder / name[:2] / f"{name}{_SUFFIX}"

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError), (self.folder / ".gitignore").open("x") as ignore:
                ignore.write("*\n")


def _pack_card(card: StoredCard) -> bytes:
    frame = zstandard.ZstdCompressor(level=_LEVEL).compress(card.text)
    digest = hashlib.sha256(frame).hexdigest()
    head = _CardHead(card.sha, card.status, card.etag, len(card.text), digest)
    return msgspec.json.encode(head) + b"\n" + frame


def _unpack_card(data: bytes) -> StoredCard | None:
    line, _, frame = data.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=_CardHead)
        if hashlib.sha256(frame).hexdigest() != head.sha256:
            return None
        # Asked first, since decompress reserves whatever size a frame claims.
        if zstandard.frame_content_size(frame) != head.size:
            return None
        text = zstandard.ZstdDecompressor().decompress(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, zstandard.ZstdError):
        return None
    return StoredCard(head.sha, head.status, head.etag, text)
