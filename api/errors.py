"""Errors of the API.

ApiError
├── SettingsError       a variable of the environment has no usable value
├── StorageError        the bucket cannot be read now
│   └── PointerMoved    between listing and reading it; the next look finds it
├── LoadError           a published version cannot be served
│   ├── ChildGone       the process that opens pickles ended
│   ├── Entangled       tables cannot repeat it; its pipeline can answer
│   └── SealError       this system cannot shut a process off from network and files
└── RequestError        what the client sent cannot be answered; carries the HTTP status
    ├── Refused         404 or 405, by the address or method
    ├── Unauthenticated 401
    ├── Closed          403, nobody can be known and this is not this machine alone
    ├── Forbidden       403, of a good token whose owner is not listed
    ├── TooManyRequests 429, of one caller
    ├── Busy            503, of all
    ├── Unverifiable    503, Google's certificates cannot be had
    ├── UnknownModel    404
    ├── UnknownVersion  404
    ├── NotServed       503, published but not loaded, or nothing is known yet
    ├── BodyTooLarge    413
    ├── UnsupportedBody 415, neither JSON nor a form of rows that the door knows
    ├── InvalidQuery    422
    ├── Unreachable     503, what lies with a version cannot be read
    ├── InvalidReport   422, in ingest's words
    ├── MartsAway       503, BigQuery does not answer
    ├── NoSales         404, the pipeline has not run yet
    ├── Unexplained     503, attributions cannot be had now
    ├── Unanswered      503, the pipeline that answers for the model does not
    └── InvalidRows     422, with every problem by row and column
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Of more problems than these nobody wants the number.
COUNTED = 1000


class ApiError(Exception):
    """Base of everything the API raises on purpose."""


class SettingsError(ApiError, ValueError):
    """A variable of the environment has no usable value."""


class StorageError(ApiError):
    """The bucket cannot be read now."""


class PointerMoved(StorageError):
    """A pointer moved between listing and reading it."""


class LoadError(ApiError):
    """A published version cannot be served."""


class ChildGone(LoadError):
    """The process that opens pickles ended before it answered."""


class Entangled(LoadError):
    """Tables cannot repeat a version's pipeline, which answers as it should."""


class SealError(LoadError):
    """The system cannot shut a process off from network and files."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the rows of a request.

    Parameters
    ----------
    row : int or None
        Position in `rows`, from 0; None if the body as a whole is wrong.
    column : str or None
        None if the row as a whole is wrong.
    value : str or None
        What was sent, shortened; None if nothing was.
    expected : str
        What may stand there.
    message : str
        All of it in one sentence.
    """

    row: int | None
    column: str | None
    value: str | None
    expected: str
    message: str


class RequestError(ApiError):
    """What the client sent cannot be answered."""

    status = 400
    problems: Sequence[Problem] = ()


class Refused(RequestError):
    """What HTTP itself refuses: an address or a method."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


class Unauthenticated(RequestError):
    """Nobody that is known asks."""

    status = 401


class Closed(RequestError):
    """Nobody can be known, and this is not this machine alone."""

    status = 403


class Forbidden(RequestError):
    """Who asks is known, and not let in."""

    status = 403


class TooManyRequests(RequestError):
    """A caller asks too often."""

    status = 429

    def __init__(self, words: str, seconds: int) -> None:
        super().__init__(words)
        self.seconds = seconds


class Busy(RequestError):
    """Too much is being answered."""

    status = 503


class Unverifiable(RequestError):
    """Google's certificates cannot be had now."""

    status = 503


class UnknownModel(RequestError):
    """No such model is published."""

    status = 404


class UnknownVersion(RequestError):
    """The model has no such version in service."""

    status = 404


class NotServed(RequestError):
    """The model is published but was not loaded, or nothing is known yet."""

    status = 503


class BodyTooLarge(RequestError):
    """The body is larger than the limit."""

    status = 413


class UnsupportedBody(RequestError):
    """The body has a content type that the door does not know."""

    status = 415


class InvalidQuery(RequestError):
    """A parameter of the address has no usable value."""

    status = 422


class Unreachable(RequestError):
    """What lies with a model's versions cannot be read now."""

    status = 503


class InvalidReport(RequestError):
    """A report cannot be read, or not for this model."""

    status = 422


class NoSales(RequestError):
    """There are no marts: the pipeline has not run yet."""

    status = 404


class MartsAway(RequestError):
    """BigQuery does not answer, and never did to this question."""

    status = 503


class Unexplained(RequestError):
    """The attributions of answers cannot be had now."""

    status = 503


class Unanswered(RequestError):
    """The pipeline that answers for a model does not answer now."""

    status = 503


class InvalidRows(RequestError):
    """The rows are not what the model takes."""

    status = 422

    def __init__(self, problems: Sequence[Problem], total: int) -> None:
        others = f"{COUNTED:,} or more others" if total > COUNTED else f"{total - 1} more problems"
        more = f" (and {others})" if total > 1 else ""
        super().__init__(problems[0].message + more)
        self.problems = problems
