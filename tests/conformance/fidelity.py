"""Writes what the recorded cases showed as the table of the emulator's README."""

from __future__ import annotations

import math
import re

from tests.conformance.cases import LEDGER, Case
from tests.conftest import ROOT

README = ROOT / "emulator" / "README.md"
HEAD = "| asked | cases | | differs by |\n|---|---|---|---|\n"
LOOSE = 0.01
LEAST = 1e-12
_MARKED = re.compile(r"(<!-- fidelity -->\n).*?(<!-- /fidelity -->)", re.DOTALL)
_FUNCTION = re.compile(r"ml\.(\w+)\s*\(", re.IGNORECASE)
_TYPE = re.compile(r"model_type\s*=\s*'(\w+)'", re.IGNORECASE)


def table(cases: list[Case], measured: dict[int, float]) -> str:
    """Return one line for each function and model type that the cases ask."""
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((_asked(case), _word(case)), []).append(case)
    lines = []
    for (asked, word), members in groups.items():
        numbers = ", ".join(str(case.number) for case in members)
        worst = max(measured.get(case.number, math.nan) for case in members)
        lines.append(f"| {asked} | {numbers} | {word} | {_power(worst)} |\n")
    return HEAD + "".join(lines)


def written() -> str:
    """Return the table that the README has."""
    found = re.search(r"<!-- fidelity -->\n(.*?)<!-- /fidelity -->", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def write(text: str) -> None:
    """Put a table into the README."""
    README.write_text(_MARKED.sub(lambda found: found[1] + text + found[2], README.read_text()))


def _asked(case: Case) -> str:
    function = _FUNCTION.search(case.query_sql)
    kind = _TYPE.search(case.create_model_sql or "")
    inner = _FUNCTION.search(case.create_model_sql or "")
    if inner is not None:
        return f"ML.{inner[1].upper()} in TRANSFORM"
    asked = f"ML.{function[1].upper()}" if function else "models.get"
    return f"{asked} of {kind[1].upper()}" if kind else asked


def _word(case: Case) -> str:
    if case.number in LEDGER:
        return "known gap"
    return "within tolerance" if case.rtol >= LOOSE else "exact"


def _power(value: float) -> str:
    if math.isnan(value):
        return ""
    return "< 1e-12" if value < LEAST else f"1e{math.ceil(math.log10(value)):+03}"
