"""The smallest test split there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from export import publish_models, verify_version
from tests.export.conftest import (
    MODELS,
    World,
    copied,
    make_verdicts,
    train,
    write_dbt_manifest,
)
from tests.export.families.test_publishing import MODELS as FAMILY_MODELS

LINEAR = {name: (*pair, "") for name, pair in MODELS.items()}


@pytest.mark.parametrize("models", [LINEAR, pytest.param(FAMILY_MODELS, marks=pytest.mark.soak)])
def test_a_test_split_of_one_row_is_certified_and_published(
    world: World, tmp_path: Path, models: dict[str, tuple[str, str, str]]
) -> None:
    rows = "split != 'test' or sale_id = 's000005'"
    single = copied(world, tmp_path, "single_row", rows=rows)
    for name, (kind, label, clause) in models.items():
        train(single, name, kind, label, clause)
    pairs = {name: (kind, label) for name, (kind, label, _) in models.items()}
    make_verdicts(single, pairs)
    manifest = write_dbt_manifest(single, tmp_path / "dbt.json", pairs)

    found = publish_models(single.settings, dbt_manifest=manifest)

    assert {one.name: one.error for one in found} == dict.fromkeys(models)
    for one in found:
        made = verify_version(single.settings, one.name)
        assert [row.kind for row in made.golden_rows].count("typical") == 1
        assert made.parity["published"]["rows"] == len(made.golden_rows)
