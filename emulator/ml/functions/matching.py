"""Which columns of two sets of data are compared, and how: drift's and skew's rule.

The manual's: schemas are not validated. A column of one side alone is left out. Where one side
has numbers and the other has not, the Jensen-Shannon divergence leaves the column out and
L-infinity compares values as texts.
"""

from __future__ import annotations

import pyarrow as pa

from emulator.ml.data.plain import PlainColumn, refuse_unknown
from emulator.ml.data.profile import L_INFINITY


def needs_text(first_is_numeric: bool, second: PlainColumn, metric: str) -> bool | None:
    """Return whether two columns are compared as texts, None if they are not compared."""
    if first_is_numeric == second.is_numeric:
        return False
    return True if metric == L_INFINITY and _has_text(second) else None


def selected(schema: pa.Schema, column: PlainColumn, as_text: bool) -> tuple[str, str]:
    """Return the column of a query that holds a plain one, and how it is selected."""
    name = schema.field(column.path[0]).name
    return name, f"CAST(`{name}` AS STRING) AS `{name}`" if as_text else f"`{name}`"


def match(
    base: list[PlainColumn], study: list[PlainColumn], metric: str, function: str
) -> list[tuple[PlainColumn, PlainColumn, bool]]:
    """Return the columns that both sides have, and whether they are compared as texts.

    Raises
    ------
    InputDataError
        If one of them has a type that the function does not take.
    """
    known = {column.name.lower(): column for column in study}
    found = []
    for column in base:
        other = known.get(column.name.lower())
        if other is None:
            continue
        for one in (column, other):
            refuse_unknown(one, function)
        as_text = needs_text(column.is_numeric, other, metric)
        if as_text is None or (as_text and not _has_text(column)):
            continue
        found.append((column, other, as_text))
    return found


def _has_text(column: PlainColumn) -> bool:
    """Whether the values of a column can be cast to STRING where it is selected."""
    return not column.is_array and len(column.path) == 1
