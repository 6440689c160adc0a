"""The whole flow: provision, ingest, dbt, export, summary.

Every step finds what an earlier run left and goes on from there, so a run that was killed
anywhere is finished by running it again.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from requests.exceptions import RequestException
from rich.console import Console

from cloud import Settings, bigquery_client, storage_client
from export import Publication, publish_models
from export.errors import ExportError
from ingest import IngestError, ingest
from pipeline import dbt
from pipeline.errors import PipelineError
from pipeline.progress import Steps
from pipeline.provision import provision
from pipeline.reconciliation import reconcile
from pipeline.summary import Run

EXPECTED = (PipelineError, IngestError, ExportError)
# What Google's clients raise when a service is gone, refuses or is out of reach.
SERVICE_ERRORS = (GoogleAPIError, GoogleAuthError, RequestException)


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
    except SERVICE_ERRORS as error:
        outcome.errors.append(_service_message(settings, error))
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
    outcome.report = reconcile(bigquery_client(settings), receipt)
    with steps.step("export", "Export and certificate") as (step, tell):
        publications = publish_models(settings, dbt_manifest=dbt.manifest_file(), progress=tell)
        trained = {node.name.rsplit(".", 1)[-1] for node in nodes if "TRAINED" in node.message}
        outcome.models = [_model(p, trained) for p in publications]
        outcome.errors += [f"{p.name}: {p.error}" for p in publications if p.error]
        created = sum(p.created for p in publications)
        step.detail["summary"] = _export_summary(publications)
        step.status = "done" if created else "skipped"


def _provision(settings: Settings, detail: dict[str, Any]) -> None:
    made = provision(settings)
    detail["made"] = made
    detail["summary"] = ", ".join(made) or "all there"


def _export_summary(publications: list[Publication]) -> str:
    created = sum(p.created for p in publications)
    waiting = sum(p.waiting for p in publications)
    held = f"{waiting} not promoted, " if waiting else ""
    return f"{created} published, {held}{len(publications) - created - waiting} unchanged"


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
        "promotion": publication.promotion,
        "waiting": publication.waiting,
        "note": publication.note,
    }


def _service_message(settings: Settings, error: Exception) -> str:
    remedy = (
        "See '.local/emulator.log'; run it again: it goes on from where it stopped."
        if settings.target == "local"
        else "Check project, bucket, credentials and network; run it again: it goes on from there."
    )
    return f"{type(error).__name__}: {error} {remedy}"


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
