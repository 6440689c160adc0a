"""BigQuery as the export asks it: rows of a query, or a table as Arrow in parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.cloud import bigquery, bigquery_storage_v1
from google.cloud.bigquery.retry import DEFAULT_RETRY
from google.cloud.bigquery_storage_v1 import types

from export.errors import DatasetError

IMPATIENT = DEFAULT_RETRY.with_timeout(3)


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
        with refusals(sql):
            return [dict(row) for row in self._query(sql, parameters).result()]

    def stored(self, sql: str, **parameters: str) -> bigquery.TableReference:
        """Run a query whose result is large and return the table that holds it for a day.

        Raises
        ------
        DatasetError
            With BigQuery's own message.
        """
        with refusals(sql):
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
def refusals(what: str, *expected: type[GoogleAPICallError]) -> Iterator[None]:
    """Tell what BigQuery refused in its own words; what is expected passes.

    Raises
    ------
    DatasetError
        For anything that it refuses.
    """
    try:
        yield
    except expected:
        raise
    except GoogleAPICallError as error:
        raise DatasetError(f"BigQuery refused `{what[:200]}`: {error.message}") from error
