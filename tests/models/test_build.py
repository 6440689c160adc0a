"""A build: the GoogleSQL that it sends, and when a model trains, is refused or cannot train.

Google's own parser is the judge of the SQL. One module, so that one build serves all tests.
"""

import csv
import json
import re
import shutil
from collections import defaultdict
from math import sqrt
from statistics import mean, stdev

import pytest
from zetasql.api import Parser
from zetasql.types import LanguageOptions

from tests.models.conftest import ROOT, SAMPLE

MODELS = {"price_linear", "sales_class_logistic", "sales_volume_linear"}
FORECASTS = {"region_units_arima", "region_units_arima_backtest"}
EXPOSURES = ("sales_api", "sales_page", "sales_notebook")
SCHEMA = ROOT / "terraform" / "schemas" / "vendas.json"
NODE = re.compile(r"^bqml_vendas\.\S+", re.MULTILINE)
SCAN = re.compile(r"(from|join)\s+`[^`]+`\.`[^`]+`\.`(vendas|vendas_raw|stg_sales)`", re.I)


def trainings(statements):
    return [s for s in statements if "create or replace model" in s]


def test_a_second_build_trains_nothing_and_scans_the_reports_at_most_twice(built):
    before = len(built.statements())

    done = built.dbt("build")
    sent = built.statements()[before:]

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("UNCHANGED") == len(MODELS | FORECASTS)
    assert trainings(sent) == []
    scans = [s for s in sent if SCAN.search(s) and "create or replace view" not in s.lower()]
    assert 1 <= len(scans) <= 2


def test_what_cannot_be_is_warned_of_rule_by_rule_and_kept(built):
    launches = dict(built.rows("select model, launch_year from vendas_staging.car_models"))
    rejected = {n for (n,) in built.rows("select record_number from vendas_marts.rejected_sales")}
    records = enumerate(csv.reader(SAMPLE.read_text().splitlines()[1:]), start=1)
    sound = {tuple(map(str.strip, record)) for number, record in records if number not in rejected}
    electric = [r for r in sound if r[4] == "Electric" and float(r[6]) > 0]
    early = [r for r in sound if int(r[1]) < launches[r[0]]]

    test = built.folder / "target/compiled/bqml_vendas/tests/dbt/implausible_sales.sql"
    run = json.loads((built.folder / ".local" / "run.json").read_text())

    assert dict(built.rows(test.read_text())) == {
        "an electric car with engine litres": len(electric),
        "a car before its launch": len(early),
    }
    assert len(electric) > 2000 and len(early) > 200, "they are in the sales"
    (build,) = (step["detail"] for step in run["steps"] if step["name"] == "build")
    assert "test.bqml_vendas.implausible_sales" in {w["node"] for w in build["warnings"]}


def test_docs_are_generated(built):
    done = built.dbt("docs", "generate")

    assert done.returncode == 0, done.stdout
    target = built.folder / "target"
    manifest, catalog = (
        json.loads((target / f"{name}.json").read_text()) for name in ("manifest", "catalog")
    )
    described = manifest["nodes"] | manifest["sources"]
    found = {**catalog["nodes"], **catalog["sources"]}
    kinds = ("model", "seed", "source")
    ours = {name for name, node in described.items() if node["resource_type"] in kinds}
    models = {
        n for n, node in described.items() if node["config"].get("materialized") == "bqml_model"
    }
    assert set(found) == ours - models
    assert [name for name in ours if not described[name]["description"].strip()] == []
    assert {
        f"{name}: {column}"
        for name, node in found.items()
        for column in node["columns"]
        if not described[name]["columns"].get(column, {}).get("description", "").strip()
        # BigQuery's catalogue has no columns of external tables; dbt then says so.
        and column != "<unknown>"
    } == set()
    for source in manifest["sources"].values():
        columns = {c["name"] for c in json.loads(SCHEMA.read_text())}
        assert {n for n, c in source["columns"].items() if c["description"]} == columns
    assert set(manifest["exposures"]) >= {f"exposure.bqml_vendas.{name}" for name in EXPOSURES}


