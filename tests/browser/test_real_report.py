"""The public BMW report itself, where somebody has it: no signal, and every row is answered."""

import csv
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.settings import Settings
from cloud import bigquery_client
from tests.api.serving import ready, serving, wait_until
from tests.browser.conftest import MODELS
from tests.browser.reading import heading, settled, total
from tests.browser.test_page import uploaded
from tests.conftest import ROOT, attach, start_cloud
from tests.e2e.desk import Desk

pytestmark = pytest.mark.soak
BESIDE = ROOT.parent / "shared" / "data" / "bmw_sales_2010_2024.csv"
REPORT = Path(os.environ.get("VENDAS_REAL_REPORT") or BESIDE)
ROWS = 50_000


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """What the report became: the run, what `make analyses` says, the page's address."""
    if not REPORT.exists():
        pytest.skip(f"the real report was NOT RUN: VENDAS_REAL_REPORT names no file ({REPORT})")
    desk = Desk(tmp_path_factory.mktemp("real"))
    code, output, run = desk.run(REPORT)
    assert code == 0, output
    process = start_cloud(desk.folder / ".local")
    try:
        settings = attach(desk.folder / ".local", process).settings
        asking = desk.pipeline("analyses")
        told, _ = asking.communicate(timeout=300)
        assert asking.returncode == 0, told
        with serving(Settings(cloud=settings)) as client:
            wait_until(lambda: set(ready(client)["models"]) == set(MODELS))
            yield SimpleNamespace(
                run=run,
                client=bigquery_client(settings),
                analyses=desk.folder / "target/compiled/bqml_vendas/analyses",
                address=str(client.base_url),
            )
    finally:
        process.terminate()
        process.wait(timeout=30)


def asked(real, name):
    """Return the rows of an analysis."""
    query = (real.analyses / f"{name}.sql").read_text()
    return [dict(row) for row in real.client.query(query).result()]


def test_no_line_is_lost_and_no_model_and_no_forecast_has_signal(real):
    report = real.run["report"]
    (forecast,) = real.client.query("select status from vendas_ml.forecast_verdict").result()

    assert report["lines"] == ROWS
    assert report["clean"] + report["rejected"] + report["duplicates"] == ROWS
    verdicts = {model["name"]: model["verdict"]["status"] for model in real.run["models"]}
    assert verdicts == dict.fromkeys(MODELS, "no_signal")
    assert forecast.status == "no_signal"


def test_the_analyses_say_that_there_is_nothing_to_decide_by(real):
    verdicts = asked(real, "what_would_change_the_verdict")
    years = asked(real, "forecast_against_last_year")
    mileage = asked(real, "price_against_mileage")
    columns = asked(real, "what_distinguishes_high")
    mix = asked(real, "mix_shift_to_electric")

    assert {row["status"] for row in verdicts} == {"no_signal"}
    for row in verdicts:
        gain = row["improvement"] > 0
        assert row["finding"] == (
            "more sales may show a small gain" if gain else "more of the same would not help"
        )
        assert (row["sales_needed"] or 0) > ROWS if gain else row["sales_needed"] is None
    assert sum(row["finding"] == "as expected" for row in years) >= len(years) - 1
    assert all(abs(row["correlation"]) < 0.05 for row in mileage)
    assert [row["column_name"] for row in columns if row["leaks"]] == ["sales_volume"]
    assert max(abs(row["change"]) for row in mix) < 0.05


def test_the_page_has_the_file_s_sums_and_answers_every_row(real, page_of):
    with REPORT.open(newline="") as file:
        sales = list(csv.DictReader(file))
    page = page_of(real.address)
    settled(page)
    assert total(page, "units") == sum(int(sale["Sales_Volume"]) for sale in sales)
    assert total(page, "records") == len(sales) == ROWS
    page.goto(f"{real.address}/#batch")
    settled(page)
    assert heading(page) == "Lote"

    rows, seconds = uploaded(page, REPORT.name, REPORT.read_bytes())

    assert [row["record"] for row in rows] == [str(n + 1) for n in range(ROWS)]
    assert all(row["predicted_price_usd"] for row in rows)
    assert "Não decida com base nisto" in page.locator("#batch-result .no_signal").inner_text()
    assert seconds < 30, f"{seconds:.0f} s on this machine"
