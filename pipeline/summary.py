"""What a run ends with: the table on the screen and `.local/run.json`.

The form of `run.json` is a contract (schema_version 1): other programs read it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
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
    report : dict
        `uri`, `lines`, `clean`, `rejected`, `duplicates`.
    steps : list of Step
        In order.
    models : list of dict
        One entry a model: name, type, trained, version, uri, metrics, parity, verdict.
    errors : list of str
        What did not hold; a run without errors is ok.
    seconds : float
        Wall time of the whole run, set-up excluded.
    """

    target: str
    report: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

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
            "report": self.report,
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
    if run.report:
        console.print(
            "\nReport: {lines:,} lines = {clean:,} sales + {rejected:,} rejected"
            " + {duplicates:,} duplicates".format(**run.report)
        )
    if run.models:
        console.print(_models(run.models))
    for model in run.models:
        if model["verdict"]["status"] == "no_signal":
            console.print(f"[yellow]{model['name']}[/]: {model['verdict'].get('reason') or ''}")
    for error in run.errors:
        console.print(f"[red]✗[/] {error}", markup=True, highlight=False)


def _models(models: list[dict[str, Any]]) -> Table:
    table = Table(title=None, pad_edge=False)
    headings = ("model", "BigQuery ML", "scikit-learn", "worst difference", "verdict", "published")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for model in models:
        table.add_row(
            model["name"],
            _metric(model["metrics"].get("bigquery_ml")),
            _metric(model["metrics"].get("scikit_learn")),
            _parity(model["parity"]),
            _verdict(model["verdict"]),
            model["uri"] or "–",
        )
    return table


def _metric(metrics: dict[str, Any] | None) -> str:
    for name, short in (("roc_auc", "AUC"), ("r2_score", "R²")):
        if metrics and metrics.get(name) is not None:
            return f"{short} {metrics[name]:.4f}"
    return "–"


def _parity(parity: dict[str, Any] | None) -> str:
    if not parity:
        return "–"
    mark = "within" if parity["within"] else "NOT within"
    return f"{parity['max_rel']:.1e} on {parity['rows']:,} rows, {mark} {parity['tolerance']:.0e}"


def _verdict(verdict: dict[str, Any]) -> str:
    colour = "green" if verdict["status"] == "signal" else "yellow"
    return f"[{colour}]{verdict['status']}[/]"
