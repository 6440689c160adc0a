"""What BigQuery ML says of itself: predictions, explanations and iterations.

Each is one query of one ML function, whose result stays in BigQuery and is read in parts;
nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from google.cloud.bigquery import TableReference

from export import dataset
from export.artifact import class_name
from export.batch import Batch
from export.hard_rows import HardRow
from export.manifest import Value
from export.nodes import Node
from export.parity import Answers, joined
from export.warehouse import Warehouse

KEY, TRUTH = "row_key", "row_truth"
CENTROID, DISTANCES = "CENTROID_ID", "NEAREST_CENTROIDS_DISTANCE"
BASELINE, PREDICTION = "baseline_prediction_value", "prediction_value"
ATTRIBUTIONS = "top_feature_attributions"
LARGEST = 20_000


def predict(
    warehouse: Warehouse, node: Node, source: str, outputs: Sequence[str], **parameters: str
) -> TableReference:
    """Let BigQuery ML predict and return where its answers lie.

    Parameters
    ----------
    warehouse : Warehouse
        Where to ask.
    node : Node
        The model.
    source : str
        A query that gives `row_key`, `row_truth` and the features.
    outputs : sequence of str
        Names of the components of a decomposition.
    **parameters : str
        The query's parameters.
    """
    predicted = f"predicted_{node.label}"
    columns = {
        "regression": [predicted],
        "classification": [predicted, f"{predicted}_probs"],
        "clustering": [CENTROID, DISTANCES],
        "decomposition": list(outputs),
    }[node.task]
    settings = ", struct(true as keep_original_columns)" if node.task == "decomposition" else ""
    return warehouse.stored(
        f"select {_listed(KEY, TRUTH, *node.features, *columns)} from "
        f"ml.predict(model `{node.relation}`, ({source}){settings})",
        **parameters,
    )


def explain(
    warehouse: Warehouse, node: Node, source: str, features: int, **parameters: str
) -> TableReference:
    """Let BigQuery ML explain its predictions and return where that lies.

    Parameters
    ----------
    features : int
        How many the model has: all are asked for.
    """
    columns = [f"predicted_{node.label}", BASELINE, PREDICTION, ATTRIBUTIONS]
    return warehouse.stored(
        f"select {_listed(KEY, *node.features, *columns)} from ml.explain_predict("
        f"model `{node.relation}`, ({source}), struct({features} as top_k_features))",
        **parameters,
    )


def predictions(
    warehouse: Warehouse, node: Node, table: TableReference, outputs: Sequence[str]
) -> Iterator[Batch]:
    """Yield the rows and answers that `predict` left in a table."""
    for part in _parts(warehouse, table):
        frame = dataset.to_frame(part, node.features)
        truth: tuple[Value, ...] = tuple(part.column(TRUTH).to_pylist())
        yield Batch(frame, _answers(node, part, outputs), truth)


def explanations(
    warehouse: Warehouse,
    node: Node,
    table: TableReference,
    features: Sequence[str],
    classes: tuple[str | int | bool, ...] | None,
) -> Iterator[Batch]:
    """Yield the rows and explanations that `explain` left in a table.

    The outputs are the features' attributions, the baseline and the raw prediction, of the
    class that BigQuery ML predicts.
    """
    outputs = (*features, BASELINE, PREDICTION)
    place = {name: index for index, name in enumerate(outputs)}
    for part in _parts(warehouse, table):
        values = np.zeros((part.num_rows, len(outputs)))
        entries = part.column(ATTRIBUTIONS)
        rows, fields = _flattened(entries)
        names = fields["feature"].dictionary_encode()
        places = np.array([place[name] for name in names.dictionary.to_pylist()], dtype=np.intp)
        values[rows, places[names.indices.to_numpy()]] = fields["attribution"].to_numpy()
        for name in (BASELINE, PREDICTION):
            values[:, place[name]] = part.column(name).to_numpy(zero_copy_only=False)
        labels = tuple(part.column(f"predicted_{node.label}").to_pylist())
        expected = Answers(
            tuple(part.column(KEY).to_pylist()),
            outputs,
            values,
            None if classes is None else labels,
            classes,
        )
        yield Batch(dataset.to_frame(part, node.features), expected)


def hard_batch(batches: Iterable[Batch], hard: Sequence[HardRow]) -> Batch:
    """Return the hard rows that BigQuery ML answered, in their order and with their kinds."""
    parts = list(batches)
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    answered = joined([part.expected for part in parts])
    keys = tuple(row.key for row in hard)
    position = {key: index for index, key in enumerate(answered.keys)}
    expected = answered.at(keys)
    frame = frame.iloc[[position[key] for key in keys]].reset_index(drop=True)
    return Batch(frame, expected, kinds=tuple(row.kind for row in hard))


def iterations(warehouse: Warehouse, node: Node) -> int | None:
    """Return how many iterations the model trained; None for a family that tells none."""
    if node.task == "decomposition":
        return None
    sql = f"select count(*) as number from ml.training_info(model `{node.relation}`)"
    return int(warehouse.rows(sql)[0]["number"])


def evaluation(warehouse: Warehouse, node: Node) -> dict[str, float | None]:
    """Return ML.EVALUATE's metrics of the test split, for a model without a label."""
    (row,) = warehouse.rows(
        f"select * from ml.evaluate(model `{node.relation}`, ({split_rows(node)}))"
    )
    return {name: None if value is None else float(value) for name, value in row.items()}


