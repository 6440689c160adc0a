"""Each grant is in the table that says what fails without it, and the table has no other."""

import re

from tests.terraform.folder import FOLDER, LOCALS, RESOURCES, ROOT

ROW = re.compile(r"^\| `(google_\w+\.\w+)` \| `([\w./]+)` \| (.+) \|$", re.MULTILINE)
TABLE = ROW.findall((FOLDER / "README.md").read_text())
GRANTS = {name: body for name, body in RESOURCES.items() if "_iam_member." in name}


def roles_of(body):
    """Return the roles that a grant's resource gives, each of its instances included."""
    if body["role"] == "${each.key}":
        return set(re.findall(r"roles/[\w.]+", str(body["for_each"])))
    return {"github_roles"} if body["role"] == "${each.value.role}" else {body["role"]}


def test_the_table_has_every_grant_and_no_other():
    granted = {(name, role) for name, body in GRANTS.items() for role in roles_of(body)}

    assert {(name, role) for name, role, _ in TABLE} == granted


def test_each_row_says_what_fails():
    assert [row for row in TABLE if len(row[2]) < 10] == []


def test_every_role_of_a_workflow_that_administers_has_its_reason_in_place():
    text = (FOLDER / "github.tf").read_text()
    admin = [r for role in LOCALS["github_roles"].values() for r in role if "dmin" in r]

    assert len(admin) > 5
    assert [r for r in admin if not re.search(rf'"{r}", +# tfcheck:ignore=role \w+', text)] == []


def test_the_api_may_read_each_table_of_models_that_it_asks_for():
    code = "\n".join(file.read_text() for file in (ROOT / "api").rglob("*.py"))
    asked = set(re.findall(r"\bvendas_ml\.(\w+)", code))

    assert len(asked) > 2
    assert asked - set(LOCALS["evaluations"]) == set()
