"""What is wrong with a record, in BigQuery's words: file, line, position, column, value."""

from __future__ import annotations

from dataclasses import dataclass

from bqemulator.domain.errors import InvalidQueryError

from emulator.external.definition import CsvTable
from emulator.external.files import SourceFile
from emulator.external.records import Record
from emulator.external.values import is_valid


@dataclass(frozen=True)
class Problem:
    """A record that BigQuery refuses, and why."""

    file: SourceFile
    record: Record
    message: str

    def error(self, table: CsvTable, text: str) -> InvalidQueryError:
        """Return the query's error; `text` is the file's, for byte positions."""
        offset = len(text[: self.record.start].encode())
        message = self.message.format_map({"offset": offset, "line": self.record.line})
        return InvalidQueryError(
            f"Error while reading table: {table.label}, error message: {message} "
            f"File: {self.file.uri}"
        )


def problem_of(
    table: CsvTable, file: SourceFile, record: Record, mapping: tuple[int | None, ...]
) -> Problem | None:
    """Return the first thing wrong with a record, or None."""
    message = _shape_problem(table, record, mapping) or _value_problem(table, record, mapping)
    return None if message is None else Problem(file, record, message)


def _shape_problem(table: CsvTable, record: Record, mapping: tuple[int | None, ...]) -> str | None:
    where = "starting at location {offset}; line_number: {line}"
    if record.error is not None:
        return (
            "Error detected while parsing row starting at position: {offset}. "
            f"Error: {_escaped(record.error)}; line_number: {{line}}"
        )
    if not table.control_characters and any("\0" in field for field in record.fields):
        return f"Bad character (ASCII 0) encountered in row {where}"
    if not table.quoted_newlines and any("\n" in field for field in record.fields):
        return (
            "Error detected while parsing row starting at position: {offset}. Error: Missing "
            f"close quote character ({_escaped(table.quote)}); line_number: {{line}} (set "
            "allow_quoted_newlines to read values that span lines)"
        )
    width = max((index for index in mapping if index is not None), default=-1) + 1
    if len(record.fields) > width and not table.ignore_unknown and not table.by_name:
        return (
            f"Too many values in line. Found {len(record.fields)} column(s) while expected "
            f"{width}; row {where}"
        )
    if len(record.fields) < width and not table.jagged_rows:
        return (
            "CSV table references column position "
            f"{width - 1}, but line contains only {len(record.fields)} columns; row {where}"
        )
    return None


def _value_problem(table: CsvTable, record: Record, mapping: tuple[int | None, ...]) -> str | None:
    for position, (column, index) in enumerate(zip(table.columns, mapping, strict=True)):
        value = None if index is None or index >= len(record.fields) else record.fields[index]
        is_null = value is None or (
            index is not None and not record.quoted[index] and value in table.null_markers
        )
        if is_null and column.required:
            return (
                f"Required column value for column index: {position} is missing in row starting "
                "at position: {offset}; line_number: {line} "
                f'column_name: "{column.name}"'
            )
        if not is_null and value is not None and not is_valid(column.type, value):
            shown = _escaped(value if len(value) <= 128 else f"{value[:128]}...")
            return (
                f"Could not parse '{shown}' as {column.type} for field {column.name} (position "
                f"{position}) starting at location {{offset}} with message 'Unable to parse'; "
                f"line_number: {{line}} column_index: {position} "
                f'column_name: "{column.name}" column_type: {column.type} value: "{shown}"'
            )
    return None


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
