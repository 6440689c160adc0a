"""A local cloud of a benchmark's own, and tables in it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from google.cloud import bigquery

from cloud import Settings

DATASET = "benchmark"
TYPES = {"int64": "INTEGER", "double": "FLOAT", "string": "STRING", "bool": "BOOLEAN"}


@contextmanager
def emulator() -> Iterator[tuple[Settings, int]]:
    """Start a local cloud on free ports; yield its settings and its process."""
    ports = {name: "0" for name in ("BIGQUERY_PORT", "BIGQUERY_GRPC_PORT", "STORAGE_PORT")}
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "--data-dir", directory],
            env={**os.environ, **ports},
            stdout=subprocess.DEVNULL,
        )
        try:
            state = Path(directory) / "cloud.json"
            while not state.exists():
                if process.poll() is not None:
                    raise RuntimeError(f"The emulator ended with code {process.returncode}.")
                time.sleep(0.1)
            taken = json.loads(state.read_text())["ports"]
            host = f"http://127.0.0.1:{taken['bigquery']}"
            settings = Settings(
                bigquery_host=host,
                bigquery_grpc_port=taken["bigquery_grpc"],
                storage_host=f"http://127.0.0.1:{taken['storage']}",
            )
            yield settings, process.pid
        finally:
            process.terminate()
            process.wait(timeout=60)


def load(client: bigquery.Client, table: pa.Table) -> None:
    """Load the rows into the emulator's own table `sales_<rows>`."""
    file = io.BytesIO()
    pq.write_table(table, file)
    file.seek(0)
    path = f"{client.project}.{DATASET}.sales_{table.num_rows}"
    schema = [bigquery.SchemaField(field.name, TYPES[str(field.type)]) for field in table.schema]
    client.create_table(bigquery.Table(path, schema))
    client.load_table_from_file(
        file,
        path,
        job_config=bigquery.LoadJobConfig(source_format=bigquery.SourceFormat.PARQUET),
    ).result()
