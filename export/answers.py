"""What BigQuery ML says of itself: predictions and iterations.

Each is one query of one ML function; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from export.artifact import class_name
from export.dataset import Warehouse
from export.nodes import Node
from export.parity import Answers

KEY = "row_key"


def answers(warehouse: Warehouse, node: Node, source: str, **parameters: str) -> Answers:
    """Return BigQuery ML's own predictions.

    Parameters
    ----------
    warehouse : Warehouse
        Where to ask.
    node : Node
        The model.
    source : str
        A query that gives `row_key` and the features.
    **parameters : str
        The query's parameters.
    """
    predicted = f"predicted_{node.label}"
    columns = [KEY, predicted] + ([f"{predicted}_probs"] if node.task == "classification" else [])
    listed = ", ".join(f"`{column}`" for column in columns)
    sql = f"select {listed} from ml.predict(model `{node.relation}`, ({source}))"
    table = warehouse.arrow(sql, **parameters)
    keys = tuple(table.column(KEY).to_pylist())
    if node.task == "regression":
        values = table.column(predicted).to_numpy().astype("float64")
        return Answers(keys, (node.label,), values.reshape(-1, 1), None)
    return _classified(keys, table.column(predicted), table.column(f"{predicted}_probs"))


def _classified(keys: tuple[str, ...], labels: pa.ChunkedArray, probs: pa.ChunkedArray) -> Answers:
    entries = probs.combine_chunks()
    if isinstance(entries, pa.ChunkedArray):
        entries = pa.concat_arrays(entries.chunks)
    flat = entries.flatten()
    fields = {field.name: flat.field(i) for i, field in enumerate(flat.type)}
    named = next(values for name, values in fields.items() if name != "prob").to_pylist()
    classes = sorted(set(named))
    position = {label: index for index, label in enumerate(classes)}
    values = np.full((len(keys), len(classes)), np.nan)
    rows = np.asarray(entries.value_parent_indices())
    values[rows, [position[label] for label in named]] = fields["prob"].to_numpy()
    outputs = tuple(class_name(label) for label in classes)
    return Answers(keys, outputs, values, tuple(labels.to_pylist()), tuple(classes))


def iterations(warehouse: Warehouse, node: Node) -> int | None:
    """Return how many iterations the model trained."""
    sql = f"select count(*) as number from ml.training_info(model `{node.relation}`)"
    return int(warehouse.rows(sql)[0]["number"])


def split_rows(node: Node) -> str:
    """Return the query of the test split, for `answers`."""
    columns = ", ".join(f"`{name}`" for name in node.features)
    return (
        f"select `{node.key}` as {KEY}, {columns} from `{node.tables['features']}` "
        "where split = 'test'"
    )


def given_rows(node: Node, types: Mapping[str, str]) -> str:
    """Return the query of rows given as JSON in the parameter `rows`, for `answers`.

    Parameters
    ----------
    node : Node
        The model.
    types : mapping of str to str
        BigQuery type by feature.
    """
    cells = [f"json_value(entry, '$.{KEY}') as {KEY}"]
    cells += [f"cast(json_value(entry, '$.{n}') as {types[n]}) as `{n}`" for n in node.features]
    return f"select {', '.join(cells)} from unnest(json_query_array(@rows)) as entry"
