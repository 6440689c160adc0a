"""BigQuery's types as Arrow batches of the session carry them, and back.

DuckDB's HUGEINT (a sum of INT64) arrives as a decimal without digits after the point, so
that is INT64 here, as BigQuery would say.
"""

from __future__ import annotations

import decimal
from typing import Any

import pyarrow as pa

NUMERIC = frozenset({"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC"})
CATEGORICAL = frozenset({"STRING", "BOOL"})
LABELS = frozenset({"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "STRING", "BOOL"})

_ARROW = {
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "NUMERIC": pa.decimal128(38, 9),
    "BIGNUMERIC": pa.decimal128(38, 18),
    "STRING": pa.string(),
    "BOOL": pa.bool_(),
}
_NAMES: tuple[tuple[Any, str], ...] = (
    (pa.types.is_boolean, "BOOL"),
    (pa.types.is_integer, "INT64"),
    (pa.types.is_floating, "FLOAT64"),
    (pa.types.is_string, "STRING"),
    (pa.types.is_large_string, "STRING"),
    (pa.types.is_date, "DATE"),
    (pa.types.is_time, "TIME"),
    (pa.types.is_interval, "INTERVAL"),
    (pa.types.is_struct, "STRUCT"),
    (pa.types.is_list, "ARRAY"),
    (pa.types.is_large_list, "ARRAY"),
    (pa.types.is_null, "INT64"),
)


def type_name(field: pa.Field) -> str:
    """Return BigQuery's name of an Arrow field's type, e.g. "INT64"."""
    kind = field.type
    if pa.types.is_dictionary(kind):
        return type_name(pa.field(field.name, kind.value_type))
    if pa.types.is_decimal(kind):
        return "INT64" if kind.scale == 0 else "NUMERIC" if kind.scale <= 9 else "BIGNUMERIC"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz else "DATETIME"
    return next((name for is_kind, name in _NAMES if is_kind(kind)), "BYTES")


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type that holds a label of BigQuery type `name`."""
    return _ARROW[name]


def label_text(value: Any) -> str:
    """Return a label value as BigQuery prints it: `true`, `7`, `High`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def label_value(text: str, name: str) -> Any:
    """Return the label value of type `name` that `label_text` printed as `text`."""
    if name == "BOOL":
        return text == "true"
    readers: dict[str, Any] = {"INT64": int, "FLOAT64": float}
    if name in ("NUMERIC", "BIGNUMERIC"):
        return decimal.Decimal(text)
    return readers.get(name, str)(text)
