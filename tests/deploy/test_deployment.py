import json
import re
from pathlib import Path

import pytest
import yaml

from deploy import deployment, tools
from deploy.__main__ import main
from deploy.deployment import DETECTED_TABLE, KEY_SECRET
from deploy.images import BUILT_WITH
from tests.containers.dockerfile import stages
from tests.deploy.programs import Programs
from tests.e2e.desk import SAMPLE
from tests.terraform.folder import FOLDER, LOCALS, RESOURCES, blocks

PROJECT, REGION = "my-project", "southamerica-east1"
WHERE = ["--project", PROJECT, "--region", REGION]
OUTPUTS = {
    "bucket": "vendas-1",
    "inbox": "gs://vendas-1-inbox",
    "url": "https://vendas-api.run.app",
    "jobs": {"inbox": "vendas-pipeline-inbox", "schedule": "vendas-pipeline-schedule"},
    "repository": f"{REGION}-docker.pkg.dev/{PROJECT}/vendas",
    "service_accounts": {"build": "build@my-project"},
    "images": {"api": "old/api:1", "pipeline": "old/pipeline:1"},
}
NONE_YET = "No state file was found!\n"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    made = Programs(tmp_path)
    monkeypatch.setenv("PATH", made.path)
    monkeypatch.setattr(deployment, "KEPT", tmp_path / ".cloud")
    folder = tmp_path / "terraform-folder"
    folder.mkdir()
    (folder / "terraform.tfvars").write_text((FOLDER / "examples" / "minimal.tfvars").read_text())
    monkeypatch.setattr(deployment, "FOLDER", folder)
    made.answer(
        ("auth list", 0, "ana@example.com\n"),
        ("projects describe my-project --format=value(lifecycleState)", 0, "ACTIVE\n"),
        ("billing projects describe", 0, "True\n"),
        ("buckets describe", 1, "not found"),
        ("images describe", 1, "not found"),
        ("output -json", 0, json.dumps({n: {"value": v} for n, v in OUTPUTS.items()})),
        ("state list", 1, NONE_YET),
    )
    return made


def test_a_first_deploy_makes_keys_images_everything_and_a_run(programs, tmp_path, capsys):
    assert main(["up", *WHERE, "--report", str(SAMPLE), "--yes"]) == 0

    said = programs.said()
    order = [
        "buckets create gs://my-project-vendas-terraform",
        "-backend-config=bucket=my-project-vendas-terraform",
        "-target=",
        "builds submit",
        "services identity create",
        f"-chdir={tools.FOLDER} apply -auto-approve",
        "run jobs execute vendas-pipeline-schedule",
    ]
    positions = [max(i for i, call in enumerate(said) if part in call) for part in order]
    assert positions == sorted(positions)
    printed = capsys.readouterr().out
    assert "https://vendas-api.run.app" in printed
    assert "gs://vendas-1-inbox" in printed
    assert (tmp_path / ".cloud" / PROJECT / "signing.pem").stat().st_mode & 0o077 == 0


def test_the_last_apply_knows_images_keys_and_report(programs):
    main(["up", *WHERE, "--report", str(SAMPLE), "--yes"])

    applies = [call for call in programs.calls() if "apply" in call[1]]
    variables = applies[-1][2]
    assert not [argument for argument in applies[-1][1] if "target" in argument]
    assert variables["TF_VAR_api_image"].startswith(f"{OUTPUTS['repository']}/api:")
    assert "PRIVATE KEY" in variables["TF_VAR_signing_key"]
    assert "PUBLIC KEY" in variables["TF_VAR_public_keys"]
    assert re.fullmatch(r".+/[0-9a-f]{16}-n10007\.csv", variables["TF_VAR_report"])
    assert not [call for call in programs.said() if "PRIVATE KEY" in call], "it is in no command"


def test_a_later_deploy_needs_no_report_and_keeps_the_keys(programs, tmp_path):
    main(["up", *WHERE, "--report", str(SAMPLE), "--yes"])
    key = (tmp_path / ".cloud" / PROJECT / "signing.pem").read_text()
    programs.answer(("state list", 0, f"{DETECTED_TABLE}\n{KEY_SECRET}\n"))

    assert main(["up", *WHERE, "--yes"]) == 0

    variables = [call for call in programs.calls() if "apply" in call[1]][-1][2]
    assert variables["TF_VAR_signing_key"] == key
    assert "TF_VAR_report" not in variables


def test_images_that_are_there_are_not_built_again(programs):
    programs.answer(("images describe", 0, "{}"))

    assert main(["up", *WHERE, "--report", str(SAMPLE), "--yes"]) == 0

    assert not [call for call in programs.said() if "builds submit" in call]


def test_a_machine_without_the_keys_makes_no_others(programs, capsys):
    programs.answer(("state list", 0, f"{DETECTED_TABLE}\n{KEY_SECRET}\n"))

    assert main(["up", *WHERE]) == 1

    assert "The keys of this deployment are not in" in " ".join(capsys.readouterr().out.split())
    assert not [call for call in programs.said() if "apply" in call]


