"""A manager's own export on the page: what is shown is what is in the file."""

import csv
import io
import random
import re
import time
from collections import defaultdict
from types import SimpleNamespace

import pytest

from api.marts import reader
from api.settings import Settings
from tests.api.serving import serving
from tests.browser.reading import cells_of, number, numbers_of, settled, total
from tests.conftest import attach, start_cloud
from tests.e2e.desk import Desk

pytestmark = pytest.mark.soak
HEADER = (
    "Modelo Ano Região Cor Combustível Câmbio Motor_L Quilometragem Preço Volume_Vendas"
    " Classificação"
)
MODEL, YEAR, REGION, FUEL, PRICE, UNITS = 0, 1, 2, 4, 8, 9
COLUMNS = {"year": YEAR, "model": MODEL, "region": REGION, "fuel_type": FUEL}
# What is shown is rounded to whole units and dollars.
HALF = 0.5001
SENTENCE = re.compile(
    r"Em (\d+), ([\d.]+) unidades: ([\d,]+)% a (mais|menos) que em (\d+)\. "
    r"A maior mudança é em ([\w ]+): ([\d,]+)% a (mais|menos)\."
)


def portuguese_report():
    """An export as a Brazilian spreadsheet writes it, and its rows."""
    dice = random.Random(7)
    rows = [
        (
            *(dice.choice(["X3", "X5", "i3"]), dice.randint(2018, 2024)),
            *(
                dice.choice(["Asia", "Europe", "Africa"]),
                "Black",
                dice.choice(["Petrol", "Diesel"]),
            ),
            *("Manual", dice.choice([2.0, 3.0]), dice.randint(0, 150_000)),
            *(dice.randint(3_000_000, 12_000_000) / 100, dice.randint(100, 12_000)),
        )
        for _ in range(300)
    ]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER.split())
    for row in rows:
        price = f"{row[PRICE]:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
        engine = f"{row[6]:.1f}".replace(".", ",")
        label = "High" if row[UNITS] >= 7000 else "Low"
        writer.writerow([*row[:6], engine, row[7], price, row[UNITS], label])
    return text.getvalue().encode("latin-1"), rows


@pytest.fixture(scope="module")
def own(browser, tmp_path_factory):
    """The page on an export of one's own: its rows, its address and the cloud's process."""
    folder = tmp_path_factory.mktemp("own")
    content, rows = portuguese_report()
    (folder / "vendas.csv").write_bytes(content)
    code, output = Desk(folder).make_run(folder / "vendas.csv")
    assert code == 0, output
    process = start_cloud(folder / ".local")
    try:
        settings = attach(folder / ".local", process).settings
        with serving(Settings(cloud=settings, reload_seconds=0.2)) as client:
            yield SimpleNamespace(rows=rows, address=str(client.base_url), process=process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def units_of(row):
    return row[UNITS]


def revenue_of(row):
    return row[PRICE] * row[UNITS]


def sums_of(rows, measure, *columns):
    """Return the sum of a measure over each value of a column, or of two."""
    found = defaultdict(float)
    for row in rows:
        found[tuple(str(row[column]) for column in columns)] += measure(row)
    return {key if len(columns) > 1 else key[0]: value for key, value in found.items()}


def by_region_and_year(page):
    header, *lines = cells_of(page.locator("#chart-region_year-table"))
    return {
        (region, year): number(cell)
        for year, *cells in lines
        for region, cell in zip(header[1:], cells, strict=True)
    }


MEASURES = {"units": units_of, "revenue_usd": revenue_of}
FILTERS = {
    "everything": ({}, lambda row: True),
    "a region": ({"region": "Asia"}, lambda row: row[REGION] == "Asia"),
    "all filters": (
        {"model": "X5", "fuel_type": "Diesel", "first_year": "2019", "last_year": "2022"},
        lambda row: row[MODEL] == "X5" and row[FUEL] == "Diesel" and 2019 <= row[YEAR] <= 2022,
    ),
}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("filters", FILTERS)
def test_every_number_is_that_of_the_file(own, page_of, filters, measure):
    chosen, passes = FILTERS[filters]
    rows = [row for row in own.rows if passes(row)]
    page = page_of(own.address)

    for name, value in {**chosen, "measure": measure}.items():
        page.locator(f'select[name="{name}"]').select_option(value)
        settled(page)

    assert (total(page, "units"), total(page, "records")) == (sum(map(units_of, rows)), len(rows))
    assert total(page, "revenue_usd") == pytest.approx(sum(map(revenue_of, rows)), abs=HALF)
    mean = sum(row[PRICE] for row in rows) / len(rows)
    assert total(page, "mean_price") == pytest.approx(mean, abs=HALF)
    for chart, column in COLUMNS.items():
        sums = sums_of(rows, MEASURES[measure], column)
        assert numbers_of(page, chart) == pytest.approx(sums, abs=HALF)
    both = sums_of(rows, MEASURES[measure], REGION, YEAR)
    shown = by_region_and_year(page)
    assert shown == pytest.approx(dict.fromkeys(shown, 0) | both, abs=HALF)


@pytest.mark.parametrize("region", ["", "Africa", "Asia", "Europe"])
def test_the_sentence_is_that_of_the_file(own, page_of, region):
    rows = [row for row in own.rows if region in ("", row[REGION])]
    page = page_of(own.address)
    page.locator('select[name="region"]').select_option(region)
    settled(page)

    told = SENTENCE.fullmatch(page.locator(".lead").inner_text()).groups()

    units, both = sums_of(rows, units_of, YEAR), sums_of(rows, units_of, REGION, YEAR)
    before, last = sorted(units)[-2:]
    changes = {name: both[name, last] / both[name, before] - 1 for name, _ in both}
    largest = max(changes, key=lambda name: abs(changes[name]))
    for change, share, direction in (
        (units[last] / units[before] - 1, told[2], told[3]),
        (changes[largest], told[6], told[7]),
    ):
        assert number(share) == pytest.approx(100 * abs(change), abs=0.05)
        assert direction == ("mais" if change > 0 else "menos")
    assert (told[0], number(told[1]), told[4], told[5]) == (last, units[last], before, largest)


def test_what_a_short_report_has_none_of_is_said(own, page_of):
    page = page_of(own.address)
    settled(page)
    assert page.locator("#forecast").inner_text() == "Há anos de vendas de menos para uma previsão."

    page.goto(f"{own.address}/#quality")
    settled(page)

    told = page.locator("#quality").inner_text()
    assert "Por que registros foram rejeitados\n\nAinda não há nada aqui." in told
    assert page.locator("#quality summary").count() == 0
    assert "null" not in told


def test_last_numbers_stay_where_bigquery_goes_away(own, page_of, monkeypatch):
    """It comes last: it takes the cloud away."""
    page = page_of(own.address)
    settled(page)
    units = total(page, "units")

    own.process.terminate()
    own.process.wait(timeout=30)
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + reader.KEPT_SECONDS)
    monkeypatch.setattr(reader, "time", later)
    page.reload()
    settled(page)

    old = "O BigQuery não responde agora: estes são seus últimos números."
    assert old in page.locator("#sales").inner_text()
    assert total(page, "units") == units == sum(map(units_of, own.rows))
    assert page.locator("[role=alert]").count() == 0
