"""BigQuery's types as Arrow batches of the session carry them, and back.

DuckDB's HUGEINT (a sum of INT64) arrives as a decimal without digits after the point, so
that is INT64 here, as BigQuery would say.
"""

from __future__ import annotations

import base64
import decimal
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.data.lost_types import lost_type

NUMERIC = frozenset({"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC"})
CATEGORICAL = frozenset({"STRING", "BOOL", "BYTES", "DATE", "DATETIME", "TIME"})
LABELS = frozenset({*NUMERIC, *CATEGORICAL, "TIMESTAMP"})

_ARROW = {
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "NUMERIC": pa.decimal128(38, 9),
    "BIGNUMERIC": pa.decimal128(38, 18),
    "STRING": pa.string(),
    "BOOL": pa.bool_(),
    "BYTES": pa.binary(),
    "DATE": pa.date32(),
    "DATETIME": pa.timestamp("us"),
    "TIME": pa.time64("us"),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
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
    (pa.types.is_null, "INT64"),
)


def type_name(kind: pa.DataType) -> str:
    """Return BigQuery's name of an Arrow type, e.g. "ARRAY<STRUCT<x INT64>>"."""
    if pa.types.is_dictionary(kind):
        return type_name(kind.value_type)
    if pa.types.is_decimal(kind):
        return "INT64" if kind.scale == 0 else "NUMERIC" if kind.scale <= 9 else "BIGNUMERIC"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz else "DATETIME"
    if is_array(kind):
        return f"ARRAY<{type_name(kind.value_type)}>"
    if pa.types.is_struct(kind):
        fields = (f"{field.name} {type_name(field.type)}" for field in kind)
        return f"STRUCT<{', '.join(fields)}>"
    return next((name for is_kind, name in _NAMES if is_kind(kind)), "BYTES")


def type_of(field: pa.Field) -> str:
    """Return BigQuery's name of a column's type; JSON and GEOGRAPHY only their mark tells apart."""
    kind = lost_type(field)
    if kind is None:
        return type_name(field.type)
    if is_array(field.type):
        structs = pa.types.is_struct(field.type.value_type)
        return f"ARRAY of STRUCT with {kind}" if structs else f"ARRAY<{kind}>"
    return f"STRUCT with {kind}" if pa.types.is_struct(field.type) else kind


def is_array(kind: pa.DataType) -> bool:
    """Whether an Arrow type is BigQuery's ARRAY."""
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type that holds a value of BigQuery type `name`."""
    return _ARROW[name]


def as_text(array: pa.Array) -> pa.Array:
    """Return values as categories are written: CAST AS STRING's form, Base64 for BYTES."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return as_text(pc.cast(array, kind.value_type))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([v and base64.b64encode(v).decode() for v in array.to_pylist()])
    if pa.types.is_timestamp(kind):
        whole = pc.cast(array, pa.timestamp("us", tz=kind.tz), safe=False)
        return _without_zeros(pc.strftime(whole, "%Y-%m-%d %H:%M:%S"))
    if pa.types.is_time(kind):
        return _without_zeros(pc.cast(pc.cast(array, pa.time64("us"), safe=False), pa.string()))
    return pc.cast(array, pa.string())


def _without_zeros(texts: pa.Array) -> pa.Array:
    """Leave a fraction of a second 0, 3 or 6 digits, as CAST AS STRING does."""
    return pc.replace_substring_regex(texts, r"\.0+$|(\.\d{3})000$", r"\1")


def label_text(value: Any) -> str:
    """Return a label value as BigQuery prints it: `true`, `7`, `High`."""
    if isinstance(value, bool):
        return str(value).lower()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def label_value(text: str, name: str) -> Any:
    """Return the label value of type `name` that `label_text` printed as `text`."""
    if name == "BOOL":
        return text == "true"
    readers: dict[str, Any] = {
        "INT64": int,
        "FLOAT64": float,
        "NUMERIC": decimal.Decimal,
        "BIGNUMERIC": decimal.Decimal,
        "BYTES": base64.b64decode,
        "DATE": date.fromisoformat,
        "TIME": time.fromisoformat,
        "DATETIME": datetime.fromisoformat,
        "TIMESTAMP": datetime.fromisoformat,
    }
    return readers.get(name, str)(text)
