"""Where the project meets Google Cloud: settings from the environment and Google's clients."""

from cloud.clients import bigquery_client, bigquery_read_client, storage_client
from cloud.settings import Settings

__all__ = ["Settings", "bigquery_client", "bigquery_read_client", "storage_client"]
