"""Every family on a test split of a million rows, and memory on five million."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from export import publish_models, verify_version
from tests.conftest import ROOT
from tests.export.conftest import (
    DATA_HASH,
    World,
    apart,
    make_verdicts,
    train,
    write_dbt_manifest,
)
from tests.export.families.conftest import CLAUSE

pytestmark = pytest.mark.soak
FAMILIES = {
    "price_linear": ("linear_reg", "price_usd"),
    "class_logistic": ("logistic_reg", "sales_class"),
    "tier_logistic": ("logistic_reg", "tier"),
    "price_trees": ("boosted_tree_regressor", "price_usd"),
    "tier_trees": ("boosted_tree_classifier", "tier"),
    "price_forest": ("random_forest_regressor", "price_usd"),
    "class_forest": ("random_forest_classifier", "sales_class"),
    "rank_trees": ("boosted_tree_classifier", "rank"),
    "code_logistic": ("logistic_reg", "code"),
    "groups": ("kmeans", ""),
    "axes": ("pca", ""),
}
ONE_EACH = ("price_linear", "tier_logistic", "price_trees", "class_forest", "groups", "axes")
TRANSFORMED = {f"{name}_transformed": FAMILIES[name] for name in ONE_EACH}
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


def make_large(world: World, tests: int) -> None:
    """Make the features table: so many test rows and 6,000 others, with NULLs and noise.

    Of the test rows some have a region and numbers that no training row has.
    """
    world.client.create_dataset(world.dataset, exists_ok=True)
    blocks = (tests + 6_000) // 1_000
    world.run(
        f"create or replace table `{world.relation('features')}` as with numbered as ("
        "select block * 1000 + place as n, farm_fingerprint(cast(block * 1000 + place as string)) "
        f"as dice from unnest(generate_array(0, {blocks - 1})) as block, "
        "unnest(generate_array(0, 999)) as place), drawn as (select n, "
        "2010 + abs(mod(dice, 15)) as year, abs(mod(div(dice, 15), 4)) as r, "
        "abs(mod(div(dice, 60), 3)) as f, abs(mod(div(dice, 180), 200000)) + 0.5 as km, "
        "abs(mod(div(dice, 36000000), 8001)) - 4000 as noise from numbered), priced as (select *, "
        "30000 + 1500.0 * (year - 2010) - 0.08 * km + 3000.0 * f + 1000.0 * r + noise as price "
        "from drawn) select concat('s', cast(n as string)) as sale_id, "
        "if(n < 3000, 'train', if(n < 6000, 'eval', 'test')) as split, "
        "if(n > 6000 and mod(n, 107) = 0, 9000000 - year, year) as year, "
        "if(n > 6000 and mod(n, 101) = 0, 'Mars', "
        "if(r = 3, null, ['Asia', 'Europe', 'Africa'][offset(mod(r, 3))])) as region, "
        "['Petrol', 'Hybrid', 'Electric'][offset(f)] as fuel_type, "
        "if(mod(n, 19) = 0, null, if(n > 6000 and mod(n, 103) = 0, -1e12, km)) as mileage_km, "
        "price as price_usd, if(price > 46000, 10, if(price > 34000, 2, -1)) as `rank`, "
        "if(price > 38000, 10, 2) as code, "
        "if(price + noise > 38000, 'High', 'Low') as sales_class, "
        "if(price > 46000, 'A', if(price > 34000, 'B', 'C')) as tier from priced"
    )
    world.run(
        f"create or replace table `{world.relation('features_fingerprint')}` as "
        f"select '{DATA_HASH}' as data_hash"
    )


@pytest.fixture(scope="module")
def million(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    large = replace(apart(world, tmp_path_factory.mktemp("million")), dataset="million")
    make_large(large, 1_000_000)
    return large


@pytest.mark.parametrize(
    ("models", "clause"), [(FAMILIES, ""), (TRANSFORMED, CLAUSE)], ids=["plain", "transformed"]
)
def test_every_family_on_a_million_rows(
    million: World, tmp_path: Path, models: dict[str, tuple[str, str]], clause: str
) -> None:
    for name, (kind, label) in models.items():
        train(million, name, kind, label, clause)
    make_verdicts(million, models)
    manifest = write_dbt_manifest(million, tmp_path / "dbt.json", models)

    found = publish_models(million.settings, dbt_manifest=manifest)

    assert {one.name: one.error for one in found} == dict.fromkeys(models)
    for name, (_, label) in models.items():
        parity = verify_version(million.settings, name).parity
        figures = parity["published"]
        assert figures is not None
        if name.startswith(("price_trees", "price_forest")):
            assert parity["transplanted"] is not None
            assert parity["transplanted"]["max_abs"] == 0
        assert figures["rows"] > 1_000_000 and figures["within"]
        assert not label or figures["explanations"]["of"] == figures["rows"]


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
