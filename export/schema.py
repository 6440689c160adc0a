"""Check a value against the part of JSON Schema that the manifest uses.

The API image holds no JSON Schema library, and the schema file must stay the one place that
says what a manifest is. A keyword that is not known here is an error, so that the schema
cannot grow past its checker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

ANNOTATIONS = {"$schema", "$defs", "title", "description"}
TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
}


def problem(value: Any, schema: Mapping[str, Any]) -> str | None:
    """Return the first thing wrong with a value, or None.

    Parameters
    ----------
    value : object
        What `json.loads` returned.
    schema : mapping
        The whole schema; references look into its `$defs`.

    Returns
    -------
    str or None
        Where it is, what is there and what was expected.
    """
    return _problem(value, schema, schema, "$")


def _problem(
    value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], where: str
) -> str | None:
    for keyword, argument in schema.items():
        if keyword in ANNOTATIONS:
            continue
        if keyword == "$ref":
            found = _problem(value, root["$defs"][argument.rsplit("/", 1)[-1]], root, where)
        elif keyword in CHILDREN:
            found = CHILDREN[keyword](value, argument, schema, root, where)
        else:
            holds, expected = CHECKS[keyword](value, argument)
            found = None if holds else f"{where} is {value!r:.80}; expected {expected}"
        if found:
            return found
    return None


def _type(value: Any, names: str | list[str]) -> tuple[bool, str]:
    allowed = [names] if isinstance(names, str) else names
    return any(TYPES[name](value) for name in allowed), " or ".join(allowed)


def _pattern(value: Any, pattern: str) -> tuple[bool, str]:
    holds = not isinstance(value, str) or re.search(pattern, value) is not None
    return holds, f"text that matches {pattern}"


def _required(value: Any, names: list[str]) -> tuple[bool, str]:
    missing = [n for n in names if n not in value] if isinstance(value, dict) else []
    return not missing, "the key " + ", ".join(repr(name) for name in missing)


CHECKS: dict[str, Callable[[Any, Any], tuple[bool, str]]] = {
    "type": _type,
    "pattern": _pattern,
    "required": _required,
    "const": lambda value, want: (value == want and type(value) is type(want), repr(want)),
    "enum": lambda value, allowed: (value in allowed, " or ".join(map(repr, allowed))),
    "minimum": lambda value, least: (
        not TYPES["number"](value) or value >= least,
        f"{least} or more",
    ),
    "minItems": lambda value, n: (not isinstance(value, list) or len(value) >= n, f"{n} or more"),
    "maxItems": lambda value, n: (not isinstance(value, list) or len(value) <= n, f"{n} or fewer"),
}


def _properties(
    value: Any,
    properties: Mapping[str, Any],
    schema: Mapping[str, Any],
    root: Mapping[str, Any],
    where: str,
) -> str | None:
    if not isinstance(value, dict):
        return None
    present = (name for name in properties if name in value)
    checks = (_problem(value[name], properties[name], root, f"{where}.{name}") for name in present)
    return next((found for found in checks if found), None)


def _additional(
    value: Any, rule: Any, schema: Mapping[str, Any], root: Mapping[str, Any], where: str
) -> str | None:
    if not isinstance(value, dict):
        return None
    for name in value.keys() - schema.get("properties", {}).keys():
        if rule is False:
            return f"{where} has the unknown key {name!r}"
        if found := _problem(value[name], rule, root, f"{where}.{name}"):
            return found
    return None


def _items(
    value: Any, rule: Any, schema: Mapping[str, Any], root: Mapping[str, Any], where: str
) -> str | None:
    entries = enumerate(value) if isinstance(value, list) else ()
    checks = (_problem(entry, rule, root, f"{where}[{index}]") for index, entry in entries)
    return next((found for found in checks if found), None)


CHILDREN: dict[str, Callable[..., str | None]] = {
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
}