def split_rows(node: Node, most: int | None = None) -> str:
    """Return the query of the test split; of so many rows of it, chosen by their keys."""
    label = f"`{node.label}`" if node.label else "cast(null as string)"
    columns = ", ".join(f"`{name}`" for name in node.features)
    key = f"cast(`{node.key}` as string)"
    chosen = "" if most is None else f" order by farm_fingerprint({key}), {key} limit {most}"
    return (
        f"select {key} as {KEY}, {label} as {TRUTH}, {columns} from `{node.tables['features']}` "
        f"where split = 'test'{chosen}"
    )


def given_rows(node: Node, types: Mapping[str, str]) -> str:
    """Return the query of rows given as JSON in the parameter `rows`.

    Parameters
    ----------
    node : Node
        The model.
    types : mapping of str to str
        BigQuery type by feature.
    """
    cells = [f"json_value(entry, '$.{KEY}') as {KEY}", f"cast(null as string) as {TRUTH}"]
    cells += [f"cast(json_value(entry, '$.{n}') as {types[n]}) as `{n}`" for n in node.features]
    return f"select {', '.join(cells)} from unnest(json_query_array(@rows)) as entry"


def _listed(*columns: str) -> str:
    return ", ".join(f"`{column}`" for column in columns)


def _parts(warehouse: Warehouse, table: TableReference) -> Iterator[pa.RecordBatch]:
    _, batches = warehouse.batches(table, ())
    for batch in batches:
        for start in range(0, batch.num_rows, LARGEST):
            yield batch.slice(start, LARGEST)


def _answers(node: Node, part: pa.RecordBatch, outputs: Sequence[str]) -> Answers:
    keys = tuple(part.column(KEY).to_pylist())
    predicted = f"predicted_{node.label}"
    if node.task == "regression":
        values = _numbers(part, [predicted])
        return Answers(keys, (str(node.label),), values, None)
    if node.task == "decomposition":
        return Answers(keys, tuple(outputs), _numbers(part, outputs), None)
    if node.task == "clustering":
        rows, fields = _flattened(part.column(DISTANCES))
        values = np.full((len(keys), len(outputs)), np.nan)
        values[rows, fields[CENTROID].to_numpy() - 1] = fields["DISTANCE"].to_numpy()
        labels = tuple(part.column(CENTROID).to_pylist())
        clusters = tuple(range(1, len(outputs) + 1))
        return Answers(keys, tuple(outputs), values, labels, clusters, nearest=True)
    return _classified(keys, part.column(predicted), part.column(f"{predicted}_probs"))


def _numbers(part: pa.RecordBatch, names: Sequence[str]) -> np.ndarray:
    columns = [part.column(name).to_numpy(zero_copy_only=False) for name in names]
    return np.stack(columns, axis=1).astype("float64")


def _classified(keys: tuple[str, ...], labels: pa.Array, probs: pa.Array) -> Answers:
    rows, fields = _flattened(probs)
    named = next(values for name, values in fields.items() if name != "prob").dictionary_encode()
    listed = named.dictionary.to_pylist()
    classes = sorted(listed)
    position = {label: index for index, label in enumerate(classes)}
    places = np.array([position[label] for label in listed], dtype=np.intp)
    values = np.full((len(keys), len(classes)), np.nan)
    values[rows, places[named.indices.to_numpy()]] = fields["prob"].to_numpy()
    outputs = tuple(class_name(label) for label in classes)
    return Answers(keys, outputs, values, tuple(labels.to_pylist()), tuple(classes))


def _flattened(entries: pa.Array) -> tuple[np.ndarray, dict[str, pa.Array]]:
    """Return the row of each entry of an array of structs, and the structs' fields."""
    rows = np.repeat(np.arange(len(entries)), entries.value_lengths().fill_null(0).to_numpy())
    flat = entries.flatten()
    return rows, {entry.name: flat.field(i) for i, entry in enumerate(flat.type)}
