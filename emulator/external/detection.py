"""BigQuery's autodetection for CSV, as far as its manual says it.

The first file is looked at, up to 500 records: delimiter (comma, pipe or tab), header (its
first row is all text while a column below is not), and a type per column.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from emulator.external.definition import Column, CsvTable
from emulator.external.records import Record, read_records, read_text
from emulator.external.values import detect

SAMPLE_RECORDS = 500
DETECTED_DELIMITERS = (",", "|", "\t")


def detect_delimiter(text: str, table: CsvTable) -> str:
    """Return the delimiter that gives most fields in most records."""
    if table.delimiter is not None:
        return table.delimiter

    def fields(delimiter: str) -> tuple[int, int]:
        widths = [len(record.fields) for record in _sample(text, delimiter, table.quote)]
        commonest = max(set(widths), key=widths.count, default=1)
        return (commonest > 1, widths.count(commonest) * commonest)

    return max(DETECTED_DELIMITERS, key=fields)


def detect_schema(path: str, table: CsvTable) -> CsvTable:
    """Return the table with delimiter, leading rows and columns detected from a file."""
    text = read_text(path, table)
    delimiter = detect_delimiter(text, table)
    records = list(_sample(text, delimiter, table.quote))
    skip, header = _header(records, table)
    if table.columns:
        return replace(table, delimiter=delimiter, skip=skip)
    rows = records[skip:]
    width = max((len(record.fields) for record in rows), default=len(header or ()))
    kinds = [detect(_values(rows, index, table)) for index in range(width)]
    names = _names(header, kinds)
    columns = tuple(Column(name, kind) for name, kind in zip(names, kinds, strict=True))
    return replace(table, delimiter=delimiter, skip=skip, columns=columns)


def _sample(text: str, delimiter: str, quote: str) -> list[Record]:
    return list(islice(read_records(text, delimiter, quote), SAMPLE_RECORDS + 1))


def _header(records: list[Record], table: CsvTable) -> tuple[int, tuple[str, ...] | None]:
    """Return how many rows are no data, and the header's names if there is one."""
    if table.skip == 0 or not records:
        return 0, None
    at = (table.skip or 1) - 1
    if at >= len(records):
        return table.skip or 0, None
    names, rows = records[at].fields, records[at + 1 :]
    kinds = [detect(_values(rows, index, table)) for index in range(len(names))]
    only_text = all(_is_text(name, kind) for name, kind in zip(names, kinds, strict=True))
    if table.skip:
        return table.skip, names if only_text else None
    differs = any(kind != "STRING" for kind in kinds)
    return (1, names) if only_text and differs else (0, None)


def _is_text(name: str, below: str) -> bool:
    """Tell whether a first row's value is text; `y` is one unless its column is of BOOL."""
    kind = detect([name]) if name else None
    return kind == "STRING" or (kind == "BOOL" and below != "BOOL")


def _values(records: list[Record], index: int, table: CsvTable) -> list[str]:
    return [
        record.fields[index]
        for record in records
        if index < len(record.fields) and record.fields[index] not in ("", *table.null_markers)
    ]


def _names(header: tuple[str, ...] | None, kinds: list[str]) -> list[str]:
    if header is None or len(header) < len(kinds):
        generic = {"INT64": "int64", "FLOAT64": "double", "BOOL": "bool"}
        return [
            f"{generic.get(kind, kind.lower())}_field_{index}" for index, kind in enumerate(kinds)
        ]
    names: list[str] = []
    for index in range(len(kinds)):
        name = clean_name(header[index]) or f"string_field_{index}"
        while name.lower() in (known.lower() for known in names):
            name = f"{name}_{index}"
        names.append(name)
    return names


def clean_name(text: str) -> str:
    """Return a header's text as a column name: letters, digits and underscores."""
    name = re.sub(r"[^\w]", "_", text.strip(), flags=re.UNICODE)[:300]
    return f"_{name}" if name[:1].isdigit() else name
