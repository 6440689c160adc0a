"""Terraform's own tests, and the pipeline on what it plans, made on the local cloud."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from google.cloud import bigquery

from cloud import bigquery_client, storage_client
from tests.conftest import attach, start_cloud
from tests.e2e.desk import SAMPLE, Desk
from tests.terraform.folder import FOLDER, blocks, initialised, resources, states, terraform

RUN = "external_tables_set_every_guard"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terraform")
    initialised(folder)
    return folder


@pytest.fixture(scope="module")
def planned(data):
    """What Terraform makes, with mocked providers."""
    return states(data, "data.tftest.hcl")[RUN]


def test_the_configuration_is_valid(data):
    done = terraform("validate", "-json", data=data)

    assert json.loads(done.stdout)["diagnostics"] == []


@pytest.mark.soak
@pytest.mark.parametrize("file", ["access", "run", "optional", "variables"])
def test_terraforms_own_tests_pass(data, file):
    assert states(data, f"{file}.tftest.hcl")


def test_every_validation_refuses_something():
    rules = [v for v, body in blocks("variable").items() for _ in body.get("validation", [])]
    text = (FOLDER / "tests" / "variables.tftest.hcl").read_text()
    refused = re.findall(r"expect_failures = \[var\.(\w+)\]", text)

    assert [v for v in set(rules) if refused.count(v) < rules.count(v)] == []


@pytest.mark.parametrize("example", sorted(p.name for p in (FOLDER / "examples").iterdir()))
def test_examples_set_variables_that_there_are(example):
    named = set(re.findall(r"^(\w+) +=", (FOLDER / "examples" / example).read_text(), re.M))

    assert named <= set(blocks("variable"))
    assert {"location", "managers", "analysts"} <= named


def rest(values):
    """Return a planned `external_data_configuration` as BigQuery's REST API takes it."""
    options = {camel(k): v for k, v in values["csv_options"][0].items() if v is not None}
    if "skipLeadingRows" in options:
        options["skipLeadingRows"] = str(options["skipLeadingRows"])
    names = ("source_format", "source_uris", "autodetect", "max_bad_records", "connection_id")
    body = {camel(name): values[name] for name in names if values[name] is not None}
    if not values["autodetect"]:
        body["schema"] = {"fields": json.loads(values["schema"])}
    return body | {"csvOptions": options}


def camel(name):
    return re.sub("_(.)", lambda match: match[1].upper(), name)


@pytest.fixture(scope="module")
def desk(tmp_path_factory, planned):
    """A desk whose local cloud holds what Terraform planned, made by Google's own clients."""
    desk = Desk(tmp_path_factory.mktemp("planned"))
    environment = planned["outputs"]["environment"]["value"]
    desk.environment |= dict(re.findall(r"export (\w+)=(\S+)", environment))
    desk.environment["VENDAS_TARGET"] = "local"
    process = start_cloud(desk.folder / ".local")
    try:
        local = attach(desk.folder / ".local", process).settings
        make(planned, local, desk.environment)
        yield desk
    finally:
        process.terminate()
        process.wait(timeout=30)


def make(planned, local, environment):
    settings = replace(local, project=environment["BQ_PROJECT"])
    storage, client = storage_client(settings), bigquery_client(settings)
    for values in resources(planned, "google_storage_bucket").values():
        storage.create_bucket(values["name"], location=values["location"])
    for values in resources(planned, "google_storage_bucket_object").values():
        blob = storage.bucket(values["bucket"]).blob(values["name"])
        blob.upload_from_filename(str(FOLDER / values["source"]))
    for values in resources(planned, "google_bigquery_dataset").values():
        dataset = bigquery.Dataset(f"{settings.project}.{values['dataset_id']}")
        dataset.location = values["location"]
        dataset.description = values["description"]
        dataset.friendly_name = values["friendly_name"]
        client.create_dataset(dataset)
    for values in resources(planned, "google_bigquery_table").values():
        name = f"{settings.project}.{values['dataset_id']}.{values['table_id']}"
        table = bigquery.Table(name)
        configuration = rest(values["external_data_configuration"][0])
        table.external_data_configuration = bigquery.ExternalConfig.from_api_repr(configuration)
        table.description = values["description"]
        client.create_table(table)


@pytest.mark.soak
def test_the_pipeline_runs_on_what_terraform_plans(desk, planned):
    code, output, run = desk.run(SAMPLE)

    assert code == 0, output
    provisioned = run["steps"][0]
    assert (provisioned["name"], provisioned["status"]) == ("provision", "skipped"), output
    assert run["report"]["reports_in_bucket"] == 2, "the first report is Terraform's"
    assert len(run["models"]) == 3
    assert all(m["uri"].startswith("gs://vendas-bmw-0a1b2c3d/models/") for m in run["models"])


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_files_are_formatted():
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-diff", str(FOLDER)],
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "TF_CLI_CONFIG_FILE"},
    )

    assert (done.returncode, done.stdout) == (0, "")
