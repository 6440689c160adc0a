"""Open Inference Protocol v2: tensors in, tensors out.

Source: https://github.com/kserve/open-inference-protocol (REST). Each input column is a tensor
of the shape [rows] or [rows, 1], the latter flat or nested; null, which the protocol does not
have, is JSON's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from api.artifacts.served import Served
from api.doors.door import ENCODER, Door, Question, Reply, placed_warnings, plain_columns
from api.errors import InvalidRows, Problem, RequestError
from api.inference.batch import Batch
from api.inference.cells import kind_of, show, whole
from api.inference.explanations import Explanation
from api.inference.parsing import described, parse
from api.inference.predictor import Answers
from export.artifact import Feature

# What each of our types may be called, and first what we call it.
DATATYPES = {
    "STRING": ("BYTES",),
    "INT64": ("INT64", "INT32", "INT16", "INT8", "UINT32", "UINT16", "UINT8"),
    "FLOAT64": ("FP64", "FP32", "INT64", "INT32", "INT16", "INT8", "UINT32", "UINT16", "UINT8"),
}
KEYS = {"id", "parameters", "inputs", "outputs"}
TENSOR_KEYS = {"name", "shape", "datatype", "parameters", "data"}


@dataclass(frozen=True)
class Form:
    """What an answer has to know of its request: its id, and which outputs it wants."""

    id: str | None
    wanted: frozenset[str] | None


class OpenInference(Door):
    """`POST /v2/models/{model}[/versions/{version}]/infer`."""

    name = "open-inference"

    def read(self, question: Question, body: bytes) -> tuple[Batch, Form]:
        """Return the tensors of a body as rows."""
        content = parse(body)
        expected = "an Open Inference request: an object with `inputs`, a list of tensors"
        if not isinstance(content, dict) or not set(content) <= KEYS or "inputs" not in content:
            raise whole(described(content), expected, f"The body is {described(content)}")
        _check_parameters("parameters", content)
        columns = _tensors(content["inputs"], question.served.manifest.features)
        form = Form(_id(content), _wanted(content.get("outputs"), question.served))
        return plain_columns(question, columns, "inputs"), form

    def write(
        self,
        question: Question,
        answers: Answers,
        explanations: Sequence[Explanation] | None,
        form: Form,
    ) -> Reply:
        """Write one tensor an output; verdict and warnings are parameters."""
        manifest = question.served.manifest
        outputs = [
            tensor
            for tensor in _outputs(question.served, answers)
            if form.wanted is None or tensor["name"] in form.wanted
        ]
        said: dict[str, Any] = {"verdict": manifest.verdict["status"]}
        said["verdict_sentence"] = question.served.verdicts[question.language]["sentence"]
        if answers.warnings:
            said["warnings"] = _text(placed_warnings(answers))
        if explanations is not None:
            said["explanations"] = _text(explanations)
        content: dict[str, Any] = {
            "model_name": manifest.model,
            "model_version": manifest.version,
            "parameters": said,
            "outputs": outputs,
        }
        if form.id is not None:
            content["id"] = form.id
        return Reply(200, ENCODER.encode(content))

    def refuse(self, error: RequestError) -> Reply:
        """Say what is wrong; what rows are wrong is a 400 here."""
        status = 400 if error.status == 422 else error.status
        return Reply(status, ENCODER.encode({"error": str(error)}))


def metadata(served: Served, versions: Sequence[str]) -> dict[str, Any]:
    """Return a model as the protocol describes it."""
    manifest = served.manifest
    return {
        "name": manifest.model,
        "versions": list(versions),
        "platform": "bigquery_ml_sklearn",
        "inputs": [
            {"name": f.name, "datatype": DATATYPES[kind_of(f)][0], "shape": [-1]}
            for f in manifest.features
        ],
        "outputs": [
            {key: tensor[key] for key in ("name", "datatype")}
            | {"shape": [-1, *tensor["shape"][1:]]}
            for tensor in _outputs(served, _nothing(served))
        ],
    }


def _nothing(served: Served) -> Answers:
    return Answers([[] for _ in served.names or (0,)], [] if served.labels else None, {})


def _outputs(served: Served, answers: Answers) -> list[dict[str, Any]]:
    rows, names = len(answers), served.names
    label, numbers = served.words
    if not names:
        return [_tensor(numbers, "FP64", [rows], answers.outputs[0])]
    flat = [number for row in zip(*answers.outputs, strict=True) for number in row]
    many = _tensor(numbers, "FP64", [rows, len(names)], flat)
    many["parameters"] = {"classes" if served.class_names else "names": _text(names)}
    labels = served.labels
    if label is None or labels is None or answers.picked is None:
        return [many]
    kind = {bool: "BOOL", int: "INT64"}.get(type(labels[0]), "BYTES")
    return [_tensor(label, kind, [rows], [labels[best] for best in answers.picked]), many]


def _tensor(name: str, datatype: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def _text(content: Any) -> str:
    """Return JSON as a text: the protocol's parameters are texts, numbers and booleans."""
    return msgspec.json.encode(content).decode()


