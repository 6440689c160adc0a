"""GoogleSQL that keys, splits, reasons and prints depend on, asked on both sides."""

from __future__ import annotations

from collections.abc import Iterator

from tests.verification.findings import Finding, compared
from tests.verification.sides import Side

TEXTS = ("", " ", "a", "X3", "ação", "São Paulo", "🚗", "a|b", "0", "null", "é", "x" * 1000)
FLOATS = (
    *(
        "0.0",
        "-0.0",
        "1.0",
        "0.1",
        "1e15",
        "1e16",
        "123456789.125",
        "1e-5",
        "1e-4",
        "0.30000000000000004",
    ),
    *(
        "1e300",
        "5e-324",
        "1.7976931348623157e308",
        "cast('nan' as float64)",
        "cast('inf' as float64)",
    ),
    *("100000.0", "1234567.891", "2.5", "-2.5", "3.5e20", "1e21", "1e22"),
)
NUMBERS = (
    *("'1'", "' 1'", "'1 '", "'+1'", "'-1'", "'1.5'", "'1,5'", "'1e3'", "'0x10'", "''", "'nan'"),
    *("'Infinity'", "'9223372036854775807'", "'9223372036854775808'", "'1_000'", "'.5'", "'5.'"),
)
OTHERS = (
    "to_hex(sha256('ação'))",
    "to_hex(md5('x'))",
    "normalize('e\\u0301', nfc)",
    "trim(' \\t x \\u00a0')",
    "round(2.5)",
    "round(-2.5)",
    "round(1.005, 2)",
    "div(-7, 2)",
    "mod(-7, 3)",
    "abs(mod(farm_fingerprint('X3|2020'), 10))",
    "safe_divide(1, 0)",
    "safe_cast('2024-02-30' as date)",
    "safe_cast('2024-02-29' as date)",
    "cast(1.5 as int64)",
    "cast(2.5 as int64)",
    "cast(-0.5 as int64)",
    "string_agg(x, ', ' order by x) from unnest(['b', 'a', null]) as x",
    "approx_quantiles(x, 4) from unnest([1, 2, 3, 4, 5]) as x",
    "corr(x, x * x) from unnest([1.0, 2.0, 3.0]) as x",
    "stddev(x) from unnest([1.0, 2.0, 4.0]) as x",
    "to_json_string(struct(1 as a, null as b, 'ç' as c, 1.0 as d))",
    "format('%T', [1.5, null])",
    "format('%.6g', 0.1 + 0.2)",
    "upper('straße')",
    "length('🚗')",
    "byte_length('🚗')",
    "regexp_contains('SÃO', r'(?i)são')",
    "cast(timestamp '2024-03-10 02:30:00 America/Sao_Paulo' as string)",
    "1 in (1, null)",
    "2 in (1, null)",
    "array_length(split('', ','))",
    "greatest(1, null)",
    "ieee_divide(1, 0)",
)


def expressions() -> list[str]:
    """Return all of them, each a select list with what follows."""
    return [
        *(f"farm_fingerprint({text!r})" for text in TEXTS),
        *(f"cast({number} as string)" for number in FLOATS),
        *(f"to_json_string({number})" for number in FLOATS),
        *(f"format('%t', {number})" for number in FLOATS),
        *(f"safe_cast({number} as float64)" for number in NUMBERS),
        *(f"safe_cast({number} as int64)" for number in NUMBERS),
        *(f"safe_cast({number} as numeric)" for number in NUMBERS),
        *OTHERS,
    ]


def compare_expressions(google: Side, local: Side) -> Iterator[Finding]:
    """Ask each expression on both sides; an error is an answer, too."""
    for expression in expressions():
        answers = [answer(side, f"select {expression}") for side in (google, local)]
        yield compared("expressions", expression, *answers)


def answer(side: Side, sql: str) -> str:
    """Return a query's rows as text, or that it is refused."""
    from google.api_core.exceptions import BadRequest, NotFound

    try:
        return repr(side.rows(sql))
    except (BadRequest, NotFound):
        return "refused"
