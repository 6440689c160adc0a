"""An empty folder in which somebody runs the pipeline."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample_sales.csv"


class Desk:
    """An empty folder in which somebody runs the pipeline."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "BIGQUERY_PORT": "0",
            "BIGQUERY_GRPC_PORT": "0",
            "STORAGE_PORT": "0",
            "PORT": "0",
            "RELOAD_SECONDS": "0.3",
        }

    def command(self, report: Path, serve: bool = False) -> list[str]:
        return [sys.executable, "-m", "pipeline", "run", str(report), "--serve", str(int(serve))]

    def start(self, report: Path, serve: bool = False) -> subprocess.Popen[str]:
        return self._start(self.command(report, serve))

    def _start(self, command: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A test run in the background ignores Ctrl-C, and what it starts would too.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, report: Path) -> tuple[int, str, dict]:
        process = self.start(report)
        output, _ = process.communicate(timeout=300)
        path = self.folder / ".local" / "run.json"
        return process.returncode, output, json.loads(path.read_text()) if path.exists() else {}

    def make_run(self, report: Path) -> tuple[int, str]:
        """Run the pipeline as the README says it; the environment is not set up anew."""
        make = ["make", "-f", str(ROOT / "Makefile"), "-o", ".venv/locks.stamp"]
        target = ["run", f"PY={sys.executable}", f"REPORT={report}", "SERVE=0"]
        process = self._start([*make, *target])
        output, _ = process.communicate(timeout=300)
        return process.returncode, output

    def pipeline(self, *arguments: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Start a command of the pipeline; `prefix` is what runs it, such as `unshare`."""
        return subprocess.Popen(
            [*prefix, sys.executable, "-m", "pipeline", *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def report_uri(self) -> str:
        """Where the last run put its report."""
        return json.loads((self.folder / ".local" / "run.json").read_text())["report"]["uri"]

    def ingest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m ingest` against the local cloud that runs in this folder."""
        cloud = json.loads((self.folder / ".local" / "cloud.json").read_text())
        storage = f"http://127.0.0.1:{cloud['ports']['storage']}"
        return subprocess.run(
            [sys.executable, "-m", "ingest", *arguments],
            cwd=self.folder,
            env=self.environment | {"STORAGE_EMULATOR_HOST": storage},
            text=True,
            capture_output=True,
            check=False,
        )
