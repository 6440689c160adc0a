"""The Terraform folder as data: parsed files, and what Terraform itself plans of them.

`TERRAFORM_COMMAND` is what that runs it (default `terraform`); it has to reach the providers.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import hcl2
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "terraform"
FILES = sorted(FOLDER.glob("*.tf"))
MARKS = ("__is_block__", "__comments__")
COMMAND = shlex.split(os.environ.get("TERRAFORM_COMMAND", "") or "terraform")


def plain(node):
    """Return parsed HCL without its quotes and marks; expressions stay as their text."""
    if isinstance(node, dict):
        return {plain(k): plain(v) for k, v in node.items() if k not in MARKS}
    if isinstance(node, list):
        return [plain(item) for item in node]
    return node.strip('"') if isinstance(node, str) else node


@cache
def parsed(file):
    return plain(hcl2.loads(file.read_text()))


def blocks(kind):
    """Return the bodies of all blocks of a kind, by their labels: `google_x.name`, `name`."""
    found = {}
    for file in FILES:
        for block in parsed(file).get(kind, []):
            path = []
            while len(block) == 1 and isinstance(next(iter(block.values())), dict):
                (label, block) = next(iter(block.items()))
                path.append(label)
            found[".".join(path) or file.name] = block
    return found


RESOURCES = blocks("resource")
LOCALS = {name: value for block in blocks("locals").values() for name, value in block.items()}


def terraform(*arguments, data):
    """Run Terraform on the folder; what it downloads and notes goes to `data`."""
    return subprocess.run(
        [*COMMAND, f"-chdir={FOLDER}", *arguments],
        env={**os.environ, "TF_DATA_DIR": str(data), "TF_IN_AUTOMATION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def initialised(data):
    """Initialise the folder, or skip and say why loudly."""
    if shutil.which(COMMAND[0]) is None:
        pytest.skip(f"{COMMAND[0]} is not installed: Terraform's own tests DID NOT RUN")
    done = terraform("init", "-backend=false", "-input=false", "-no-color", data=data)
    if done.returncode:
        pytest.skip(
            "Terraform's own tests DID NOT RUN: its providers cannot be had "
            f"({done.stderr.strip().splitlines()[-1:]}); TERRAFORM_COMMAND names another way"
        )


def states(data, file):
    """Run one file of Terraform's tests and return the state after each run, by its name."""
    done = terraform("test", "-json", "-verbose", f"-filter=tests/{file}", data=data)
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, done.stdout[-2000:]
    return {m["@testrun"]: m["test_state"] for m in messages if m.get("type") == "test_state"}


def resources(state, kind):
    """Return the values of a state's resources of a kind, by address."""
    found = state["root_module"]["resources"]
    return {
        r["address"]: r["values"] for r in found if r["type"] == kind and r["mode"] == "managed"
    }
