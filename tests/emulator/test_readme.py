"""The emulator's README says what the code does: its tables against the registries and cases."""

from __future__ import annotations

import re

import pytest

from emulator.ml import changes, options, statements
from emulator.ml.functions import FUNCTIONS, OTHERS
from emulator.ml.preprocessing import BY_NAME as PREPROCESSING
from tests.conftest import ROOT

README = (ROOT / "emulator" / "README.md").read_text(encoding="utf-8")
WORDS = {"exact", "within tolerance", "approximate", "refused"}
NAME = re.compile(r"[A-Z][A-Z0-9_]+")


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


SECTIONS = {
    "Options of LINEAR_REG and LOGISTIC_REG": "LINEAR_REG",
    "Options of BOOSTED_TREE_CLASSIFIER and BOOSTED_TREE_REGRESSOR": "BOOSTED_TREE_REGRESSOR",
    "Options of RANDOM_FOREST_CLASSIFIER and RANDOM_FOREST_REGRESSOR": "RANDOM_FOREST_REGRESSOR",
    "Options of KMEANS": "KMEANS",
    "Options of PCA": "PCA",
    "Options of ARIMA_PLUS": "ARIMA_PLUS",
}


@pytest.mark.parametrize(
    "title",
    [
        "Statements",
        "Model types",
        *SECTIONS,
        "Functions",
        "Preprocessing functions",
        "Features",
    ],
)
def test_each_row_is_judged_by_one_of_four_words(title):
    assert {row[1] for row in table(title)} <= WORDS


@pytest.mark.parametrize("title", SECTIONS)
def test_the_options_are_those_that_the_engine_reads(title):
    known = options.BY_TYPE[SECTIONS[title]]
    half = {name.upper() for name in known.only_false}

    honoured = named(title, *WORDS - {"refused"})

    assert honoured == {name.upper() for name in known.options} - half
    assert named(title, "refused") == half | {name.upper() for name in known.refused}


def test_every_option_set_with_options_has_a_section():
    sections = {options.BY_TYPE[kind].make for kind in SECTIONS.values()}

    assert {one.make for one in options.OPTION_SETS if one.options} == sections


def test_the_model_types_are_those_that_the_engine_trains():
    assert named("Model types", *WORDS - {"refused"}) == set(options.BY_TYPE)
    assert named("Model types", "refused") == set(options.OTHER_TYPES)


def test_the_preprocessing_functions_are_those_that_the_engine_computes():
    assert named("Preprocessing functions", *WORDS) == set(PREPROCESSING)


def test_the_functions_are_those_that_the_engine_answers():
    assert named("Functions", *WORDS - {"refused"}) == {one.NAME for one in FUNCTIONS}


def test_the_functions_that_are_refused_are_all_named():
    assert set(NAME.findall(section("Functions").split("Refused: ML.")[1])) == set(OTHERS)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.NAME)
def test_the_settings_of_a_function_stand_in_its_row(function):
    (row,) = [row for row in table("Functions") if row[0] == f"ML.{function.NAME}"]

    assert {name.upper() for name in function.SETTINGS} <= set(NAME.findall(row[2]))


def test_the_statements_are_those_that_the_engine_carries_out():
    done = {
        re.split(" with |, then ", row[0])[0] for row in table("Statements") if row[1] != "refused"
    }

    assert done == {f"{verb.__name__.strip('_').upper()} MODEL" for verb in statements.VERBS}


def test_what_alter_model_changes_and_refuses_is_named():
    rows = {row[1]: row for row in table("Statements") if row[0].startswith("ALTER MODEL")}

    assert {name.upper() for name in changes.CHANGES} <= set(NAME.findall(rows["exact"][2]))
    assert {name.upper() for name in changes.REFUSED} <= set(NAME.findall(rows["refused"][0]))


def test_every_module_that_the_readme_names_exists():
    modules = re.findall(r"`([a-z_]+(?:\.py|/))`", README.split("## How faithful")[0])

    assert len(modules) > 15
    assert all((ROOT / "emulator" / module).exists() for module in modules)
