"""What the images are made of: the code that runs there, and nothing of the emulator."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.containers.dockerfile import LET_IN, ROOT, TEXT, files, sources, stages

EMULATOR = ("bqemulator", "duckdb", "fake-gcs", "zetasql")
HADOLINT = ROOT / ".venv" / "bin" / "hadolint"


def locked(name):
    text = (ROOT / "locks" / f"{name}.txt").read_text()
    return re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)


def folders(image):
    return {name.split("/")[0] for name in files(image)}


def test_the_context_lets_in_what_is_copied_and_nothing_else():
    assert {*sources("api"), *sources("pipeline")} == set(LET_IN)


def test_the_api_has_its_code_and_no_dbt():
    assert folders("api") == {"api", "cloud", "export", "ingest", "locks", "terraform"}
    assert not [name for name in files("api") if name.endswith((".sql", ".yml", ".csv"))]
    assert not [name for name in locked("api") if name.startswith(("dbt", *EMULATOR))]


def test_the_pipeline_has_its_code_dbt_and_no_emulator():
    assert folders("pipeline") == {
        *("cloud", "export", "ingest", "pipeline", "macros", "models", "seeds", "tests"),
        *("terraform", "locks", "dbt_project.yml", "profiles.yml"),
    }
    assert {Path(n).parts[1] for n in files("pipeline") if n.startswith("tests/")} == {"dbt"}
    assert {Path(n).parts[1] for n in files("pipeline") if n.startswith("terraform/")} == {
        "schemas"
    }
    assert not [name for name in locked("pipeline") if name.startswith(EMULATOR)]


def test_images_run_as_nobody_and_the_default_is_the_api():
    assert list(stages())[-2:] == ["pipeline", "api"]
    for name in ("pipeline", "api"):
        assert "USER 65534:65534" in stages()[name]
        assert "ENTRYPOINT" in stages()[name]


def test_they_are_made_with_the_makefile_s_uv_and_hashed_locks():
    (version,) = re.findall(r"^UV_VERSION := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert f"uv=={version}" in TEXT
    assert TEXT.count("--require-hashes") == TEXT.count("uv pip sync") == 2


@pytest.mark.skipif(shutil.which(HADOLINT) is None, reason="hadolint has no wheel here")
def test_hadolint_finds_nothing():
    done = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "")
