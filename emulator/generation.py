"""A mend of sqlglot's generators for BigQuery and DuckDB.

They take an array literal for `array(query)` as soon as a query stands anywhere in the first
element, and drop the other elements.
"""

from __future__ import annotations

from sqlglot import exp, transforms
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.dialects.dialect import inline_array_sql
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generator import Generator


def install() -> None:
    """Put ours where sqlglot's array generators stand."""
    BigQuery.Generator.TRANSFORMS[exp.Array] = array_sql
    DuckDB.Generator.TRANSFORMS[exp.Array] = transforms.preprocess(
        [transforms.inherit_struct_field_names], generator=array_sql
    )


def array_sql(generator: Generator, array: exp.Expr) -> str:
    """Write `array(query)` for a lone query, a literal for everything else."""
    if len(array.expressions) == 1 and isinstance(array.expressions[0], exp.Query):
        return generator.func("ARRAY", array.expressions[0])
    return inline_array_sql(generator, array)
