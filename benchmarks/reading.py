"""Predictions read over the Storage Read API against REST paging, in the same run.

Both read one table that ML.PREDICT filled in the local cloud, with Google's own clients,
into an Arrow table; REST takes the client's own page size.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import pyarrow as pa
from google.cloud import bigquery, bigquery_storage_v1

from benchmarks.local_cloud import DATASET, emulator, load
from benchmarks.training import make_table
from cloud import bigquery_client, bigquery_read_client

TABLE = f"{DATASET}.predictions"
MOST_RATIO = 0.2


def predict(client: bigquery.Client, rows: int) -> None:
    """Fill the table with what a model says of the rows."""
    client.create_dataset(DATASET)
    load(client, make_table(rows))
    client.query(
        f"create or replace model {DATASET}.linear options(model_type = 'linear_reg', "
        "input_label_cols = ['price_usd'], data_split_method = 'no_split') as "
        f"select * except (is_high) from {DATASET}.sales_{rows}"
    ).result()
    client.query(
        f"create or replace table {TABLE} as select * from "
        f"ml.predict(model {DATASET}.linear, (select * from {DATASET}.sales_{rows}))"
    ).result()


def over_storage(reader: bigquery_storage_v1.BigQueryReadClient, project: str) -> pa.Table:
    """Read the table over the Storage Read API."""
    dataset, name = TABLE.split(".")
    session = reader.create_read_session(
        parent=f"projects/{project}",
        read_session=bigquery_storage_v1.types.ReadSession(
            table=f"projects/{project}/datasets/{dataset}/tables/{name}",
            data_format=bigquery_storage_v1.types.DataFormat.ARROW,
        ),
        max_stream_count=1,
    )
    return reader.read_rows(session.streams[0].name).to_arrow(session)


def over_rest(client: bigquery.Client) -> pa.Table:
    """Read the table page by page over REST."""
    return client.list_rows(client.get_table(TABLE)).to_arrow(create_bqstorage_client=False)


def best(read: Callable[[], pa.Table], rows: int, repeats: int) -> float:
    """Return the least seconds of several reads, each of which must return every row."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        found = read().num_rows
        seconds.append(time.perf_counter() - started)
        if found != rows:
            raise RuntimeError(f"{found} rows were read; expected {rows}.")
    return min(seconds)


def main(given: list[str] | None = None) -> int:
    """Run and print; exit code 1 if the bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args(given)
    rows, repeats = arguments.rows, arguments.repeats
    with emulator() as (settings, _):
        client, reader = bigquery_client(settings), bigquery_read_client(settings)
        predict(client, rows)
        ours = best(lambda: over_storage(reader, client.project), rows, repeats)
        rival = best(lambda: over_rest(client), rows, repeats)
    held = ours / rival <= MOST_RATIO
    print(
        f"reading {rows:,} predictions: Storage Read API {ours:.3f} s, REST {rival:.3f} s, "
        f"{ours / rival:.3f} x REST (at most {MOST_RATIO}): {'holds' if held else 'BROKEN'}"
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
