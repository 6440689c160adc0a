"""What every door is, and the parts that several share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import msgspec

from api.artifacts.served import Served
from api.errors import RequestError
from api.inference.batch import Batch, batch_of_lists, batch_of_rows
from api.inference.checks import check_columns, check_count, check_rows
from api.inference.explanations import Explanation
from api.inference.predictor import Answers, Warned
from api.phrases import Language

JSON = "application/json"
CSV = ("text/csv", "application/csv")
ENCODER = msgspec.json.Encoder()
NONE: list[Warned] = []


class Question(msgspec.Struct, frozen=True, gc=False):
    """What a request asks, but for its rows.

    Parameters
    ----------
    served : Served
        The version that answers.
    language : {"en", "pt-BR"}
        Of the sentences.
    explain : bool
        Whether each answer is to be explained.
    content_type : str
        Of the body, in lower case and without parameters.
    most : int
        Largest number of rows.
    """

    served: Served
    language: Language
    explain: bool
    content_type: str
    most: int


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What goes back."""

    status: int
    body: bytes
    content_type: str = JSON


class Door(ABC):
    """A protocol: one instance for the whole application, without state."""

    name: str

    @abstractmethod
    def read(self, question: Question, body: bytes) -> tuple[Batch, Any]:
        """Return the rows of a body, and what `write` has to know of its form.

        Raises
        ------
        RequestError
            If it is not what the protocol and the model take.
        """

    @abstractmethod
    def write(
        self,
        question: Question,
        answers: Answers,
        explanations: Sequence[Explanation] | None,
        form: Any,
    ) -> Reply:
        """Return answers as the protocol writes them."""

    @abstractmethod
    def refuse(self, error: RequestError) -> Reply:
        """Return a refusal as the protocol writes it."""

    def broken(self) -> Reply:
        """Return what is said of a failure inside."""
        return self.refuse(Broken("The API failed inside; its log has the details."))


class Broken(RequestError):
    """The API failed inside."""

    status = 500


def typed_rows(question: Question, structs: Sequence[Any], label: str) -> Batch | None:
    """Return decoded rows as a batch; None if the slow way has to look at them."""
    served = question.served
    check_count(len(structs), question.most, label)
    return served.types.batch_of_rows(structs, served.scorer)


def typed_columns(question: Question, columns: Any, label: str) -> Batch | None:
    """Return decoded columns as a batch; None if the slow way has to look at them."""
    served = question.served
    batch = served.types.batch_of_columns(columns, served.scorer)
    if batch is not None:
        check_count(len(batch), question.most, label)
    return batch


def plain_rows(question: Question, content: object, label: str) -> Batch:
    """Return rows of plain JSON values as a batch.

    Raises
    ------
    InvalidRows
        With every problem.
    """
    features = question.served.manifest.features
    rows = check_rows(content, features, question.most, label)
    return batch_of_rows(rows, question.served.scorer)


def plain_columns(question: Question, content: object, label: str) -> Batch:
    """Return columns of plain JSON values as a batch.

    Raises
    ------
    InvalidRows
        With every problem.
    """
    features = question.served.manifest.features
    lists = check_columns(content, features, question.most, label)
    return batch_of_lists(lists, question.served.scorer)


def no_key_twice(body: bytes, keys: int) -> bool:
    """Tell whether a body with so many different keys surely has none of them twice.

    Each key comes with a colon; a colon more may be one in a text, or a key that came twice.
    """
    return body.count(b":") == keys


def decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """Return what a body holds if it has the decoder's type; None otherwise."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


class ValuePrediction(msgspec.Struct, gc=False):
    """A regression's answer to one row, as JSON has it."""

    value: float
    warnings: list[Warned]
    explanation: Explanation | msgspec.UnsetType = msgspec.UNSET


class LabelPrediction(msgspec.Struct, gc=False):
    """A classifier's answer to one row, as JSON has it."""

    label: str | int | bool
    probabilities: dict[str, float]
    warnings: list[Warned]
    explanation: Explanation | msgspec.UnsetType = msgspec.UNSET


class ClusterPrediction(msgspec.Struct, gc=False):
    """What k-means answers to one row, as JSON has it."""

    cluster: int
    distances: dict[str, float]
    warnings: list[Warned]


class ComponentsPrediction(msgspec.Struct, gc=False):
    """What PCA answers to one row, as JSON has it."""

    components: dict[str, float]
    warnings: list[Warned]


def predictions_of(
    served: Served, answers: Answers, explanations: Sequence[Explanation] | None
) -> list[Any]:
    """Return one prediction a row, as its task has it, and warnings."""
    predictions: list[Any]
    warned: Iterable[list[Warned]] = repeat(NONE)
    if answers.warnings:
        warned = (answers.warnings.get(at, NONE) for at in range(len(answers)))
    labels, names = served.labels or (), served.names
    rows = zip(*answers.outputs, strict=True)
    if answers.picked is not None:
        form: Any = ClusterPrediction if served.manifest.classes is None else LabelPrediction
        predictions = [
            form(labels[best], dict(zip(names, numbers, strict=True)), mine)
            for best, numbers, mine in zip(answers.picked, rows, warned, strict=False)
        ]
    elif names:
        predictions = [
            ComponentsPrediction(dict(zip(names, numbers, strict=True)), mine)
            for numbers, mine in zip(rows, warned, strict=False)
        ]
    else:
        predictions = list(map(ValuePrediction, answers.outputs[0], warned))
    if explanations is not None:
        for prediction, explanation in zip(predictions, explanations, strict=True):
            prediction.explanation = explanation
    return predictions


def placed_warnings(answers: Answers) -> list[dict[str, Any]]:
    """Return all warnings, each with the position of its row."""
    return [
        {"row": at, "column": one.column, "value": one.value, "message": one.message}
        for at, found in answers.warnings.items()
        for one in found
    ]
