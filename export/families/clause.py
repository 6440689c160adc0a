"""The TRANSFORM clause of a model: what each feature is made by, and with which statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from export.errors import UnsupportedError

SCALERS = ("STANDARD_SCALER", "MIN_MAX_SCALER", "MAX_ABS_SCALER", "ROBUST_SCALER")
BUCKETS = ("BUCKETIZE", "QUANTILE_BUCKETIZE")
ENCODERS = ("LABEL_ENCODER", "ONE_HOT_ENCODER")


@dataclass(frozen=True)
class Made:
    """A feature that the clause makes of one input column.

    Parameters
    ----------
    name, source : str
        The feature, and the column of the training query.
    function : str
        Of BigQuery ML, without "ML."; empty where the column passes as it is.
    arguments : tuple of sqlglot expressions
        Those after the column.
    """

    name: str
    source: str
    function: str
    arguments: tuple[exp.Expr, ...] = ()


@dataclass(frozen=True)
class Scale:
    """`(x - origin) / spread`, kept within 0 and 1 if it is clipped."""

    origin: float
    spread: float
    clipped: bool


@dataclass(frozen=True)
class Fill:
    """What a NULL becomes."""

    value: float


@dataclass(frozen=True)
class Buckets:
    """Ascending points at which the next bucket begins, and the names of all buckets."""

    points: tuple[float, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """Words in the order of their index, which starts at 1; NULL and any other word are 0.

    Parameters
    ----------
    words : tuple of str
    dropped : int or None
        The index whose value ONE_HOT_ENCODER leaves 0.
    """

    words: tuple[str, ...]
    dropped: int | None = None


Learned = Scale | Fill | Buckets | Vocabulary | None


def read_clause(expressions: Sequence[tuple[str, str]], kept: Sequence[str]) -> list[Made]:
    """Read the expressions of a clause.

    Parameters
    ----------
    expressions : sequence of (name, SQL)
        As the model's `transformColumns` has them.
    kept : sequence of str
        Columns that are no features, such as the label.

    Raises
    ------
    UnsupportedError
        If scikit-learn has no step for an expression.
    """
    left_out = {name.lower() for name in kept}
    return [_made(name, sql) for name, sql in expressions if name.lower() not in left_out]


def _made(name: str, sql: str) -> Made:
    tree: exp.Expr = sqlglot.parse_one(sql, read="bigquery")
    if isinstance(tree, exp.Alias):
        tree = tree.this
    if isinstance(tree, exp.Column) and not tree.table:
        return Made(name, tree.name, "")
    if isinstance(tree, exp.Window):
        tree = tree.this
    call = tree.expression if isinstance(tree, exp.Dot) and tree.this.name.lower() == "ml" else None
    if isinstance(call, exp.Anonymous) and call.expressions:
        function, (column, *rest) = call.name.upper(), call.expressions
        known = (*SCALERS, *BUCKETS, *ENCODERS, "IMPUTER")
        if function in known and isinstance(column, exp.Column) and not column.table:
            return Made(name, column.name, function, tuple(rest))
    raise UnsupportedError(
        f'The TRANSFORM clause makes "{name}" by `{sql}`; the export rebuilds columns as they are '
        f"and, of one column each, {', '.join((*SCALERS, *BUCKETS, *ENCODERS, 'IMPUTER'))}. Do "
        "the rest in the training query."
    )
