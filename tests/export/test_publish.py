from __future__ import annotations

from pathlib import Path

from export import publish_models
from tests.export.conftest import MODELS, World


def test_publishes_three_families_within_the_tolerance(here: World, dbt_manifest: Path) -> None:
    found = {p.name: p for p in publish_models(here.settings, dbt_manifest=dbt_manifest)}

    for p in found.values():
        print(p)
    assert found.keys() == MODELS.keys()
    assert [p.error for p in found.values()] == [None] * 3
