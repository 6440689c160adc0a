"""Every family on a test split of a million rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from export import publish_models, verify_version
from tests.export.conftest import World, apart, make_verdicts, train, write_dbt_manifest
from tests.export.families.conftest import CLAUSE
from tests.export.large import FAMILIES, make_large

pytestmark = pytest.mark.soak
ONE_EACH = ("price_linear", "tier_logistic", "price_trees", "class_forest", "groups", "axes")
TRANSFORMED = {f"{name}_transformed": FAMILIES[name] for name in ONE_EACH}


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
