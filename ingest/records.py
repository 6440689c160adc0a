"""The records of a report, one after the other, each with its line and its raw text."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import RecordError
from ingest.text import LONGEST_LINE, lines, open_text


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Parameters
    ----------
    line : int
        Line where it begins, from 1.
    cells : list of str
        Its fields; empty if its quotes are broken.
    raw : str
        Its text as in the file, without the line end.
    """

    line: int
    cells: list[str]
    raw: str


class _Lines:
    """Lines for `csv.reader` that remember what the current record consumed."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self.number += 1
        self.taken.append(line)
        return line


def records(path: Path, encoding: str, delimiter: str, *, after: int) -> Iterator[Record]:
    """Yield the records below the header's line `after`; blank ones do not count.

    Raises
    ------
    RecordError
        If a quote is never closed, naming the line where it opened.
    """
    csv.field_size_limit(LONGEST_LINE)
    with open_text(path, encoding) as file:
        source = _Lines(lines(file, str(path)))
        for _ in range(after):
            next(source)
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        while True:
            source.taken.clear()
            start = source.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells = []
                _refuse_open_quote(path, start, source.taken, error)
            if any(cell.strip() for cell in cells) or (not cells and "".join(source.taken).strip()):
                yield Record(start, cells, "".join(source.taken).rstrip("\r\n"))


def _refuse_open_quote(path: Path, line: int, taken: list[str], error: csv.Error) -> None:
    # Broken quotes within one line are that record's; over several they would swallow records.
    if len(taken) > 1 or "unexpected end of data" in str(error) or "field larger" in str(error):
        first = taken[0].rstrip("\r\n")[:80] if taken else ""
        raise RecordError(
            f"{path}, line {line}: a quote opens in the record that begins '{first}' and is never "
            "closed. Close it, or double the quotes inside the field."
        ) from error
