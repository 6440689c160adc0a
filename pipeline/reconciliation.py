"""No record is lost: what the marts hold of a report adds up to what it brought."""

from __future__ import annotations

from typing import Any

from google.cloud import bigquery

from ingest import Receipt
from pipeline.errors import PipelineError, WithdrawnError

SHOWN = 5


def reconcile(client: bigquery.Client, receipt: Receipt) -> dict[str, Any]:
    """Count what became of a report's records.

    Returns
    -------
    dict
        `uri`, `lines`, `clean`, `flagged` (kept but worth a look), `rejected`, `duplicates` (an
        older report may hold the first), `reports_in_bucket`, and `first_rejected`: up to five
        records with their reasons.

    Raises
    ------
    PipelineError
        If the counts do not add up.
    WithdrawnError
        If the report is not in the tables.
    """
    files = {row["source_file"]: row for row in _files(client)}
    row = files.get(receipt.uri)
    if row is None:
        raise WithdrawnError(
            f"'{receipt.uri}' is not in vendas_marts.report_files: it was withdrawn while dbt "
            "ran. Run it again."
        )
    lines: dict[str, Any] = {
        "uri": receipt.uri,
        "lines": receipt.records,
        "clean": row["sales"],
        "rejected": row["rejected"],
        "duplicates": row["duplicates"],
    }
    if lines["lines"] != lines["clean"] + lines["rejected"] + lines["duplicates"]:
        raise PipelineError(f"Records were lost between the report and the tables: {lines}.")
    return lines | {
        "flagged": row["flagged"],
        "reports_in_bucket": len(files),
        "first_rejected": [dict(rejected) for rejected in _rejected(client, receipt.uri)],
    }


def _files(client: bigquery.Client) -> bigquery.table.RowIterator:
    return client.query(f"select * from `{client.project}.vendas_marts.report_files`").result()


def _rejected(client: bigquery.Client, uri: str) -> bigquery.table.RowIterator:
    query = f"""
        select record_number, reasons
        from `{client.project}.vendas_marts.rejected_sales`
        where source_file = @uri
        order by record_number
        limit {SHOWN}
    """
    parameters = [bigquery.ScalarQueryParameter("uri", "STRING", uri)]
    return client.query(
        query, job_config=bigquery.QueryJobConfig(query_parameters=parameters)
    ).result()
