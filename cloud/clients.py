"""Google's own clients, made from the settings.

The one place that knows an emulator takes no credentials and no TLS; whoever gets a
client cannot tell the targets apart. The libraries are imported where they are used:
the API image has no Storage Read API, and takes BigQuery's time only if it logs predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cloud.settings import Settings

# No query may be billed for more, as in dbt's profile; the public report is 4 MB.
MAXIMUM_BYTES_BILLED = 10_000_000_000

if TYPE_CHECKING:
    from google.cloud import bigquery, bigquery_storage_v1
    from google.cloud.storage import Client as StorageClient


def bigquery_client(settings: Settings) -> bigquery.Client:
    """Return a BigQuery client for the settings' project and location."""
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    if settings.bigquery_host is None:
        guard = bigquery.QueryJobConfig(maximum_bytes_billed=MAXIMUM_BYTES_BILLED)
        return bigquery.Client(
            project=settings.project,
            location=settings.location,
            default_query_job_config=guard,
        )
    return bigquery.Client(
        project=settings.project,
        location=settings.location,
        credentials=AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=settings.bigquery_host),
    )


def bigquery_read_client(settings: Settings) -> bigquery_storage_v1.BigQueryReadClient:
    """Return a Storage Read API client: tables and query results as Arrow over gRPC."""
    from google.cloud import bigquery_storage_v1

    if settings.bigquery_host is None:
        return bigquery_storage_v1.BigQueryReadClient()
    import grpc
    from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
        BigQueryReadGrpcTransport,
    )

    host = urlsplit(settings.bigquery_host).hostname
    channel = grpc.insecure_channel(
        f"{host}:{settings.bigquery_grpc_port}",
        options=[("grpc.max_receive_message_length", -1)],
    )
    return bigquery_storage_v1.BigQueryReadClient(
        transport=BigQueryReadGrpcTransport(channel=channel)
    )


def storage_client(settings: Settings) -> StorageClient:
    """Return a Cloud Storage client for the settings' project."""
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client as StorageClient

    if settings.storage_host is None:
        return StorageClient(project=settings.project)
    return StorageClient(
        project=settings.project,
        credentials=AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=settings.storage_host),
    )
