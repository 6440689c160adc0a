"""What BigQuery holds: the features table, the model's labels, verdict and metrics.

Features come as Arrow over the Storage Read API, which reads tables only. Nothing is
computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
from google.cloud import bigquery, bigquery_storage_v1
from google.cloud.bigquery.retry import DEFAULT_RETRY
from google.cloud.bigquery_storage_v1 import types

from export.errors import DatasetError, StaleModelError, UnsupportedError
from export.nodes import Node

TYPES = {pa.int64(): "INT64", pa.float64(): "FLOAT64", pa.string(): "STRING"}
SQL_NAMES = {"LINEAR_REGRESSION": "LINEAR_REG", "LOGISTIC_REGRESSION": "LOGISTIC_REG"}
IMPATIENT = DEFAULT_RETRY.with_timeout(3)
HASHES = ("sql", "options", "data")


@dataclass(frozen=True)
class Warehouse:
    """Google's clients, passed down together.

    Parameters
    ----------
    client : google.cloud.bigquery.Client
        Queries and models.
    reader : google.cloud.bigquery_storage_v1.BigQueryReadClient
        Tables as Arrow.
    """

    client: bigquery.Client
    reader: bigquery_storage_v1.BigQueryReadClient

    def check(self) -> None:
        """Ask whether BigQuery answers at all, without the client's patient retries.

        Raises
        ------
        DatasetError
            If nothing does.
        """
        try:
            next(iter(self.client.list_datasets(max_results=1, retry=IMPATIENT)), None)
        except GoogleAPICallError:
            return  # it answers; what it refuses is told where it is needed
        except (OSError, RetryError) as error:
            raise DatasetError(
                f"BigQuery does not answer: {error}. Start the local cloud with `make up`, or set "
                "BIGQUERY_EMULATOR_HOST to where it is."
            ) from None

    def rows(self, sql: str, **parameters: str) -> list[dict[str, Any]]:
        """Run a query with STRING parameters whose result is small: it comes over REST.

        Raises
        ------
        DatasetError
            With BigQuery's own message.
        """
        with _refusals(sql):
            return [dict(row) for row in self._query(sql, parameters).result()]

    def arrow(self, sql: str, **parameters: str) -> pa.Table:
        """Run a query whose result is large: it comes over the Storage Read API.

        Raises
        ------
        DatasetError
            With BigQuery's own message.
        """
        with _refusals(sql):
            job = self._query(sql, parameters)
            job.result()
            return self.table(job.destination, ())

    def table(self, table: bigquery.TableReference, columns: Sequence[str]) -> pa.Table:
        """Read a table, all of it if no columns are named."""
        schema, batches = self.batches(table, columns)
        return pa.Table.from_batches(batches, schema)

    def batches(
        self, table: bigquery.TableReference, columns: Sequence[str], restriction: str = ""
    ) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Read a table's rows as they come; a restriction is a condition in SQL."""
        options = types.ReadSession.TableReadOptions(
            selected_fields=list(columns), row_restriction=restriction
        )
        wanted = types.ReadSession(
            table=table.path.lstrip("/"),
            data_format=types.DataFormat.ARROW,
            read_options=options,
        )
        session = self.reader.create_read_session(
            parent=f"projects/{self.client.project}", read_session=wanted, max_stream_count=1
        )
        schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        return schema, (
            pa.ipc.read_record_batch(
                pa.py_buffer(message.arrow_record_batch.serialized_record_batch), schema
            )
            for stream in session.streams
            for message in self.reader.read_rows(stream.name)
        )

    def _query(self, sql: str, parameters: Mapping[str, str]) -> bigquery.QueryJob:
        listed = [bigquery.ScalarQueryParameter(n, "STRING", v) for n, v in parameters.items()]
        return self.client.query(sql, job_config=bigquery.QueryJobConfig(query_parameters=listed))


@contextmanager
def _refusals(what: str, *expected: type[GoogleAPICallError]) -> Iterator[None]:
    try:
        yield
    except expected:
        raise
    except GoogleAPICallError as error:
        raise DatasetError(f"BigQuery refused `{what[:200]}`: {error.message}") from error


def model_hashes(warehouse: Warehouse, node: Node) -> tuple[str, dict[str, str]] | None:
    """Return a model's type as SQL names it and its labels' hashes; None if there is no model.

    Raises
    ------
    StaleModelError
        If a label is missing: its training was not finished.
    """
    try:
        with _refusals(f"reading the model {node.relation}", NotFound):
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


def read_features(warehouse: Warehouse, node: Node) -> pa.Table:
    """Read key, split, features and label of the features table.

    Raises
    ------
    DatasetError
        If the table, or a column of it, is not there.
    UnsupportedError
        If a feature has a type that the export does not rebuild.
    """
    columns = [node.key, "split", *node.features, node.label]
    name = node.tables["features"]
    with _refusals(f"reading {columns} of {name}"):
        source = bigquery.TableReference.from_string(name)
        table = warehouse.table(source, columns).select(columns)
    for feature in node.features:
        if (kind := table.schema.field(feature).type) not in TYPES:
            raise UnsupportedError(
                f"The feature '{feature}' of '{node.name}' is {kind}; the export rebuilds "
                f"{', '.join(TYPES.values())}. Cast it in `{name}`."
            )
    return table


def columns(warehouse: Warehouse, node: Node) -> dict[str, str]:
    """Return the type of each column of the features table, as BigQuery names it."""
    with _refusals(f"reading the schema of {node.tables['features']}"):
        schema = warehouse.client.get_table(node.tables["features"]).schema
    return {field.name: field.field_type for field in schema}


def test_rows(warehouse: Warehouse, node: Node, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield these columns of the test split, a part at a time.

    Raises
    ------
    DatasetError
        With BigQuery's own message.
    """
    table = node.tables["features"]
    with _refusals(f"reading {list(names)} of {table}"):
        source = bigquery.TableReference.from_string(table)
        _, batches = warehouse.batches(source, names, "`split` = 'test'")
        yield from batches


def to_frame(table: pa.Table, features: Sequence[str]) -> pd.DataFrame:
    """Return features as a pipeline takes them: numbers as float64, texts as objects."""
    return pd.DataFrame({name: _values(table.column(name)) for name in features})


def _values(column: pa.ChunkedArray) -> Any:
    values = column.to_numpy()
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    return values.astype("float64") if numeric else pd.Series(values, dtype="object")


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
