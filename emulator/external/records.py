"""CSV, record by record, as BigQuery reads it: exact and slow.

It stands behind `read_csv`: it detects schemas, finds what is wrong with a record and
where, and reads what `read_csv` does not read as BigQuery does (jagged rows, bad records
to leave out, odd encodings, bytes that are no UTF-8).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.external.definition import CsvTable

BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Record:
    """One record of a file.

    Parameters
    ----------
    line : int
        Line where it begins, from 1.
    start : int
        Index of its first character in the file's text.
    fields : tuple of str
        Values without quotes.
    quoted : tuple of bool
        Which values stood in quotes.
    error : str or None
        What is wrong with its quotes.
    """

    line: int
    start: int
    fields: tuple[str, ...]
    quoted: tuple[bool, ...]
    error: str | None = None


def read_text(path: str, table: CsvTable) -> str:
    """Return a file's text; bytes that do not decode become U+FFFD, as in BigQuery."""
    with open(path, "rb") as stream:
        content = stream.read()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    return content.decode(table.encoding, errors="replace").removeprefix(BYTE_ORDER_MARK)


def read_records(text: str, delimiter: str, quote: str) -> Iterator[Record]:
    """Yield every record that is not blank."""
    position, line = 0, 1
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        row = text[position:end]
        if quote and quote in row:
            record, following = _quoted_record(text, position, line, delimiter, quote)
        else:
            fields = tuple(row.removesuffix("\r").split(delimiter))
            record = Record(line, position, fields, (False,) * len(fields))
            following = end + 1
        if record.fields != ("",) or record.quoted[0]:
            yield record
        line += text.count("\n", position, following)
        position = following


def _quoted_record(
    text: str, start: int, line: int, delimiter: str, quote: str
) -> tuple[Record, int]:
    fields: list[str] = []
    quoted: list[bool] = []
    error = None
    position = start
    while True:
        is_quoted = text.startswith(quote, position)
        if is_quoted:
            value, position, problem = _quoted_value(text, position, delimiter, quote)
            error = error or problem
        else:
            stop = _stop(text, position, delimiter)
            value, position = text[position:stop].removesuffix("\r"), stop
        fields.append(value)
        quoted.append(is_quoted)
        if position >= len(text) or text[position] == "\n":
            return Record(line, start, tuple(fields), tuple(quoted), error), position + 1
        position += 1


def _quoted_value(
    text: str, position: int, delimiter: str, quote: str
) -> tuple[str, int, str | None]:
    begin = position + 1
    end = text.find(quote, begin)
    while end >= 0 and text.startswith(quote, end + 1):
        end = text.find(quote, end + 2)
    if end < 0:
        return text[begin:], len(text), f"Missing close quote character ({quote})."
    value = text[begin:end].replace(quote * 2, quote)
    stop = _stop(text, end + 1, delimiter)
    if text[end + 1 : stop].removesuffix("\r"):
        return value, stop, f"Data between close quote character ({quote}) and field separator."
    return value, stop, None


def _stop(text: str, position: int, delimiter: str) -> int:
    ends = [end for end in (text.find(delimiter, position), text.find("\n", position)) if end >= 0]
    return min(ends, default=len(text))
