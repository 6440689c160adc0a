"""Vertex AI's custom container: `{"instances": [...]}` in, `{"predictions": [...]}` out.

Source: https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements.
An instance is an object with a value for each column; a prediction is what our own door says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from api.artifacts.served import Served
from api.doors.door import (
    ENCODER,
    Door,
    Question,
    Reply,
    decoded,
    no_key_twice,
    plain_rows,
    predictions_of,
    typed_rows,
)
from api.errors import RequestError
from api.inference.batch import Batch
from api.inference.cells import whole
from api.inference.explanations import Explanation
from api.inference.parsing import described, parse
from api.inference.predictor import Answers


class Vertex(Door):
    """`POST` at `AIP_PREDICT_ROUTE`."""

    name = "vertex"

    def read(self, question: Question, body: bytes) -> tuple[Batch, None]:
        """Return the instances of a body as rows; parameters are read over."""
        content = decoded(question.served.decoder("vertex", _decoder), body)
        if content is not None:
            width = len(question.served.manifest.features)
            if no_key_twice(body, 1 + width * len(content.instances)):
                batch = typed_rows(question, content.instances, "instances")
                if batch is not None:
                    return batch, None
        return _plain(question, parse(body)), None

    def write(
        self,
        question: Question,
        answers: Answers,
        explanations: Sequence[Explanation] | None,
        form: None,
    ) -> Reply:
        """Write one prediction an instance, the verdict beside them."""
        served = question.served
        content = {
            "predictions": predictions_of(served, answers, explanations),
            "verdict": served.verdicts[question.language],
        }
        return Reply(200, ENCODER.encode(content))

    def refuse(self, error: RequestError) -> Reply:
        """Say what is wrong."""
        content = {"error": {"code": error.status, "message": str(error)}}
        return Reply(error.status, ENCODER.encode(content))


def _decoder(served: Served) -> msgspec.json.Decoder[Any]:
    fields = [("instances", list[served.types.row])]  # type: ignore[name-defined]
    kind = msgspec.defstruct("Instances", fields, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(kind)


def _plain(question: Question, content: object) -> Batch:
    if not isinstance(content, dict) or "instances" not in content:
        raise _form(content)
    if not set(content) <= {"instances", "parameters"}:
        raise _form(content)
    return plain_rows(question, content["instances"], "instances")


def _form(content: object) -> RequestError:
    expected = '{"instances": [{…}]}, and `parameters` if wanted'
    shown = described(content)
    return whole(shown, expected, f"The body is {shown}")
