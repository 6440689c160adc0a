"""The export's two ends: BigQuery and the bucket. Both are asked once whether they are there."""

from __future__ import annotations

from google.cloud.storage import Bucket

from cloud import Settings, bigquery_client, bigquery_read_client, storage_client
from export import bucket as store
from export.warehouse import Warehouse


def open_bucket(settings: Settings) -> Bucket:
    """Return the models' bucket.

    Raises
    ------
    PublishError
        If it is gone, or Cloud Storage does not answer.
    """
    bucket = storage_client(settings).bucket(settings.bucket)
    store.check(bucket)
    return bucket


def open_warehouse(settings: Settings) -> Warehouse:
    """Return the clients that read BigQuery.

    Raises
    ------
    DatasetError
        If BigQuery does not answer.
    """
    warehouse = Warehouse(bigquery_client(settings), bigquery_read_client(settings))
    warehouse.check()
    return warehouse
