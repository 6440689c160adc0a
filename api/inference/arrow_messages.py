"""Messages of an Arrow IPC stream, looked at before anything is made of them.

Source: https://arrow.apache.org/docs/format/Columnar.html, and its Message.fbs. A compressed
buffer says itself how large it becomes, so a body of kilobytes may become gigabytes. pyarrow
does not tell which are compressed: the flatbuffer before them does, which it has verified.
"""

from __future__ import annotations

import struct

import pyarrow as pa

# Places of fields in their tables.
HEADER, DATA, COMPRESSION = 2, 1, 3
# How Arrow 0.17 said it.
EXPERIMENTAL = b"ARROW:experimental_compression"


def is_compressed(message: pa.Message) -> bool:
    """Tell whether a message has compressed buffers."""
    if message.type == "schema":
        return False
    metadata = message.metadata.to_pybytes()
    if EXPERIMENTAL in metadata:
        return True
    batch = _table(metadata, _follow(metadata, 0), HEADER)
    if message.type == "dictionary" and batch is not None:
        batch = _table(metadata, batch, DATA)
    return batch is not None and _table(metadata, batch, COMPRESSION) is not None


def _table(data: bytes, table: int, field: int) -> int | None:
    """Return where the table in a field of another stands; None if there is none."""
    fields = table - struct.unpack_from("<i", data, table)[0]
    place = 4 + 2 * field
    if place >= struct.unpack_from("<H", data, fields)[0]:
        return None
    offset = struct.unpack_from("<H", data, fields + place)[0]
    return _follow(data, table + offset) if offset else None


def _follow(data: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", data, at)[0])
