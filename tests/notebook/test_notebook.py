"""The notebook, executed by a kernel against a local cloud that holds the sample's models."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cloud import bigquery_client
from export.artifact import TOLERANCE, load, trusted_keys
from tests.conftest import ROOT, LocalCloud
from tests.deploy.programs import Programs

NOTEBOOK = ROOT / "analyses" / "vendas.ipynb"
WORKBENCH = ROOT / "docs" / "notebook.md"
MACHINE_PATH = re.compile(r"/(home|root|tmp|work|Users|mnt)/|[A-Z]:\\\\")


@pytest.fixture(scope="module")
def folder(sample_cloud: LocalCloud) -> Path:
    return sample_cloud.directory.parent


@pytest.fixture(scope="module")
def executed(sample_cloud: LocalCloud, folder: Path) -> nbformat.NotebookNode:
    """The notebook, run from top to bottom; WRITE_NOTEBOOK=1 keeps what it shows."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute(env=sample_cloud.environment | {"PYTHONPATH": str(ROOT)})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    if os.environ.get("WRITE_NOTEBOOK"):
        nbformat.write(notebook, NOTEBOOK)
    return notebook


@pytest.fixture(scope="module")
def outputs(executed: nbformat.NotebookNode) -> dict[str, str]:
    """What each cell shows, as text, by the cell's id."""
    return shown(executed)


def shown(notebook: nbformat.NotebookNode) -> dict[str, str]:
    return {cell.id: _text(cell) for cell in notebook.cells if cell.cell_type == "code"}


def _text(cell: nbformat.NotebookNode) -> str:
    return "".join(out.get("text") or out["data"]["text/plain"] for out in cell.outputs)


def stable(text: str) -> str:
    """Leave out what no two runs share: names of versions, and digits that rounding decides."""
    text = re.sub(r"\d(?:\.\d+)?e-\d+|(?<=\.\d{6})\d+", "", text)
    return re.sub(r"\b[0-9a-f]{16}\b", "VERSION", text)


def test_the_published_pickle_answers_as_bigquery_ml_does(outputs):
    figures = ast.literal_eval(outputs["certify-published"])

    assert figures["within"] is True
    assert figures["rows"] > 2000
    assert figures["max_rel"] <= TOLERANCE
    assert figures["label_disagreements"] == 0


def test_the_library_trains_pipelines_that_answer_as_bigquery_ml_does(outputs):
    found = ast.literal_eval(outputs["train"])

    assert set(found) == {"retrained", "transplanted"}
    assert all(figures["max_rel"] <= TOLERANCE for figures in found.values())


def test_the_saved_pickle_is_a_version_that_verifies(outputs, folder, sample_cloud):
    saved = folder / ".local" / "notebook" / "price_linear"
    files = {path.name: path.read_bytes() for path in saved.iterdir()}
    version = json.loads(files["manifest.json"])["version"]

    keys = trusted_keys(sample_cloud.settings.public_key_file)
    manifest, _ = load(files, keys, model="price_linear", version=version)

    assert manifest.method["published"] == "retrained"
    assert str(Path(".local/notebook/price_linear/model.pkl")) in outputs["save"]


def test_the_model_trained_in_sql_is_judged_and_dropped(outputs, sample_cloud):
    assert outputs["verdict"].rstrip().endswith("The model is better than a constant.")
    names = {m.model_id for m in bigquery_client(sample_cloud.settings).list_models("vendas_ml")}
    assert names == {
        "price_linear",
        "region_units_arima",
        "region_units_arima_backtest",
        "sales_class_logistic",
        "sales_volume_linear",
    }


def test_the_outputs_committed_are_those_of_the_sample(executed):
    committed = nbformat.read(NOTEBOOK, as_version=4)
    before, now = shown(committed), shown(executed)

    assert len(committed.cells) <= 24
    assert {name: stable(text) for name, text in before.items()} == {
        name: stable(text) for name, text in now.items()
    }, "write them with: WRITE_NOTEBOOK=1 .venv/bin/python -m pytest tests/notebook"


@pytest.fixture
def workbench(tmp_path, sample_cloud):
    """A copy of the repository in which the lines of docs/notebook.md ran; what gcloud heard."""
    project, programs = tmp_path / "vendas", Programs(tmp_path)
    shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(".*", "target", "logs"))
    (project / ".venv").symlink_to(ROOT / ".venv")
    settings = sample_cloud.settings
    programs.answer(("--secret=vendas-public-keys", 0, settings.public_key_file.read_text()))
    lines = re.search(r"```sh\n(export .*?)```", WORKBENCH.read_text(), re.DOTALL)[1]
    for told, ours in (("my-project", settings.project), ("my-bucket", settings.bucket)):
        lines = lines.replace(told, ours)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        cwd=project,
        env={"PATH": programs.path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return project, programs


@pytest.mark.soak
def test_it_runs_with_what_the_page_on_workbench_prepares(workbench, sample_cloud, tmp_path):
    project, programs = workbench
    kernel = json.loads(next(tmp_path.rglob("kernels/vendas/kernel.json")).read_text())
    environment = {k: v for k, v in sample_cloud.environment.items() if not k.endswith("KEY_FILE")}

    notebook = nbformat.read(project / "analyses" / "vendas.ipynb", as_version=4)
    folder = {"metadata": {"path": str(project / "analyses")}}
    NotebookClient(notebook, timeout=120, resources=folder).execute(env=environment)

    assert ast.literal_eval(shown(notebook)["certify-published"])["within"] is True
    assert (project / ".local/notebook/price_linear/model.pkl").exists()
    assert kernel["argv"][0] == str(project / ".venv/bin/python")
    assert kernel["env"] == {
        "VENDAS_TARGET": "cloud",
        "BQ_PROJECT": sample_cloud.settings.project,
        "BQ_LOCATION": "southamerica-east1",
        "VENDAS_BUCKET": sample_cloud.settings.bucket,
    }
    assert [said.split()[:3] for said in programs.said()] == [
        ["gcloud", "auth", "application-default"],
        ["gcloud", "secrets", "versions"],
    ]


def test_the_plots_are_there():
    cells = {cell.id: cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells}

    for name in ("plot-regions", "plot-answers"):
        images = [out.data["image/png"] for out in cells[name].outputs if "data" in out]
        assert [image[:8] for image in images] == ["iVBORw0K"]
        assert len(images[0]) < 100_000


def test_the_notebook_names_no_path_of_a_machine():
    assert MACHINE_PATH.search(NOTEBOOK.read_text()) is None
