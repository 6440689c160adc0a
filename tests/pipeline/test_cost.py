from types import SimpleNamespace

import pytest
from rich.console import Console

from cloud import bigquery_client, storage_client
from pipeline import cost
from pipeline.cost import LEAST, READING, TRAINING, Prices, Usage, last_run, usage
from pipeline.cost_table import show_cost
from pipeline.errors import PipelineError
from pipeline.provision import provision
from pipeline.sizes import Sizes, tables_of

TABLE = """
    create table `{project}.vendas_bmw.typed` as
    select 1 as whole, 1.5 as real, true as yes, 'ação' as text, date '2026-01-01' as day,
        cast(null as int64) as nothing, [1, 2] as many
    union all
    select 2, 2.5, false, null, date '2026-01-02', null, [3]
"""


@pytest.fixture
def sizes(settings):
    provision(settings)
    client = bigquery_client(settings)
    client.query(TABLE.format(project=settings.project)).result()
    return Sizes(client, storage_client(settings))


def test_columns_have_the_sizes_that_bigquery_documents(sizes):
    assert sizes.columns("vendas_bmw.typed") == {
        "whole": 16,
        "real": 16,
        "yes": 2,
        "text": 2 + len("ação".encode()),
        "day": 16,
        "nothing": 0,
        "many": len("[1,2]") + len("[3]"),
    }


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("select whole from vendas_bmw.typed", 16),
        ("select count(*), sum(real) from vendas_bmw.typed where yes", 18),
        ("select * from `p`.`vendas_bmw`.`typed`", 66),
        ("select whole from `p.vendas_bmw.typed` join `p.vendas_bmw.typed` using (day)", 32),
        ("select /* real, text */ whole -- day\nfrom `p.vendas_bmw.typed`", 16),
    ],
    ids=["a column", "no star", "star", "twice", "comments"],
)
def test_a_query_reads_the_columns_that_it_names(sizes, query, read):
    assert sizes.read_by(query) == {"vendas_bmw.typed": read}


def test_of_files_all_is_read_whatever_is_asked_and_through_a_view_too(settings, sizes):
    bucket = storage_client(settings).bucket(settings.bucket)
    text = "Model,Year\nX3,2020\n"
    for name in ("a", "b"):
        bucket.blob(f"raw/vendas/{name}.csv").upload_from_string(text)
    bucket.blob("raw/vendas/readme.txt").upload_from_string("no report")
    view = f"create view `{settings.project}.vendas_bmw.v` as select Model from "
    bigquery_client(settings).query(f"{view}`{settings.project}.vendas_bmw.vendas_raw`").result()

    assert sizes.read_by("select Model from vendas_bmw.vendas_raw") == {
        "vendas_bmw.vendas_raw": 2 * len(text)
    }
    assert sizes.read_by("select Model from vendas_bmw.v") == {"vendas_bmw.v": 2 * len(text)}


def test_what_is_no_table_is_not_read(sizes):
    assert sizes.read_by("select * from ml.weights(model `p.vendas_ml.price`)") == {}


def test_tables_are_found_in_every_spelling():
    query = "from `a-b`.`d`.`t`, `a-b.d.u` join vendas_ml.features -- `a.d.no`"

    assert tables_of(query) == ["d.t", "d.u", "vendas_ml.features"]


def test_what_google_billed_is_taken_as_it_is():
    job = SimpleNamespace(total_bytes_billed=10, total_bytes_processed=7, query="select 1")

    assert cost._bytes(job, None) == (7, 10)


def test_every_candidate_of_auto_arima_reads_the_series(sizes):
    training = "create model m options(model_type = 'arima_plus') as select whole from "
    job = SimpleNamespace(total_bytes_billed=0, query=training + "vendas_bmw.typed")

    assert cost._bytes(job, sizes) == (12 * 16, LEAST)


@pytest.mark.parametrize(
    ("query", "step"),
    [
        ("/* x */ create or replace model `m` as select 1", TRAINING),
        ('/* {"app": "dbt", "node_id": "model.p.sales"} */ select 1', "dbt models"),
        ('/* {"app": "dbt", "node_id": "test.p.unique"} */ select 1', "dbt tests"),
        ('/* {"app": "dbt"} */ select 1', "dbt itself"),
        ("select 1", "export"),
    ],
)
def test_steps_are_told_apart(query, step):
    assert cost._step(query) == step


def test_a_bucket_without_a_run_says_so(settings, bucket):
    with pytest.raises(PipelineError, match="Run the pipeline first"):
        last_run(settings)


@pytest.mark.soak
def test_a_run_of_the_sample_is_accounted_for(sample_cloud):
    settings = sample_cloud.settings
    record = last_run(settings)

    used = {item.step: item for item in usage(settings, record, Prices())}

    assert set(used) >= {TRAINING, "dbt models", "dbt tests", "export", READING}
    training = used[TRAINING]
    assert training.queries == 5
    assert training.billed == 5 * LEAST
    assert training.dollars == pytest.approx(training.billed / 2**40 * 6.25 * 50)
    features = next(
        iter(bigquery_client(settings).query("select count(*) from vendas_ml.features").result())
    )[0]
    assert features * 50 < training.processed / 3 < features * 500, "the series are small"
    assert used["dbt models"].processed > 1_000_000
    assert all(item.billed >= item.processed for item in used.values())


def test_the_table_adds_up():
    console = Console(width=100, record=True, quiet=False, force_terminal=False)
    record = {"id": "r", "seconds": 100.0, "reports": [{"lines": 5}, {"lines": 7}]}
    used = [Usage("dbt models", 2, 2**20, 2**21, 0.5), Usage("export", 1, 0, 0, 0.25)]

    show_cost(record, used, Prices(cpu=0.001, memory=0.0), 10, console)

    text = console.export_text()
    assert "12 records" in text
    assert "0.9500" in text  # 0.75 and 100 s of 2 vCPUs
    assert "9.50" in text
