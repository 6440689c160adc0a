"""FEATURE_CROSS and POLYNOMIAL_EXPAND: one output field per combination of input fields.

Fields come as the manual's examples have them: each combination before those that extend it.
NULL in a feature makes NULL of its combinations. Field names are needed before the query runs,
so the features must be written as STRUCT(…). The manual says that POLYNOMIAL_EXPAND returns
text; BigQuery's recorded answers are FLOAT64, and so is this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce

from sqlglot import exp

from emulator.ml.errors import NotEmulated, StatementError
from emulator.ml.preprocessing.arguments import Arguments, Function, number, text

MOST_FEATURES = 10
Combine = Callable[[list[exp.Expr], str], exp.Expr]


def _features(arguments: Arguments) -> list[tuple[str, exp.Expr]]:
    struct = arguments.values[0]
    if not isinstance(struct, exp.Struct):
        raise NotEmulated(
            f"ML.{arguments.function} of features that are not written as STRUCT(value AS name)"
        )
    found = [_field(arguments, one) for one in struct.expressions]
    names = [name.lower() for name, _ in found]
    if len(set(names)) < len(names):
        raise StatementError(f"ML.{arguments.function}: duplicate feature names: {names}.")
    if not 1 <= len(found) <= MOST_FEATURES:
        raise StatementError(
            f"ML.{arguments.function} takes 1 to {MOST_FEATURES} features, found {len(found)}."
        )
    return found


def _field(arguments: Arguments, field: exp.Expr) -> tuple[str, exp.Expr]:
    if isinstance(field, exp.PropertyEQ | exp.Alias):
        named = isinstance(field, exp.PropertyEQ)
        return (field.this.name, field.expression) if named else (field.alias, field.this)
    if isinstance(field, exp.Column):
        return field.name, field
    raise StatementError(
        f'ML.{arguments.function}: the feature "{field.sql(dialect="bigquery")}" has no name. '
        "Write value AS name."
    )


def _combinations(
    size: int, degree: int, repeated: bool, start: int = 0, head: tuple[int, ...] = ()
) -> Iterator[tuple[int, ...]]:
    for at in range(start, size):
        yield (*head, at)
        if len(head) + 1 < degree:
            after = at if repeated else at + 1
            yield from _combinations(size, degree, repeated, after, (*head, at))


def _struct(
    features: list[tuple[str, exp.Expr]],
    combinations: Iterator[tuple[int, ...]],
    combine: Combine,
    function: str,
) -> exp.Expr:
    fields: dict[str, exp.Expr] = {}
    for chosen in combinations:
        name = "_".join(features[at][0] for at in chosen)
        if name in fields:
            raise StatementError(f'ML.{function}: two combinations are named "{name}".')
        fields[name] = combine([features[at][1].copy() for at in chosen], function)
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value)
            for name, value in fields.items()
        ]
    )


def _cross(arguments: Arguments, _: Sequence[exp.Expr]) -> exp.Expr:
    degree = arguments.integer(1, "degree", 2, 2, 4)
    features = _features(arguments)
    if len(features) < 2:
        raise StatementError("ML.FEATURE_CROSS needs at least 2 features to cross.")
    found = (one for one in _combinations(len(features), degree, False) if len(one) > 1)
    return _struct(features, found, _joined, arguments.function)


def _expand(arguments: Arguments, _: Sequence[exp.Expr]) -> exp.Expr:
    degree = arguments.integer(1, "degree", 2, 1, 4)
    features = _features(arguments)
    found = _combinations(len(features), degree, True)
    return _struct(features, found, _multiplied, arguments.function)


def _joined(values: list[exp.Expr], function: str) -> exp.Expr:
    parts = [text(value, function) for value in values]
    return reduce(
        lambda left, right: exp.DPipe(
            this=exp.DPipe(this=left, expression=exp.Literal.string("_"), safe=True),
            expression=right,
            safe=True,
        ),
        parts,
    )


def _multiplied(values: list[exp.Expr], function: str) -> exp.Expr:
    parts = [number(value, function) for value in values]
    return reduce(lambda left, right: exp.Mul(this=left, expression=right), parts)


MACROS: tuple[str, ...] = ()
FUNCTIONS = (
    Function("FEATURE_CROSS", 1, 2, _cross, constants=(1,)),
    Function("POLYNOMIAL_EXPAND", 1, 2, _expand, constants=(1,)),
)
