"""An empty folder in which somebody runs the pipeline."""

from __future__ import annotations

import json
import os
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
        }

    def start(self, report: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pipeline", "run", str(report), "--serve", "0"]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, report: Path) -> tuple[int, str, dict]:
        process = self.start(report)
        output, _ = process.communicate(timeout=300)
        path = self.folder / ".local" / "run.json"
        return process.returncode, output, json.loads(path.read_text()) if path.exists() else {}
