"""NGRAMS: runs of adjacent tokens, by where they begin and then by size. NULL tokens are left out.

The manual does not say what NULL tokens do; an array that is stored in BigQuery holds none.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from emulator.ml.preprocessing.arguments import Arguments, Function, call, constant, macro

LARGEST = 2**31
MACROS = (
    macro(
        "bq_ml_ngrams(tokens, low, high, separator)",
        "list_transform([list_filter(tokens, lambda t: t is not null)], lambda t: flatten("
        "list_transform(range(1, len(t) + 1), lambda i: list_transform("
        "range(low, least(high, len(t) - i + 1) + 1), "
        "lambda n: array_to_string(t[i:i + n - 1], separator)))))[1]",
    ),
)


def _write(arguments: Arguments, _: Sequence[exp.Expr]) -> exp.Expr:
    low, high = _range(arguments)
    separator: exp.Expr = exp.Literal.string(" ")
    if len(arguments.values) == 3:
        separator = constant(arguments.values[2])
        if not separator.is_string:
            raise arguments.bad(2, "separator", "a constant STRING")
    return call("bq_ml_ngrams", arguments.texts(0), low, high, separator.copy())


def _range(arguments: Arguments) -> tuple[int, int]:
    if not isinstance(constant(arguments.values[1]), exp.Array):
        size = arguments.integer(1, "range", 1, 1, LARGEST)
        return size, size
    bounds = arguments.pair(1)
    if bounds is None:
        raise arguments.bad(1, "range", "an INT64 or an array of two, such as [2, 3]")
    low = bounds.integer(0, "range", 1, 1, LARGEST)
    return low, bounds.integer(1, "range", 1, low, LARGEST)


FUNCTIONS = (Function("NGRAMS", 2, 3, _write, constants=(1, 2)),)