def test_every_mart_has_a_contract_and_its_grain(built):
    manifest = json.loads((built.folder / "target" / "manifest.json").read_text())
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    marts = [model for model in models if model["fqn"][1] == "marts"]

    assert len(marts) == 8
    for mart in marts:
        assert mart["contract"]["enforced"], mart["name"]
        assert "one row per" in " ".join(mart["description"].split()), mart["name"]
        (key,) = mart["constraints"]
        required = {name for name, column in mart["columns"].items() if column["constraints"]}
        assert (key["type"], set(key["columns"])) == ("primary_key", required), mart["name"]


@pytest.mark.soak
def test_only_what_was_modified_is_built(built, changed_project, tmp_path):
    state = shutil.copytree(built.folder / "target", tmp_path / "state")
    project = changed_project(
        "models/marts/report_files.sql", {"select * from dated": "select *\nfrom dated"}
    )
    select = ("ls", "--quiet", "--resource-type", "model", "--select", "state:modified")
    select += ("--state", str(state))

    same = built.dbt(*select)
    changed = built.dbt(*select, project=project)

    assert NODE.findall(same.stdout) == []
    assert NODE.findall(changed.stdout) == ["bqml_vendas.marts.report_files"]


@pytest.mark.soak
def test_a_report_is_as_old_as_the_run_that_saw_it_first(built):
    query = "select source_file, first_seen_at from vendas_marts.report_files"
    before = built.rows(query)

    done = built.dbt("build", "--select", "reports_seen+1", "--full-refresh")
    fresh = built.dbt("source", "freshness")

    assert done.returncode == 0, done.stdout
    assert built.rows(query) == before
    assert fresh.returncode == 0 and "PASS freshness of vendas_bmw.vendas_raw" in fresh.stdout


@pytest.mark.soak
def test_models_are_registered_where_it_is_asked_for(built, monkeypatch):
    """The local engine has no Vertex AI; that it refuses the option shows that it arrives."""
    monkeypatch.setenv("MODEL_REGISTRY", "vertex_ai")
    names = ("price_linear", "region_units_arima")

    done = built.dbt("build", "--select", *names, "--exclude-resource-type", "test")

    assert done.returncode == 1
    assert set(re.findall(r"in model (\w+)", done.stdout)) == {"price_linear"}
    assert "model_registry" in done.stdout.lower()
    monkeypatch.undo()
    again = built.dbt("build", "--select", names[0], "--exclude-resource-type", "test")
    assert again.returncode == 0, again.stdout


@pytest.mark.parametrize(
    ("model", "column", "anchor"),
    [
        ("sales_class_logistic", "sales_volume", "sales_classification"),
        pytest.param(
            *("sales_volume_linear", "sales_classification", "sales_volume"), marks=pytest.mark.soak
        ),
    ],
)
def test_plain_dbt_run_refuses_a_leaking_column(built, changed_project, model, column, anchor):
    project = changed_project(
        f"models/ml/{model}.sql",
        {
            "'mileage_km', 'price_usd'": f"'mileage_km', 'price_usd', '{column}'",
            f"    price_usd,\n    {anchor},": f"    price_usd,\n    {column},\n    {anchor},",
        },
    )
    before = len(built.statements())

    done = built.dbt("run", "--select", model, project=project)

    assert done.returncode == 1
    words = re.sub(r"\s+", " ", done.stdout)
    assert f"'{model}' is not trained: its feature '{column}' alone determines the label" in words
    assert trainings(built.statements()[before:]) == []


@pytest.mark.soak
def test_a_label_of_one_class_ends_in_a_verdict(desk, report):
    def all_high(number, record):
        record["Sales_Volume"], record["Sales_Classification"] = "8000", "High"

    code, output, run = desk.run(report(all_high))

    verdicts = {m["name"]: m["verdict"] for m in run["models"]}
    assert code == 0, output
    assert verdicts["sales_class_logistic"]["status"] == "no_signal"
    assert "has a single class" in verdicts["sales_class_logistic"]["reason"]
    assert "has a single value" in verdicts["sales_volume_linear"]["reason"]
    assert verdicts["price_linear"]["status"] == "signal"
    assert "sales_class_logistic" in output and "has a single class" in output


