"""The OpenAPI document is what the API does: schemathesis asks whatever it allows, and more."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


def examine(api, examples, folder):
    """Run every check of schemathesis; return how many cases it made."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
            *("run", str(api.base_url.join("/openapi.json")), "--checks", "all"),
            *("--max-examples", str(examples), "--continue-on-failure", "--no-color"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    found = re.search(r"(\d+) generated, (\d+) passed", ended.stdout)
    assert found, ended.stdout[-2000:]
    return int(found[1])


def test_the_document_holds(api, tmp_path):
    assert examine(api, 10, tmp_path) > 500


@pytest.mark.soak
def test_the_document_holds_for_long(api, tmp_path):
    assert examine(api, 300, tmp_path) >= 5000
