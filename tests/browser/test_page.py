"""The page as people use it: every screen, both languages, phone and desk, keyboard and reader."""

import csv
import re
import time
from dataclasses import replace

import pytest

from api.phrases import SENTENCES
from api.settings import Settings
from cloud import bigquery_client, storage_client
from export.artifact import signing_key
from tests.api.publishing import VERDICT, publish, version_files
from tests.api.serving import serving, wait_for
from tests.browser.conftest import ARTIFACTS
from tests.browser.reading import (
    cells_of,
    heading,
    number,
    numbers_of,
    settled,
    total,
    violations,
)
from tests.e2e.desk import SAMPLE

pytestmark = pytest.mark.soak
SCREENS = {
    "sales": ("Sales", "Painel"),
    "predict": ("Predict", "Previsão"),
    "batch": ("Batch", "Lote"),
    "models": ("Models", "Modelos"),
    "quality": ("Quality", "Qualidade"),
}
LANGUAGES = ("en", "pt-BR")


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_whole_and_accessible(sample_page, page_of, screen, language, width):
    page = page_of(f"{sample_page}/#{screen}", language, width)
    title = SCREENS[screen][LANGUAGES.index(language)]

    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{screen}-{language}-{width}.png", full_page=True)

    assert heading(page) == title
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("[role=alert]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.faults == []
    assert violations(page) == []


def test_nothing_comes_from_another_host_and_all_of_it_is_small(sample_page, browser):
    context = browser.new_context()
    page, sizes, hosts = context.new_page(), [], set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("response", lambda r: sizes.append(r.request.sizes()["responseBodySize"]))
    page.goto(sample_page)
    page.wait_for_load_state("networkidle")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    context.close()

    assert hosts == {sample_page.split("/")[2]}
    assert sum(sizes) < 2_000_000
    assert paint < 1000, f"first paint after {paint:.0f} ms on this machine"


def surroundings(page):
    """Return what is around every screen, in words."""
    settled(page)
    title = page.locator("h1").inner_text()
    assert page.get_by_role("navigation", name=title, exact=True).count() == 1
    return page.title(), title, page.locator("footer").inner_text()


def test_what_surrounds_the_screens_speaks_the_language_that_was_chosen(sample_page, page_of):
    portuguese, english = (
        tuple(SENTENCES[name][language] for name in ("title", "title", "description"))
        for language in ("pt-BR", "en")
    )
    page = page_of(sample_page, "pt-BR")

    assert surroundings(page) == portuguese
    page.locator("#language").click()
    assert surroundings(page) == english
    page.reload()
    assert surroundings(page) == english
    assert page.locator("html").get_attribute("lang") == "en"
    assert heading(page) == "Sales"


def test_filters_leave_what_they_say(sample_page, page_of):
    page = page_of(sample_page)
    everything = total(page, "units")

    page.locator('select[name="region"]').focus()
    page.keyboard.press("ArrowDown")
    settled(page)

    region = page.locator('select[name="region"]').input_value()
    assert total(page, "units") == numbers_of(page, "region")[region] < everything
    assert page.evaluate("document.activeElement.name") == "region"


def test_filters_that_leave_nothing_say_so(sample_page, page_of):
    page = page_of(sample_page)

    page.locator('select[name="first_year"]').select_option("2024")
    page.locator('select[name="last_year"]').select_option("2010")
    settled(page)

    assert page.locator(".lead").inner_text() == "Nenhuma venda passa por estes filtros."
    assert (total(page, "units"), total(page, "records")) == (0, 0)
    assert page.locator("#total-mean_price").inner_text() == "–"
    assert numbers_of(page, "region") == {}
    assert page.faults == []


def test_each_region_has_its_forecast_with_its_band_and_what_it_is_worth(
    sample_page, sample_cloud, page_of
):
    query = "select * from vendas_ml.region_forecasts where region = 'Asia' order by year"
    rows = list(bigquery_client(sample_cloud.settings).query(query).result())
    page = page_of(sample_page)

    titles = page.locator("h3", has_text="unidades e previsão").all_inner_texts()
    assert len(titles) == 6
    assert "não mostram tendência" in page.locator("#forecast.no_signal").inner_text()
    page.locator('select[name="region"]').select_option("Asia")
    settled(page)
    assert page.locator("h3", has_text="unidades e previsão").count() == 1
    cells = cells_of(page.locator("#chart-forecast-0-table"))[1:]
    assert [row[0] for row in cells[:2]] == ["2010", "2011"] and all(row[1] for row in cells[:-3])
    assert [row[1] for row in cells[-3:]] == ["", "", ""]
    for row, shown in zip(rows, cells[-3:], strict=True):
        told = [number(cell) for cell in (shown[0], *shown[2:])]
        wanted = (row.year, row.units, row.units_low, row.units_high)
        assert told == [round(value) for value in wanted]
    page.locator('select[name="fuel_type"]').select_option("Diesel")
    page.get_by_text("retire esses filtros").wait_for()
    assert page.locator("canvas[id^=chart-forecast]").count() == 0
    assert page.faults == []


def test_a_what_if_moves_the_answer_and_says_why(sample_page, page_of):
    page = page_of(f"{sample_page}/#predict")
    before = page.locator(".answer").inner_text()

    slider = page.locator('input[type="range"]').first
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.answer')?.innerText !== before", arg=before
    )

    reasons = page.locator("#answer li").all_inner_texts()
    assert len(reasons) >= 3
    assert not re.search(r"mileage_km|fuel_type|engine_size_l", " ".join(reasons))
    page.locator('input[name="year"]').fill("2035")
    page.wait_for_selector("#answer .warning")
    assert page.locator("#answer .warning").inner_text().startswith("Ano do modelo: 2035 ")


