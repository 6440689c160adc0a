"""What BigQuery accepts as a value of each type in CSV, for Python and for DuckDB.

One regular expression per type says what a value looks like (both engines' dialects agree
on these); DuckDB then converts what matched, and what it cannot convert is refused too.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import date, time

DATE_PART = r"\d{4}-\d{1,2}-\d{1,2}"
TIME_PART = r"\d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,9})?)?"
ZONE = r"( ?(UTC|Z|[+-]\d{1,2}(:?\d{2})?))"
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")

PATTERNS = {
    "INT64": r"[+-]?\d+",
    "FLOAT64": rf"{NUMBER}|[+-]?([iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN])",
    "NUMERIC": NUMBER,
    "BIGNUMERIC": NUMBER,
    "BOOL": "(?i)" + "|".join((*TRUE, *FALSE)),
    "DATE": DATE_PART,
    "DATETIME": rf"{DATE_PART}[ T]{TIME_PART}",
    "TIME": r"\d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,9})?",
    "TIMESTAMP": rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}[ T]{TIME_PART}{ZONE}?|{NUMBER}",
}
DUCKDB_TYPES = {
    "STRING": "VARCHAR",
    "BYTES": "BLOB",
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "NUMERIC": "DECIMAL(38, 9)",
    "BIGNUMERIC": "DECIMAL(38, 18)",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMPTZ",
    "JSON": "JSON",
}
SAMPLE_TIMESTAMP = re.compile(rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}[ T]{TIME_PART}{ZONE}?")
LARGEST_INT = 2**63 - 1


def conversion(kind: str, value: str) -> str:
    """Return DuckDB SQL that converts the text `value`; NULL where it cannot."""
    if kind == "STRING":
        return value
    if kind == "BYTES":
        return f"TRY(from_base64({value}))"
    if kind == "JSON":
        return f"TRY_CAST({value} AS JSON)"
    converted = f"TRY_CAST({value} AS {DUCKDB_TYPES[kind]})"
    if kind == "BOOL":
        names = ", ".join(f"'{name}'" for name in TRUE)
        converted = f"lower({value}) IN ({names})"
    if kind == "TIMESTAMP":
        converted = _timestamp(value)
    return f"CASE WHEN regexp_full_match({value}, '{PATTERNS[kind]}') THEN {converted} END"


def _timestamp(value: str) -> str:
    text = f"regexp_replace(replace({value}, '/', '-'), ' ?(UTC|Z)$', '+00')"
    text = f"regexp_replace({text}, ' ([+-][0-9:]+)$', '\\1')"
    text = f"regexp_replace({text}, '([ T]\\d+:\\d+)($|[+-])', '\\1:00\\2')"
    seconds = f"TRY_CAST({value} AS DOUBLE)"
    scale = (
        f"CASE WHEN abs({seconds}) < 1e11 THEN 1e6 WHEN abs({seconds}) < 1e14 THEN 1e3 ELSE 1 END"
    )
    return (
        f"CASE WHEN regexp_full_match({value}, '{NUMBER}') "
        f"THEN make_timestamptz(CAST({seconds} * {scale} AS BIGINT)) "
        f"ELSE TRY_CAST({text} AS TIMESTAMPTZ) END"
    )


def is_valid(kind: str, value: str) -> bool:
    """Tell whether BigQuery reads `value` as a value of the type."""
    if kind == "STRING":
        return True
    pattern = PATTERNS.get(kind)
    if pattern is not None and not re.fullmatch(pattern, value):
        return False
    try:
        return _converts(kind, value)
    except ValueError:
        return False


def _converts(kind: str, value: str) -> bool:
    if kind == "INT64":
        return -LARGEST_INT - 1 <= int(value) <= LARGEST_INT
    if kind == "BYTES":
        base64.b64decode(value, validate=True)
    elif kind == "JSON":
        json.loads(value)
    elif kind == "DATE":
        _date(value)
    elif kind == "TIME":
        _time(value)
    elif kind in ("DATETIME", "TIMESTAMP") and not re.fullmatch(NUMBER, value):
        day, clock = re.split("[ T]", value, maxsplit=1)
        _date(day.replace("/", "-"))
        _time(re.split("[ Z+U-]", clock)[0])
    return True


def _date(text: str) -> date:
    year, month, day = (int(part) for part in text.split("-"))
    return date(year, month, day)


def _time(text: str) -> time:
    hour, minute, *seconds = text.split(":")
    return time(int(hour), int(minute), int(float(seconds[0])) if seconds else 0)


def detect(values: list[str]) -> str:
    """Return the type that BigQuery's autodetection gives a column with these values."""
    if not values:
        return "STRING"
    tests = {
        "BOOL": lambda text: text.lower() in (*TRUE[:-1], *FALSE[:-1]),
        "INT64": lambda text: is_valid("INT64", text),
        "FLOAT64": lambda text: is_valid("FLOAT64", text),
        "DATE": lambda text: (
            bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and is_valid("DATE", text)
        ),
        "TIME": lambda text: is_valid("TIME", text),
        "TIMESTAMP": lambda text: (
            bool(SAMPLE_TIMESTAMP.fullmatch(text)) and is_valid("TIMESTAMP", text)
        ),
    }
    for kind, test in tests.items():
        if all(test(value) for value in values):
            return kind
    return "STRING"


__all__ = ["DUCKDB_TYPES", "PATTERNS", "conversion", "detect", "is_valid"]
