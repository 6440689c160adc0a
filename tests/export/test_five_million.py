"""Memory while a test split of five million rows is certified."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.export.conftest import World, apart, make_verdicts, train, write_dbt_manifest
from tests.export.large import FAMILIES, make_large

pytestmark = pytest.mark.soak
# Not getrusage's ru_maxrss: a child inherits there what the process that started it took.
PUBLISH = """
import json, re, sys
from pathlib import Path
from cloud import Settings
from export import publish_models
found = publish_models(Settings.from_environment(), dbt_manifest=Path(sys.argv[1]))
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps([peak, [(one.name, one.error, one.parity) for one in found]]))
"""


def test_certifying_five_million_rows_takes_less_than_a_gibibyte(
    world: World, tmp_path: Path
) -> None:
    large = replace(apart(world, tmp_path), dataset="five_million")
    make_large(large, 5_000_000)
    chosen = {name: FAMILIES[name] for name in ("price_linear", "tier_logistic", "tier_trees")}
    for name, (kind, label) in chosen.items():
        train(large, name, kind, label)
    make_verdicts(large, chosen)
    manifest = write_dbt_manifest(large, tmp_path / "dbt.json", chosen)

    done = subprocess.run(
        [sys.executable, "-c", PUBLISH, str(manifest)],
        cwd=ROOT, env=large.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    peak, models = json.loads(done.stdout.splitlines()[-1])
    rows: list[Any] = [figures["rows"] for _, _, figures in models]
    assert [error for _, error, _ in models] == [None] * len(chosen)
    assert min(rows) > 5_000_000
    print(f"peak {peak:.0f} MiB for {rows} rows")
    assert peak < 1024
