"""Models as statements and as a REST resource make, change and drop them."""

import datetime

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import bigquery

from tests.emulator.ml.conftest import DATASET

SMALL = "options(model_type = 'linear_reg', input_label_cols = ['price']) as select year, price"

MANY = ", ".join(f"('k{number}', '')" for number in range(65))


def run(client, sql):
    job = client.query(sql, job_retry=None)
    job.result()
    return job


def test_a_model_comes_back_as_google_returns_it(client):
    model = client.get_model(f"{DATASET}.dear")

    training = model.training_runs[0]
    assert model.model_type == "LOGISTIC_REGRESSION"
    assert [column.name for column in model.feature_columns] == ["fuel", "box", "year", "mileage"]
    assert [column.type.type_kind.name for column in model.feature_columns] == [
        "STRING", "STRING", "INT64", "FLOAT64",
    ]  # fmt: skip
    assert [column.name for column in model.label_columns] == ["dear"]
    assert training["trainingOptions"]["dataSplitMethod"] == "NO_SPLIT"
    assert training["results"][0]["index"] == 0
    metrics = training["evaluationMetrics"]["binaryClassificationMetrics"]
    assert metrics["positiveLabel"] == "Low"
    assert metrics["aggregateClassificationMetrics"]["threshold"] == 0.5
    assert model.created is not None and model.location == "US"


def test_statements_report_what_they_did(client):
    create = f"create model {DATASET}.told {SMALL} from {DATASET}.cars"

    assert run(client, create).ddl_operation_performed == "CREATE"
    job = run(client, create.replace("create", "create or replace"))
    assert (job.statement_type, job.ddl_operation_performed) == ("CREATE_MODEL", "REPLACE")
    job = run(client, create.replace("create model", "create model if not exists"))
    assert job.ddl_operation_performed == "SKIP"
    with pytest.raises(Conflict, match=r"Already Exists: Model .*told"):
        run(client, create)
    assert run(client, f"drop model {DATASET}.told").ddl_operation_performed == "DROP"
    assert run(client, f"drop model if exists {DATASET}.told").ddl_operation_performed == "SKIP"
    with pytest.raises(NotFound, match=r"Not found: Model vendas-local:ml_wire.told"):
        run(client, f"drop model {DATASET}.told")


def test_models_are_listed_by_name_and_in_pages(client):
    names = [model.model_id for model in client.list_models(DATASET)]
    pages = list(client.list_models(DATASET, page_size=1).pages)

    assert {"dear", "price"} <= set(names) and names == sorted(names)
    assert [page.num_items for page in pages] == [1] * len(names)


def test_alter_model_changes_what_a_user_may_write(client):
    run(client, f"create or replace model {DATASET}.noted {SMALL} from {DATASET}.cars")

    run(
        client,
        f"alter model {DATASET}.noted set options(labels = [('sql_hash', 'ab12'), ('x', '')], "
        "description = 'a price', friendly_name = 'Price', "
        "expiration_timestamp = timestamp '2100-01-01')",
    )

    model = client.get_model(f"{DATASET}.noted")
    assert model.labels == {"sql_hash": "ab12", "x": ""}
    assert (model.description, model.friendly_name) == ("a price", "Price")
    assert model.expires == datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
    run(client, f"alter model {DATASET}.noted set options(labels = [], description = null)")
    assert client.get_model(f"{DATASET}.noted").labels == {}


@pytest.mark.parametrize("nothing", ["null", "cast(null as timestamp)"])
def test_a_null_takes_the_expiration_away(client, nothing):
    run(client, f"create or replace model {DATASET}.noted {SMALL} from {DATASET}.cars")
    alter = f"alter model {DATASET}.noted set options(expiration_timestamp = {{}})"
    run(client, alter.format("timestamp_add(current_timestamp(), interval 1 day)"))
    assert client.get_model(f"{DATASET}.noted").expires is not None

    run(client, alter.format(nothing))

    assert client.get_model(f"{DATASET}.noted").expires is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("expiration_timestamp = date '2100-01-01'", "DATE '2100-01-01'. Expected a TIMESTAMP"),
        ("expiration_timestamp = datetime '2100-01-01'", "DATETIME .*Expected a TIMESTAMP"),
        ("expiration_timestamp = '2100-01-01'", "'2100-01-01'. Expected a TIMESTAMP"),
        ("expiration_timestamp = timestamp 'nope'", "timestamp 'nope'. It cannot be computed"),
        ("description = 5", "DESCRIPTION: 5. Expected a STRING"),
        ("labels = ['a']", r"LABELS: \['a'\]. Expected an ARRAY of STRUCT"),
        ("labels = [('a', 'b'), ('a', 'c')]", "each key once"),
        (f"labels = [{MANY}]", "65 were given.*64 at most"),
    ],
)
def test_alter_model_refuses_what_no_model_can_have(client, options, message):
    with pytest.raises(BadRequest, match=message):
        run(client, f"alter model {DATASET}.price set options({options})")


