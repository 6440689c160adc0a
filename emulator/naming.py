"""Names of tables: the default dataset, and projects with dashes.

GoogleSQL lets `my-project.dataset.table` stand without backticks; DuckDB needs them.
"""

from __future__ import annotations

import re

import sqlglot
from bqemulator.sql.rewriter.default_dataset import qualify_unqualified_tables
from sqlglot import exp

from emulator import temporary
from emulator.session import Session, split_path

_DASHED = re.compile(r"[^\W\d]\w*(-\w+)+\s*\.\s*[\w`]")


def qualify(sql: str, session: Session) -> str:
    """Return the statement with a dataset before unqualified names: the script's, the job's."""
    sql = temporary.qualify(sql, session)
    if session.default_dataset is None:
        return sql
    project, dataset = [session.project, *split_path(session.default_dataset)][-2:]
    qualified: str = qualify_unqualified_tables(
        sql, default_project=project, default_dataset=dataset
    )
    return qualified


def quote_projects(sql: str) -> str:
    """Return the statement with backticks around each project that has a dash."""
    if _DASHED.search(sql) is None:
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    dashed = [
        name
        for table in tree.find_all(exp.Table)
        if isinstance(name := table.args.get("catalog"), exp.Identifier)
        and "-" in name.name
        and not name.args.get("quoted")
    ]
    for name in dashed:
        name.set("quoted", True)
    return tree.sql(dialect="bigquery") if dashed else sql
