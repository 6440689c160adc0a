"""Our own door: rows or columns in JSON, CSV or Arrow; verdict and warnings beside the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

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
    predictions_of,
    typed_columns,
    typed_rows,
)
from api.errors import RequestError, UnsupportedBody
from api.inference.batch import Batch
from api.inference.cells import whole
from api.inference.explanations import Explanation
from api.inference.parsing import described, parse
from api.inference.predictor import Answers

ARROW = ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file")
Form = Literal["rows", "columns"]


class Own(Door):
    """`POST /models/{model}/predict`."""

    name = "own"

    def read(self, question: Question, body: bytes) -> tuple[Batch, Form]:
        """Return the rows of a body; answers come in its form."""
        kind = question.content_type
        if kind in CSV:
            from api.inference.delimited import read_csv  # pyarrow, only once it is needed

            return read_csv(question.served.scorer, body, question.most), "columns"
        if kind in ARROW:
            from api.inference.arrow import read_arrow

            return read_arrow(question.served.scorer, body, question.most), "columns"
        if kind not in ("", JSON, "text/json") and not kind.endswith("+json"):
            raise UnsupportedBody(
                f"The body is {kind[:60]!r}; expected {JSON}, {CSV[0]} or {ARROW[0]}."
            )
        found = _typed(question, body)
        if found is not None:
            return found
        return _plain(question, parse(body))

    def write(
        self,
        question: Question,
        answers: Answers,
        explanations: Sequence[Explanation] | None,
        form: Form,
    ) -> Reply:
        """Write one prediction a row, or each output as a column."""
        content: dict[str, Any]
        if form == "rows":
            predictions = predictions_of(question.served, answers, explanations)
            content = {"predictions": predictions}
        else:
            content = _columns(question.served, answers, explanations)
        head = question.served.heads[question.language]
        return Reply(200, b"".join((head, ENCODER.encode(content)[1:])))

    def refuse(self, error: RequestError) -> Reply:
        """Say what is wrong, with every problem by row and column."""
        content = {"detail": str(error), "problems": error.problems}
        return Reply(error.status, ENCODER.encode(content))


def _typed(question: Question, body: bytes) -> tuple[Batch, Form] | None:
    served = question.served
    content = decoded(served.decoder("own", _decoder), body)
    if content is None:
        return None
    batch: Batch | None
    form: Form
    if content.rows is not msgspec.UNSET:
        if content.columns is not msgspec.UNSET:
            return None
        width = len(served.manifest.features)
        if not no_key_twice(body, 1 + width * len(content.rows)):
            return None
        batch, form = typed_rows(question, content.rows, "rows"), "rows"
    elif content.columns is not msgspec.UNSET:
        if not no_key_twice(body, 1 + len(served.manifest.features)):
            return None
        batch, form = typed_columns(question, content.columns, "columns"), "columns"
    else:
        return None
    return None if batch is None else (batch, form)


def _decoder(served: Served) -> msgspec.json.Decoder[Any]:
    unset = msgspec.UNSET
    fields = [
        ("rows", list[served.types.row] | msgspec.UnsetType, unset),  # type: ignore[name-defined]
        ("columns", served.types.columns | msgspec.UnsetType, unset),
    ]
    kind = msgspec.defstruct("Body", fields, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(kind)


def _plain(question: Question, content: object) -> tuple[Batch, Form]:
    if isinstance(content, dict) and set(content) == {"columns"}:
        return plain_columns(question, content["columns"], "columns"), "columns"
    if isinstance(content, dict) and set(content) == {"rows"}:
        return plain_rows(question, content["rows"], "rows"), "rows"
    expected = f'{{"rows": [{{…}}]}} with 1 to {question.most} rows, or {{"columns": {{…}}}}'
    shown = described(content)
    raise whole(shown, expected, f"The body is {shown}")


def _columns(
    served: Served, answers: Answers, explanations: Sequence[Explanation] | None
) -> dict[str, Any]:
    columns: Mapping[str, Any]
    if not served.names:
        columns = {"value": answers.outputs[0]}
    else:
        named = dict(zip(served.names, answers.outputs, strict=True))
        label, numbers = served.words
        columns = {numbers: named}
        if label is not None and answers.picked is not None:
            labels = served.labels or ()
            columns = {label: [labels[best] for best in answers.picked], numbers: named}
    content: dict[str, Any] = {"columns": columns, "warnings": placed_warnings(answers)}
    if explanations is not None:
        content["explanations"] = explanations
    return content
