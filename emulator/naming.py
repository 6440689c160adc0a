"""The default dataset: names without dataset mean a table of it."""

from __future__ import annotations

from bqemulator.sql.rewriter.default_dataset import qualify_unqualified_tables

from emulator.session import Session, split_path


def qualify(sql: str, session: Session) -> str:
    """Return the statement with the job's default dataset before unqualified names."""
    if session.default_dataset is None:
        return sql
    project, dataset = [session.project, *split_path(session.default_dataset)][-2:]
    qualified: str = qualify_unqualified_tables(
        sql, default_project=project, default_dataset=dataset
    )
    return qualified
