"""Checked rows of a request: few are tuples, many are columns.

In either, values stand in the order of the model's input columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.scoring.compiled import Scorer

# Numbers are floats, None is NULL.
Row = tuple[Any, ...]
# From so many rows on, columns are faster.
MANY = 16


@dataclass(frozen=True)
class Table:
    """Rows as a scorer takes many.

    Parameters
    ----------
    columns : sequence of ndarray of shape (n_rows,)
        Numbers with NaN for NULL; of texts their places in the scorer's table.
    texts : sequence of (sequence of str or None) or None
        What the places stand for; None for numbers.
    """

    columns: Sequence[NDArray[Any]]
    texts: Sequence[Sequence[str | None] | None]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.columns[0])

    def row(self, at: int) -> Row:
        """Return one row."""
        pairs = zip(self.columns, self.texts, strict=True)
        return tuple(_number(column[at]) if text is None else text[at] for column, text in pairs)


Batch = Sequence[Row] | Table


def batch_of_rows(rows: Sequence[Row], scorer: Scorer) -> Batch:
    """Return checked rows as they are answered fastest."""
    if len(rows) < MANY:
        return rows
    # Not zip(*rows): it would keep an iterator a row.
    return table_of_lists([[row[at] for row in rows] for at in range(len(rows[0]))], scorer)


def batch_of_lists(lists: Sequence[Sequence[Any]], scorer: Scorer) -> Batch:
    """Return checked columns as they are answered fastest."""
    if len(lists[0]) < MANY:
        return list(zip(*lists, strict=True))
    return table_of_lists(lists, scorer)


def table_of_lists(lists: Sequence[Sequence[Any]], scorer: Scorer) -> Table:
    """Return columns as a scorer takes them."""
    texts = [
        None if words is None else values for words, values in zip(scorer.words, lists, strict=True)
    ]
    return Table(scorer.columns(lists), texts)


def rows_of(batch: Batch) -> Sequence[Row]:
    """Return a batch as rows."""
    return [batch.row(at) for at in range(len(batch))] if isinstance(batch, Table) else batch


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def are_whole(values: NDArray[np.float64]) -> bool:
    """Tell whether all numbers are whole and of 64 bits; NaN is NULL."""
    with np.errstate(invalid="ignore"):
        fit = (values == np.floor(values)) & (values >= -(2.0**63)) & (values < 2.0**63)
    return bool((fit | np.isnan(values)).all())
