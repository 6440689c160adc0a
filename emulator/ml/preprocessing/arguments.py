"""What a preprocessing function is, and how it reads its constant arguments.

A function turns argument expressions into one expression of DuckDB macros. An analytic one
first names its aggregates over all rows and makes statistics of them; who calls it decides
where these come from: windows in a query, or values that training kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from emulator.ml.errors import StatementError


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call, and the function's name for messages."""

    function: str
    values: Sequence[exp.Expr]

    def __getitem__(self, index: int) -> exp.Expr:
        """Return a copy of the argument, to stand in an expression of its own."""
        return self.values[index].copy()

    def number(self, index: int) -> exp.Expr:
        """Return an argument as FLOAT64, an error when it runs if it is no number."""
        return number(self[index], self.function)

    def text(self, index: int) -> exp.Expr:
        """Return an argument that is a STRING, an error when it runs if it is none."""
        return text(self[index], self.function)

    def texts(self, index: int) -> exp.Expr:
        """Return an argument that is an ARRAY<STRING>, an error when it runs if it is none."""
        return call("bq_ml_as_strings", self[index], self.function)

    def integer(self, index: int, name: str, default: int, least: int, most: int) -> int:
        """Return a constant INT64 within bounds."""
        if index >= len(self.values):
            return default
        value = constant(self.values[index])
        sign = -1 if isinstance(value, exp.Neg) else 1
        literal = value.this if isinstance(value, exp.Neg) else value
        if not (isinstance(literal, exp.Literal) and literal.is_int):
            raise self.bad(index, name, "a constant INT64")
        number = sign * int(literal.this)
        if not least <= number <= most:
            raise self.bad(index, name, f"an INT64 from {least} to {most}")
        return number

    def pair(self, index: int) -> Arguments | None:
        """Return the elements of a constant array of two, None if the argument is none."""
        array = constant(self.values[index])
        if not isinstance(array, exp.Array) or len(array.expressions) != 2:
            return None
        return Arguments(self.function, array.expressions)

    def boolean(self, index: int, name: str, default: bool) -> bool:
        """Return a constant BOOL."""
        if index >= len(self.values):
            return default
        value = constant(self.values[index])
        if not isinstance(value, exp.Boolean):
            raise self.bad(index, name, "TRUE or FALSE")
        return bool(value.this)

    def choice(self, index: int, name: str, choices: Sequence[str]) -> str:
        """Return a constant STRING out of the choices, in their spelling; the first by default."""
        if index >= len(self.values):
            return choices[0]
        value = constant(self.values[index])
        by_name = {choice.lower(): choice for choice in choices}
        if not value.is_string or value.name.lower() not in by_name:
            raise self.bad(index, name, f"one of {', '.join(map(repr, choices))}")
        return by_name[value.name.lower()]

    def bad(self, index: int, name: str, expected: str) -> StatementError:
        """Return the error of an argument that is not what it must be."""
        found = self.values[index].sql(dialect="bigquery")
        return StatementError(f'ML.{self.function}: {name} is "{found}", expected {expected}.')


Aggregates = Callable[[Arguments], tuple[exp.Expr, ...]]
Write = Callable[[Arguments, Sequence[exp.Expr]], exp.Expr]
Summary = Callable[[Arguments, Sequence[exp.Expr]], tuple[exp.Expr, ...]]


def _as_they_are(_: Arguments, aggregates: Sequence[exp.Expr]) -> tuple[exp.Expr, ...]:
    return tuple(aggregates)


@dataclass(frozen=True)
class Function:
    """One function of the manual.

    Parameters
    ----------
    name : str
        Without "ML.".
    least, most : int
        How many arguments it takes.
    write : callable
        From arguments and statistics to the expression.
    aggregates : callable or None
        From arguments to aggregates over all rows; None for a scalar function.
    statistics : callable
        From arguments and the aggregates' values to what `write` needs.
    digits : int or None
        Significant digits that a TRANSFORM clause keeps of its statistics; None for all.
    collects : bool
        Whether its statistics grow with the rows, such as a vocabulary: as windows they would be
        copied for each row.
    constants : tuple of int
        Which arguments must be constants.
    """

    name: str
    least: int
    most: int
    write: Write
    aggregates: Aggregates | None = None
    statistics: Summary = _as_they_are
    digits: int | None = None
    collects: bool = False
    constants: tuple[int, ...] = ()


