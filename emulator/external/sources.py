"""How each file of a table is to be read: in place by `read_csv`, or copied first.

`read_csv` reads a plain file exactly as BigQuery does, in parallel. A file that needs more
(a table that allows bad or jagged records, an encoding other than UTF-8, bytes that are no
UTF-8) is copied record by record into a Parquet file of text, once per version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from emulator.external.definition import CsvTable
from emulator.external.files import SourceFile
from emulator.external.problems import Problem, problem_of
from emulator.external.records import Record, read_records, read_text

Mapping = tuple[int | None, ...]


@dataclass(frozen=True)
class Source:
    """A file made ready.

    Parameters
    ----------
    file : SourceFile
        The object.
    width : int
        Fields of a record.
    mapping : tuple of int or None
        For each column of the table, its field's index; None where the file has none.
    copy : str or None
        Parquet file to read instead, with a column per table column.
    problem : Problem or None
        Why the file cannot be read at all, or the record that is one too many.
    """

    file: SourceFile
    width: int
    mapping: Mapping
    copy: str | None = None
    problem: Problem | None = None
    bad_records: int = 0


def prepare(table: CsvTable, file: SourceFile, cache: Path) -> Source:
    """Look at a file and make it ready to be read."""
    text = read_text(file.path, table)
    delimiter = table.delimiter or ","
    leading = list(islice(read_records(text, delimiter, table.quote), (table.skip or 0) + 1))
    header = leading[table.skip - 1] if table.skip and len(leading) >= table.skip else None
    mapping, problem = _mapping(table, header, file)
    width = len(header.fields) if table.by_name and header else len(table.columns)
    if problem is not None:
        return Source(file, width, mapping, problem=problem)
    if _is_plain(table, file, text, leading):
        return Source(file, width, mapping)
    return _copy(table, file, text, mapping, cache)


def _mapping(
    table: CsvTable, header: Record | None, file: SourceFile
) -> tuple[Mapping, Problem | None]:
    if not table.by_name or header is None:
        return tuple(range(len(table.columns))), None
    names = [name.strip().lower() for name in header.fields]
    cleaned = [_plain_name(name) for name in names]
    mapping = tuple(_index(cleaned, _plain_name(column.name.lower())) for column in table.columns)
    unknown = [name for index, name in enumerate(header.fields) if index not in mapping]
    if unknown and not table.ignore_unknown:
        message = f"Column '{unknown[0]}' of the header row is not in the table's schema."
        return mapping, Problem(file, header, message)
    for column, index in zip(table.columns, mapping, strict=True):
        if index is None and column.required:
            message = f"Required column {column.name} is missing in the header row."
            return mapping, Problem(file, header, message)
    return mapping, None


def _plain_name(name: str) -> str:
    from emulator.external.detection import clean_name

    return clean_name(name)


def _index(names: list[str], name: str) -> int | None:
    return names.index(name) if name in names else None


def _is_plain(table: CsvTable, file: SourceFile, text: str, leading: list[Record]) -> bool:
    if table.jagged_rows or table.ignore_unknown or table.max_bad_records:
        return False
    if table.encoding != "utf-8" or "\ufffd" in text or "\0" in text:
        return False
    if text and "\n" not in text and "\r" in text:
        return False
    skipped = leading[: table.skip or 0]
    return all(record.line == at for at, record in enumerate(skipped, start=1)) and (
        len(leading) <= len(skipped) or leading[-1].line == len(skipped) + 1 or not skipped
    )


def _copy(table: CsvTable, file: SourceFile, text: str, mapping: Mapping, cache: Path) -> Source:
    key = hashlib.sha256(repr((table, file)).encode()).hexdigest()[:32]
    target = cache / f"{key}.parquet"
    columns: list[list[str | None]] = [[] for _ in mapping]
    first, count = None, 0
    for record in islice(records_of(table, text), table.skip or 0, None):
        problem = problem_of(table, file, record, mapping)
        if problem is not None:
            first, count = first or problem, count + 1
            continue
        for column, index in zip(columns, mapping, strict=True):
            column.append(value_of(table, record, index))
    arrays = [pa.array(column, pa.string()) for column in columns]
    cache.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".draft")
    pq.write_table(pa.table(arrays, names=[f"c{at}" for at in range(len(arrays))]), draft)
    draft.replace(target)
    return Source(
        file, len(mapping), tuple(range(len(mapping))), str(target), first, bad_records=count
    )


def records_of(table: CsvTable, text: str) -> Iterator[Record]:
    """Yield a file's records, leading rows included."""
    return read_records(text, table.delimiter or ",", table.quote)


def value_of(table: CsvTable, record: Record, index: int | None) -> str | None:
    """Return a record's value for a column, null markers replaced."""
    if index is None or index >= len(record.fields):
        return None
    value = record.fields[index]
    if not record.quoted[index] and value in table.null_markers:
        return None
    return value
