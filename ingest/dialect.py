"""A report's dialect: encoding, delimiter, header, decimal mark."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ingest.columns import Header, bare, contract, read_header, recognised
from ingest.errors import HeaderError, RecordError
from ingest.numbers import Evidence, Place
from ingest.records import records
from ingest.text import detect_encoding, lines, open_text

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
DECIMALS = {".": "point", ",": "comma"}
ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}


@dataclass(frozen=True)
class Dialect:
    """How a report is written.

    Parameters
    ----------
    encoding : str
        Python's name of it.
    delimiter, decimal : str
        One character each.
    header : Header
        The columns' places.
    header_line : int
        Line of the header, from 1.
    """

    encoding: str
    delimiter: str
    decimal: str
    header: Header
    header_line: int

    def __str__(self) -> str:
        """Return the dialect in words."""
        return (
            f"{ENCODINGS[self.encoding]}, delimiter {DELIMITERS[self.delimiter]}, "
            f"decimal {DECIMALS[self.decimal]}"
        )


def recognise(path: Path) -> Dialect:
    """Read the whole file once and return its dialect.

    Raises
    ------
    ReportError
        Its subclass says what cannot be taken, where, and what to do.
    """
    if not path.is_file():
        raise RecordError(f"{path}: there is no such file. Give the path of the report's CSV.")
    if path.stat().st_size == 0:
        raise RecordError(f"{path}: the file is empty. Export the report again.")
    encoding = detect_encoding(path)
    delimiter, line, cells = _header(path, encoding)
    header = read_header(cells, file=str(path), line=line)
    decimal = _decimal(path, encoding, delimiter, header, line)
    return Dialect(encoding, delimiter, decimal, header, line)


def _header(path: Path, encoding: str) -> tuple[str, int, list[str]]:
    """Return the delimiter that makes most columns known, and the header's line and cells."""
    number, line = _header_line(path, encoding)
    cells = {d: next(csv.reader(io.StringIO(line, newline=""), delimiter=d)) for d in DELIMITERS}
    best = max(DELIMITERS, key=lambda d: len(recognised(cells[d])))
    if not recognised(cells[best]):
        raise HeaderError(
            f"{path}, line {number}: no column of the report is in the header "
            f"'{line.strip()[:120]}', whether split at comma, semicolon, tab or pipe. "
            f"Expected {', '.join(column.name for column in contract())}."
        )
    return best, number, [cell.strip() for cell in cells[best]]


def _header_line(path: Path, encoding: str) -> tuple[int, str]:
    """Return the first line that is neither blank nor a spreadsheet's `sep=;`."""
    with open_text(path, encoding) as file:
        for number, line in enumerate(islice(lines(file, str(path)), 100), start=1):
            if line.strip(" \r\n\t;,|") and not line.lower().startswith("sep="):
                return number, line
    raise RecordError(f"{path}: the file has no header and no records.")


def _decimal(path: Path, encoding: str, delimiter: str, header: Header, line: int) -> str:
    columns = [(c, header.places[c.name]) for c in contract() if c.is_number]
    evidence, count = Evidence(), 0
    for record in records(path, encoding, delimiter, after=line):
        count += 1
        if len(record.cells) != header.width:
            continue
        for column, at in columns:
            value = bare(column.name, record.cells[at])
            if "." in value or "," in value:
                place = Place(record.line, column.name, value)
                evidence.see(value, place, is_whole=column.type == "INT64")
    if not count:
        raise RecordError(
            f"{path}: the file has a header (line {line}) and no records. Export the report again."
        )
    return evidence.decide(str(path))
