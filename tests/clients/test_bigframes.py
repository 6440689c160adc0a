"""bigframes.ml as a client of the local cloud, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cloud.clients import bigquery_client
from emulator.ml.trees import exact
from tests.conformance.tables import load_tables
from tests.conftest import ROOT, LocalCloud

DATASET = "bigframes"
TAGS = ("1633", "1672", "1690")


@pytest.fixture(scope="module")
def found(local_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Run the script once and return what each of its steps found."""
    client = bigquery_client(local_cloud.settings)
    client.create_dataset(DATASET)
    load_tables(client, DATASET)
    folder = tmp_path_factory.mktemp("bigframes")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--system-certs", "--require-hashes", "--python", python,
         "-r", ROOT / "locks" / "bigframes.txt"],
        check=True,
    )  # fmt: skip
    script = Path(__file__).with_name("bigframes_penguins.py")
    done = subprocess.run(
        [python, script, client.project, client._connection.API_BASE_URL, DATASET],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


pytestmark = pytest.mark.soak


def test_linear_regression_is_as_recorded(found):
    step = found["linear"]

    assert [step["predict"][tag] for tag in TAGS] == pytest.approx(
        [4030.1, 3280.8, 3177.9], abs=0.05
    )
    assert step["score"]["r2_score"] > 0.87


def test_logistic_regression_is_as_recorded(found):
    assert found["logistic"]["score"] == pytest.approx(
        {
            "precision": 0.616753,
            "recall": 0.618615,
            "accuracy": 0.92515,
            "f1_score": 0.617681,
            "log_loss": 1.498832,
            "roc_auc": 0.975807,
        },
        abs=6e-7,
    )


@pytest.mark.skipif(exact.installed("0.90") is None, reason="needs make exact-trees")
def test_boosted_trees_are_as_recorded(found):
    score = found["trees"]["score"]

    assert score["log_loss"] == pytest.approx(0.331442, abs=6e-7)
    assert score["accuracy"] == score["roc_auc"] == 1.0


def test_kmeans_fits_predicts_scores_and_finds_anomalies(found):
    step = found["kmeans"]

    assert step["centroids"] == 12
    assert set(step["predict"].values()) <= {1, 2, 3}
    assert set(step["anomalies"]) == set(TAGS)
    assert 0 < step["score"]["mean_squared_distance"] < 2


def test_pca_is_as_recorded(found):
    step = found["pca"]

    assert step["components"] == 21
    assert step["score"]["total_explained_variance_ratio"] == pytest.approx(0.812383, abs=1e-6)
    assert [abs(step["predict"][tag]) for tag in TAGS] == pytest.approx(
        [1.314041, 0.855813, 1.848786], abs=1e-6
    )


def test_preprocessing_is_as_recorded(found):
    assert [found["scaler"][tag] for tag in TAGS] == pytest.approx(
        [-0.811119671289163, -0.9945520581113803, -1.104611490204711], rel=1e-12
    )


def test_a_pipeline_is_saved_read_and_predicts(found):
    assert all(2000 < found["pipeline"][tag] < 5000 for tag in TAGS)
