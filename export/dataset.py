"""What BigQuery holds: the features table, the model's labels, verdict and metrics.

Features come as Arrow over the Storage Read API, which reads tables only. Nothing is
computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from export.errors import DatasetError, StaleModelError, UnsupportedError
from export.nodes import Node
from export.warehouse import Warehouse, refusals

# What the export rebuilds; the REST API has names of its own for two of them.
TYPES = ("INT64", "FLOAT64", "STRING")
REST_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
SQL_NAMES = {"LINEAR_REGRESSION": "LINEAR_REG", "LOGISTIC_REGRESSION": "LOGISTIC_REG"}
HASHES = ("sql", "options", "data")


def model_hashes(warehouse: Warehouse, node: Node) -> tuple[str, dict[str, str]] | None:
    """Return a model's type as SQL names it and its labels' hashes; None if there is no model.

    Raises
    ------
    StaleModelError
        If a label is missing: its training was not finished.
    """
    try:
        with refusals(f"reading the model {node.relation}", NotFound):
            model = warehouse.client.get_model(node.relation)
    except NotFound:
        return None
    labels = model.labels or {}
    missing = [f"{name}_hash" for name in HASHES if not labels.get(f"{name}_hash")]
    if missing:
        raise StaleModelError(
            f"The model `{node.relation}` has no label '{missing[0]}': dbt did not finish training "
            "it. Run `dbt build` again."
        )
    return SQL_NAMES.get(model.model_type, model.model_type), {
        name: labels[f"{name}_hash"] for name in HASHES
    }


def check_fingerprint(warehouse: Warehouse, node: Node, trained_on: str) -> None:
    """Refuse a model that was trained on other data than the features table holds.

    Raises
    ------
    StaleModelError
        If the fingerprints differ.
    """
    table = node.tables["features_fingerprint"]
    found = warehouse.rows(f"select data_hash from `{table}`")
    now = found[0]["data_hash"] if len(found) == 1 else None
    if now is None or now[:40] != trained_on:
        raise StaleModelError(
            f"The model `{node.relation}` was trained on data {trained_on!r}; "
            f"`{table}` says {now!r}. Run `dbt build`, which trains it again, then publish."
        )


def verdict(warehouse: Warehouse, node: Node) -> dict[str, Any] | None:
    """Return the model's row of `verdicts`; None if it has none."""
    sql = f"select * from `{node.tables['verdicts']}` where model_name = @model"
    found = warehouse.rows(sql, model=node.name)
    return found[0] if found else None


def evaluation(warehouse: Warehouse, node: Node) -> dict[str, float | None]:
    """Return BigQuery ML's metrics on the test split."""
    sql = f"select metric, value from `{node.tables['evaluations']}` where model_name = @model"
    return {row["metric"]: _finite(row["value"]) for row in warehouse.rows(sql, model=node.name)}


def columns(warehouse: Warehouse, node: Node) -> dict[str, str]:
    """Return the type of each column of the features table, as SQL names it."""
    with refusals(f"reading the schema of {node.tables['features']}"):
        schema = warehouse.client.get_table(node.tables["features"]).schema
    return {field.name: REST_NAMES.get(field.field_type, field.field_type) for field in schema}


def feature_types(warehouse: Warehouse, node: Node) -> dict[str, str]:
    """Return BigQuery's type of each input column.

    Raises
    ------
    DatasetError
        If the table, or a column of it, is not there.
    UnsupportedError
        If a feature has a type that the export does not rebuild.
    """
    name, found = node.tables["features"], columns(warehouse, node)
    wanted = [node.key, "split", *node.features, *([node.label] if node.label else [])]
    missing = [column for column in wanted if column not in found]
    if missing:
        raise DatasetError(
            f"'{node.name}' needs the column '{missing[0]}', which `{name}` has not; it has "
            f"{sorted(found)}."
        )
    for feature in node.features:
        if found[feature] not in TYPES:
            raise UnsupportedError(
                f"The feature '{feature}' of '{node.name}' is {found[feature]}; the export "
                f"rebuilds {', '.join(TYPES)}. Cast it in `{name}`."
            )
    return {feature: found[feature] for feature in node.features}


def rows_where(
    warehouse: Warehouse, node: Node, names: Sequence[str], condition: str
) -> Iterator[pa.RecordBatch]:
    """Yield columns of the features table's rows that meet a condition, a part at a time.

    Raises
    ------
    DatasetError
        With BigQuery's own message.
    """
    table = node.tables["features"]
    with refusals(f"reading {list(names)} of {table}"):
        source = bigquery.TableReference.from_string(table)
        _, batches = warehouse.batches(source, names, condition)
        yield from batches


def to_frame(table: pa.Table | pa.RecordBatch, features: Sequence[str]) -> pd.DataFrame:
    """Return features as a pipeline takes them: numbers as float64, texts as objects."""
    return pd.DataFrame({name: _values(table.column(name)) for name in features})


def _values(column: pa.ChunkedArray | pa.Array) -> Any:
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        # From 2^53 on whole numbers are rounded, as CAST to FLOAT64 does.
        return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    # Equal texts share one object: a column of a few categories takes 8 bytes a row.
    encoded = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    pairs = encoded.dictionary_encode()
    texts = np.array([*pairs.dictionary.to_pylist(), None], dtype=object)
    codes = pairs.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    return pd.Series(texts[codes], dtype="object")


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
