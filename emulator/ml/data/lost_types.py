"""The types that Arrow loses: JSON comes as text, GEOGRAPHY as its binary form.

Results and streams have DuckDB's type of each column beside it.
"""

from __future__ import annotations

import re

import pyarrow as pa

_KEY = b"bqemu.duckdb_type"
_NAMES = {"JSON": "JSON", "GEOMETRY": "GEOGRAPHY"}
# As a type it ends there; as the name of a field something follows.
_LOST = re.compile(r"\b(JSON|GEOMETRY)(?=[\[(,)]|$)")


def lost_types(schema: pa.Schema) -> dict[str, str]:
    """Return DuckDB's type of each column that Arrow would lose."""
    kinds = {field.name: duckdb_type(field) for field in schema}
    return {name: kind for name, kind in kinds.items() if _LOST.search(kind)}


def lost_type(field: pa.Field, inner: int | None = None) -> str | None:
    """Return "JSON" or "GEOGRAPHY" if a column, or a field of it, holds such values."""
    kind = duckdb_type(field)
    if inner is not None and kind.startswith("STRUCT("):
        kind = _parts(kind.removeprefix("STRUCT(").removesuffix(")"))[inner]
    found = _LOST.search(kind)
    return None if found is None else _NAMES[found[1]]


def duckdb_type(field: pa.Field) -> str:
    """Return DuckDB's type of a column; empty if it is not beside it."""
    return str((field.metadata or {}).get(_KEY, b"").decode())


def _parts(text: str) -> list[str]:
    """Split `a JSON, "b c" DECIMAL(3,1)` at its outer commas."""
    parts, depth, quoted = [""], 0, False
    for mark in text:
        quoted ^= mark == '"'
        depth += 0 if quoted else (mark == "(") - (mark == ")")
        if mark == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += mark
    return parts
