"""Numbers at the ends of their types, which a report may hold and arithmetic seldom meets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from export import publish, publish_models, verify_version
from export.hard_rows import hard_rows
from export.manifest import Feature
from tests.export.conftest import MODELS as MODELS_OF_THE_WORLD
from tests.export.conftest import World, copied, make_verdicts, train, write_dbt_manifest

MODELS = {
    "price_linear": ("linear_reg", "price_usd"),
    "class_logistic": ("logistic_reg", "sales_class"),
    "price_trees": ("boosted_tree_regressor", "price_usd"),
    "groups": ("kmeans", ""),
    "axes": ("pca", ""),
}
# The year in nanoseconds is beyond what float64 holds exactly; test rows go to INT64's ends.
NANOSECONDS = "(year - 1970) * 31556952000000000 + 1"
ENDS = (
    "case sale_id when 's000005' then -9223372036854775808 "
    f"when 's000010' then 9223372036854775807 else {NANOSECONDS} end"
)


def test_whole_numbers_to_their_ends_are_published(world: World, tmp_path: Path) -> None:
    large = copied(world, tmp_path, "large_numbers", f"* replace ({ENDS} as year)")
    for name, (kind, label) in MODELS.items():
        train(large, name, kind, label)
    make_verdicts(large, MODELS)
    manifest = write_dbt_manifest(large, tmp_path / "dbt.json", MODELS)

    found = publish_models(large.settings, dbt_manifest=manifest)

    assert {one.name: one.error for one in found} == dict.fromkeys(MODELS)
    for name in MODELS:
        assert verify_version(large.settings, name).parity["published"]["rows"] > 300


@pytest.mark.parametrize("strange", ["nan", "inf", "-inf"])
def test_a_number_that_is_none_is_refused_for_each_model_by_itself(
    world: World, tmp_path: Path, strange: str
) -> None:
    here = copied(world, tmp_path, "strange_numbers")
    models = {name: MODELS[name] for name in ("class_logistic", "price_linear")}
    for name, (kind, label) in models.items():
        train(here, name, kind, label)
    make_verdicts(here, models)
    here.run(
        f"update `{here.relation('features')}` set mileage_km = cast('{strange}' as float64) "
        "where sale_id = 's000005'"
    )
    manifest = write_dbt_manifest(here, tmp_path / "dbt.json", models)

    found = publish_models(here.settings, dbt_manifest=manifest)

    assert [one.name for one in found] == list(models)
    for one in found:
        assert f"'mileage_km' of '{one.name}' is NaN or infinite in 1 rows" in str(one.error)


def test_extremes_stay_within_their_type() -> None:
    ends = {"INT64": (-(2**63), 2**63 - 1), "FLOAT64": (-1.7e308, 1.7e308)}
    features = [
        Feature(kind, kind, "numeric", None, low, high, False) for kind, (low, high) in ends.items()
    ]

    rows = hard_rows(features, [dict.fromkeys(ends, 0)])

    for kind, (low, high) in ends.items():
        given = [row.values[kind] for row in rows if row.values[kind] is not None]
        assert (min(given), max(given)) == (low, high)


def test_a_fault_of_the_export_is_told_of_its_model_alone(
    here: World, dbt_manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = publish.read_study

    def read(warehouse: Any, bucket: Any, identity: Any) -> Any:
        if identity.node.name == "price_linear":
            raise ZeroDivisionError("of a column")
        return real(warehouse, bucket, identity)

    monkeypatch.setattr(publish, "read_study", read)

    found = publish_models(here.settings, dbt_manifest=dbt_manifest)

    failed = {one.name: one.error for one in found if one.error}
    assert failed.keys() == {"price_linear"} and len(found) == len(MODELS_OF_THE_WORLD)
    assert "fault of it: ZeroDivisionError: of a column" in str(failed["price_linear"])
