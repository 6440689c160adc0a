"""Terraform and the code are one: names, schemas, tables, environment; and nothing is left open."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest
import yaml

from cloud.settings import Settings
from export.bucket import FOLDER as MODELS
from ingest.columns import ADDED, contract
from ingest.report import FOLDER as REPORTS
from ingest.report import write_normal_form
from pipeline.provision import DATASET, DATASET_NAME, external_data_configuration

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "terraform"
FILES = sorted(FOLDER.glob("*.tf"))
SCHEMA = json.loads((FOLDER / "schemas" / "vendas.json").read_text())
TABLES = json.loads((FOLDER / "schemas" / "external_tables.json").read_text())


def plain(node):
    """Return parsed HCL without its quotes and marks; expressions stay as their text."""
    if isinstance(node, dict):
        return {plain(k): plain(v) for k, v in node.items() if k not in MARKS}
    if isinstance(node, list):
        return [plain(item) for item in node]
    return node.strip('"') if isinstance(node, str) else node


MARKS = ("__is_block__", "__comments__")


def blocks(kind):
    """Return the bodies of all blocks of a kind, by their labels: `google_x.name`, `name`."""
    found = {}
    for file in FILES:
        for block in plain(hcl2.loads(file.read_text())).get(kind, []):
            path = []
            while len(block) == 1 and isinstance(next(iter(block.values())), dict):
                (label, block) = next(iter(block.items()))
                path.append(label)
            found[".".join(path) or file.name] = block
    return found


RESOURCES = blocks("resource")
LOCALS = {name: value for block in blocks("locals").values() for name, value in block.items()}


def evaluated(value, definition):
    """Return an argument of the external tables as it is for one of them."""
    if not isinstance(value, str):
        return value
    if match := re.fullmatch(r"\$\{each\.value\.(\w+)\}", value):
        return definition[match[1]]
    return value.replace("${google_storage_bucket.main.url}", "gs://bucket").replace(
        "${local.reports_prefix}", LOCALS["reports_prefix"]
    )


def in_rest_form(body, definition):
    """Return a table's arguments under the names that BigQuery's REST API has for them."""
    rest = {}
    for name, value in body.items():
        key = re.sub("_(.)", lambda match: match[1].upper(), name)
        if isinstance(value, list) and isinstance(value[0], dict):
            rest[key] = in_rest_form(value[0], definition)
        elif isinstance(value, list):
            rest[key] = [evaluated(item, definition) for item in value]
        else:
            rest[key] = str(evaluated(value, definition))
    return rest


@pytest.mark.parametrize("name", TABLES)
def test_external_tables_are_those_of_the_local_cloud(name):
    body = RESOURCES["google_bigquery_table.external"]["external_data_configuration"][0]
    made = in_rest_form(body, TABLES[name])
    wanted = external_data_configuration("bucket", SCHEMA, TABLES[name])
    options = {key: str(value) for key, value in wanted.pop("csvOptions").items()}
    wanted.pop("schema", None)

    # The provider demands `quote`; BigQuery's own default is the same.
    assert made["csvOptions"].pop("quote") is not None
    assert made["csvOptions"] == options
    assert {key: made[key] for key in wanted} == {
        key: value if isinstance(value, list) else str(value) for key, value in wanted.items()
    }


def test_every_option_of_the_tables_reaches_them():
    text = (FOLDER / "bigquery.tf").read_text()
    options = {option for table in TABLES.values() for option in table}

    assert {option for option in options if f"each.value.{option}" not in text} == set()


@pytest.mark.parametrize("name", TABLES)
def test_external_tables_keep_their_guards(name):
    table = TABLES[name]

    assert table["source_column_match"] == "NAME"
    assert table["max_bad_records"] == 0
    assert table["skip_leading_rows"] == 1
    assert table["allow_quoted_newlines"] is True
    assert table["autodetect"] is (name == "vendas")


def test_raw_columns_are_text():
    body = RESOURCES["google_bigquery_table.external"]["external_data_configuration"][0]

    assert "for column in local.columns" in body["schema"]
    assert re.findall(r"type\W+(\w+)", body["schema"]) == ["STRING"]


def test_tables_are_made_after_the_report_that_they_detect_columns_from():
    table = RESOURCES["google_bigquery_table.external"]

    assert table["depends_on"] == ["${google_storage_bucket_object.report}"]


def test_schema_is_what_ingest_writes():
    assert [c["name"] for c in SCHEMA] == [*(c.name for c in contract()), *ADDED]


def test_tables_are_the_sources_of_dbt():
    sources = yaml.safe_load((ROOT / "models" / "staging" / "_sources.yml").read_text())["sources"]

    assert [source["schema"] for source in sources] == [DATASET]
    assert {table["name"] for table in sources[0]["tables"]} == set(TABLES)


def test_datasets_are_those_that_dbt_fills():
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    target = yaml.safe_load((ROOT / "profiles.yml").read_text())["bqml_vendas"]["outputs"]["cloud"]
    folders = [*project["models"]["bqml_vendas"].values(), *project["seeds"].values()]

    assert set(LOCALS["dbt_datasets"]) == {f"{target['dataset']}_{f['+schema']}" for f in folders}


def test_names_are_those_of_the_code():
    dataset = RESOURCES["google_bigquery_dataset.raw"]

    assert (dataset["dataset_id"], dataset["friendly_name"]) == (DATASET, DATASET_NAME)
    assert (LOCALS["reports_prefix"], LOCALS["models_prefix"]) == (REPORTS, f"{MODELS}/")


def test_environment_is_taken_by_the_settings():
    text = blocks("output")["environment"]["value"]
    environment = dict(re.findall(r"export (\w+)=(\S+)", text))

    settings = Settings.from_environment(environment)

    assert settings.target == "cloud"
    assert settings.project == "${google_bigquery_dataset.raw.project}"
    assert settings.location == "${google_bigquery_dataset.raw.location}"
    assert settings.bucket == "${google_storage_bucket.main.name}"


def test_grants_are_these_and_no_more():
    text = (FOLDER / "iam.tf").read_text()
    grants = {name for name in RESOURCES if "_iam_" in name}

    assert sorted(re.findall(r"roles/[\w.]+", "".join(file.read_text() for file in FILES))) == [
        "roles/bigquery.dataEditor",
        "roles/bigquery.dataViewer",
        "roles/bigquery.jobUser",
        "roles/bigquery.readSessionUser",
        "roles/storage.legacyBucketReader",
        "roles/storage.objectUser",
        "roles/storage.objectViewer",
    ]
    assert all("_iam_member." in name for name in grants), grants
    assert text.count("google_service_account.api.member") == 1


@pytest.mark.parametrize(
    "word",
    ["allUsers", "allAuthenticatedUsers", "google_service_account_key", "PRIVATE KEY", "AIza"],
)
def test_nothing_is_public_and_no_key_is_written(word):
    assert [file.name for file in FILES if word in file.read_text()] == []


@pytest.mark.parametrize(
    ("grant", "prefixes"),
    [("pipeline_objects", {"reports_prefix", "models_prefix"}), ("api_models", {"models_prefix"})],
)
def test_accounts_reach_objects_below_their_prefixes_alone(grant, prefixes):
    condition = RESOURCES[f"google_storage_bucket_iam_member.{grant}"]["condition"][0]

    assert set(re.findall(r"local\.(\w+_prefix)", condition["expression"])) == prefixes
    assert "startsWith" in condition["expression"]


def test_bucket_is_closed_and_versioned():
    bucket = RESOURCES["google_storage_bucket.main"]

    assert bucket["uniform_bucket_level_access"] is True
    assert bucket["public_access_prevention"] == "enforced"
    assert bucket["versioning"] == [{"enabled": True}]
    assert "random_id" in bucket["name"]


def test_versions_are_pinned():
    settings = blocks("terraform")["versions.tf"]
    providers = settings["required_providers"][0]

    assert settings["required_version"].startswith("~>")
    assert providers["google"]["version"] == "~> 8.0"
    assert all(provider["version"].startswith("~>") for provider in providers.values())
    assert {name.split("_")[0] for name in RESOURCES} == set(providers)


def test_variables_and_outputs_say_what_they_are():
    readme = (FOLDER / "README.md").read_text()
    variables = blocks("variable")

    assert all(v["description"] and v["type"] for v in variables.values())
    assert {name for name, v in variables.items() if "validation" not in v} == {
        "deletion_protection"
    }
    for variable, body in variables.items():
        for rule in body.get("validation", []):
            assert f"var.{variable}" in rule["error_message"], "the value given is not shown"
    assert all(output["description"] for output in blocks("output").values())
    named = set(re.findall(r"`(\w+)`", readme))
    assert {*variables, *blocks("output")} - named == set()


def test_the_report_of_terraforms_own_tests_is_what_ingest_writes(tmp_path):
    (report,) = (FOLDER / "tests" / "reports").glob("*-n2.csv")

    assert write_normal_form(report, tmp_path).name == report.name


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_files_are_formatted():
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-diff", str(FOLDER)],
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout) == (0, "")
