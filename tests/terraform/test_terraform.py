"""Terraform and the code are one: names, schemas, tables; and nothing is left open."""

import ast
import json
import re

import pytest
import yaml

from cloud.settings import Settings
from export.bucket import FOLDER as MODELS
from ingest.columns import ADDED, contract
from ingest.report import FOLDER as REPORTS
from ingest.report import write_normal_form
from pipeline.inbox import REFUSED, TAKEN
from pipeline.provision import DATASET, DATASET_NAME, external_data_configuration
from pipeline.records import FOLDER as RUNS
from tests.terraform.folder import FILES, FOLDER, LOCALS, RESOURCES, ROOT, blocks

SCHEMA = json.loads((FOLDER / "schemas" / "vendas.json").read_text())
TABLES = json.loads((FOLDER / "schemas" / "external_tables.json").read_text())


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

    # `vendas` is read through a connection on Google Cloud, so that analysts need no bucket.
    assert "google_bigquery_connection.reports" in made.pop("connectionId")
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

    assert "${google_storage_bucket_object.report}" in table["depends_on"]


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
    prefixes = [LOCALS[f"{name}_prefix"] for name in ("reports", "models", "runs")]
    assert prefixes == [REPORTS, f"{MODELS}/", f"{RUNS}/"]


def test_environment_is_taken_by_the_settings():
    text = blocks("output")["environment"]["value"]
    environment = dict(re.findall(r"export (\w+)=(\S+)", text))

    settings = Settings.from_environment(environment)

    assert settings.target == "cloud"
    assert settings.project == "${google_bigquery_dataset.raw.project}"
    assert settings.location == "${google_bigquery_dataset.raw.location}"
    assert settings.bucket == "${google_storage_bucket.main.name}"
    assert settings.inbox == "${google_storage_bucket.inbox.name}"


def test_every_grant_adds_one_member_to_one_role():
    grants = {name: body for name, body in RESOURCES.items() if "_iam_member." in name}

    assert len(grants) > 20
    assert not [name for name in RESOURCES if re.search("_iam_(binding|policy)", name)]
    assert all(body["member"] and body["role"] for body in grants.values())


@pytest.mark.parametrize("role", ["roles/owner", "roles/editor", "roles/viewer"])
def test_nobody_has_a_primitive_role(role):
    assert [file.name for file in FILES if f'"{role}"' in file.read_text()] == []


def test_the_workflow_leaves_alone_what_the_pipeline_filed_away():
    steps = yaml.safe_load((FOLDER / "workflow.yaml").read_text())["main"]["steps"]
    condition = steps[0]["look"]["switch"][0]["condition"]
    pattern = ast.literal_eval(re.search(r'match_regex\(event\.data\.name, (".+")\)', condition)[1])
    names = {f"{TAKEN}/run/a.csv": 1, f"{REFUSED}/run/b.csv.txt": 1, "folder/": 1, "taken.csv": 0}
    names |= {"vendas.csv": 0, "2026/taken/x.csv": 0}

    assert {name: int(bool(re.search(pattern, name))) for name in names} == names
    assert "user_env_vars" in RESOURCES["google_workflows_workflow.inbox"]
    assert 'sys.get_env("JOB")' in json.dumps(steps).replace("\\", "")


def test_analysts_see_tables_that_dbt_makes():
    models = {
        path.stem for name in ("ml", "forecast") for path in (ROOT / "models" / name).glob("*.sql")
    }

    assert set(LOCALS["evaluations"]) <= models - {"features", "predictions"}


def test_the_api_may_read_every_table_that_it_names():
    code = "".join(path.read_text() for path in (ROOT / "api").rglob("*.py"))
    named = set(re.findall(r"\bvendas_ml\.(\w+)", code))

    assert named and named <= set(LOCALS["evaluations"])


def test_the_log_is_the_table_that_dbt_makes():
    assert (ROOT / "models" / "monitoring" / f"{LOCALS['prediction_log']}.sql").exists()


@pytest.mark.parametrize(
    "word",
    ["allUsers", "allAuthenticatedUsers", "google_service_account_key", "PRIVATE KEY", "AIza"],
)
def test_nothing_is_public_and_no_key_is_written(word):
    assert [file.name for file in FILES if word in file.read_text()] == []


@pytest.mark.parametrize(
    ("grant", "prefixes"),
    [
        ("pipeline_objects", {"reports_prefix", "models_prefix", "runs_prefix"}),
        ("api_models", {"models_prefix", "runs_prefix"}),
        ("connection", {"reports_prefix"}),
        ("build", {"build_prefix"}),
    ],
)
def test_accounts_reach_objects_below_their_prefixes_alone(grant, prefixes):
    condition = RESOURCES[f"google_storage_bucket_iam_member.{grant}"]["condition"][0]

    assert set(re.findall(r"local\.(\w+_prefix)", condition["expression"])) == prefixes
    assert "startsWith" in condition["expression"]


@pytest.mark.parametrize("name", ["main", "inbox"])
def test_buckets_are_closed_and_versioned(name):
    bucket = RESOURCES[f"google_storage_bucket.{name}"]

    assert bucket["uniform_bucket_level_access"] is True
    assert bucket["public_access_prevention"] == "enforced"
    assert bucket["versioning"] == [{"enabled": True}]


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
        "deletion_protection",
        "model_registry",
    }
    kept_back = {"public_keys", "signing_key"}  # keys are not shown
    for variable, body in variables.items():
        for rule in body.get("validation", []):
            shown = f"var.{variable}" in rule["error_message"]
            assert shown != (variable in kept_back), variable
    assert all(output["description"] for output in blocks("output").values())
    named = set(re.findall(r"`(\w+)`", readme))
    assert {*variables, *blocks("output")} - named == set()


def test_the_report_of_terraforms_own_tests_is_what_ingest_writes(tmp_path):
    (report,) = (FOLDER / "tests" / "reports").glob("*-n2.csv")

    assert write_normal_form(report, tmp_path).name == report.name
