"""BigQuery's types as the REST API writes them (StandardSqlField)."""

from __future__ import annotations

from typing import Any


def column_of(name: str, kind: str) -> dict[str, Any]:
    """Return a column with its type, e.g. {"name": "x", "type": {"typeKind": "INT64"}}."""
    return {"name": name, "type": _type(kind)}


def _type(kind: str) -> dict[str, Any]:
    if kind.startswith("ARRAY<"):
        return {"typeKind": "ARRAY", "arrayElementType": _type(kind[6:-1])}
    if kind.startswith("STRUCT<"):
        pairs = (one.split(" ", 1) for one in _split(kind[7:-1]))
        fields = [column_of(name, inner) for name, inner in pairs]
        return {"typeKind": "STRUCT", "structType": {"fields": fields}}
    return {"typeKind": kind}


def _split(text: str) -> list[str]:
    """Split at the commas that are in no brackets."""
    parts, depth, start = [], 0, 0
    for at, mark in enumerate(text):
        depth += (mark == "<") - (mark == ">")
        if mark == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 2
    return [*parts, text[start:]]
