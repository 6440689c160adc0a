"""What the READMEs name exists, and what exists is named."""

import argparse
import ast
import importlib
import importlib.util
import os
import re
from pathlib import Path

import pytest

from api.main import create_app
from api.settings import Settings
from export.nodes import MANIFEST_FILE
from tests.terraform.test_environment import NAME, READS

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.pt-BR.md")
PAGES = sorted(
    path
    for path in {*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/**/*.md")}
    if not path.relative_to(ROOT).parts[0].startswith(".")
)
OURS = ("api", "cloud", "deploy", "emulator", "export", "ingest", "pipeline")
PROGRAMS = ("pipeline", "ingest", "export", "api", "emulator", "deploy")
HEAD = """# Commands

Every command and option, in the programs' own words; `--help` of each says more. Exit code 0: all
held; 1: something failed, and says what; 2: the command is wrong. This page is written by
`WRITE_COMMANDS=1 .venv/bin/python -m pytest tests/test_docs.py`.
"""
VARIABLE = re.compile(
    r"`([A-Z][A-Z_]+_(?:HOST|PORT|PROJECT|LOCATION|BUCKET|TARGET|MODEL|FILE)|PORT)`"
)

TABLE = r"(?m)^\| (?:variable|environment) \|.*\n\|[-|]+\n((?:\|.*\n)+)"
# As they are read beside the ways that `READS` has.
MORE = (re.compile(r'"((?:[A-Z]+_)*PORT)"'), re.compile(rf'_VARIABLE = "({NAME})"'))


def targets():
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))


def variables():
    """Return every variable of the environment that our code reads."""
    sources = [path for name in OURS for path in (ROOT / name).rglob("*.py")]
    sources += [*ROOT.glob("macros/**/*.sql"), ROOT / "profiles.yml"]
    code = "\n".join(path.read_text() for path in sources)
    return {name for reads in (*READS, *MORE) for name in reads.findall(code)}


def rows_of_variables(text):
    """Yield the names that the tables of variables have in each row's first cell."""
    for rows in re.findall(TABLE, text):
        for row in rows.splitlines():
            yield from re.findall(r"`([A-Z][A-Z_]+)`", row.split("|")[1])


@pytest.mark.parametrize("readme", READMES)
def test_every_make_target_is_named(readme):
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / readme).read_text()))

    assert named == targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_named_exist(page):
    named = set(re.findall(r"(?:^|`|\$ ) *make ([a-z-]+)", page.read_text(), re.MULTILINE))

    assert named <= targets()


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_is_read_in_one_go(readme):
    assert len((ROOT / readme).read_text().splitlines()) <= 150


@pytest.mark.parametrize("readme", READMES)
def test_every_environment_variable_named_exists(readme):
    named = set(VARIABLE.findall((ROOT / readme).read_text()))

    assert named <= variables()
    assert len(named) >= 10 or "README.md#commands" in (ROOT / readme).read_text()


@pytest.mark.parametrize(("page", "least"), [("README.md", 10), ("api/README.md", 20)])
def test_variables_in_tables_exist(page, least):
    named = list(rows_of_variables((ROOT / page).read_text()))

    assert len(named) >= least
    assert set(named) <= variables()


def test_every_environment_variable_is_documented():
    documents = "\n".join(page.read_text() for page in PAGES)

    assert variables() - set(re.findall(rf"`({NAME})[`=]", documents)) == set()


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


def command_lines():
    """Yield each program with each of its commands' names and parsers; "" is the program itself."""
    for program in PROGRAMS:
        parser = importlib.import_module(f"{program}.__main__")._parser()
        yield program, "", "", parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                said = {choice.dest: choice.help or "" for choice in action._choices_actions}
                for name, made in action.choices.items():
                    yield program, name, said[name], made


def options_of(parser):
    return [a for a in parser._actions if a.option_strings and a.option_strings[0] != "-h"]


def page_of_commands():
    """Return `docs/commands.md` as the programs' own words make it."""
    parts = [HEAD]
    for program, name, said, parser in command_lines():
        if not name:
            parts.append(f"\n## `python -m {program}`\n\n| | |\n|---|---|\n")
        usage = " ".join(parser.format_usage().replace("[-h]", "").split()[3:])
        rows = [(f"`{usage}`", said or parser.description)]
        rows += [(f"&emsp;`{o.option_strings[0]}`", o.help) for o in options_of(parser)]
        if name or len(rows) > 1:
            parts += [f"| {call} | {words} |\n" for call, words in rows]
    return "".join(parts).replace("%(default)s", str(MANIFEST_FILE))


def test_every_command_and_option_is_in_the_page_of_commands():
    page = ROOT / "docs" / "commands.md"
    wanted = page_of_commands()
    if os.environ.get("WRITE_COMMANDS"):
        page.write_text(wanted)

    assert page.read_text() == wanted


def named_options(text):
    """Yield program, command and option of each command line of ours in a text."""
    for program, rest in re.findall(r"python -m ([a-z]+)\b([^`|#\n]*)", text):
        if program in PROGRAMS:
            words = rest.replace('"', " ").split()
            for option in re.findall(r"--[a-z][a-z-]*", rest):
                yield program, words[0] if words[0][0] != "-" else "", option


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "Makefile"], ids=lambda page: str(page.relative_to(ROOT))
)
def test_options_named_exist(page):
    known = {
        (program, name, option)
        for program, name, _, parser in command_lines()
        for action in parser._actions
        for option in action.option_strings
    }

    assert [found for found in named_options(page.read_text()) if found not in known] == []


def test_options_that_do_not_exist_are_found():
    text = "`python -m pipeline run REPORT --serv 1`, `python -m export prune --keep 3 --dry-run`"

    assert list(named_options(text)) == [
        ("pipeline", "run", "--serv"),
        ("export", "prune", "--keep"),
        ("export", "prune", "--dry-run"),
    ]


def test_every_address_of_the_api_is_named():
    text = (ROOT / "api" / "README.md").read_text()
    paths = create_app(Settings()).openapi()["paths"]

    assert {path for path in paths if f"`{path}`" not in text} == set()


ADDRESS = re.compile(r"(?:localhost|127\.0\.0\.1):8080(/[\w/.-]+)|`(?:GET |POST )?(/[a-z][^` ]*)`")


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.parent.name != "decisions"],  # they tell of what there was
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_addresses_named_exist(page):
    known = [
        re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
        for path in (*create_app(Settings()).openapi()["paths"], "/openapi.json", "/v2")
    ]
    named = set()
    for address, path in ADDRESS.findall(page.read_text()):
        name = address + path
        named |= {re.sub(r"\[.*?\]", "", name), name.replace("[", "").replace("]", "")}

    assert {name for name in named if not any(path.fullmatch(name) for path in known)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_variables_that_are_set_exist(page):
    sources = [path for name in OURS for path in (ROOT / name).rglob("*.py")]
    sources += [*ROOT.glob("tests/*.py"), *ROOT.glob("tests/notebook/*.py"), ROOT / "Makefile"]
    sources += [*ROOT.glob("macros/**/*.sql"), *ROOT.glob("tests/conformance/*.py")]
    code = "\n".join(path.read_text() for path in sources)
    named = set(re.findall(r"\b([A-Z][A-Z_]+)=[^=]", page.read_text()))

    assert {name for name in named if not re.search(rf"\b{name}\b", code)} == set()
