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

# What the export rebuilds; the REST API has names of its own for two of them.
TYPES = ("INT64", "FLOAT64", "STRING")
REST_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
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

    def stored(self, sql: str, **parameters: str) -> bigquery.TableReference:
        """Run a query whose result is large and return the table that holds it for a day.

        Raises
        ------
        DatasetError
            With BigQuery's own message.
        """
        with _refusals(sql):
            job = self._query(sql, parameters)
            job.result(max_results=0)
            destination: bigquery.TableReference = job.destination
            return destination

    def arrow(self, sql: str, **parameters: str) -> pa.Table:
        """Run a query and read its whole result over the Storage Read API."""
        schema, batches = self.batches(self.stored(sql, **parameters), ())
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


def columns(warehouse: Warehouse, node: Node) -> dict[str, str]:
    """Return the type of each column of the features table, as SQL names it."""
    with _refusals(f"reading the schema of {node.tables['features']}"):
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
    with _refusals(f"reading {list(names)} of {table}"):
        source = bigquery.TableReference.from_string(table)
        _, batches = warehouse.batches(source, names, condition)
        yield from batches


def to_frame(table: pa.Table | pa.RecordBatch, features: Sequence[str]) -> pd.DataFrame:
    """Return features as a pipeline takes them: numbers as float64, texts as objects."""
    return pd.DataFrame({name: _values(table.column(name)) for name in features})


def _values(column: pa.ChunkedArray | pa.Array) -> Any:
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    # Equal texts share one object: a column of a few categories takes 8 bytes a row.
    encoded = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    pairs = encoded.dictionary_encode()
    texts = np.array([*pairs.dictionary.to_pylist(), None], dtype=object)
    codes = pairs.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    return pd.Series(texts[codes], dtype="object")


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
