"""Each analysis says what an independent reader finds in the same sales."""

import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from cloud import bigquery_client
from pipeline.analyses import FOLDER, analyses
from pipeline.errors import PipelineError
from tests.e2e.desk import ROOT

QUESTIONS = {path.stem for path in FOLDER.glob("*.sql")}


@pytest.fixture(scope="module")
def command(sample_cloud, tmp_path_factory):
    """What `make analyses` ran and printed, and where dbt compiled to."""
    folder = tmp_path_factory.mktemp("analyses")
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "analyses", "--rows", "3"],
        cwd=sample_cloud.directory.parent,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, folder / "target" / "compiled" / "bqml_vendas" / "analyses"


def frame_of(sample_cloud, query):
    rows = bigquery_client(sample_cloud.settings).query(query).result()
    return pd.DataFrame([dict(row) for row in rows], columns=[f.name for f in rows.schema])


@pytest.fixture(scope="module")
def compiled(sample_cloud, command):
    """A function that asks one of the analyses."""
    return lambda name: frame_of(sample_cloud, (command[1] / f"{name}.sql").read_text())


@pytest.fixture(scope="module")
def sales(sample_cloud):
    return frame_of(sample_cloud, "select * from vendas_marts.sales")


def test_there_are_eight_questions_each_with_its_reading():
    asked = analyses()

    assert len(asked) == len(QUESTIONS) == 8
    assert all(a.question.endswith("?") or "?" in a.question for a in asked)
    assert all(len(a.reading) > 40 and not a.reading.startswith("Read") for a in asked)


@pytest.fixture(params=["every year", "gaps"])
def sold(request, sales):
    """All sales, or those of a report in which a region has no 2014 and a fuel comes in 2015."""
    if request.param == "every year":
        return sales
    gap = (sales.region == "Asia") & (sales.year == 2014)
    return sales[~gap & ((sales.fuel_type != "Electric") | (sales.year >= 2015))]


@pytest.fixture
def asked_of(sample_cloud, command):
    """A function that asks an analysis of the units of a column by year."""

    def ask(name, column, units):
        rows = ", ".join(
            f"struct({year} as year, '{value}' as {column}, {sold} as sales_volume)"
            for (year, value), sold in units.items()
        )
        mart = rf"`[^`]+`\.`vendas_marts`\.`sales_by_{column}(_year)?`"
        query = (command[1] / f"{name}.sql").read_text()
        query, marts = re.subn(mart, f"(select * from unnest([{rows}]))", query)
        assert marts == 1
        return frame_of(sample_cloud, query).set_index(["year", column])

    return ask


def test_growth_by_region(asked_of, sold):
    units = sold.groupby(["year", "region"]).sales_volume.sum()

    found = asked_of("growth_by_region", "region", units).growth

    by_year = units.unstack().reindex(range(sold.year.min(), sold.year.max() + 1))
    growth = (by_year / by_year.shift() - 1).stack(future_stack=True)
    assert sorted(found.index) == sorted(units.index)
    np.testing.assert_allclose(found.astype(float), growth[found.index], rtol=1e-12)


def test_mix_shift_to_electric(asked_of, sold):
    units = sold.groupby(["year", "fuel_type"]).sales_volume.sum()

    found = asked_of("mix_shift_to_electric", "fuel_type", units)

    by_year = units.unstack(fill_value=0)
    share = by_year.div(by_year.sum(axis=1), axis=0)
    change = (share - share.iloc[0]).stack()
    assert sorted(found.index) == sorted(change.index)
    np.testing.assert_allclose(found.share_of_units, share.stack()[found.index], rtol=1e-12)
    np.testing.assert_allclose(found.change, change[found.index], atol=1e-12)


