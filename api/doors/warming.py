"""A version's first answers, before anybody asks for them."""

from __future__ import annotations

from typing import Any

from api.artifacts.served import Served
from api.doors.addresses import MLFLOW, OPEN_INFERENCE, OWN, VERTEX
from api.doors.door import ENCODER, JSON, Door, Question
from api.doors.open_inference import metadata
from api.inference.batch import MANY
from api.inference.predictor import predict
from api.phrases import LANGUAGES


def warm(served: Served) -> None:
    """Answer the golden rows at every door, as few and as many rows, in every language.

    Decoders, tables and the beginnings of answers are made by the first request that needs
    them; whoever asks first shall not wait longer than others.

    Raises
    ------
    RequestError
        If a door does not take them.
    """
    rows = [row.input for row in served.manifest.golden_rows]
    if not rows:
        return
    many = rows * (MANY // len(rows) + 1)
    for language in LANGUAGES:
        for given in (rows, many):
            question = Question(served, language, False, JSON, len(given))
            for door, content in _bodies(served, given):
                batch, form = door.read(question, ENCODER.encode(content))
                door.write(question, predict(served.scorer, batch, language), None, form)


def _bodies(served: Served, rows: list[dict[str, Any]]) -> list[tuple[Door, dict[str, Any]]]:
    columns = {f.name: [row[f.name] for row in rows] for f in served.manifest.features}
    tensors = [
        tensor | {"shape": [len(rows)], "data": columns[tensor["name"]]}
        for tensor in metadata(served, ())["inputs"]
    ]
    return [
        (OWN, {"rows": rows}),
        (OWN, {"columns": columns}),
        (OPEN_INFERENCE, {"inputs": tensors}),
        (MLFLOW, {"instances": rows}),
        (VERTEX, {"instances": rows}),
    ]
