"""The emulator's README says what the code does: its tables against the registries and cases."""

from __future__ import annotations

import re

import pytest

from emulator.ml import options, statements
from emulator.ml.functions import FUNCTIONS, OTHERS
from tests.conformance.cases import LEDGER, load_cases
from tests.conftest import ROOT

README = (ROOT / "emulator" / "README.md").read_text(encoding="utf-8")
WORDS = {"exact", "within tolerance", "approximate", "refused"}
NAME = re.compile(r"[A-Z][A-Z0-9_]+")
OPTIONS_CLAUSE = re.compile(r"options\s*\((.*?)\)\s*as\b", re.IGNORECASE | re.DOTALL)


def section(title: str) -> str:
    return re.split(r"^#{2,3} ", README.split(f"### {title}\n", 1)[1], flags=re.MULTILINE)[0]


def table(title: str) -> list[list[str]]:
    """Return a table's rows as cells, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named(title: str, *words: str) -> set[str]:
    """Return the names in the first cells of the rows that are one of the words."""
    cells = [row[0] for row in table(title) if row[1] in words]
    return {name for cell in cells for name in NAME.findall(cell.replace("ML.", ""))}


def recorded(title: str) -> dict[str, set[int]]:
    """Return the cases that a table says cover a name."""
    return {
        name: {int(number) for number in re.findall(r"\d+", row[2])}
        for row in table(title)
        if row[1] != "refused"
        for name in NAME.findall(row[0].replace("ML.", ""))
    }


@pytest.mark.parametrize(
    "title", ["Statements", "Options of CREATE MODEL", "Functions", "Training"]
)
def test_each_row_is_judged_by_one_of_four_words(title):
    assert {row[1] for row in table(title)} <= WORDS


def test_the_options_are_those_that_the_engine_reads():
    half = {"WARM_START", "CALCULATE_P_VALUES"}

    honoured = named("Options of CREATE MODEL", *WORDS - {"refused"})

    assert honoured == {name.upper() for name in options.OPTIONS} - half
    assert named("Options of CREATE MODEL", "refused") == half | {
        name.upper() for name in options.REFUSED
    }


def test_the_model_types_that_are_refused_are_all_named():
    text = section("Options of CREATE MODEL").split("Refused values of MODEL_TYPE:")[1]

    assert set(NAME.findall(text)) == set(options.OTHER_TYPES)


def test_the_functions_are_those_that_the_engine_answers():
    assert named("Functions", *WORDS - {"refused"}) == {one.NAME for one in FUNCTIONS}


def test_the_functions_that_are_refused_are_all_named():
    assert set(NAME.findall(section("Functions").split("Refused: ML.")[1])) == set(OTHERS)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.NAME)
def test_the_settings_of_a_function_stand_in_its_row(function):
    (row,) = [row for row in table("Functions") if row[0] == f"ML.{function.NAME}"]

    assert {name.upper() for name in function.SETTINGS} <= set(NAME.findall(row[3]))


def test_the_statements_are_those_that_the_engine_carries_out():
    done = {row[0] for row in table("Statements") if row[1] != "refused"}

    assert done == {f"{verb.__name__.strip('_').upper()} MODEL" for verb in statements.VERBS}


def test_what_alter_model_changes_and_refuses_is_named():
    rows = {row[1]: row for row in table("Statements") if row[0].startswith("ALTER MODEL")}

    assert {name.upper() for name in statements.CHANGES} <= set(NAME.findall(rows["exact"][3]))
    assert {name.upper() for name in statements.REFUSED} <= set(NAME.findall(rows["refused"][0]))


def test_the_recorded_cases_of_each_function_are_those_that_call_it():
    calls = {one.NAME: set() for one in FUNCTIONS}
    for case in load_cases():
        for name in re.findall(r"ml\.(\w+)\s*\(", case.query_sql, re.IGNORECASE):
            calls[name.upper()].add(case.number)

    assert recorded("Functions") == calls


def test_the_recorded_cases_of_the_options_are_those_that_give_them():
    given: dict[int, set[str]] = {}
    for case in load_cases():
        clause = OPTIONS_CLAUSE.search(case.create_model_sql)
        assert clause is not None, case.name
        given[case.number] = set(re.findall(r"(\w+)\s*=", clause[1].upper()))

    for row in table("Options of CREATE MODEL"):
        names = set(NAME.findall(row[0]))
        found = {number for number, options_given in given.items() if names & options_given}
        assert {int(number) for number in re.findall(r"\d+", row[2])} == found, row[0]


def test_every_case_creates_a_model_and_the_ledger_is_told():
    assert recorded("Statements")["CREATE"] == {case.number for case in load_cases()}
    assert f"{', '.join(map(str, sorted(LEDGER)))} is in its ledger of known gaps" in README


def test_every_module_that_the_readme_names_exists():
    modules = re.findall(r"`([a-z_]+(?:\.py|/))`", README.split("## How faithful")[0])

    assert len(modules) > 15
    assert all((ROOT / "emulator" / module).exists() for module in modules)
