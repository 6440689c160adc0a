"""`create temp table`: seen by its script alone, whatever the default dataset."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError
from google.cloud.bigquery import Client, QueryJobConfig


def rows(client: Client, script: str, dataset: str | None = None) -> list[tuple]:
    config = QueryJobConfig()
    if dataset is not None:
        config.default_dataset = f"{client.project}.{dataset}"
    return [tuple(row.values()) for row in client.query(script, job_config=config).result()]


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize(
    "script",
    [
        "create temp table t as select 3 as x; select x from t",
        "create temporary table `t` (x int64); insert into t values (3); select x from T",
        "create temp table t as select 1 as x; create or replace temp table t as select 3 as x;"
        " select x from t",
        "begin create temp table if not exists t as select 3 as x; select t.x from t; end",
        "declare n int64; create temp table t as select 3 as x;"
        " set n = (select max(x) from t); drop table t; select n",
    ],
)
def test_a_script_reads_its_temporary_table(client, dataset, script, default):
    assert rows(client, script, dataset if default else None) == [(3,)]


def test_it_hides_a_table_of_the_default_dataset_that_it_may_be_made_from(client, dataset):
    rows(client, "create table t as select 1 as x", dataset)

    script = (
        f"create temp table t as select x + 1 as x from t; select t.x, o.x from t, {dataset}.t o"
    )

    assert rows(client, script, dataset) == [(2, 1)]


def test_a_model_trains_on_it_and_answers_it(client, dataset):
    script = """
        create temp table seen as select x, 2.0 * x + 1 as y from unnest([1.0, 2.0, 3.0]) as x;
        create model m options (model_type = 'linear_reg', input_label_cols = ['y'],
            data_split_method = 'no_split') as select * from seen;
        select round(predicted_y, 6) from ml.predict(model m, (select x from seen)) order by x;
    """

    assert rows(client, script, dataset) == [(3.0,), (5.0,), (7.0,)]


@pytest.mark.parametrize("last", ["select 1", "select 1 / 0", "select * from nowhere"])
def test_it_is_gone_when_the_script_ends(client, dataset, last):
    before = {found.dataset_id for found in client.list_datasets()}
    try:
        rows(client, f"create temp table t as select 1 as x; {last}", dataset)
    except GoogleAPICallError:
        assert last != "select 1"

    with pytest.raises(GoogleAPICallError):
        rows(client, "select x from t", dataset)
    assert {found.dataset_id for found in client.list_datasets()} == before


def test_outside_a_script_it_is_refused_in_bigquery_s_words(client, dataset):
    with pytest.raises(BadRequest, match="CREATE TEMPORARY TABLE requires a script or session"):
        rows(client, "create temp table t as select 1 as x", dataset)


def test_a_session_has_tables_that_outlive_the_job(client):
    config = QueryJobConfig(create_session=True)
    session = client.query("select 1", job_config=config).session_info.session_id

    job = client.query("create temp table `_SESSION`.`kept` (x int64)")
    job.result()
    rows(client, f"insert into `{job.destination.dataset_id}`.kept values (3)")

    assert rows(client, "select x from _SESSION.kept") == [(3,)]
    assert client.get_table(job.destination).num_rows == 1
    rows(client, f"call bq.abort_session('{session}')")
    rows(client, "drop table _SESSION.kept")
