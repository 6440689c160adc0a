"""Names of models in statements and calls."""

from __future__ import annotations

from emulator.ml.model import ModelName
from emulator.session import Session


def resolve(path: str, session: Session) -> ModelName:
    """Return the model that a path names.

    Raises
    ------
    InvalidQueryError
        If the path names no dataset and the job has no default dataset.
    """
    return ModelName(*session.resolve(path))
