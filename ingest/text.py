"""The report as text: which encoding, and lines that cannot grow without bound."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ingest.errors import EncodingError, RecordError

CHUNK = 1 << 20
# A line of a sales report has some hundred characters.
LONGEST_LINE = 1 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1a"))


def detect_encoding(path: Path) -> str:
    """Return `utf-8-sig` (with or without a byte order mark) or `cp1252`.

    Windows-1252 holds all of Latin-1's letters and is what a spreadsheet writes.

    Raises
    ------
    EncodingError
        If the file is binary, a workbook or UTF-16.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding, offset = "utf-8-sig", 0
    with path.open("rb") as file:
        _refuse_other_formats(path, file.read(8))
        file.seek(0)
        while chunk := file.read(CHUNK):
            _refuse_control_bytes(path, chunk, offset)
            offset += len(chunk)
            if encoding == "utf-8-sig":
                try:
                    decoder.decode(chunk, final=False)
                except UnicodeDecodeError:
                    encoding = "cp1252"
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            encoding = "cp1252"
    return encoding


def open_text(path: Path, encoding: str) -> TextIO:
    """Open for reading with the line ends left as they are."""
    errors = "strict" if encoding == "utf-8-sig" else "replace"
    return path.open(encoding=encoding, errors=errors, newline="")


def lines(file: TextIO, name: str) -> Iterator[str]:
    """Yield each line with its end.

    Raises
    ------
    RecordError
        If a line is longer than `LONGEST_LINE`; no more than that is ever read of it.
    """
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise RecordError(
                f"{name}, line {number}: the line has more than {LONGEST_LINE:,} characters and "
                f"begins '{line[:60]}'. Expected one record a line; export the report again."
            )
        yield line


def _refuse_other_formats(path: Path, head: bytes) -> None:
    if head.startswith(_UTF16):
        raise EncodingError(
            f"{path}: the file is UTF-16. Save it as 'CSV UTF-8' and ingest that file."
        )
    if head.startswith(b"PK\x03\x04") or head.startswith(b"\xd0\xcf\x11\xe0"):
        raise EncodingError(
            f"{path}: the file is a spreadsheet workbook, not CSV. Save it as 'CSV UTF-8'."
        )


def _refuse_control_bytes(path: Path, chunk: bytes, offset: int) -> None:
    rest = chunk.translate(None, delete=_CONTROL)
    if len(rest) == len(chunk):
        return
    at = next(i for i, byte in enumerate(chunk) if byte in _CONTROL)
    utf16 = " It may be UTF-16 without a byte order mark." if chunk[at] == 0 else ""
    raise EncodingError(
        f"{path}: byte {offset + at:,} is {chunk[at : at + 1]!r}, which no text has: the file is "
        f"binary.{utf16} Save the report as 'CSV UTF-8' and ingest that file."
    )
