"""Make bucket, dataset and external tables, as `terraform/schemas` describes them.

Terraform does the same on Google Cloud from the same two files; here it is done through
Google's clients, so that it works on both targets. Running it again changes nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from google.api_core.exceptions import Conflict, Forbidden, NotFound
from google.cloud import bigquery

from cloud import Settings, bigquery_client, storage_client
from pipeline.errors import ProvisionError

SCHEMAS = Path(__file__).parent.parent / "terraform" / "schemas"
DATASET = "vendas_bmw"
DATASET_NAME = "Dataset Vendas BMW"
REPORTS = "raw/vendas/*.csv"


def provision(settings: Settings) -> list[str]:
    """Make what is missing.

    An autodetected table needs a file to detect its columns from, on BigQuery too, so it
    is made once the first report is there.

    Returns
    -------
    list of str
        What was made or brought up to date, in words; empty if all was there.

    Raises
    ------
    ProvisionError
        If a bucket's name is taken, or the dataset lies elsewhere than `BQ_LOCATION`.
    """
    changes = provision_buckets(settings)
    client = bigquery_client(settings)
    changes += _dataset(client, settings)
    has_report = _has_report(settings)
    for table in external_tables(settings):
        if has_report or not table.external_data_configuration.autodetect:
            changes += _table(client, table)
    return changes


def provision_buckets(settings: Settings) -> list[str]:
    """Make the bucket of reports and models, and the inbox; return what was made, in words."""
    return [*_bucket(settings, settings.bucket), *_bucket(settings, settings.inbox)]


def external_tables(settings: Settings) -> list[bigquery.Table]:
    """Describe both external tables over the bucket's reports."""
    schema = json.loads((SCHEMAS / "vendas.json").read_text())
    definitions = json.loads((SCHEMAS / "external_tables.json").read_text())
    return [_external_table(settings, name, schema, d) for name, d in definitions.items()]


def _external_table(
    settings: Settings, name: str, schema: list[dict[str, Any]], definition: dict[str, Any]
) -> bigquery.Table:
    reference = f"{settings.project}.{DATASET}.{name}"
    table = bigquery.Table(reference)
    table.external_data_configuration = bigquery.ExternalConfig.from_api_repr(
        external_data_configuration(settings.bucket, schema, definition)
    )
    table.description = definition.get("description")
    return table


def external_data_configuration(
    bucket: str, schema: list[dict[str, Any]], definition: dict[str, Any]
) -> dict[str, Any]:
    """Return the REST form of one external table's `externalDataConfiguration`.

    Parameters
    ----------
    bucket : str
        Bucket of the reports.
    schema : list of dict
        The columns of `terraform/schemas/vendas.json`.
    definition : dict
        One table of `terraform/schemas/external_tables.json`.
    """
    options = {
        "skipLeadingRows": str(definition["skip_leading_rows"]),
        "allowQuotedNewlines": definition["allow_quoted_newlines"],
        "encoding": definition["encoding"],
        "fieldDelimiter": definition["field_delimiter"],
        "sourceColumnMatch": definition["source_column_match"],
    }
    configuration: dict[str, Any] = {
        "sourceFormat": "CSV",
        "sourceUris": [f"gs://{bucket}/{REPORTS}"],
        "maxBadRecords": definition["max_bad_records"],
        "autodetect": definition["autodetect"],
        "csvOptions": options,
    }
    if not definition["autodetect"]:
        fields = [{"name": c["name"], "type": "STRING", "mode": "NULLABLE"} for c in schema]
        configuration["schema"] = {"fields": fields}
    return configuration


def _bucket(settings: Settings, name: str) -> list[str]:
    client = storage_client(settings)
    try:
        if client.lookup_bucket(name) is not None:
            return []
        client.create_bucket(name, location=settings.location)
    except Conflict:  # made by another run in between, or by a stranger
        return _bucket(settings, name)
    except Forbidden as error:
        raise ProvisionError(
            f"gs://{name} is there but cannot be read: the name is somebody else's (names are one "
            "space for all of Cloud Storage), or this account lacks "
            "roles/storage.legacyBucketReader on it. Set VENDAS_BUCKET and VENDAS_INBOX to "
            f"buckets of project '{settings.project}'. Google said: {error.message}"
        ) from error
    return [f"bucket gs://{name}"]


def _has_report(settings: Settings) -> bool:
    bucket = storage_client(settings).bucket(settings.bucket)
    blobs = bucket.list_blobs(prefix=REPORTS.removesuffix("*.csv"))
    return any(blob.name.endswith(".csv") for blob in blobs)


def _dataset(client: bigquery.Client, settings: Settings) -> list[str]:
    dataset = bigquery.Dataset(f"{settings.project}.{DATASET}")
    dataset.friendly_name = DATASET_NAME
    dataset.location = settings.location
    try:
        present = client.get_dataset(dataset.reference)
    except NotFound:
        client.create_dataset(dataset, exists_ok=True)
        return [f"dataset {DATASET}"]
    if (present.location or settings.location).upper() != settings.location.upper():
        raise ProvisionError(
            f"The dataset {present.full_dataset_id} lies in '{present.location}', and BQ_LOCATION "
            f"is '{settings.location}': queries find only datasets of one location. Set "
            f"BQ_LOCATION={present.location}, or use another project."
        )
    return []


def _table(client: bigquery.Client, table: bigquery.Table) -> list[str]:
    try:
        present = client.get_table(table.reference)
    except NotFound:
        client.create_table(table, exists_ok=True)
        return [f"external table {table.dataset_id}.{table.table_id}"]
    wanted = table.external_data_configuration.to_api_repr()
    if _holds(present.external_data_configuration.to_api_repr(), wanted):
        return []
    client.delete_table(table.reference)
    client.create_table(table)
    return [f"external table {table.dataset_id}.{table.table_id} (definition changed)"]


def _holds(present: Any, wanted: Any) -> bool:
    """Whether all that is wanted is present; what the service adds does not count."""
    if isinstance(wanted, dict):
        return all(_holds((present or {}).get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(present or []) == len(wanted) and all(map(_holds, present, wanted))
    # BigQuery leaves out what has its default.
    return str(present) == str(wanted) or (present is None and wanted in (False, 0, "NULLABLE"))
