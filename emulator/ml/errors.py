"""Errors of the ML engine, each with BigQuery's HTTP status and reason.

bqemulator.domain.errors.DomainError
├── InvalidQueryError       400 invalidQuery
│   └── ModelError
│       ├── StatementError      the text of a statement or call
│       ├── OptionError         an option BigQuery does not know, or an impossible value
│       ├── TrainingDataError   the training query's columns or rows
│       ├── InputDataError      the data given to an ML function
│       └── NotEmulated         BigQuery has it, this engine does not: refused by name
├── NotFoundError           404 notFound
│   └── ModelNotFound
└── AlreadyExistsError      409 duplicate
    └── ModelExists
"""

from __future__ import annotations

from bqemulator.domain.errors import AlreadyExistsError, InvalidQueryError, NotFoundError


class ModelError(InvalidQueryError):
    """Something a statement about a model got wrong."""


class StatementError(ModelError):
    """The text of a statement or call is not BigQuery ML's."""


class OptionError(ModelError):
    """An option is unknown, or its value is impossible."""


class TrainingDataError(ModelError):
    """The training query's columns or rows cannot train this model."""


class InputDataError(ModelError):
    """The data given to an ML function does not fit the model."""


class NotEmulated(ModelError):
    """BigQuery has this feature and the local engine does not."""

    def __init__(self, feature: str, remedy: str = "") -> None:
        advice = remedy or "emulator/README.md lists what is."
        super().__init__(f"{feature} is not emulated by the local BigQuery ML engine. {advice}")


class ModelNotFound(NotFoundError):
    """No model of that name."""

    def __init__(self, project: str, dataset: str, model: str) -> None:
        super().__init__(f"Not found: Model {project}:{dataset}.{model}")


class ModelExists(AlreadyExistsError):
    """A model or table of that name is there already."""

    def __init__(self, kind: str, project: str, dataset: str, name: str) -> None:
        super().__init__(f"Already Exists: {kind} {project}:{dataset}.{name}")