def test_price_against_mileage(compiled, sales):
    found = compiled("price_against_mileage").set_index("model")
    groups = sales.groupby(["model", "year"])
    apart = pd.DataFrame(
        {
            "model": sales.model,
            "x": sales.mileage_km - groups.mileage_km.transform("mean"),
            "y": sales.price_usd - groups.price_usd.transform("mean"),
        }
    )
    for model, rows in apart.groupby("model"):
        slope = np.linalg.lstsq(rows[["x"]], rows.y, rcond=None)[0][0]
        assert found.price_usd_per_10000_km[model] == pytest.approx(10_000 * slope, rel=1e-9)
        assert found.correlation[model] == pytest.approx(np.corrcoef(rows.x, rows.y)[0, 1])
    assert (found.price_usd_per_10000_km < 0).all(), "the sample's cars lose price by mileage"


def test_models_that_carry_a_region(compiled, sales):
    found = compiled("models_that_carry_a_region")
    revenue = sales.groupby(["region", "model"]).revenue_usd.sum()

    for region, rows in found.groupby("region"):
        shares = (revenue[region] / revenue[region].sum()).sort_values(ascending=False)
        assert rows.model.tolist() == shares.index.tolist()
        np.testing.assert_allclose(rows.share_so_far, shares.cumsum(), rtol=1e-9)
        carried = rows.loc[rows.carries_half, "share_of_revenue"]
        assert carried.sum() >= 0.5 > carried.sum() - carried.iloc[-1]


def test_outliers(compiled, sales):
    found = compiled("outliers")
    bounds = sales.groupby("model").price_usd.quantile([0.25, 0.75]).unstack()
    joined = sales.join(bounds, on="model")
    width = 4 * (joined[0.75] - joined[0.25])  # approximate quartiles may lie a little apart
    sure = joined[(joined.price_usd > joined[0.75] + width)]

    assert set(sure.record_number) <= set(found.record_number)
    assert len(found) < 0.01 * len(sales)


def test_forecast_against_last_year(compiled, sales):
    found = compiled("forecast_against_last_year").set_index("region")
    units = sales.groupby(["region", "year"]).sales_volume.sum()
    last = sales.year.max()

    for region in units.index.levels[0]:
        earlier = units[region][units[region].index < last]
        x, y = earlier.index.to_numpy(float), earlier.to_numpy(float)
        slope, start = np.polyfit(x, y, 1)
        rest = y - (start + slope * x)
        spread = ((x - x.mean()) ** 2).sum()
        wide = np.sqrt(
            (rest**2).sum() / (len(x) - 2) * (1 + 1 / len(x) + (last - x.mean()) ** 2 / spread)
        )
        row = found.loc[region]
        assert row.expected_units == pytest.approx(start + slope * last)
        assert row.highest_expected - row.expected_units == pytest.approx(1.96 * wide, rel=1e-6)
        inside = row.lowest_expected <= row.sales_volume <= row.highest_expected
        assert (row.finding == "as expected") == inside


def test_what_distinguishes_high(compiled):
    found = compiled("what_distinguishes_high").set_index("column_name")

    assert found.leaks.iloc[0] and found.index[0] == "sales_volume"
    assert found.leaks.sum() == 1


def test_what_would_change_the_verdict(compiled, sample_cloud):
    found = compiled("what_would_change_the_verdict").set_index("model_name")
    query = "select * from vendas_ml.verdicts"
    rows = bigquery_client(sample_cloud.settings).query(query).result()

    for row in rows:
        half = (row.interval_high - row.interval_low) / 2
        needed = int(np.ceil(row.test_rows * (half / row.improvement) ** 2))
        assert found.test_rows_needed[row.model_name] == needed <= row.test_rows
        assert found.finding[row.model_name] == "sure"


def test_the_command_prints_question_reading_and_rows(command):
    text = command[0]

    assert "Which regions grow" in text
    assert "10% more units" in text
    assert re.search(r"Africa\s+2010\s+\d{3},\d{3}\s+–", text)
    assert "87 rows more" in text
    assert all(name in text for name in QUESTIONS)


def test_an_analysis_that_is_not_there_is_told():
    with pytest.raises(PipelineError, match="There is no analysis 'growth'; there are forecast_"):
        analyses(["growth"])
