"""MLflow's scoring protocol, as `mlflow models serve` speaks it.

Source: https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally (inference server
specification). `predictions` are what `predict` returns: values, labels or clusters (of PCA
lists of components); the parameter `predict_method` asks for `predict_proba`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from api.artifacts.served import Served
from api.doors.door import (
    CSV,
    ENCODER,
    JSON,
    Door,
    Question,
    Reply,
    decoded,
    no_key_twice,
    placed_warnings,
    plain_columns,
    plain_rows,
    typed_columns,
    typed_rows,
)
from api.errors import InvalidRows, Problem, RequestError, UnsupportedBody
from api.inference.batch import Batch
from api.inference.cells import show, twice, whole
from api.inference.explanations import Explanation
from api.inference.parsing import described, parse
from api.inference.predictor import Answers

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
METHODS = ("predict", "predict_proba")
CODES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    429: "REQUEST_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
}
EXPECTED = f"an object with one of {', '.join(FORMS)}, and params if wanted"


class MLflow(Door):
    """`POST /invocations`."""

    name = "mlflow"

    def read(self, question: Question, body: bytes) -> tuple[Batch, str]:
        """Return the rows of a body, and which method answers."""
        kind = question.content_type
        if kind in CSV:
            from api.inference.delimited import read_csv  # pyarrow, only once it is needed

            return read_csv(question.served.scorer, body, question.most), METHODS[0]
        if kind not in ("", JSON) and not kind.endswith("+json"):
            raise UnsupportedBody(f"The body is {kind[:60]!r}; expected {JSON} or {CSV[0]}.")
        found = _typed(question, body)
        return found if found is not None else _plain(question, parse(body))

    def write(
        self,
        question: Question,
        answers: Answers,
        explanations: Sequence[Explanation] | None,
        form: str,
    ) -> Reply:
        """Write values, labels or lists of numbers; the verdict stands beside them."""
        served = question.served
        labels = served.labels
        predictions: list[Any]
        if not served.names:
            predictions = answers.outputs[0]
        elif form == "predict_proba" or labels is None or answers.picked is None:
            predictions = list(zip(*answers.outputs, strict=True))
        else:
            predictions = [labels[best] for best in answers.picked]
        content: dict[str, Any] = {"predictions": predictions}
        content["verdict"] = question.served.verdicts[question.language]
        if answers.warnings:
            content["warnings"] = placed_warnings(answers)
        if explanations is not None:
            content["explanations"] = explanations
        return Reply(200, ENCODER.encode(content))

    def refuse(self, error: RequestError) -> Reply:
        """Say what is wrong; what rows are wrong is a 400 here."""
        status = 400 if error.status == 422 else error.status
        code = CODES.get(status, "BAD_REQUEST")
        return Reply(status, ENCODER.encode({"error_code": code, "message": str(error)}))


def _typed(question: Question, body: bytes) -> tuple[Batch, str] | None:
    content = decoded(question.served.decoder("mlflow", _decoder), body)
    if content is None:
        return None
    width = len(question.served.manifest.features)
    for name in ("dataframe_records", "instances"):
        rows = getattr(content, name)
        if rows is not msgspec.UNSET and content.inputs is msgspec.UNSET:
            if not no_key_twice(body, 1 + width * len(rows)):
                return None
            batch = typed_rows(question, rows, name)
            return None if batch is None else (batch, METHODS[0])
    if content.inputs is msgspec.UNSET or not no_key_twice(body, 1 + width):
        return None
    batch = typed_columns(question, content.inputs, "inputs")
    return None if batch is None else (batch, METHODS[0])


def _decoder(served: Served) -> msgspec.json.Decoder[Any]:
    unset = msgspec.UNSET
    rows = list[served.types.row] | msgspec.UnsetType  # type: ignore[name-defined]
    fields = [
        ("dataframe_records", rows, unset),
        ("instances", rows, unset),
        ("inputs", served.types.columns | msgspec.UnsetType, unset),
    ]
    kind = msgspec.defstruct("Invocation", fields, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(kind)


def _plain(question: Question, content: object) -> tuple[Batch, str]:
    forms = [name for name in FORMS if isinstance(content, dict) and name in content]
    if not isinstance(content, dict) or len(forms) != 1 or not set(content) <= {*forms, "params"}:
        raise whole(described(content), EXPECTED, f"The body is {described(content)}")
    method = _method(content.get("params"), question.served)
    (form,) = forms
    given = content[form]
    if form == "dataframe_split":
        return plain_columns(question, _split(given), form), method
    if form == "dataframe_records" or isinstance(given, list):
        return plain_rows(question, given, form), method
    return plain_columns(question, given, form), method


def _method(params: object, served: Served) -> str:
    if params is None:
        return METHODS[0]
    expected = f"an object with `predict_method`, one of {', '.join(METHODS)}"
    if not isinstance(params, dict) or not set(params) <= {"predict_method"}:
        raise whole(described(params), expected, f"params is {described(params)}")
    method = params.get("predict_method", METHODS[0])
    if method not in METHODS or (method != METHODS[0] and served.manifest.classes is None):
        raise whole(show(method), expected, f"params.predict_method is {show(method)}")
    return str(method)


def _split(content: object) -> Mapping[str, object]:
    """Return the columns of pandas' `split` orientation."""
    expected = "an object with `columns`, a list of names, and `data`, a list of rows"
    if not isinstance(content, dict) or not set(content) <= {"columns", "data", "index"}:
        raise whole(described(content), expected, f"dataframe_split is {described(content)}")
    names, data = content.get("columns"), content.get("data")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise whole(show(names), expected, f"dataframe_split.columns is {show(names)}")
    if (name := twice(names)) is not None:
        words = f"dataframe_split.columns has {show(name)} twice"
        raise whole(show(name), "each name once", words)
    if not isinstance(data, list):
        raise whole(show(data), expected, f"dataframe_split.data is {show(data)}")
    for at, row in enumerate(data):
        if not isinstance(row, list) or len(row) != len(names):
            shown = f"{len(row)} values" if isinstance(row, list) else show(row)
            wanted = f"a list of {len(names)} values, one for each column"
            words = f"dataframe_split.data[{at}] is {shown}; expected {wanted}."
            raise InvalidRows([Problem(at, None, shown, wanted, words)], 1)
    return {name: [row[at] for row in data] for at, name in enumerate(names)}
