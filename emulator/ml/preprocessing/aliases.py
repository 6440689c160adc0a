"""Puts expressions where QUALIFY and HAVING name an output by its alias.

DuckDB takes no alias there of an expression that may fail, and a preprocessing function fails on
arguments of a wrong type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp


def spell_out(tree: exp.Expr, is_call: Callable[[exp.Expr], object]) -> None:
    """Replace aliases of outputs that call a function.

    Parameters
    ----------
    is_call : callable
        Whether an expression is such a call.
    """
    for select in tree.find_all(exp.Select):
        outputs = {
            one.alias.lower(): one.this
            for one in select.expressions
            if isinstance(one, exp.Alias) and any(map(is_call, one.this.find_all(exp.Dot)))
        }
        for column in list(_columns(select)) if outputs else ():
            value = outputs.get(column.name.lower())
            # Where the output has the name of a column that it reads, the column is meant.
            if value is not None and not _names(value, column.name):
                column.replace(exp.Paren(this=value.copy()))


def keep_windows(selects: list[exp.Select]) -> None:
    """Add a window that changes nothing to each QUALIFY that has none any more.

    The statistics of encoders are written as queries, and DuckDB wants a window there.
    """
    for select in selects:
        qualify = select.args["qualify"]
        if not select.find(exp.Window):
            count = exp.Window(this=exp.Count(this=exp.Star()), over="OVER")
            qualify.set("this", exp.and_(exp.Paren(this=qualify.this), count > 0, wrap=False))


def qualified(tree: exp.Expr) -> list[exp.Select]:
    """Return the queries with QUALIFY and a window in them."""
    return [
        select
        for select in tree.find_all(exp.Select)
        if select.args.get("qualify") and select.find(exp.Window)
    ]


def _columns(select: exp.Select) -> Iterator[exp.Column]:
    for part in ("having", "qualify"):
        clause = select.args.get(part)
        for column in clause.find_all(exp.Column) if clause else ():
            if not column.table and column.find_ancestor(exp.Select) is select:
                yield column


def _names(value: exp.Expr, name: str) -> bool:
    return any(column.name.lower() == name.lower() for column in value.find_all(exp.Column))
