"""Puts rows in an order of their own and divides them into training and evaluation rows.

The order comes from a hash of each row's content, so that the same data give the same
model whatever order DuckDB's threads deliver. BigQuery's random split is a fingerprint of
the row too; its exact formula is not published, so the rows chosen here are others.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from emulator.ml.data.columns import Floats
from emulator.ml.data.hashing import Hashes, hash_text, mix

Rows = npt.NDArray[np.int64]

AUTO_LEAST = 500
AUTO_MOST = 50_000
AUTO_EVAL_ROWS = 10_000
DEFAULT_FRACTION = 0.2


def row_order(columns: Iterable[tuple[str, Hashes]], rows: int) -> Rows:
    """Return the order of rows by the hash of their content, names and types of columns.

    Parameters
    ----------
    columns : iterable of (identity, hashes)
        `identity` is name and type of a column, `hashes` its rows' hashes.
    rows : int
        How many rows there are.
    """
    state = np.zeros(rows, dtype=np.uint64)
    for identity, hashes in columns:
        state = mix(state, hashes ^ hash_text(identity))
    return np.argsort(state)


def by_chance(order: Rows, fraction: float | None) -> tuple[Rows, Rows]:
    """Split as RANDOM with `fraction`, or as AUTO_SPLIT without one.

    Returns
    -------
    training, evaluation : arrays of row positions
        `evaluation` is empty below 500 rows if `fraction` is None.
    """
    count = _auto_count(len(order)) if fraction is None else round(fraction * len(order))
    return order[count:], order[:count]


def by_flag(order: Rows, is_training: npt.NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Split as CUSTOM: FALSE trains, TRUE and NULL evaluate."""
    chosen = is_training[order]
    return order[chosen], order[~chosen]


def by_sequence(order: Rows, values: Floats, fraction: float | None) -> tuple[Rows, Rows]:
    """Split as SEQ: the rows from the value at which the last `fraction` begins evaluate.

    Rows below that value and NULLs (NaN) train.
    """
    known = np.sort(values[~np.isnan(values)])
    count = round((DEFAULT_FRACTION if fraction is None else fraction) * len(values))
    if count == 0 or not len(known):
        return order, order[:0]
    threshold = known[max(len(known) - count, 0)]
    evaluates = (values >= threshold)[order]
    return order[~evaluates], order[evaluates]


def _auto_count(rows: int) -> int:
    if rows < AUTO_LEAST:
        return 0
    return round(DEFAULT_FRACTION * rows) if rows <= AUTO_MOST else AUTO_EVAL_ROWS
