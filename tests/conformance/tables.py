"""Loads the data files of recorded cases as tables of their names."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

from google.cloud import bigquery

DATA = Path(__file__).parent / "data"


def load_tables(client: bigquery.Client, dataset: str) -> None:
    """Load every data file; types as its schema file says, else by value."""
    _load_census(client, dataset)
    for path in sorted(DATA.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        schema = _schema(path, rows)
        texts = {field.name for field in schema if field.field_type == "STRING"}
        lines = "\n".join(json.dumps(_typed(row, texts)) for row in rows)
        client.load_table_from_file(
            io.BytesIO(lines.encode()),
            f"{client.project}.{dataset}.{path.stem}",
            job_config=bigquery.LoadJobConfig(
                schema=schema, source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON
            ),
        ).result()


def _load_census(client: bigquery.Client, dataset: str) -> None:
    config = bigquery.LoadJobConfig(
        autodetect=True, source_format=bigquery.SourceFormat.CSV, skip_leading_rows=1
    )
    with gzip.open(DATA / "census_min.csv.gz") as file:
        lines = io.BytesIO(file.read())
    path = f"{client.project}.{dataset}.census"
    client.load_table_from_file(lines, path, job_config=config).result()


def _schema(path: Path, rows: list[dict[str, Any]]) -> list[bigquery.SchemaField]:
    declared = path.with_name(f"{path.stem}_schema.json")
    if declared.exists():
        fields = json.loads(declared.read_text(encoding="utf-8"))
        return [bigquery.SchemaField(field["name"], field["type"]) for field in fields]
    return [bigquery.SchemaField(name, _type([row.get(name) for row in rows])) for name in rows[0]]


def _type(values: list[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if str in kinds:
        return "STRING"
    return "INTEGER" if kinds == {int} else "FLOAT"


def _typed(row: dict[str, Any], texts: set[str]) -> dict[str, Any]:
    return {
        name: str(value) if name in texts and value is not None else value
        for name, value in row.items()
    }
