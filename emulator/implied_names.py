"""Names that GoogleSQL gives to what a statement leaves without one.

A field of STRUCT(x, t.y) has its column's name. A column of a query without alias is `f0_`, `f1_`
and so on, and a table or view cannot have one. DuckDB would take the text of the expression.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from bqemulator.domain.errors import InvalidQueryError
from sqlglot import exp


def rewrite_names(sql: str) -> str:
    """Return the statement with the names written out.

    Parameters
    ----------
    sql : str
        One GoogleSQL statement.

    Raises
    ------
    InvalidQueryError
        If a table or view would have a column without name.
    """
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    _check_definition(tree)
    changed = [_name_fields(one) for one in tree.find_all(exp.Struct)]
    changed += [_name_columns(one) for one in _queries(tree)]
    return tree.sql(dialect="bigquery") if any(changed) else sql


def _check_definition(tree: exp.Expr) -> None:
    if not isinstance(tree, exp.Create) or not isinstance(tree.expression, exp.Query):
        return
    if isinstance(tree.this, exp.Schema):  # the columns are declared
        return
    select = _first(tree.expression)
    for number, column in enumerate(select.expressions if select else (), start=1):
        if _is_anonymous(column):
            raise InvalidQueryError(
                f"CREATE {tree.kind} columns must be named, but column {number} has no name."
            )


def _name_fields(struct: exp.Struct) -> bool:
    """Name the fields of a struct that are columns, unless its type or place names them."""
    if isinstance(struct.parent, exp.Cast) or struct.find_ancestor(exp.Values, exp.Insert):
        return False
    fields = list(struct.expressions)
    plain = [one for one in fields if isinstance(one, exp.Column) and not one.is_star]
    for field in plain:
        name = exp.to_identifier(field.name)
        field.replace(exp.PropertyEQ(this=name, expression=field.copy()))
    return bool(plain)


def _queries(tree: exp.Expr) -> Iterator[exp.Select]:
    """Yield the selects whose columns somebody may name or see."""
    subqueries = tree.find_all(exp.Subquery)
    named = [tree, *(table.this for table in tree.find_all(exp.CTE))]
    named += [one.this for one in subqueries if isinstance(one.parent, exp.From | exp.Join)]
    yield from filter(None, map(_first, named))


def _first(query: exp.Expr) -> exp.Select | None:
    """Return the select that names a query's columns; tables in brackets have none."""
    while isinstance(query, exp.Subquery | exp.SetOperation):
        query = query.this
    return query if isinstance(query, exp.Select) else None


def _name_columns(select: exp.Select) -> bool:
    if select.args.get("kind"):  # AS STRUCT, AS VALUE
        return False
    anonymous = [one for one in select.expressions if _is_anonymous(one)]
    for number, column in enumerate(anonymous):
        column.replace(exp.alias_(column.copy(), f"f{number}_"))
    # bqemulator writes an offset, which DuckDB counts from 1, as an expression.
    offsets = [one for one in select.expressions if one.name in _offsets(select)]
    for column in offsets:
        if isinstance(column, exp.Column):
            column.replace(exp.alias_(column.copy(), column.name))
    return bool(anonymous or offsets)


def _offsets(select: exp.Select) -> set[str]:
    unnests = [join.this for join in select.args.get("joins") or ()]
    if select.args.get("from_"):
        unnests.append(select.args["from_"].this)
    found = (one.args.get("offset") for one in unnests if isinstance(one, exp.Unnest))
    return {one.name for one in found if isinstance(one, exp.Expr)}


def _is_anonymous(column: exp.Expr) -> bool:
    if isinstance(column, exp.Dot):  # a field, or a function such as ML.LP_NORM
        return not isinstance(column.expression, exp.Identifier)
    return not isinstance(column, exp.Alias | exp.Aliases | exp.Column) and not column.is_star