def uploaded(page, name, content):
    """Answer a report at Lote; return the download's rows and the seconds that it took."""
    started = time.monotonic()
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.set_input_files("#report-file", files=[file])
    page.wait_for_selector("#download, [role=alert]", timeout=60_000)
    seconds = time.monotonic() - started
    if not page.locator("#download").count():
        return page.locator("[role=alert]").inner_text(), seconds
    with page.expect_download() as download:
        page.click("#download")
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file)), seconds


def test_a_batch_of_50_000_rows_is_answered_with_progress_and_no_row_is_lost(sample_page, page_of):
    lines = SAMPLE.read_text().splitlines()[1:]
    body = [lines[i % len(lines)] for i in range(50_000)]
    content = "\n".join([SAMPLE.read_text().splitlines()[0], *body]).encode()
    page = page_of(f"{sample_page}/#batch")
    page.evaluate("""() => {
        window.seen = new Set();
        new MutationObserver(() => {
            const bar = document.querySelector("progress");
            if (bar) window.seen.add(bar.value);
        }).observe(
            document.getElementById("batch"), { subtree: true, childList: true, attributes: true },
        );
    }""")

    rows, seconds = uploaded(page, "vendas.csv", content)

    assert len(rows) == 50_000
    assert [row["record"] for row in rows[:2]] == ["1", "2"]
    assert all(row["predicted_price_usd"] or row["note"] for row in rows)
    told = page.locator("#batch-counts").inner_text()
    without = sum(not row["predicted_price_usd"] for row in rows)
    assert "50.000 registros" in told
    assert f"{without:,}".replace(",", ".") + " rejeitados" in told
    assert len(page.evaluate("[...window.seen]")) > 3, "progress was shown"
    assert seconds < 30, f"{seconds:.0f} s on this machine"


