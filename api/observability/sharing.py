"""What one worker tells the others: a piece of shared memory each.

Whichever worker Prometheus happens to reach tells of all of them. A worker makes a piece of its
own, under the next free number after its parent's, so that nobody waits for a lock; what a worker
that ended had told stays, for counters never go back. The parent takes all away at the end.
"""

from __future__ import annotations

import itertools
import os
import zlib
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory

SIZE = 256 * 1024
HEAD = 8  # length and checksum of what follows
TRIES = 20


class Shared:
    """What a worker tells, and what the others do.

    Parameters
    ----------
    parent : int
        The process whose workers share.

    Raises
    ------
    OSError
        If the system has no shared memory.
    """

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._mine = _made(parent)
        self._others: dict[str, SharedMemory] = {}

    def put(self, content: bytes) -> bool:
        """Tell the others; False if it is too long for that."""
        if len(content) > SIZE - HEAD:
            return False
        memory = _memory(self._mine)
        memory[HEAD : HEAD + len(content)] = content
        memory[:HEAD] = _head(content)
        return True

    def others(self) -> list[bytes]:
        """Return what every other worker told last; one that tells nothing whole is left out."""
        found: list[bytes] = []
        for piece in self._found():
            content = _read(piece)
            if content is not None:
                found.append(content)
        return found

    def _found(self) -> Iterator[SharedMemory]:
        for number in itertools.count():
            name = _name(self._parent, number)
            if name == self._mine.name:
                continue
            if name not in self._others:
                try:
                    self._others[name] = SharedMemory(name)
                except FileNotFoundError:
                    return
            yield self._others[name]

    def close(self) -> None:
        """Let go; what was told stays."""
        for piece in (self._mine, *self._others.values()):
            piece.close()


def take_away(parent: int) -> None:
    """Remove all that the workers of a process told."""
    for piece in _pieces(parent):
        piece.close()
        piece.unlink()


def _pieces(parent: int) -> Iterator[SharedMemory]:
    for number in itertools.count():
        try:
            yield SharedMemory(_name(parent, number))
        except OSError:
            return


def _made(parent: int) -> SharedMemory:
    for number in itertools.count():
        try:
            return SharedMemory(_name(parent, number), create=True, size=SIZE)
        except FileExistsError:
            continue
    raise AssertionError("numbers do not end")


def _memory(piece: SharedMemory) -> memoryview:
    assert piece.buf is not None  # it is only once it is closed
    return piece.buf


def _name(parent: int, number: int) -> str:
    return f"sales-api-{os.getuid()}-{parent}-{number}"


def _head(content: bytes) -> bytes:
    return len(content).to_bytes(4, "little") + zlib.crc32(content).to_bytes(4, "little")


def _read(piece: SharedMemory) -> bytes | None:
    """Return what was told; None if it was being written all the time."""
    memory = _memory(piece)
    for _ in range(TRIES):
        head = bytes(memory[:HEAD])
        content = bytes(memory[HEAD : HEAD + int.from_bytes(head[:4], "little")])
        if content and head == _head(content):
            return content
    return None
