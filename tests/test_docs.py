"""What the READMEs name exists, and what exists is named."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from api.main import create_app
from api.settings import Settings

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.pt-BR.md")
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/**/*.md")]
    if not path.relative_to(ROOT).parts[0].startswith(".")
)
VARIABLE = re.compile(
    r"`([A-Z][A-Z_]+_(?:HOST|PORT|PROJECT|LOCATION|BUCKET|TARGET|MODEL|FILE)|PORT)`"
)


def targets():
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))


def variables():
    sources = [ROOT / "cloud/settings.py", ROOT / "api/settings.py", ROOT / "emulator/__main__.py"]
    return {
        name
        for source in sources
        for name in re.findall(r'"([A-Z]{2,}[A-Z_]*)"', source.read_text())
    }


@pytest.mark.parametrize("readme", READMES)
def test_every_make_target_is_named_and_exists(readme):
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / readme).read_text()))

    assert named == targets()


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_is_read_in_one_go(readme):
    assert len((ROOT / readme).read_text().splitlines()) <= 150


@pytest.mark.parametrize("readme", READMES)
def test_every_environment_variable_named_exists(readme):
    named = set(VARIABLE.findall((ROOT / readme).read_text()))

    assert named <= variables()
    assert len(named) >= 10 or "README.md#commands" in (ROOT / readme).read_text()


def test_every_environment_variable_is_documented():
    documents = "".join((ROOT / page).read_text() for page in READMES[:1])
    documents += (ROOT / "api/README.md").read_text()

    assert {name for name in variables() if name not in documents} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    missing = [x for x in links if "://" not in x and not (page.parent / x).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_named_exist(page):
    modules = set(re.findall(r"python -m ([a-z_.]+[a-z_])", page.read_text()))

    assert {module for module in modules if importlib.util.find_spec(module) is None} == set()


def test_both_readmes_show_the_same_commands():
    english, portuguese = (
        [
            line.split("#")[0].strip()
            for line in (ROOT / page).read_text().splitlines()
            if line.startswith(("make ", "curl ", "$ make"))
        ]
        for page in READMES
    )

    assert english == portuguese != []


def messages():
    """Return every text of the code as it is printed, with … for what is filled in."""
    found = ["BigQuery API has not been used in project …"]  # Google's own
    for path in ROOT.glob("*/**/*.py"):
        if path.relative_to(ROOT).parts[0] not in ("tests", ".venv"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    parts = (getattr(part, "value", "…") for part in node.values)
                    found.append("".join(p if isinstance(p, str) else "…" for p in parts))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    found += [path.read_text() for path in ROOT.glob("macros/**/*.sql")]
    return "\n".join(found)


@pytest.mark.parametrize("page", ["docs/troubleshooting.md", "docs/cloud.md"])
def test_messages_that_are_explained_are_printed(page):
    table = (ROOT / page).read_text().partition("| message |")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)
    printed = messages()

    assert len(explained) >= 7
    parts = [part.strip(" '") for message in explained for part in message.split("…")]
    assert [part for part in parts if len(part) > 3 and part not in printed] == []


def commands(module):
    """Return the commands of a package's command line."""
    tree = ast.parse((ROOT / module / "__main__.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    called = {"command", "add_parser"}
    return {
        call.args[0].value
        for call in calls
        if (getattr(call.func, "id", None) or getattr(call.func, "attr", "")) in called
        and isinstance(call.args[0], ast.Constant)
    }


@pytest.mark.parametrize("module", ["pipeline", "export", "ingest"])
def test_every_command_is_named_somewhere(module):
    text = "".join(page.read_text() for page in PAGES) + (ROOT / "Makefile").read_text()
    found = commands(module)

    assert len(found) >= 4
    assert {name for name in found if not re.search(rf"\b{name}\b", text)} == set()


def test_every_address_of_the_api_is_named():
    text = (ROOT / "api" / "README.md").read_text()
    paths = create_app(Settings()).openapi()["paths"]

    assert {path for path in paths if f"`{path}`" not in text} == set()