def test_a_report_may_be_dropped(sample_page, page_of):
    page = page_of(f"{sample_page}/#batch")
    dropped = page.evaluate_handle(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], "vendas.csv"));
            return data;
        }""",
        "\n".join(SAMPLE.read_text().splitlines()[:21]),
    )

    page.dispatch_event(".drop", "drop", {"dataTransfer": dropped})
    page.wait_for_selector("#download")

    assert page.locator("#batch-counts").inner_text().startswith("20 registros")


def test_a_report_that_cannot_be_read_is_told_in_words(sample_page, page_of):
    page = page_of(f"{sample_page}/#batch")

    told, _ = uploaded(page, "vendas.xlsx", b"PK\x03\x04")

    assert "the file is a spreadsheet workbook" in told


def test_a_model_shows_card_leaks_and_versions_when_they_are_opened(sample_page, page_of):
    page = page_of(f"{sample_page}/#models")
    model = page.locator("article").filter(has_text="sales_class_logistic")

    for title in ("Cartão do modelo", "Auditoria de vazamento", "Versões"):
        model.locator("summary", has_text=title).click()
    model.get_by_text("(atual)").wait_for()
    page.wait_for_load_state("networkidle")

    widths = model.locator("img").evaluate_all("images => images.map((i) => i.naturalWidth)")
    assert len(widths) >= 3 and all(widths)
    assert all(model.locator("img").evaluate_all("images => images.map((i) => i.alt)"))
    leaking = model.get_by_role("row").filter(has_text="sim").all_inner_texts()
    assert ["Unidades vendidas", "AUC", "0,9999", "sim"] in [row.split("\t") for row in leaking]
    assert re.search(r"[0-9a-f]{16} \(atual\)", model.inner_text())
    assert violations(page) == []


def test_bigquery_away_is_said_and_models_still_answer(without_bigquery, page_of):
    page = page_of(without_bigquery)

    assert "BigQuery does not answer now" in page.locator("[role=alert]").inner_text()
    assert page.locator("[role=alert] button").inner_text() == "Tentar de novo"
    page.goto(f"{without_bigquery}/#predict")
    page.wait_for_selector(".answer")


def test_where_there_is_nothing_yet_every_screen_says_so(local_cloud, page_of):
    settings = replace(local_cloud.settings, project="nothing-yet", bucket="nothing-yet")
    storage_client(settings).create_bucket("nothing-yet")
    with serving(Settings(cloud=settings)) as client:
        page = page_of(str(client.base_url))
        told = {}
        for screen in SCREENS:
            page.goto(f"{client.base_url}/#{screen}")
            settled(page)
            told[screen] = page.locator(f"#{screen}").inner_text()

    for screen, words in {
        "sales": "There are no sales yet",
        "predict": "Nenhum modelo está em serviço.",
        "batch": "Nenhum modelo está em serviço.",
        "models": "Nenhum modelo está em serviço. /health/ready",
        "quality": "There are no sales yet",
    }.items():
        assert words in told[screen]


def test_without_signal_the_statement_comes_first_and_the_number_is_small(
    local_cloud, tmp_path, page_of
):
    settings = replace(
        local_cloud.settings,
        bucket="no-signal",
        signing_key_file=tmp_path / "signing.pem",
        public_key_file=tmp_path / "public.pem",
    )
    key = signing_key(settings.signing_key_file, settings.public_key_file)
    bucket = storage_client(settings).create_bucket("no-signal")
    verdict = VERDICT | {"status": "no_signal", "improvement": -1.0, "interval": [-2.0, 0.5]}
    files = version_files("price", "1" * 16, key, verdict=verdict)
    publish(bucket, "price", "1" * 16, files)
    with serving(Settings(cloud=settings, default_model="price")) as client:
        wait_for(client, price="1" * 16)
        page = page_of(f"{client.base_url}/#predict")
        page.wait_for_selector(".answer.small")
        statement = page.locator(".verdict.no_signal")
        size = "el => parseFloat(getComputedStyle(el).fontSize)"

        assert "Não decida com base nisto" in statement.inner_text()
        assert statement.bounding_box()["y"] < page.locator(".answer").bounding_box()["y"]
        assert statement.evaluate(size) > page.locator(".answer").evaluate(size)
