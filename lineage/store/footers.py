"""The end of a Parquet file: it says where all lies, and no checksum of Parquet covers it."""

import hashlib

import pyarrow as pa

_MAGIC = b"PAR1"
_TAIL = 8


def footer_digest(source: pa.NativeFile) -> str:
    """Return the SHA-256 of a Parquet file's footer in hex; of no such file an empty string."""
    size = source.size()
    source.seek(max(0, size - _TAIL))
    tail = bytes(source.read(_TAIL))
    length = int.from_bytes(tail[:4], "little") + _TAIL
    if not tail.endswith(_MAGIC) or length > size:
        return ""
    source.seek(size - length)
    return hashlib.sha256(source.read(length)).hexdigest()
