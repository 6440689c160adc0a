"""Names of models in statements and calls."""

from __future__ import annotations

from emulator.ml.errors import StatementError
from emulator.ml.model import ModelName
from emulator.session import Session, split_path


def resolve(path: str, session: Session) -> ModelName:
    """Return the model that a path names.

    Raises
    ------
    StatementError
        If the path names no dataset and the job has no default dataset.
    """
    if session.default_dataset is None and len(split_path(path)) == 1:
        name = path.strip("`")
        raise StatementError(
            f'Model "{name}" must be qualified with a dataset (e.g. dataset.{name}).'
        )
    return ModelName(*session.resolve(path))
