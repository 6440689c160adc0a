"""A project and bucket of its own on the shared local cloud, for the dbt project."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from google.cloud import bigquery

from cloud import Settings, bigquery_client

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample_sales.csv"
DBT_FILES = (
    "dbt_project.yml",
    "profiles.yml",
    "models",
    "macros",
    "seeds",
    "analyses",
    "tests/dbt",
)


@dataclass(frozen=True)
class Desk:
    """A folder and a project of its own on a cloud that runs."""

    folder: Path
    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        folders = {"DBT_TARGET_PATH": self.folder / "target", "DBT_LOG_PATH": self.folder / "logs"}
        paths = {name: str(path) for name, path in folders.items()}
        return os.environ | self.settings.environment() | paths | {"PYTHONPATH": str(ROOT)}

    @property
    def client(self) -> bigquery.Client:
        return bigquery_client(self.settings)

    def run(self, report: Path) -> tuple[int, str, dict]:
        """Run the whole pipeline on a report."""
        command = [sys.executable, "-m", "pipeline", "run", str(report), "--serve", "0"]
        done = self._call(command, self.folder)
        path = self.folder / ".local" / "run.json"
        return done.returncode, done.stdout, json.loads(path.read_text())

    def dbt(self, *arguments: str, project: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Run plain dbt from a project's root."""
        return self._call([sys.executable, "-m", "dbt.cli.main", *arguments], project)

    def _call(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )

    def rows(self, sql: str) -> list[tuple]:
        return [tuple(row.values()) for row in self.client.query(sql).result()]

    def statements(self) -> list[str]:
        """Return every statement that this project was sent, oldest first."""
        jobs = list(self.client.list_jobs(all_users=True, max_results=5000))
        return [job.query for job in reversed(jobs) if isinstance(job, bigquery.QueryJob)]


def new_desk(cloud, folder: Path) -> Desk:
    name = f"models-{uuid.uuid4().hex[:8]}"
    (folder / ".local").mkdir()
    shutil.copy(cloud.directory / "cloud.json", folder / ".local")
    return Desk(folder, replace(cloud.settings, project=name, bucket=name))


@pytest.fixture
def desk(local_cloud, tmp_path):
    return new_desk(local_cloud, tmp_path)


@pytest.fixture(scope="session")
def built(local_cloud, tmp_path_factory):
    """A desk on which the sample went through the whole pipeline."""
    desk = new_desk(local_cloud, tmp_path_factory.mktemp("built"))
    code, output, _ = desk.run(SAMPLE)
    assert code == 0, output
    return desk


@pytest.fixture
def changed_project(tmp_path):
    """Give a function that copies the dbt project with some texts of a file replaced."""

    def copy(file: str, replacements: dict[str, str]) -> Path:
        project = tmp_path / "project"
        for name in DBT_FILES:
            source, target = ROOT / name, project / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        text = (project / file).read_text()
        for old, new in replacements.items():
            assert old in text
            text = text.replace(old, new)
        (project / file).write_text(text)
        return project

    return copy


@pytest.fixture
def report(tmp_path):
    """Give a function that writes the sample's first records, each changed."""

    def write(change, records: int = 1500) -> Path:
        path = tmp_path / "report.csv"
        with SAMPLE.open() as source, path.open("w") as target:
            reader = csv.DictReader(source)
            writer = csv.DictWriter(target, reader.fieldnames)
            writer.writeheader()
            for number, record in enumerate(reader):
                if number < records and None not in record and None not in record.values():
                    change(number, record)
                    writer.writerow(record)
        return path

    return write
