"""What the API is asked, as dbt compares it with training and with what was asked before."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from api.settings import Settings as ApiSettings
from cloud import bigquery_client
from tests.api.serving import ready, serving, wait_for, wait_until

pytestmark = pytest.mark.soak

LOG = "vendas_monitoring.prediction_log"
NOW = datetime.now(UTC)


def log(desk, model, rows, days_ago):
    """Load rows as the API does."""
    at = (NOW - timedelta(days=days_ago)).isoformat(timespec="milliseconds")
    lines = [
        {
            "logged_at": at,
            "request_id": "r",
            "row_index": n,
            "door": "own",
            "model_name": model,
            "model_version": "v",
            "features": row,
            "predicted_value": 1.5,
        }
        for n, row in enumerate(rows)
    ]
    client = bigquery_client(desk.settings)
    client.load_table_from_json(lines, f"{desk.settings.project}.{LOG}").result()


def comparisons(desk):
    rows = desk.rows(
        "select model_name, comparison, input, metric, value, is_anomaly, base_rows, study_rows "
        "from vendas_monitoring.data_monitoring"
    )
    return {row[:3]: row[3:] for row in rows}


def training_rows(desk, limit=400):
    (table,) = desk.rows(
        "select to_json_string(array_agg(f)) from (select model, year, region, color, fuel_type, "
        "transmission, engine_size_l, mileage_km from vendas_ml.features where split != 'test' "
        f"order by sale_id limit {limit}) as f"
    )
    return json.loads(table[0])


@pytest.fixture(scope="module")
def watched(built):
    """Four hundred rows like those of training, before and now; now of one region, and few."""
    rows = training_rows(built)
    log(built, "price_linear", rows, days_ago=8)
    log(built, "price_linear", [row | {"region": "Atlantis"} for row in rows], days_ago=1)
    log(built, "sales_class_logistic", [row | {"price_usd": 1} for row in rows[:99]], days_ago=1)
    done = built.dbt("build", "--select", "data_monitoring+")
    return built, done


def test_skew_and_drift_are_rows_with_bigquerys_metric_names(watched):
    desk, done = watched

    assert done.returncode == 0, done.stdout
    found = comparisons(desk)
    assert {key[:2] for key in found} == {("price_linear", "skew"), ("price_linear", "drift")}
    assert len(found) == 16
    for comparison, base in (("skew", None), ("drift", 400)):
        metric, value, anomaly, *rows = found["price_linear", comparison, "region"]
        assert (metric, anomaly, rows) == ("L_INFTY", True, [base, 400])
        assert value > 0.9
        metric, value, anomaly, *rows = found["price_linear", comparison, "mileage_km"]
        assert (metric, anomaly, rows) == ("JENSEN_SHANNON_DIVERGENCE", False, [base, 400])
        assert 0 <= value < 0.1


def test_an_anomaly_is_a_warning_of_a_dbt_test(watched):
    _, done = watched

    assert "WARN 2 served_data_are_like_training" in done.stdout


def test_a_model_that_was_asked_little_is_not_compared(watched):
    desk, _ = watched

    assert not [key for key in comparisons(desk) if key[0] == "sales_class_logistic"]


def test_a_full_refresh_keeps_what_was_logged(watched):
    desk, _ = watched
    count = f"select count(*) from {LOG}"
    before = desk.rows(count)

    done = desk.dbt("build", "--full-refresh", "--select", "prediction_log")

    assert done.returncode == 0, done.stdout
    assert desk.rows(count) == before
    assert before[0][0] >= 899


def test_the_api_writes_to_the_table_that_dbt_made(watched):
    desk, _ = watched
    settings = ApiSettings(cloud=desk.settings, prediction_log=LOG)
    (row,) = training_rows(desk, limit=1)

    with serving(settings) as client:
        wait_for(client, **wait_until(lambda: current(client)))
        answer = client.post(
            "/models/price_linear/predict",
            json={"rows": [row, row | {"region": None}]},
            headers={"x-request-id": "from-the-api"},
        ).json()

    logged = desk.rows(
        "select row_index, json_value(features, '$.region'), json_value(features, '$.year'), "
        f"predicted_value, model_version, door from {LOG} "
        "where request_id = 'from-the-api' order by 1"
    )
    values = [one["value"] for one in answer["predictions"]]
    version = answer["version"]
    assert logged == [
        (0, row["region"], str(row["year"]), values[0], version, "own"),
        (1, None, str(row["year"]), values[1], version, "own"),
    ]


def current(client):
    """Return the versions in service once all three models are."""
    models = ready(client)["models"]
    return models if len(models) == 3 else None
