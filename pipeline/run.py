"""The whole flow: provision, reports, dbt, export, summary.

Every step finds what an earlier run left and goes on from there, so a run that was killed
anywhere is finished by running it again. It holds the lease from the first step to the last.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from cloud import Settings, bigquery_client, storage_client
from export import Publication, publish_models
from export.errors import ExportError
from ingest import IngestError, Receipt
from pipeline import dbt
from pipeline.errors import PipelineError, WithdrawnError
from pipeline.lease import Lease
from pipeline.progress import Steps
from pipeline.provision import provision
from pipeline.reconciliation import reconcile
from pipeline.services import SERVICE_ERRORS, service_message
from pipeline.summary import Run

EXPECTED = (PipelineError, IngestError, ExportError)
Take = Callable[[Callable[[str], None]], list[Receipt]]


def run(settings: Settings, take: Take, steps: Steps, lease: Lease, *, always: bool = True) -> Run:
    """Turn reports into published models.

    Parameters
    ----------
    settings : Settings
        A cloud that answers.
    take : callable
        Takes the reports in and returns ingest's receipts; it is given a function to tell
        progress with.
    steps : Steps
        Where progress is shown.
    lease : Lease
        What this run holds, and stops without.
    always : bool
        Whether to build and export even if no report was taken.

    Returns
    -------
    Run
        What happened; expected errors are in `errors`, not raised.
    """
    outcome = Run(settings.target)
    outcome.steps = steps.done
    start = time.monotonic()
    try:
        _flow(settings, take, steps, outcome, lease, always)
    except EXPECTED as error:
        outcome.errors.append(str(error))
    except SERVICE_ERRORS as error:
        outcome.errors.append(service_message(settings, error))
    finally:
        outcome.seconds = time.monotonic() - start
    return outcome


def _flow(
    settings: Settings, take: Take, steps: Steps, outcome: Run, lease: Lease, always: bool
) -> None:
    with steps.step("provision", "Bucket and tables") as (step, _):
        _provision(settings, step.detail)
        step.status = "done" if step.detail["made"] else "skipped"
    lease.check()
    with steps.step("ingest", "Report") as (step, tell):
        receipts = take(tell)
        _provision(settings, step.detail)
        step.detail |= _ingest_detail(receipts)
        step.status = "done" if any(receipt.created for receipt in receipts) else "skipped"
    if not receipts and not always:
        return
    lease.check()
    with steps.step("build", "dbt build") as (step, tell):
        nodes = _build(settings, receipts, tell, outcome)
        step.detail |= _build_detail(nodes)
    lease.check()
    client = bigquery_client(settings)
    outcome.reports = [reconcile(client, receipt) for receipt in receipts]

    def tell_while_leased(text: str) -> None:
        lease.check()
        tell(text)

    with steps.step("export", "Export and certificate") as (step, tell):
        publications = publish_models(
            settings, dbt_manifest=dbt.manifest_file(), progress=tell_while_leased
        )
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


def _build(
    settings: Settings, receipts: list[Receipt], tell: Callable[[str], None], outcome: Run
) -> list[dbt.Node]:
    outcome.dbt_ran = True
    try:
        return dbt.build(settings, tell)
    except PipelineError as error:
        bucket = storage_client(settings).bucket(settings.bucket)
        gone = [r.uri for r in receipts if not bucket.blob(r.object_name).exists()]
        if not gone:
            raise
        raise WithdrawnError(
            f"'{gone[0]}' was withdrawn while dbt read it. Run it again. dbt said: {error}"
        ) from error


def _ingest_detail(receipts: list[Receipt]) -> dict[str, Any]:
    records = sum(receipt.records for receipt in receipts)
    detail: dict[str, Any] = {"reports": [receipt.uri for receipt in receipts], "records": records}
    if len(receipts) == 1:
        detail |= {"uri": receipts[0].uri}
        detail["summary"] = f"{records:,} records, {receipts[0].dialect}"
    else:
        detail["summary"] = f"{len(receipts)} reports, {records:,} records"
    return detail


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


def _build_detail(nodes: list[dbt.Node]) -> dict[str, Any]:
    warnings = [{"node": n.name, "message": n.message} for n in nodes if n.status == "warn"]
    tests = sum(node.name.startswith(("test.", "unit_test.")) for node in nodes)
    made = sum(node.name.startswith(("model.", "seed.")) for node in nodes)
    return {
        "nodes": made,
        "tests": tests,
        "warnings": warnings,
        "slowest": [
            {"node": n.name, "seconds": round(n.seconds, 2)}
            for n in sorted(nodes, key=lambda n: -n.seconds)[:5]
        ],
        "summary": f"{made} nodes, {tests} tests, {len(warnings)} warnings",
    }