def test_a_workflow_deploys_with_the_public_keys_alone(programs, monkeypatch):
    monkeypatch.setenv("TF_VAR_public_keys", "-----BEGIN PUBLIC KEY-----")
    programs.answer(("state list", 0, f"{DETECTED_TABLE}\n{KEY_SECRET}\n"))

    assert main(["up", *WHERE, "--yes"]) == 0

    variables = [call for call in programs.calls() if "apply" in call[1]][-1][2]
    assert "TF_VAR_signing_key" not in variables


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (("auth list", 0, ""), "Nobody is logged in. Run `gcloud auth login"),
        (("projects describe my-project --format=value(l", 1, "denied"), "cannot be seen"),
        (
            ("projects describe my-project --format=value(l", 0, "DELETE_REQUESTED"),
            "expected ACTIVE",
        ),
        (("billing projects describe", 0, "False"), "has no billing account"),
        (("services enable", 1, "PERMISSION_DENIED: no"), "PERMISSION_DENIED: no"),
        (("buckets create", 1, "409: the name is taken"), "409: the name is taken"),
    ],
    ids=["no login", "no project", "deleted", "no billing", "no right", "bucket taken"],
)
def test_what_cannot_be_is_said_before_anything_is_made(programs, capsys, answer, message):
    programs.answer(answer)

    assert main(["up", *WHERE, "--report", str(SAMPLE), "--yes"]) == 1

    assert message in " ".join(capsys.readouterr().out.split())
    assert not [call for call in programs.said() if "apply" in call]


def test_a_report_that_ingest_refuses_stops_the_first_deploy(programs, tmp_path, capsys):
    bad = tmp_path / "bad.csv"
    bad.write_text("a;b\n1;2\n")

    assert main(["up", *WHERE, "--report", str(bad), "--yes"]) == 1

    assert "no column of the report is in the header" in " ".join(capsys.readouterr().out.split())


def test_the_first_deploy_needs_a_report(programs, capsys):
    assert main(["up", *WHERE, "--yes"]) == 1

    assert "The first deploy needs a report" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--project", "My Project", "--region", REGION], "PROJECT is 'My Project'"),
        (["--project", PROJECT, "--region", "US"], "REGION is 'US'"),
    ],
)
def test_names_that_are_none_are_refused(capsys, arguments, message):
    assert main(["up", *arguments]) == 1

    assert message in capsys.readouterr().out


def test_a_missing_program_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert main(["up", *WHERE]) == 1

    assert "gcloud was not found. Install it: https://" in capsys.readouterr().out


def test_destroy_says_what_would_be_lost_and_asks(programs, monkeypatch, capsys):
    programs.answer(
        ("storage ls gs://vendas-1/raw", 0, "a\nb\n"),
        ("storage ls gs://vendas-1/models", 0, "a\n"),
        ("state list", 0, 'google_bigquery_dataset.raw\ngoogle_bigquery_dataset.dbt["x"]\n'),
    )
    monkeypatch.setattr("builtins.input", lambda *_: "no")

    assert main(["destroy", *WHERE]) == 1

    told = capsys.readouterr().out
    assert "2 reports" in told
    assert "1 versions of models" in told
    assert "2 datasets" in told
    assert "Nothing was destroyed." in told
    assert not [call for call in programs.said() if " destroy" in call]


def test_destroy_takes_the_protection_off_first(programs):
    programs.answer(("state list", 0, "google_bigquery_dataset.raw\n"))

    assert main(["destroy", *WHERE, "--confirm", PROJECT, "--yes"]) == 0

    changing = [call for call in programs.said() if "-auto-approve" in call]
    assert ["apply" in changing[0], "destroy" in changing[1]] == [True, True]
    assert all("-var=deletion_protection=false" in call for call in changing)


def test_nothing_to_destroy_is_said(programs, capsys):
    assert main(["destroy", *WHERE, "--confirm", PROJECT]) == 1

    assert "Nothing is deployed" in capsys.readouterr().out


def test_what_is_named_is_terraforms():
    assert {target.split("[")[0] for target in (*BUILT_WITH, DETECTED_TABLE, KEY_SECRET)} <= set(
        RESOURCES
    )
    assert set(OUTPUTS) <= set(blocks("output"))
    assert set(OUTPUTS["jobs"]) == set(LOCALS["pipeline_jobs"])


def test_cloud_build_makes_the_stages_of_the_dockerfile():
    file = Path(tools.ROOT) / "deploy" / "cloudbuild.yaml"
    build = yaml.safe_load(file.read_text())
    targets = [
        argument.removeprefix("--target=")
        for step in build["steps"]
        for argument in step["args"]
        if argument.startswith("--target=")
    ]

    assert targets == ["api", "pipeline"]
    assert set(targets) <= set(stages())
    assert build["images"] == [f"${{_REPOSITORY}}/{name}:${{_TAG}}" for name in targets]
