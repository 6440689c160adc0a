"""Logical bytes of tables and columns, as BigQuery counts them.

Sizes of types: https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types
(Data type sizes). Repeated and nested columns are counted by their JSON, which is an upper bound
for what stands in this project.
"""

from __future__ import annotations

import re
from functools import cache

from google.api_core.exceptions import NotFound
from google.cloud import bigquery, storage

FIXED = {
    "BOOLEAN": 1,
    "INTEGER": 8,
    "FLOAT": 8,
    "DATE": 8,
    "DATETIME": 8,
    "TIMESTAMP": 8,
    "TIME": 8,
    "NUMERIC": 16,
    "BIGNUMERIC": 32,
}
NAMES = re.compile(r"`[^`]+`\.`([^`]+)`\.`([^`]+)`|`[\w-]+\.(\w+)\.(\w+)`|\b(vendas_\w+)\.(\w+)\b")


class Sizes:
    """What queries read, by the columns that they name.

    Parameters
    ----------
    client : google.cloud.bigquery.Client
        Where the tables are.
    files : google.cloud.storage.Client
        Where the files of external tables are.
    """

    def __init__(self, client: bigquery.Client, files: storage.Client) -> None:
        self._client, self._files = client, files
        self.columns = cache(self._columns)

    def read_by(self, query: str) -> dict[str, int]:
        """Return the bytes that a query reads, by table.

        Every column that it names, or all of them if it has a star, of every table that it
        names: more than BigQuery reads where two tables share a name, never less. Of a CSV file
        BigQuery reads all.
        """
        query = _uncommented(query)
        words = set(re.findall(r"\w+", query))
        star = re.search(r"(?<!count\()\*", query) is not None
        found = {}
        for name in tables_of(query):
            columns = self.columns(name)
            whole = "" in columns
            found[name] = sum(
                size for column, size in columns.items() if whole or star or column in words
            )
        return {name: size for name, size in found.items() if self.columns(name)}

    def _columns(self, name: str) -> dict[str, int]:
        """Return each column's bytes; one nameless column for what is read as a whole."""
        try:
            table = self._client.get_table(name)
        except NotFound:  # a model, or a table that was dropped
            return {}
        if table.view_query:
            return {"": sum(sum(self.columns(n).values()) for n in tables_of(table.view_query))}
        if configuration := table.external_data_configuration:
            return {"": sum(map(self._bytes_of, configuration.source_uris))}
        sizes = [_size(field) for field in table.schema]
        row = next(iter(self._client.query(f"select {', '.join(sizes)} from `{name}`").result()))
        return {field.name: int(row[i] or 0) for i, field in enumerate(table.schema)}

    def _bytes_of(self, uri: str) -> int:
        bucket, _, pattern = uri.removeprefix("gs://").partition("/")
        blobs = self._files.list_blobs(bucket, prefix=pattern.partition("*")[0])
        return sum(blob.size for blob in blobs if blob.name.endswith(pattern.rpartition("*")[2]))


def tables_of(query: str) -> list[str]:
    """Return the tables that a query names, `dataset.table`, each once."""
    found = {
        ".".join(part for part in match if part) for match in NAMES.findall(_uncommented(query))
    }
    return sorted(name for name in found if not name.endswith("INFORMATION_SCHEMA"))


def _uncommented(query: str) -> str:
    return re.sub(r"/\*.*?\*/|--[^\n]*", "", query, flags=re.DOTALL)


def _size(field: bigquery.SchemaField) -> str:
    if field.mode == "REPEATED" or field.field_type in ("RECORD", "STRUCT", "JSON"):
        return f"sum(byte_length(to_json_string(`{field.name}`)))"
    if size := FIXED.get(field.field_type):
        return f"count(`{field.name}`) * {size}"
    return f"sum(2 + byte_length(`{field.name}`))"
