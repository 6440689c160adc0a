"""What a run ends with: the table on the screen and `.local/run.json`.

The form of `run.json` is a contract (schema_version 1): other programs read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.progress import Step

SCHEMA_VERSION = 1


@dataclass
class Run:
    """One run, as `run.json` tells it.

    Parameters
    ----------
    target : {"local", "cloud"}
        Where it ran.
    reports : list of dict
        What `pipeline.reconciliation.reconcile` returns, for each report that was taken.
    steps : list of Step
        In order.
    models : list of dict
        One entry a model: name, type, trained, version, uri, metrics, parity, verdict.
    errors : list of str
        What did not hold; a run without errors is ok.
    seconds : float
        Wall time of the whole run, set-up excluded.
    dbt_ran : bool
        Whether dbt came as far as to write artifacts.
    """

    target: str
    reports: list[dict[str, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    dbt_ran: bool = False

    @property
    def ok(self) -> bool:
        """Whether everything held that had to hold."""
        return not self.errors

    def to_json(self) -> dict[str, Any]:
        """Return the contract's form."""
        return {
            "schema_version": SCHEMA_VERSION,
            "target": self.target,
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "report": self.reports[-1] if self.reports else {},
            "reports": self.reports,
            "steps": [asdict(step) for step in self.steps],
            "models": self.models,
            "errors": self.errors,
        }

    def write(self, path: Path) -> None:
        """Write `run.json` whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n")
        os.replace(partial, path)


def show(run: Run, console: Console) -> None:
    """Print the report's lines, the models and what did not hold."""
    for report in run.reports:
        for line in _report(report):
            console.print(line, highlight=False, soft_wrap=True)
    if run.reports and run.reports[-1]["reports_in_bucket"] > 1:
        console.print(
            f"  the bucket holds {run.reports[-1]['reports_in_bucket']} reports and the models see "
            "all of them: `python -m ingest list` shows them, `withdraw` takes one back",
            highlight=False,
            soft_wrap=True,
        )
    if run.models:
        console.print(_models(run.models))
    for model in run.models:
        for line in _notes(model):
            console.print(line, highlight=False, soft_wrap=True)
    for error in run.errors:
        console.print(f"[red]✗[/] {escape(error)}", highlight=False, soft_wrap=True)


def log_line(run: Run, name: str) -> str:
    """Return one line of JSON as Cloud Logging reads it: a failed run is an error."""
    if run.ok:
        message = f"Run {name} is done: {len(run.reports)} reports, {len(run.models)} models."
    else:
        message = f"Run {name} failed: {' '.join(run.errors)}"
    line = {"severity": "INFO" if run.ok else "ERROR", "message": message, "run": name}
    return json.dumps(line | {"ok": run.ok, "seconds": round(run.seconds, 1)})


def show_records(records: Iterable[dict[str, Any]], last: int, console: Console) -> None:
    """Print the newest records, and below them why what failed did."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("run", "trigger", "status", "seconds", "reports"):
        table.add_column(heading, no_wrap=True)
    shown = list(islice(records, last))
    for record in shown:
        told = (record.get(name, "–") for name in ("id", "trigger", "status", "seconds"))
        table.add_row(*map(str, told), str(len(record.get("reports", []))))
    console.print(table)
    for record in shown:
        for error in record.get("errors", []):
            console.print(f"{record['id']}: {escape(error)}", highlight=False, soft_wrap=True)


def _report(report: dict[str, Any]) -> list[str]:
    lines = [
        "\nReport: {lines:,} lines = {clean:,} sales + {rejected:,} rejected"
        " + {duplicates:,} duplicates".format(**report)
    ]
    for record in report["first_rejected"]:
        reasons = "; ".join(record["reasons"])
        lines.append(f"  [yellow]rejected[/] record {record['record_number']}: {escape(reasons)}")
    if report["rejected"]:
        lines.append("  all rejected records and their reasons: vendas_marts.rejected_sales")
    if report["flagged"]:
        lines.append(
            f"  {report['flagged']:,} sales are kept but worth a look: vendas_marts.sales, flags"
        )
    return lines


def _models(models: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("model", "BigQuery ML", "scikit-learn", "verdict"):
        table.add_column(heading, no_wrap=True)
    for heading in ("difference", "rows"):
        table.add_column(heading, no_wrap=True, justify="right")
    for model in models:
        table.add_row(
            model["name"],
            _metric(model["metrics"].get("bigquery_ml")),
            _metric(model["metrics"].get("scikit_learn")),
            _verdict(model["verdict"]),
            *_parity(model["parity"]),
        )
    return table


def _notes(model: dict[str, Any]) -> list[str]:
    """Tell what does not fit in the table: where the model lies, and what to know of it."""
    name = f"[bold]{model['name']}[/]"
    notes = [f"{name}: {escape(model['uri'] or model.get('note') or 'not published')}"]
    if model.get("waiting"):
        notes.append(f"  [yellow]not promoted[/]: {escape(model['note'])}")
    verdict = model["verdict"]
    if verdict.get("status") == "no_signal" and verdict.get("reason") and model["uri"]:
        notes.append(f"  [yellow]no_signal[/]: {escape(verdict['reason'])}")
    if model["methods"].get("published") == "transplanted":
        notes.append(f"  transplanted: {escape(model['methods'].get('reason') or '')}")
    return notes


def _metric(metrics: dict[str, Any] | None) -> str:
    for name, short in (("roc_auc", "AUC"), ("r2_score", "R²")):
        if metrics and metrics.get(name) is not None:
            return f"{short} {metrics[name]:.4f}"
    return "–"


def _parity(parity: dict[str, Any]) -> tuple[str, str]:
    if not parity:
        return "–", "–"
    colour = "green" if parity["within"] else "red"
    return f"[{colour}]{parity['max_rel']:.1e}[/]", f"{parity['rows']:,}"


def _verdict(verdict: dict[str, Any]) -> str:
    status = verdict.get("status", "–")
    return f"[{'green' if status == 'signal' else 'yellow'}]{status}[/]"
