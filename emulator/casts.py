"""CAST and SAFE_CAST to INT64 and FLOAT64 as BigQuery does them.

DuckDB reads the text '2020.5' as the integer 2021 and '1_000' as 1000, where BigQuery refuses
both, and rounds 0.5 to 0, where BigQuery rounds half away from zero. The type of an operand is
not known before DuckDB binds it, so macros decide by `typeof`, which DuckDB folds.
Source: "Conversion rules" of Google's manual (CAST AS INTEGER, CAST AS FLOAT64).
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

INTEGER = r"\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)\s*"
FLOAT = r"[^_]*"
NAMES = {exp.DType.BIGINT: "int64", exp.DType.DOUBLE: "float64"}


def _macro(name: str, pattern: str, value: str, otherwise: str) -> str:
    return (
        f"create or replace macro main.{name}(x) as case when typeof(x) = 'VARCHAR' and not "
        f"regexp_full_match(cast(x as varchar), '{pattern}') then {otherwise} else {value} end"
    )


def _integer(cast: str) -> str:
    """Round a float half away from zero; take everything else as it is."""
    is_float = "typeof(x) in ('DOUBLE', 'FLOAT')"
    return f"case when {is_float} then {cast}(round(try_cast(x as double)) as bigint) " + (
        f"else {cast}(x as bigint) end"
    )


MACROS = (
    _macro("bq_safe_int64", INTEGER, _integer("try_cast"), "null"),
    _macro("bq_safe_float64", FLOAT, "try_cast(x as double)", "null"),
    _macro("bq_int64", INTEGER, _integer("cast"), "error('Bad int64 value: ' || x)"),
    _macro("bq_float64", FLOAT, "cast(x as double)", "error('Bad double value: ' || x)"),
)


def rewrite_casts(sql: str) -> str:
    """Return the statement with its casts to INT64 and FLOAT64 done by the macros.

    Parameters
    ----------
    sql : str
        One GoogleSQL statement.
    """
    if "cast" not in sql.lower():
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    casts = [cast for cast in tree.find_all(exp.Cast) if _is_ours(cast)]
    for cast in casts:
        name = NAMES[cast.to.this]
        safe = "safe_" if isinstance(cast, exp.TryCast) else ""
        cast.replace(exp.Anonymous(this=f"bq_{safe}{name}", expressions=[cast.this]))
    return tree.sql(dialect="bigquery") if casts else sql


def _is_ours(cast: exp.Cast) -> bool:
    plain = isinstance(cast.this, exp.Null | exp.Boolean) or cast.this.is_int
    return cast.to.this in NAMES and not plain and cast.parent is not None
