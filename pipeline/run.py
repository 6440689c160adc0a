"""The whole flow: provision, ingest, dbt, export, summary.

Every step finds what an earlier run left and goes on from there, so a run that was killed
anywhere is finished by running it again.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from google.cloud import bigquery
from rich.console import Console

from cloud import Settings, bigquery_client, storage_client
from export import Publication, publish_models
from export.errors import ExportError
from ingest import IngestError, Receipt, ingest
from pipeline import dbt
from pipeline.errors import PipelineError
from pipeline.progress import Steps
from pipeline.provision import provision
from pipeline.summary import Run

EXPECTED = (PipelineError, IngestError, ExportError)


def run(settings: Settings, report: Path, console: Console) -> Run:
    """Turn a report into published models.

    Parameters
    ----------
    settings : Settings
        A cloud that answers.
    report : pathlib.Path
        The manager's CSV.
    console : rich.console.Console
        Where progress is shown.

    Returns
    -------
    Run
        What happened; expected errors are in `errors`, not raised.
    """
    outcome = Run(settings.target)
    steps = Steps(console)
    outcome.steps = steps.done
    start = time.monotonic()
    try:
        _flow(settings, report, steps, outcome)
    except EXPECTED as error:
        outcome.errors.append(str(error))
    finally:
        outcome.seconds = time.monotonic() - start
    return outcome


def _flow(settings: Settings, report: Path, steps: Steps, outcome: Run) -> None:
    with steps.step("provision", "Bucket and tables") as (step, _):
        _provision(settings, step.detail)
        step.status = "done" if step.detail["made"] else "skipped"
    with steps.step("ingest", "Report") as (step, _):
        receipt = ingest(report, storage_client(settings).bucket(settings.bucket))
        _provision(settings, step.detail)
        step.detail |= {"uri": receipt.uri, "records": receipt.records}
        step.detail["summary"] = f"{receipt.records:,} records, {receipt.dialect}"
        step.status = "done" if receipt.created else "skipped"
    with steps.step("build", "dbt build") as (step, tell):
        nodes = dbt.build(settings, tell)
        step.detail |= _build_detail(nodes)
    outcome.report = _report_lines(bigquery_client(settings), receipt)
    with steps.step("export", "Export and certificate") as (step, tell):
        publications = publish_models(settings, progress=tell)
        trained = {node.name.rsplit(".", 1)[-1] for node in nodes if "TRAINED" in node.message}
        outcome.models = [_model(p, trained) for p in publications]
        outcome.errors += [f"{p.name}: {p.error}" for p in publications if p.error]
        created = sum(p.created for p in publications)
        step.detail["summary"] = f"{created} published, {len(publications) - created} unchanged"
        step.status = "done" if created else "skipped"


def _provision(settings: Settings, detail: dict[str, Any]) -> None:
    made = provision(settings)
    detail["made"] = made
    detail["summary"] = ", ".join(made) or "all there"


def _report_lines(client: bigquery.Client, receipt: Receipt) -> dict[str, Any]:
    """Reconcile this report's records; an older report may hold its duplicates."""
    table = f"{client.project}.vendas_marts.report_files"
    job = client.query(
        f"select records, sales, rejected, duplicates from `{table}` where source_file = @uri",
        job_config=bigquery.QueryJobConfig(
            query_parameters=[bigquery.ScalarQueryParameter("uri", "STRING", receipt.uri)]
        ),
    )
    row = next(iter(job.result()))
    lines = {
        "uri": receipt.uri,
        "lines": receipt.records,
        "clean": row["sales"],
        "rejected": row["rejected"],
        "duplicates": row["duplicates"],
    }
    if lines["lines"] != lines["clean"] + lines["rejected"] + lines["duplicates"]:
        raise PipelineError(f"Records were lost between the report and the tables: {lines}.")
    return lines


def _model(publication: Publication, trained: set[str]) -> dict[str, Any]:
    return {
        "name": publication.name,
        "type": publication.type,
        "trained": publication.name in trained,
        "version": publication.version,
        "uri": publication.uri,
        "metrics": publication.metrics,
        "parity": publication.parity,
        "methods": publication.methods,
        "verdict": publication.verdict,
    }


def _build_detail(nodes: list[dbt.Node]) -> dict[str, Any]:
    warnings = [{"node": n.name, "message": n.message} for n in nodes if n.status == "warn"]
    tests = sum(node.name.startswith(("test.", "unit_test.")) for node in nodes)
    return {
        "nodes": len(nodes) - tests,
        "tests": tests,
        "warnings": warnings,
        "slowest": [
            {"node": n.name, "seconds": round(n.seconds, 2)}
            for n in sorted(nodes, key=lambda n: -n.seconds)[:5]
        ],
        "summary": f"{len(nodes) - tests} nodes, {tests} tests, {len(warnings)} warnings",
    }
