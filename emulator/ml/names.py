"""Names without a dataset: what a job's default dataset makes of them."""

from __future__ import annotations

from bqemulator.sql.rewriter.default_dataset import qualify_unqualified_tables

from emulator.ml.model import ModelName
from emulator.session import Session, split_path


def resolve(path: str, session: Session) -> ModelName:
    """Return the model that a path names.

    Raises
    ------
    InvalidQueryError
        If the path names no dataset and the job has no default dataset.
    """
    return ModelName(*session.resolve(path))


def qualified(query: str, session: Session) -> str:
    """Write the job's default dataset before table names that have none.

    bqemulator does so for what its parser can read, which a statement with `MODEL x` is not.
    """
    if session.default_dataset is None:
        return query
    parts = split_path(session.default_dataset)
    project, dataset = [session.project, *parts][-2:]
    return str(qualify_unqualified_tables(query, default_project=project, default_dataset=dataset))