def test_patch_changes_and_delete_removes(client):
    run(client, f"create or replace model {DATASET}.patched {SMALL} from {DATASET}.cars")
    model = client.get_model(f"{DATASET}.patched")
    model.labels = {"team": "sales"}
    model.description = "patched"

    changed = client.update_model(model, ["labels", "description"])

    assert (changed.labels, changed.description) == ({"team": "sales"}, "patched")
    client.delete_model(f"{DATASET}.patched")
    client.delete_model(f"{DATASET}.patched", not_found_ok=True)
    with pytest.raises(NotFound, match=r"Not found: Model vendas-local:ml_wire.patched"):
        client.get_model(f"{DATASET}.patched")


@pytest.mark.parametrize(
    ("sql", "error", "message"),
    [
        ("create model ml_wire.bad options(model_type='onnx') as select 1", BadRequest, "ONNX"),
        (
            "create model ml_wire.bad transform(a) options(model_type='linear_reg') as select 1 b",
            BadRequest,
            "Unrecognized name in the TRANSFORM clause: a",
        ),
        (
            f"create model nope.bad {SMALL} from ml_wire.cars",
            NotFound,
            "Not found: Dataset vendas-local:nope",
        ),
        (f"create model ml_wire.bad {SMALL} from ml_wire.nope", NotFound, "nope"),
        (f"create model ml_wire.cars {SMALL} from ml_wire.cars", Conflict, "Table .*cars"),
        (f"create model ml_wire.bad {SMALL} from ml_wire.cars where false", BadRequest, "zero"),
        (f"create model bad {SMALL} from ml_wire.cars", BadRequest, "qualified with a dataset"),
        (
            f"alter model ml_wire.price set options(labels=[('a', '{'x' * 64}')])",
            BadRequest,
            "at most 63",
        ),
        ("alter model ml_wire.nope set options(description='x')", NotFound, "Model .*nope"),
        ("alter model ml_wire.price set options(nope='x')", BadRequest, "Unknown option: nope"),
    ],
)
def test_what_bigquery_refuses_is_refused(client, sql, error, message):
    with pytest.raises(error, match=message):
        run(client, sql)
    assert "bad" not in {model.model_id for model in client.list_models(DATASET)}


def test_a_failed_replacement_leaves_the_old_model(client, ask):
    before = ask("select * from ml.weights(model price)")

    with pytest.raises(BadRequest, match="zero rows"):
        run(client, f"create or replace model {DATASET}.price {SMALL} from {DATASET}.cars limit 0")

    assert ask("select * from ml.weights(model price)") == before


def test_a_dropped_dataset_takes_its_models_along(client):
    client.create_dataset("ml_short")
    run(client, f"create model ml_short.m {SMALL} from {DATASET}.cars")

    client.delete_dataset("ml_short", delete_contents=True)
    client.create_dataset("ml_short")

    assert list(client.list_models("ml_short")) == []
    client.delete_dataset("ml_short")


def test_a_default_dataset_names_the_model(client):
    config = bigquery.QueryJobConfig(default_dataset=f"{client.project}.{DATASET}")

    client.query(f"create or replace model short {SMALL} from cars", job_config=config).result()

    assert client.get_model(f"{DATASET}.short").model_id == "short"


def test_a_copy_job_copies_a_model(client):
    source, target = f"{client.project}.{DATASET}.price", f"{client.project}.{DATASET}.copied"
    client.copy_table(source, target).result()

    copy = client.get_model(target)
    assert copy.model_type == "LINEAR_REGRESSION"
    assert run(client, f"select * from ml.weights(model {DATASET}.copied)").state == "DONE"
    with pytest.raises(Conflict, match="Already Exists: Model"):
        client.copy_table(source, target).result()
    config = bigquery.CopyJobConfig(write_disposition="WRITE_TRUNCATE")
    client.copy_table(source, target, job_config=config).result()
    client.delete_model(target)


def test_the_destination_of_create_model_is_the_model(client):
    job = run(client, f"create or replace model {DATASET}.placed {SMALL} from {DATASET}.cars")

    assert (job.destination.dataset_id, job.destination.table_id) == (DATASET, "placed")
