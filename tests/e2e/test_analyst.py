"""An analyst points Google's client at the local cloud and works; `analyst.py` is the script."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LocalCloud

pytestmark = pytest.mark.soak
SCRIPT = Path(__file__).with_name("analyst.py")
SECONDS = 5.0
TOLD = {
    "unknown column": (400, "Unrecognized name: mileage_kms; Did you mean mileage_km?"),
    "missing feature": (400, 'misses the feature column "year" (INT64)'),
    "missing model": (404, "Not found: Model vendas-local:vendas_ml.price_linea"),
    "unknown option": (400, "Unknown option: max_iteration. Did you mean MAX_ITERATIONS?"),
    "misspelt function": (400, "Table-valued function not found: ML.PREDICTS"),
    "misspelt setting": (400, "ML.PREDICT does not take the setting treshold; it takes: "),
    "missing table": (404, "Not found: Table vendas-local.vendas_marts.sale was not found"),
    "misspelt column": (400, "Unrecognized name: pric; Did you mean price_usd?"),
    "model over REST": (404, "Not found: Model vendas-local:vendas_ml.price_linea"),
}


@pytest.fixture(scope="module")
def found(sample_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the script prints, run outside the project with nothing of it on the path."""
    settings = sample_cloud.settings
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(settings.bigquery_host), settings.project],
        cwd=tmp_path_factory.mktemp("elsewhere"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict = json.loads(done.stdout)
    return result


def test_the_script_knows_nothing_of_the_project():
    modules = re.findall(r"^(?:import|from) (\S+)", SCRIPT.read_text(), re.MULTILINE)

    assert {name.split(".")[0] for name in modules} == {"json", "sys", "time", "google"}


def test_marts_and_sales_are_read_to_the_last_row(found):
    rows = found["rows"]

    assert sum(row["units"] for row in rows["marts"]) == sum(
        row["sales_volume"] for row in rows["sales"]
    )
    assert sorted(found["small"]) == sorted(row["units"] for row in rows["marts"])


def test_evaluate_is_what_the_predictions_say(found):
    rows = found["rows"]
    errors = [row["predicted_price_usd"] - row["price_usd"] for row in rows["predict"]]
    squared = sum(error * error for error in errors) / len(errors)

    assert math.isclose(rows["evaluate"][0]["mean_squared_error"], squared, rel_tol=1e-9)


def test_weights_info_and_explanations_cover_every_feature(found):
    rows = found["rows"]
    features = set(found["features"])

    assert len(features) == 8
    assert {row["processed_input"] for row in rows["weights"]} == features | {"__INTERCEPT__"}
    assert {row["input"] for row in rows["feature_info"]} == features
    assert {row["feature"] for row in rows["global_explain"]} == features
    assert all(len(row["top_feature_attributions"]) == 2 for row in rows["explain_predict"])


def test_the_roc_curve_falls_as_the_threshold_rises(found):
    curve = sorted(found["rows"]["roc_curve"], key=lambda row: row["threshold"])
    recall = [row["recall"] for row in curve]

    assert len(curve) > 50
    assert recall == sorted(recall, reverse=True)
    assert recall[0] > 0.99


def test_the_models_are_listed_and_described(found):
    assert found["models"] == [
        "price_linear",
        "region_units_arima",
        "region_units_arima_backtest",
        "sales_class_logistic",
        "sales_volume_linear",
    ]
    assert found["type"] == "LINEAR_REGRESSION"


@pytest.mark.parametrize("mistake", TOLD)
def test_a_mistake_is_refused_at_once_with_what_to_mend(found, mistake):
    code, message, seconds = found["refused"][mistake]

    assert (code, TOLD[mistake][1] in message) == (TOLD[mistake][0], True), message
    assert seconds < SECONDS


def test_every_mistake_of_the_script_is_looked_at(found):
    assert set(found["refused"]) == set(TOLD)
