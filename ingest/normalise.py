"""The normalised file: UTF-8, comma, the contract's order, plain numbers, numbered records."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ingest.columns import ADDED, Column, bare, contract, english
from ingest.dialect import Dialect
from ingest.numbers import Plain
from ingest.records import Record, records


@dataclass(frozen=True)
class Normalised:
    """What was written.

    Parameters
    ----------
    digest : str
        sha256 of the file, hexadecimal.
    records : int
        Records in it.
    malformed : int
        Those with a wrong number of fields; their raw text is kept.
    """

    digest: str
    records: int
    malformed: int


def normalise(path: Path, dialect: Dialect, target: Path) -> Normalised:
    """Write the normal form of a report to `target`; every record is in it."""
    columns = contract()
    plain = Plain(dialect.decimal)
    source = records(path, dialect.encoding, dialect.delimiter, after=dialect.header_line)
    malformed = count = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*(column.name for column in columns), *ADDED])
        for count, record in enumerate(source, start=1):
            if len(record.cells) == dialect.header.width:
                writer.writerow([*_values(record, columns, dialect, plain), count, ""])
            else:
                malformed += 1
                writer.writerow([*("" for _ in columns), count, _unix(record.raw)])
    with target.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return Normalised(digest, count, malformed)


def _values(record: Record, columns: Iterable[Column], dialect: Dialect, plain: Plain) -> list[str]:
    places = dialect.header.places
    return [
        plain(bare(column.name, _unix(record.cells[places[column.name]])))
        if column.is_number
        else english(column.name, _unix(record.cells[places[column.name]]))
        for column in columns
    ]


def _unix(text: str) -> str:
    """Return the text with LF for line breaks; `csv.writer` leaves a lone CR unquoted."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
