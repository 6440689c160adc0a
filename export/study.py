"""Everything about one model that the export works on, read once from BigQuery."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from google.cloud.storage import Bucket
from numpy.typing import NDArray

from export import answers, dataset
from export.background import Background, read_background
from export.dataset import Warehouse
from export.errors import DatasetError, UnsupportedError
from export.families.sources import Sources
from export.hard_rows import HardRow, hard_rows
from export.identity import Identity
from export.manifest import Feature, Value
from export.nodes import Node
from export.parity import Answers
from export.pipelines import Columns, categories_of
from export.transplant import Weights, read_weights

SPLITS: dict[str, Callable[[pa.ChunkedArray], pa.ChunkedArray]] = {
    "custom": lambda split: pc.equal(split, "train"),
    "no_split": lambda split: pc.not_equal(split, "test"),
}
CONDITIONS = {"custom": "split = 'train'", "no_split": "split != 'test'"}
LINEAR = ("LINEAR_REG", "LOGISTIC_REG")


@dataclass(frozen=True)
class Study:
    """One model's rows, BigQuery ML's answers and what BigQuery ML is made of.

    Parameters
    ----------
    identity : Identity
        The model and its version.
    features : tuple of Feature
        Input columns as training saw them.
    columns : Columns
        The same, as a pipeline is built of them.
    training, training_label : DataFrame of shape (n_rows, n_features) and ndarray
        The rows that BigQuery ML trained on.
    rows : DataFrame of shape (n_test + n_hard, n_features)
        The rows to certify: the test split, then the hard rows.
    test_labels : tuple
        What was true in the test split; None is NULL.
    hard : tuple of HardRow
        The hard rows.
    expected : Answers
        BigQuery ML's answers to `rows`.
    sources : Sources
        What else BigQuery holds of the model.
    weights : Weights or None
        BigQuery ML's, of a linear model without a TRANSFORM clause.
    iterations : int or None
        How many BigQuery ML trained.
    metrics : dict of str to float
        BigQuery ML's, on the test split.
    background : Background
        What the model card tells of the data and the leak audit.
    """

    identity: Identity
    features: tuple[Feature, ...]
    columns: Columns
    training: pd.DataFrame
    training_label: NDArray[Any]
    rows: pd.DataFrame
    test_labels: tuple[Value, ...]
    hard: tuple[HardRow, ...]
    expected: Answers
    sources: Sources
    weights: Weights | None
    iterations: int | None
    metrics: dict[str, float | None]
    background: Background

    @property
    def node(self) -> Node:
        """What dbt says of the model."""
        return self.identity.node

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """The classes BigQuery ML knows, ascending; None for a regression."""
        return self.expected.classes


def read_study(warehouse: Warehouse, bucket: Bucket, identity: Identity) -> Study:
    """Read features, answers and what the model is made of.

    Parameters
    ----------
    warehouse : Warehouse
    bucket : google.cloud.storage.Bucket
        Where BigQuery may write the booster of a tree model, which is read and deleted.
    identity : Identity

    Raises
    ------
    ExportError
        DatasetError or UnsupportedError, with BigQuery's own words where it has some.
    """
    node = identity.node
    table = dataset.read_features(warehouse, node)
    training = _training_rows(table, node)
    test = table.filter(pc.equal(table.column("split"), "test"))
    if not training.num_rows or not test.num_rows:
        raise DatasetError(
            f"`{node.tables['features']}` has {training.num_rows} rows to train '{node.name}' on "
            f"and {test.num_rows} to test it on; expected some of both."
        )
    features = tuple(_feature(training, name) for name in node.features)
    hard = tuple(hard_rows(features, _typical(training, node)))
    types = {feature.name: feature.type for feature in features}
    expected = _expected(warehouse, node, test, hard, types)
    training_rows = CONDITIONS[_split_method(node)]
    sources = Sources(warehouse, bucket, node, types, training_rows, expected.classes)
    frame = dataset.to_frame(test, node.features)
    return Study(
        identity=identity,
        features=features,
        columns=_columns(features),
        training=dataset.to_frame(training, node.features),
        training_label=_label(training.column(node.label), node),
        rows=pd.concat([frame, _hard_frame(hard, frame)], ignore_index=True),
        test_labels=tuple(test.column(node.label).to_pylist()),
        hard=hard,
        expected=expected,
        sources=sources,
        weights=_weights(identity, sources, expected),
        iterations=answers.iterations(warehouse, node),
        metrics=dataset.evaluation(warehouse, node),
        background=read_background(warehouse, node),
    )


def _split_method(node: Node) -> str:
    method = str(node.options.get("data_split_method", "auto_split")).lower()
    if method not in SPLITS:
        raise UnsupportedError(
            f"'{node.name}' is trained with DATA_SPLIT_METHOD '{method}': Google does not publish "
            f"which rows that takes. Use one of {sorted(SPLITS)}."
        )
    return method


def _training_rows(table: pa.Table, node: Node) -> pa.Table:
    chosen = SPLITS[_split_method(node)](table.column("split"))
    return table.filter(pc.and_(chosen, pc.is_valid(table.column(node.label))))


def _feature(training: pa.Table, name: str) -> Feature:
    column = training.column(name)
    kind, nullable = dataset.TYPES[column.type], column.null_count > 0
    if kind == "STRING":
        seen = tuple(sorted(value for value in pc.unique(column).to_pylist() if value is not None))
        return Feature(name, kind, "categorical", seen, None, None, nullable)
    ends = pc.min_max(column).as_py()
    return Feature(name, kind, "numeric", None, ends["min"], ends["max"], nullable)


def _columns(features: tuple[Feature, ...]) -> Columns:
    return Columns(
        numeric=tuple(f.name for f in features if f.kind == "numeric"),
        categories={
            f.name: categories_of([*(f.categories or ()), *([None] if f.nullable else [])])
            for f in features
            if f.kind == "categorical"
        },
    )


def _typical(training: pa.Table, node: Node) -> list[dict[str, Value]]:
    """Return training rows without NULL, chosen by key so that every run has the same."""
    ordered = training.select([node.key, *node.features]).sort_by(node.key)
    whole = ordered.drop_null()
    found = (whole if whole.num_rows else ordered).slice(0, 2).select(list(node.features))
    rows: list[dict[str, Value]] = found.to_pylist()
    return rows


def _hard_frame(hard: tuple[HardRow, ...], like: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series([row.values[name] for row in hard], dtype=like[name].dtype)
            for name in like.columns
        }
    )


def _expected(
    warehouse: Warehouse,
    node: Node,
    test: pa.Table,
    hard: tuple[HardRow, ...],
    types: dict[str, str],
) -> Answers:
    ordinary = answers.answers(warehouse, node, answers.split_rows(node))
    rows = json.dumps([{answers.KEY: row.key} | row.values for row in hard])
    unusual = answers.answers(warehouse, node, answers.given_rows(node, types), rows=rows)
    ordinary = ordinary.at(tuple(test.column(node.key).to_pylist()))
    return ordinary.then(unusual.at(tuple(row.key for row in hard)))


def _label(column: pa.ChunkedArray, node: Node) -> NDArray[Any]:
    if node.task == "regression":
        numbers: NDArray[Any] = column.to_numpy().astype("float64")
        return numbers
    return np.array(column.to_pylist())


def _weights(identity: Identity, sources: Sources, expected: Answers) -> Weights | None:
    if identity.model_type not in LINEAR or sources.is_transformed:
        return None
    several = expected.outputs if len(expected.outputs) > 2 else None
    return read_weights(
        sources.rows("weights"), sources.rows("feature_info"), identity.node.features, several
    )
