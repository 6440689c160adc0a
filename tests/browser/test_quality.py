"""Qualidade says what the run itself said of every line."""

import json
from collections import Counter

import pytest

from tests.browser.reading import cells_of, number, settled

pytestmark = pytest.mark.soak
REASONS = {
    "missing": "falta um valor",
    "not a number": "não é um número",
    "out of range": "fora dos limites",
    "wrong number of fields": "número errado de campos",
}


@pytest.fixture
def run(sample_cloud):
    """What the sample's run wrote of itself."""
    return json.loads((sample_cloud.directory / "run.json").read_text())


@pytest.fixture
def page(sample_page, page_of):
    page = page_of(f"{sample_page}/#quality")
    settled(page)
    return page


def test_lines_are_counted_as_the_run_counted_them(page, run):
    _, *reports = cells_of(page.locator("#quality table").nth(0))

    wanted = [
        [report["uri"].rsplit("/", 1)[-1]]
        + [report[name] for name in ("lines", "clean", "flagged", "rejected", "duplicates")]
        for report in run["reports"]
    ]
    assert [[name, *map(number, counts)] for name, *counts, _ in reports] == wanted
    assert wanted[0][1] == sum(wanted[0][2:3] + wanted[0][4:])


def test_rejected_records_are_those_of_the_run_with_all_reasons(page, run):
    page.locator("#quality summary").click()
    _, *reasons = cells_of(page.locator("#quality table").nth(1))
    _, *records = cells_of(page.locator("#quality details table"))

    rejected = [(number(record), told) for _, record, told in records]
    first = [(r["record_number"], "; ".join(r["reasons"])) for r in run["report"]["first_rejected"]]
    assert rejected[: len(first)] == first != []
    assert len(rejected) == run["report"]["rejected"]
    kinds = Counter(
        REASONS[reason.partition(":")[0]] for _, told in rejected for reason in told.split("; ")
    )
    assert {kind: number(count) for kind, count in reasons} == kinds


def test_the_last_run_is_told_with_its_tests_and_warnings(page, run):
    (build,) = (step["detail"] for step in run["steps"] if step["name"] == "build")

    told = page.locator("#quality").inner_text()
    seconds = f"{run['seconds']:.1f}".replace(".", ",").removesuffix(",0")

    assert ": tudo certo, " in told
    assert f"{seconds} s, {build['tests']} testes do dbt" in told
    assert page.locator("#quality li").all_inner_texts() == [
        f"O dbt avisa: {warning['node'].rsplit('.', 1)[-1]}: {warning['message']}"
        for warning in build["warnings"]
    ]
