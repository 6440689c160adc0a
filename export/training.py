"""The rows that BigQuery ML trained on: what they hold, and the rows themselves.

What they hold is asked of BigQuery. The rows are read only while they fit: scikit-learn
trains in memory, and the other method needs none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from export import dataset
from export.errors import DatasetError
from export.hard_rows import BASES
from export.manifest import Feature, Value
from export.nodes import Node
from export.warehouse import Warehouse

CONDITIONS = {"custom": "split = 'train'", "no_split": "split != 'test'"}
# In memory they are a few hundred MiB with their one-hot columns and the solver's copies.
MOST_ROWS = 500_000


@dataclass(frozen=True)
class Facts:
    """What the training rows hold.

    Parameters
    ----------
    condition : str
        Which rows of the features table they are.
    exact : bool
        Whether just these were trained on; else they are all that BigQuery ML was given.
    rows : int
        How many have a label.
    tests : int
        How many rows the test split has.
    features : tuple of Feature
        The input columns as training saw them.
    constant : float or dict or None
        Mean label, or share of each class; None without a label.
    typical : list of dict
        Rows without NULL, chosen by key so that every run has the same.
    """

    condition: str
    exact: bool
    rows: int
    tests: int
    features: tuple[Feature, ...]
    constant: Any
    typical: list[dict[str, Value]]


@dataclass(frozen=True)
class TrainingRows:
    """The rows themselves.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_features)
    label : ndarray of shape (n_rows,)
        Empty without a label.
    """

    frame: pd.DataFrame
    label: NDArray[Any]


def read_facts(warehouse: Warehouse, node: Node, types: Mapping[str, str]) -> Facts:
    """Ask what the training rows hold.

    Raises
    ------
    DatasetError
        If there are none, or none to test on, or a number is NaN or infinite.
    """
    table, (condition, exact) = node.tables["features"], training_condition(node)
    cells = ["count(*) as training_rows"]
    if node.task == "regression":
        cells.append(f"avg(`{node.label}`) as constant")
    for at, (name, kind) in enumerate(types.items()):
        cells.append(f"countif(`{name}` is null) as nulls_{at}")
        if kind != "STRING":
            cells += [f"min(`{name}`) as low_{at}", f"max(`{name}`) as high_{at}"]
    (row,) = warehouse.rows(f"select {', '.join(cells)} from `{table}` where {condition}")
    (tests,) = warehouse.rows(f"select count(*) as number from `{table}` where split = 'test'")
    _check_finite(warehouse, node, types)
    if not row["training_rows"] or not tests["number"]:
        raise DatasetError(
            f"`{table}` has {row['training_rows']} rows to train '{node.name}' on "
            f"and {tests['number']} to test it on; expected some of both."
        )

    def seen(name: str) -> tuple[str, ...]:
        sql = f"select distinct `{name}` as word from `{table}` where {condition}"
        return tuple(sorted(row["word"] for row in warehouse.rows(sql) if row["word"] is not None))

    return Facts(
        condition=condition,
        exact=exact,
        rows=row["training_rows"],
        tests=tests["number"],
        features=tuple(
            Feature(name, kind, "categorical", seen(name), None, None, row[f"nulls_{at}"] > 0)
            if kind == "STRING"
            else Feature(
                name,
                kind,
                "numeric",
                None,
                row[f"low_{at}"],
                row[f"high_{at}"],
                row[f"nulls_{at}"] > 0,
            )
            for at, (name, kind) in enumerate(types.items())
        ),
        constant=row["constant"]
        if node.task == "regression"
        else _shares(warehouse, node, condition, row["training_rows"]),
        typical=_typical(warehouse, node, condition),
    )


def read_rows(warehouse: Warehouse, node: Node, facts: Facts) -> TrainingRows | None:
    """Read the rows; None if there are more than fit, or nobody knows which they are.

    Parameters
    ----------
    facts : Facts
        Which rows they are. `max_training_rows` of the export block says how many fit.
    """
    if not facts.exact or facts.rows > int(node.export.get("max_training_rows", MOST_ROWS)):
        return None
    label = [node.label] if node.label else []
    names = dict.fromkeys([node.key, *node.features, *label])
    parts = list(dataset.rows_where(warehouse, node, list(names), facts.condition))
    table = pa.Table.from_batches(parts).sort_by(node.key)  # a solver's last digits go by order
    frame = dataset.to_frame(table, node.features)
    if not node.label:
        return TrainingRows(frame, np.empty(0))
    column = table.column(node.label)
    if node.task == "regression":
        return TrainingRows(frame, column.cast(pa.float64(), safe=False).to_numpy())
    return TrainingRows(frame, np.array(column.to_pylist()))


def training_condition(node: Node) -> tuple[str, bool]:
    """Return which rows of the features table BigQuery ML trained on, as SQL.

    Returns
    -------
    tuple of str and bool
        Whether it trained on just these: Google does not publish which of them AUTO_SPLIT,
        RANDOM and SEQ set aside.
    """
    if not node.label:  # these families take every row of the training query
        return f"({CONDITIONS['no_split']})", True
    method = split_method(node)
    condition = CONDITIONS.get(method, CONDITIONS["no_split"])
    return f"({condition} and `{node.label}` is not null)", method in CONDITIONS


def split_method(node: Node) -> str:
    """Return how BigQuery ML sets rows aside."""
    return str(node.options.get("data_split_method", "auto_split")).lower()


def _check_finite(warehouse: Warehouse, node: Node, types: Mapping[str, str]) -> None:
    """Refuse NaN and infinity: scikit-learn takes the one for NULL and refuses the other."""
    floats = [name for name, kind in types.items() if kind == "FLOAT64"]
    if not floats:
        return
    table = node.tables["features"]
    cells = [
        f"countif(is_nan(`{n}`) or is_inf(`{n}`)) as strange_{at}" for at, n in enumerate(floats)
    ]
    (row,) = warehouse.rows(f"select {', '.join(cells)} from `{table}`")
    for at, name in enumerate(floats):
        if count := row[f"strange_{at}"]:
            raise DatasetError(
                f"The feature '{name}' of '{node.name}' is NaN or infinite in {count} rows of "
                f"`{table}`; expected numbers or NULL. Make them NULL there, and run `dbt build`."
            )


def _shares(warehouse: Warehouse, node: Node, condition: str, rows: int) -> dict[Any, float] | None:
    if node.task != "classification":
        return None
    counted = warehouse.rows(
        f"select `{node.label}` as label, count(*) as number from `{node.tables['features']}` "
        f"where {condition} group by 1"
    )
    return {entry["label"]: entry["number"] / rows for entry in counted}


def _typical(warehouse: Warehouse, node: Node, condition: str) -> list[dict[str, Value]]:
    names = ", ".join(f"`{name}`" for name in node.features)
    whole = " and ".join(f"`{name}` is not null" for name in node.features)
    sql = f"select {names} from `{node.tables['features']}` where {condition}"
    last = f"order by `{node.key}` limit {BASES}"
    return warehouse.rows(f"{sql} and {whole} {last}") or warehouse.rows(f"{sql} {last}")
