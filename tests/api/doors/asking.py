"""The same rows as each door takes them, and its answers as our own door writes them."""

import csv
import io
import json

import pyarrow as pa

from tests.api.publishing import CLASSES, FEATURES

NAMES = [feature.name for feature in FEATURES]
DATATYPES = {"STRING": "BYTES", "INT64": "INT64", "FLOAT64": "FP64"}
ARROW = {"STRING": pa.string(), "INT64": pa.int64(), "FLOAT64": pa.float64()}
JSON = "application/json"


def columns(rows):
    return {name: [row[name] for row in rows] for name in NAMES}


def tensors(rows):
    return [
        {
            "name": f.name,
            "shape": [len(rows)],
            "datatype": DATATYPES[f.type],
            "data": [row[f.name] for row in rows],
        }
        for f in FEATURES
    ]


def delimited(rows):
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(NAMES)
    for row in rows:
        writer.writerow(["" if row[name] is None else row[name] for name in NAMES])
    return text.getvalue().encode()


def arrow(rows, *, whole=True):
    arrays = [
        pa.array([row[f.name] for row in rows], ARROW[f.type] if whole else None) for f in FEATURES
    ]
    table = pa.table(dict(zip(NAMES, arrays, strict=True)))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _json(content):
    return json.dumps(content).encode()


# By name: the address, the content type, and the body of some rows.
WAYS = {
    "own rows": ("/models/{}/predict", JSON, lambda rows: _json({"rows": rows})),
    "own columns": ("/models/{}/predict", JSON, lambda rows: _json({"columns": columns(rows)})),
    "own csv": ("/models/{}/predict", "text/csv", delimited),
    "own arrow": ("/models/{}/predict", "application/vnd.apache.arrow.stream", arrow),
    "own version": (
        "/models/{}/versions/1111111111111111/predict",
        JSON,
        lambda rows: _json({"rows": rows}),
    ),
    "open inference": ("/v2/models/{}/infer", JSON, lambda rows: _json({"inputs": tensors(rows)})),
    "open inference version": (
        "/v2/models/{}/versions/1111111111111111/infer",
        JSON,
        lambda rows: _json({"inputs": tensors(rows), "id": "7"}),
    ),
}
# Those that name no model answer by the default one.
DEFAULT_WAYS = {
    "mlflow split": (
        "/invocations",
        JSON,
        lambda rows: _json(
            {"dataframe_split": {"columns": NAMES, "data": [[r[n] for n in NAMES] for r in rows]}}
        ),
    ),
    "mlflow records": ("/invocations", JSON, lambda rows: _json({"dataframe_records": rows})),
    "mlflow instances": ("/invocations", JSON, lambda rows: _json({"instances": rows})),
    "mlflow inputs": ("/invocations", JSON, lambda rows: _json({"inputs": columns(rows)})),
    "mlflow csv": ("/invocations", "text/csv", delimited),
    "vertex": ("/predict", JSON, lambda rows: _json({"instances": rows})),
}
ALL = WAYS | DEFAULT_WAYS


def path_of(way):
    """Return a door's address as the OpenAPI document has it."""
    return ALL[way][0].format("{model}").replace("1" * 16, "{version}")


def ask(api, way, rows, model="price", **parameters):
    """Ask through a door; return the response."""
    address, kind, body = ALL[way]
    headers = {"Content-Type": kind}
    address = address.format(model)
    return api.post(address, content=body(rows), headers=headers, params=parameters)


def answers(way, content, model="price"):
    """Return values, or labels and lists of probabilities (None where the door has none)."""
    classes = CLASSES[model]
    if way.startswith("open inference"):
        outputs = {tensor["name"]: tensor["data"] for tensor in content["outputs"]}
        if classes is None:
            return outputs["value"], None
        width, flat = len(classes), outputs["probabilities"]
        rows = [flat[at : at + width] for at in range(0, len(flat), width)]
        return outputs["label"], rows
    if way.startswith("mlflow"):
        return content["predictions"], None
    if "columns" in content:
        found = content["columns"]
        if classes is None:
            return found["value"], None
        rows = zip(*found["probabilities"].values(), strict=True)
        return found["label"], [list(row) for row in rows]
    predictions = content["predictions"]
    if classes is None:
        return [one["value"] for one in predictions], None
    rows = [list(one["probabilities"].values()) for one in predictions]
    return [one["label"] for one in predictions], rows
