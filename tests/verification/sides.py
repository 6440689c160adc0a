"""The two sides that are compared, each with a scratch dataset and a scratch bucket."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from google.cloud import bigquery, storage

from cloud import Settings, bigquery_client, storage_client


@dataclass(frozen=True)
class Side:
    """Google, or the local cloud.

    Parameters
    ----------
    name : str
        What the table calls it.
    settings : Settings
        Where it is.
    bigquery : google.cloud.bigquery.Client
    storage : google.cloud.storage.Client
    dataset, bucket : str
        Scratch: nothing outside of them is changed, and both are gone afterwards.
    """

    name: str
    settings: Settings
    bigquery: bigquery.Client
    storage: storage.Client
    dataset: str
    bucket: str

    def rows(self, sql: str) -> list[tuple]:
        """Return what a query answers in the scratch dataset."""
        default = f"{self.bigquery.project}.{self.dataset}"
        config = bigquery.QueryJobConfig(default_dataset=default)
        return [tuple(row.values()) for row in self.bigquery.query(sql, config).result()]


@contextmanager
def scratch(name: str, settings: Settings) -> Iterator[Side]:
    """Give a side with a dataset and a bucket that are gone afterwards, whatever happens."""
    suffix = uuid.uuid4().hex[:8]
    tables, files = bigquery_client(settings), storage_client(settings)
    side = Side(name, settings, tables, files, f"verify_{suffix}", f"{settings.project}-{suffix}")
    dataset = bigquery.Dataset(f"{tables.project}.{side.dataset}")
    dataset.location = settings.location
    dataset.default_table_expiration_ms = 24 * 60 * 60 * 1000
    tables.create_dataset(dataset)
    try:
        bucket = files.create_bucket(side.bucket, location=settings.location)
        try:
            yield side
        finally:
            for blob in bucket.list_blobs():
                blob.delete()
            bucket.delete()
    finally:
        tables.delete_dataset(dataset, delete_contents=True)
