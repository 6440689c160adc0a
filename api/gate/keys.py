"""API keys: the service holds their SHA-256 alone.

A file has one key a line: a name, the hash, and if wanted the last day (UTC) on which it opens.
Several lines may have the same name, so that a key can be renewed before the old one ends. The
file is read anew when it changes. Keys are 256 random bits, which need no slow hash.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from api.errors import SettingsError

PREFIX = "vendas_"
LOOK_SECONDS = 1.0
LINE = re.compile(r"([A-Za-z0-9_.@-]{1,64})\s+([0-9a-f]{64})(?:\s+(\d{4}-\d{2}-\d{2}))?")
logger = logging.getLogger("api")


@dataclass(frozen=True)
class Key:
    """Whose a key is, and until when."""

    name: str
    until: date | None


class Keys:
    """The keys of a file.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    SettingsError
        If it cannot be read now or has no key; later that is logged, and the last ones hold.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._look()
        self._keys = read_keys(path)
        self._next = time.monotonic() + LOOK_SECONDS

    def owner(self, key: bytes) -> str | None:
        """Return whose key this is; None if it opens nothing."""
        if time.monotonic() >= self._next:
            self._renew()
        found = self._keys.get(hashlib.sha256(key).hexdigest())
        if found is None:
            return None
        if found.until is not None and datetime.now(UTC).date() > found.until:
            return None
        return found.name

    def _renew(self) -> None:
        self._next = time.monotonic() + LOOK_SECONDS
        stamp = self._look()
        if stamp == self._stamp:
            return
        try:
            self._keys, self._stamp = read_keys(self._path), stamp
        except SettingsError as error:
            self._stamp = stamp
            logger.warning("%s The keys read before still open.", error)
        else:
            logger.info("The API keys were read anew: %d.", len(self._keys))

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size


def read_keys(path: Path) -> dict[str, Key]:
    """Return the keys of a file by their hash.

    Raises
    ------
    SettingsError
        With the line that is wrong.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The API keys in '{path}' cannot be read: {error}.") from None
    keys: dict[str, Key] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.split("#", 1)[0].strip()
        if not content:
            continue
        found = LINE.fullmatch(content)
        try:
            until = date.fromisoformat(found[3]) if found and found[3] else None
        except ValueError:
            found = None
        if found is None:
            raise SettingsError(
                f"'{path}', line {number}: expected a name, the SHA-256 of a key in 64 hex digits "
                "and, if wanted, its last day as YYYY-MM-DD (see `python -m api new-key NAME`)."
            )
        keys[found[2]] = Key(found[1], until)
    if not keys:
        raise SettingsError(f"'{path}' has no API key; `python -m api new-key NAME` makes one.")
    return keys


def new_key(name: str) -> tuple[str, str]:
    """Return a new key, and its line for the file.

    Raises
    ------
    SettingsError
        If the name is none.
    """
    key = PREFIX + secrets.token_urlsafe(32)
    line = f"{name} {hashlib.sha256(key.encode()).hexdigest()}"
    if not LINE.fullmatch(line):
        raise SettingsError(
            f"{name!r} is no name for a key; expected up to 64 letters, digits or any of _.@-"
        )
    return key, line