def _id(content: Mapping[str, Any]) -> str | None:
    found = content.get("id")
    if found is not None and not isinstance(found, str):
        raise whole(show(found), "a text", f"id is {show(found)}")
    return found


def _wanted(outputs: object, served: Served) -> frozenset[str] | None:
    if outputs is None:
        return None
    known = [tensor["name"] for tensor in _outputs(served, _nothing(served))]
    expected = f"a list of objects that name outputs: {', '.join(known)}"
    if not isinstance(outputs, list):
        raise whole(show(outputs), expected, f"outputs is {show(outputs)}")
    names = set()
    for entry in outputs:
        if not isinstance(entry, dict):
            raise whole(show(entry), expected, f"outputs has {show(entry)}")
        name = entry.get("name")
        if not isinstance(name, str) or name not in known:
            raise whole(show(name), expected, f"outputs names {show(name)}")
        _check_parameters(f"outputs of {name}: parameters", entry)
        names.add(name)
    return frozenset(names)


def _tensors(inputs: object, features: Sequence[Feature]) -> dict[str, object]:
    """Return the data of tensors by name.

    Raises
    ------
    InvalidRows
        If one is no tensor, stands twice, or is of a datatype or shape that its column is not.
    """
    expected = "a list of tensors with name, shape, datatype and data"
    if not isinstance(inputs, list):
        raise whole(show(inputs), expected, f"inputs is {show(inputs)}")
    by_name = {feature.name: feature for feature in features}
    columns: dict[str, object] = {}
    for at, tensor in enumerate(inputs):
        label = f"inputs[{at}]"
        if not isinstance(tensor, dict) or not {"name", "shape", "datatype", "data"} <= set(tensor):
            raise whole(described(tensor), expected, f"{label} is {described(tensor)}")
        if not set(tensor) <= TENSOR_KEYS or not isinstance(tensor["name"], str):
            raise whole(described(tensor), expected, f"{label} is {described(tensor)}")
        name = tensor["name"]
        if name in columns:
            raise whole(show(name), "each name once", f"{label} is named {show(name)} once more")
        if name in by_name:
            _check_datatype(label, tensor, by_name[name])
        _check_shape(label, tensor)
        _check_parameters(f"{label}.parameters", tensor)
        columns[name] = _flat(tensor)
    return columns


def _check_datatype(label: str, tensor: Mapping[str, Any], feature: Feature) -> None:
    allowed = DATATYPES[kind_of(feature)]
    if tensor["datatype"] not in allowed:
        shown, expected = show(tensor["datatype"]), f"one of {', '.join(allowed)}"
        words = f"{label}.datatype of {feature.name} is {shown}; expected {expected}."
        raise InvalidRows([Problem(None, feature.name, shown, expected, words)], 1)


def _check_shape(label: str, tensor: Mapping[str, Any]) -> None:
    data, shape = tensor["data"], tensor["shape"]
    rows = len(data) if isinstance(data, list) else 0
    if not isinstance(data, list) or shape not in ([rows], [rows, 1]):
        expected = f"[{rows}] or [{rows}, 1], as many as data has, and data a list"
        shown = json.dumps(shape)[:60]
        raise whole(shown, expected, f"{label}.shape is {shown}")


def _flat(tensor: Mapping[str, Any]) -> list[Any]:
    """Return the data of a tensor; that of the shape [rows, 1] may be a list of lists."""
    data: list[Any] = tensor["data"]
    if len(tensor["shape"]) == 2 and all(isinstance(row, list) and len(row) == 1 for row in data):
        return [cell for (cell,) in data]
    return data


def _check_parameters(label: str, holder: Mapping[str, Any]) -> None:
    """Refuse what the protocol does not call parameters; those that it does are read over."""
    given = holder.get("parameters")
    if given is None:
        return
    kinds = str | int | float
    if not isinstance(given, dict) or not all(isinstance(one, kinds) for one in given.values()):
        expected = "an object of texts, numbers and booleans"
        raise whole(described(given), expected, f"{label} is {described(given)}")
