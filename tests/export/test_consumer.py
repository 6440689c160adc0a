"""The card's own lines of Python, run where nothing of this project is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud import storage_client
from export import publish_models
from export.artifact import Manifest
from tests.conftest import ROOT
from tests.export.conftest import MODELS, World, apart, train, write_dbt_manifest

CHOSEN = {name: MODELS[name] for name in ("price_linear", "class_logistic")} | {
    "tier_trees": ("boosted_tree_classifier", "tier"),
    "groups": ("kmeans", ""),
}
METHODS = {"price_linear": "predict", "groups": "transform"}
REPLAY = """
golden = json.loads(open("golden.json").read())
rows = pd.DataFrame(golden).astype(rows.dtypes)
print(json.dumps(pickle.loads(model).{method}(rows).tolist()))
"""


@dataclass(frozen=True)
class Desk:
    """A stakeholder's folder with a Python of its own, and the bucket."""

    world: World
    folder: Path

    def run(
        self, script: str, python: Path | str = Path("venv/bin/python")
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / python, "-I", "-W", "error", "-c", script],
            cwd=self.folder,
            env={"STORAGE_EMULATOR_HOST": str(self.world.settings.storage_host)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def files(self, model: str) -> dict[str, bytes]:
        bucket = storage_client(self.world.settings).bucket(self.world.settings.bucket)
        pointer = json.loads(bucket.blob(f"models/{model}/current.json").download_as_bytes())
        folder = f"models/{model}/{pointer['version']}/"
        return {b.name.removeprefix(folder): b.download_as_bytes()
                for b in bucket.list_blobs(prefix=folder)}  # fmt: skip

    def blocks(self, model: str, page: str = "card.md") -> list[str]:
        """Return the blocks of Python on a published card."""
        return re.findall(r"```python\n(.*?)```", self.files(model)[page].decode(), re.S)


@pytest.fixture(scope="module")
def desk(world: World, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    here = apart(world, folder)
    for name in CHOSEN.keys() - MODELS.keys():
        train(world, name, *CHOSEN[name])
    manifest = write_dbt_manifest(world, folder / "dbt.json", CHOSEN)
    for made in publish_models(here.settings, dbt_manifest=manifest):
        assert made.error is None
    shutil.copy(here.settings.public_key_file, folder / "public.pem")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--system-certs", "--require-hashes", "--python",
         folder / "venv" / "bin" / "python", "-r", ROOT / "locks" / "consumer.txt"],
        check=True,
    )  # fmt: skip
    return Desk(here, folder)


@pytest.mark.parametrize("model", CHOSEN)
def test_the_lines_on_the_card_repeat_bigquery_mls_answers(desk: Desk, model: str) -> None:
    setting, lines, signature, _ = desk.blocks(model)
    golden = Manifest.parse(desk.files(model)["manifest.json"]).golden_rows
    (desk.folder / "golden.json").write_text(json.dumps([row.input for row in golden]))
    before, last = lines.rstrip().rsplit("\n", 1)
    method = METHODS.get(model, "predict_proba")

    done = desk.run("\n".join([setting, before, signature, last, REPLAY.format(method=method)]))

    assert done.returncode == 0, done.stderr
    assert len(lines.splitlines()) == 5
    assert lines == desk.blocks(model, "card.pt-BR.md")[1]
    answers = json.loads(done.stdout.splitlines()[-1])
    for answer, row in zip(answers, golden, strict=True):
        if "distances" in row.expected:  # BigQuery ML tells the five nearest
            wanted = list(row.expected["distances"].values())
            answer = [answer[int(cluster) - 1] for cluster in row.expected["distances"]]
        else:
            wanted = row.expected.get("value") or [*row.expected["probabilities"].values()]
        assert answer == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("model", CHOSEN)
def test_the_lines_for_skops_answer_as_the_pickle_does(desk: Desk, model: str) -> None:
    setting, lines, _, safe = desk.blocks(model)

    done = desk.run(setting + lines + "\nprint('-')\n" + safe, python=sys.executable)

    assert done.returncode == 0, done.stderr
    pickled, opened = done.stdout.split("-\n")
    assert pickled == opened and pickled.startswith("[")


def test_nothing_of_this_project_is_there(desk: Desk) -> None:
    done = desk.run("import export")
    listed = subprocess.run(
        [Path(sys.executable).with_name("uv"), "pip", "list", "--python",
         desk.folder / "venv" / "bin" / "python"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert "No module named 'export'" in done.stderr
    assert "scikit-learn" in listed
    assert not re.search(r"^(matplotlib|skops|google-cloud-bigquery|dbt)", listed, re.M)


@pytest.mark.parametrize("name", ["model.pkl", "manifest.json"])
def test_the_lines_refuse_what_was_changed_and_do_not_open_it(desk: Desk, name: str) -> None:
    setting, lines, *_ = desk.blocks("price_linear")
    files = desk.files("price_linear")
    version = Manifest.parse(files["manifest.json"]).version
    bucket = storage_client(desk.world.settings).bucket(desk.world.settings.bucket)
    blob = bucket.blob(f"models/price_linear/{version}/{name}")

    blob.upload_from_string(files[name] + b" ")
    done = desk.run(setting + lines)
    blob.upload_from_string(files[name])

    assert done.returncode == 1
    assert done.stderr.strip() == "Changed!"
    assert done.stdout == ""


def test_the_signature_lines_refuse_another_publisher(desk: Desk) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    setting, lines, signature, _ = desk.blocks("price_linear")
    strange = Ed25519PrivateKey.generate().public_key()
    pem = strange.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (desk.folder / "other.pem").write_bytes(pem)
    before, last = lines.rstrip().rsplit("\n", 1)

    script = "\n".join([setting, before, signature.replace("public.pem", "other.pem"), last])
    done = desk.run(script)

    assert done.returncode == 1
    assert "InvalidSignature" in done.stderr
    assert done.stdout == ""
