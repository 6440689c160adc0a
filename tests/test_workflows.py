"""GitHub's workflows call what there is: targets, variables, roles; and hold no key."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.browser.conftest import ARTIFACTS
from tests.terraform.folder import blocks

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEXT = {file.stem: file.read_text() for file in FILES}


def steps(name):
    jobs = yaml.safe_load(TEXT[name])["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", TEXT)
def test_targets_exist(name):
    named = re.findall(r"\bmake ([a-z-]+)", "\n".join(str(s.get("run", "")) for s in steps(name)))

    assert named
    assert set(named) <= targets()


def test_the_tests_are_those_of_the_readme_and_of_ci():
    run = [step["run"] for step in steps("test") if "run" in step]
    ci = re.findall(r"^ *make ([a-z-]+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)

    assert [t for t in ci if not any(f"make {t}" in text for text in run)] == []


def test_the_pictures_of_the_page_are_kept_where_it_is_looked_at():
    soak = yaml.safe_load(TEXT["test"])["jobs"]["soak"]["steps"]
    (kept,) = (step for step in soak if step.get("uses", "").startswith("actions/upload-artifact"))

    assert ROOT / kept["with"]["path"] == ARTIFACTS
    assert (kept["if"], kept["with"]["if-no-files-found"]) == ("always()", "error")


@pytest.mark.parametrize(("ci", "end"), [("true", "1 error"), ("", "1 skipped")])
def test_without_a_browser_ci_fails_and_a_desk_is_told(ci, end):
    test = "test_nothing_comes_from_another_host_and_all_of_it_is_small"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", f"tests/browser/test_page.py::{test}"],
        cwd=ROOT,
        env=os.environ | {"CI": ci, "CHROMIUM": "", "PATH": ""},
        capture_output=True,
        text=True,
    )

    assert "the page was NOT LOOKED AT" in done.stdout
    assert end in done.stdout


def test_terraform_is_given_variables_that_it_has():
    named = set(re.findall(r"TF_VAR_(\w+)|-var=(\w+)=", TEXT["deploy"]))

    assert {a or b for a, b in named} <= set(blocks("variable"))


def test_no_key_is_used_and_rights_are_given_job_by_job():
    assert "secrets." not in TEXT["deploy"] + TEXT["test"]
    assert "credentials_json" not in TEXT["deploy"]
    for text in TEXT.values():
        assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


def test_a_pull_request_plans_and_main_applies():
    jobs = yaml.safe_load(TEXT["deploy"])["jobs"]

    assert "pull_request" in jobs["plan"]["if"]
    assert "head.repo.full_name == github.repository" in jobs["plan"]["if"]
    assert jobs["apply"]["if"].endswith("github.event_name == 'push'")
    assert jobs["apply"]["environment"] == "production"