@pytest.mark.soak
def test_a_report_without_a_clean_record_ends_in_verdicts(desk, report):
    def no_region(number, record):
        record["Region"] = ""

    code, output, run = desk.run(report(no_region, records=50))

    assert code == 0, output
    assert (run["report"]["clean"], run["report"]["rejected"]) == (0, 50)
    assert {m["name"] for m in run["models"]} == MODELS
    for model in run["models"]:
        assert model["verdict"]["status"] == "no_signal"
        assert "there are no training rows" in model["verdict"]["reason"]
        assert model["uri"] is None
    assert desk.rows("select * from vendas_ml.region_forecasts") == []
    assert desk.rows("select status, test_rows, reason from vendas_ml.forecast_verdict") == [
        ("no_signal", 0, "There is no forecast: no region sold in 8 years up to the last.")
    ]


def test_noise_is_forecast_as_noise_and_judged_by_years_that_were_held_out(built):
    last = dict(built.rows("select region, max(year) from vendas_marts.sales group by 1"))
    forecasts = built.rows("select * from vendas_ml.region_forecasts")
    past = defaultdict(dict)
    for region, year, units in built.rows(
        "select region, year, sales_volume from vendas_marts.sales_by_region_year"
    ):
        past[region][year] = units

    assert {(region, year) for region, year, *_ in forecasts} == {
        (region, year + ahead) for region, year in last.items() for ahead in (1, 2, 3)
    }
    for region, _, units, low, high in forecasts:
        assert min(past[region].values()) < units < max(past[region].values())
        assert 0 <= low < units < high
    gains = []
    for region, year, units, forecast, baseline in built.rows(
        "select region, year, units, forecast_units, baseline_units "
        "from vendas_ml.forecast_backtest"
    ):
        assert year > last[region] - 3 and units == past[region][year]
        before = [sold for at, sold in past[region].items() if at <= last[region] - 3]
        assert baseline == pytest.approx(mean(before))
        gains.append((baseline - units) ** 2 - (forecast - units) ** 2)
    assert len(gains) == 3 * len(last)
    half = 1.959964 * stdev(gains) / sqrt(len(gains))
    (verdict,) = built.rows("select * from vendas_ml.forecast_verdict")
    assert verdict[4:7] == pytest.approx((mean(gains), mean(gains) - half, mean(gains) + half))
    assert verdict[7] == "no_signal"


@pytest.mark.soak
def test_a_trend_is_forecast_and_has_signal(desk, report):
    def growing(number, record):
        trend = 1000 + 500 * (int(record["Year"]) - 2010)
        record["Sales_Volume"] = str(trend + number * 7919 % 4000)

    code, output, _ = desk.run(report(growing, records=9000))

    assert code == 0, output
    rising = desk.rows(
        "select f.units > s.sales_volume from vendas_ml.region_forecasts as f "
        "join vendas_marts.sales_by_region_year as s on f.region = s.region and s.year = 2023 "
        "where f.year = 2027"
    )
    assert rising == [(True,)] * 6
    assert desk.rows("select status from vendas_ml.forecast_verdict") == [("signal",)]


@pytest.mark.soak
def test_a_class_that_only_one_car_has_is_learned(desk, report):
    def medium(number, record):
        if record["Model"] == "X5":
            record["Sales_Classification"] = "Medium"

    code, output, run = desk.run(report(medium))

    logistic = next(m for m in run["models"] if m["name"] == "sales_class_logistic")
    assert code == 0, output
    assert logistic["parity"]["within"]
    assert logistic["parity"]["label_disagreements"] == 0
    assert run["report"]["flagged"] > 0


@pytest.fixture(scope="module")
def sent(built):
    compiled = built.dbt("compile", "--quiet")
    assert compiled.returncode == 0, compiled.stdout
    folder = built.folder / "target" / "compiled" / "bqml_vendas"
    analyses = [path.read_text() for path in sorted(folder.glob("analyses/*.sql"))]
    assert len(analyses) == len(list(ROOT.glob("analyses/*.sql")))
    return [*built.statements(), *analyses]


def test_google_s_parser_accepts_every_statement(sent):
    options = LanguageOptions.maximum_features()
    refused = {}
    for statement in set(sent):
        try:
            Parser.parse_statement_static(statement, options)
        except Exception as error:
            refused[statement] = str(error)

    assert not refused


@pytest.mark.parametrize(
    "kind",
    [
        "create or replace model",
        "alter model",
        "insert into",
        "ml.predict",
        "ml.evaluate",
        "ml.weights",
        "ml.forecast",
        "farm_fingerprint",
    ],
)
def test_statements_of_every_kind_were_among_them(sent, kind):
    assert any(kind in re.sub(r"\s+", " ", statement.lower()) for statement in sent)
