"""The DuckDB view that stands for an external table.

Two views per table: one as BigQuery shows it, and one that also has `_FILE_NAME`, which
statements that ask for the pseudo column read instead (`pseudo`). A value that does not
convert raises FAILED with the table's name; `problems` then says what and where it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from emulator.external.definition import Column, CsvTable
from emulator.external.sources import Source
from emulator.external.values import DUCKDB_TYPES, conversion

FAILED = "external table cannot be read:"
FILE_NAME = "_FILE_NAME"
HIDDEN_PREFIX = "_files_of_"


def hidden_name(table: str) -> str:
    """Return the name of the view that also has `_FILE_NAME`."""
    return f"{HIDDEN_PREFIX}{table}"


def view_sql(table: CsvTable, sources: Iterable[Source], root: str) -> str:
    """Return the SELECT of the view with `_FILE_NAME`."""
    groups: dict[tuple[object, ...], list[Source]] = defaultdict(list)
    for source in sources:
        groups[(source.mapping, source.width, source.copy is not None)].append(source)
    if not groups:
        return failing_sql(table)
    return "\nUNION ALL\n".join(_select(table, group, root) for group in groups.values())


def failing_sql(table: CsvTable) -> str:
    """Return the SELECT of a table that cannot be read: right columns, an error on reading."""
    columns = ", ".join(
        f"CAST(NULL AS {DUCKDB_TYPES[column.type]}) AS {_name(column.name)}"
        for column in table.columns
    )
    comma = ", " if columns else ""
    failure = _failure(table)
    return (
        f"SELECT {columns}{comma}CAST({failure} AS VARCHAR) AS {FILE_NAME} WHERE {failure} IS NULL"
    )


def _select(table: CsvTable, group: list[Source], root: str) -> str:
    mapping = group[0].mapping
    columns = ", ".join(
        f"{_column(table, column, index)} AS {_name(column.name)}"
        for column, index in zip(table.columns, mapping, strict=True)
    )
    if group[0].copy is not None:
        reads = (
            f"SELECT *, {_text(source.file.uri)} AS {FILE_NAME} "
            f"FROM read_parquet({_text(source.copy or '')})"
            for source in group
        )
        return f"SELECT {columns}, {FILE_NAME} FROM ({' UNION ALL '.join(reads)})"
    uri = f"'gs:/' || substr(filename, {len(root) + 1})"
    return f"SELECT {columns}, {uri} AS {FILE_NAME} FROM {_read_csv(table, group)}"


def _read_csv(table: CsvTable, group: list[Source]) -> str:
    fields = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(group[0].width))
    files = ", ".join(_text(source.file.path) for source in group)
    markers = ", ".join(_text(marker) for marker in table.null_markers)
    return (
        f"read_csv([{files}], columns={{{fields}}}, auto_detect=false, header=false, "
        f"skip={table.skip or 0}, delim={_text(table.delimiter or ',')}, "
        f"quote={_text(table.quote)}, escape={_text(table.quote)}, nullstr=[{markers}], "
        f"allow_quoted_nulls=false, filename=true"
        + (", compression='gzip'" if table.gzip else "")
        + ")"
    )


def _column(table: CsvTable, column: Column, index: int | None) -> str:
    kind = DUCKDB_TYPES[column.type]
    if index is None:
        return f"CAST(NULL AS {kind})"
    value = f'"c{index}"'
    checks = []
    if column.required:
        checks.append(f"WHEN {value} IS NULL THEN {_failure(table)}")
    else:
        checks.append(f"WHEN {value} IS NULL THEN NULL")
    if not table.quoted_newlines and table.quote:
        checks.append(f"WHEN contains({value}, chr(10)) THEN {_failure(table)}")
    if column.type == "STRING":
        if len(checks) == 1 and not column.required:
            return value
        return f"CASE {' '.join(checks)} ELSE {value} END"
    converted = f"coalesce({conversion(column.type, value)}, {_failure(table)})"
    return f"CASE {' '.join(checks)} ELSE {converted} END"


def _failure(table: CsvTable) -> str:
    return f"error({_text(f'{FAILED} ' + '.'.join(table.path))})"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