def call(name: str, *arguments: exp.Expr | str | int | float) -> exp.Expr:
    """Return a call; Python values become literals."""
    values = [one if isinstance(one, exp.Expr) else exp.convert(one) for one in arguments]
    return exp.Anonymous(this=name, expressions=values)


def number(value: exp.Expr, function: str) -> exp.Expr:
    """Return a value as FLOAT64, an error when it runs if it is no number."""
    return call("bq_ml_as_number", value, function)


def text(value: exp.Expr, function: str) -> exp.Expr:
    """Return a value that is a STRING, an error when it runs if it is none."""
    return call("bq_ml_as_string", value, function)


def constant(value: exp.Expr) -> exp.Expr:
    """Return a literal without its brackets and its CAST, anything else as it is."""
    if isinstance(value, exp.Paren):
        return constant(value.this)
    if isinstance(value, exp.Neg):
        inner = constant(value.this)
        return inner.this if isinstance(inner, exp.Neg) else exp.Neg(this=inner.copy())
    if not isinstance(value, exp.Cast):
        return value
    inner, kind = constant(value.this), value.to
    if kind.this in exp.DataType.INTEGER_TYPES and inner.is_string and inner.name.isdigit():
        return exp.Literal.number(inner.name)
    fits = (
        (kind.this in exp.DataType.INTEGER_TYPES and inner.is_int)
        or (kind.this in exp.DataType.TEXT_TYPES and inner.is_string)
        or (kind.is_type("boolean") and isinstance(inner, exp.Boolean))
        or (kind.is_type("array") and isinstance(inner, exp.Array))
    )
    return inner if fits else value


def macro(head: str, body: str) -> str:
    """Return the statement that makes a DuckDB macro."""
    return f"create or replace macro main.{head} as {body}"


# Errors tell types as BigQuery names them, whatever DuckDB has.
MACROS = (
    macro(
        "bq_ml_is_number(kind)",
        "kind in ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', "
        "'USMALLINT', 'UINTEGER', 'UBIGINT', 'UHUGEINT', 'FLOAT', 'DOUBLE', '\"NULL\"') "
        "or kind like 'DECIMAL%'",
    ),
    macro(
        "bq_ml_type_name(kind)",
        "case when kind = '\"NULL\"' then 'NULL' when kind in ('FLOAT', 'DOUBLE') then 'FLOAT64' "
        "when kind like 'DECIMAL%' then 'NUMERIC' when main.bq_ml_is_number(kind) then 'INT64' "
        "when kind like 'STRUCT%' then 'STRUCT' else coalesce(map {'VARCHAR': 'STRING', "
        "'BOOLEAN': 'BOOL', 'BLOB': 'BYTES', 'TIMESTAMP': 'DATETIME', "
        "'TIMESTAMP WITH TIME ZONE': 'TIMESTAMP', 'GEOMETRY': 'GEOGRAPHY'}[kind], kind) end",
    ),
    macro(
        "bq_ml_type(kind)",
        "case when kind like '%[]' then 'ARRAY<' || main.bq_ml_type_name(kind[:-3]) || '>' "
        "else main.bq_ml_type_name(kind) end",
    ),
    macro(
        "bq_ml_as_number(x, f)",
        "case when not main.bq_ml_is_number(typeof(x)) then cast(error('ML.' || f || "
        "' needs a numerical expression, found ' || main.bq_ml_type(typeof(x))) as double) "
        "else try_cast(x as double) end",
    ),
    macro(
        "bq_ml_as_string(x, f)",
        "case when typeof(x) not in ('VARCHAR', '\"NULL\"') then error('ML.' || f || "
        "' needs a STRING expression, found ' || main.bq_ml_type(typeof(x))) "
        "else try_cast(x as varchar) end",
    ),
    macro(
        "bq_ml_as_strings(x, f)",
        "case when typeof(x) not in ('VARCHAR[]', '\"NULL\"[]', '\"NULL\"') then "
        "error('ML.' || f || ' needs an ARRAY<STRING> expression, found ' "
        "|| main.bq_ml_type(typeof(x))) else try_cast(x as varchar[]) end",
    ),
)
