"""What a check found, case by case, and how it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

SAME, DIFFERS, GAP, FAILED = "same", "differs", "known gap", "failed"


@dataclass(frozen=True)
class Finding:
    """One case.

    Parameters
    ----------
    check, case : str
        What was asked.
    status : {"same", "differs", "known gap", "failed"}
    google, local : str
        What each side said, where they differ.
    """

    check: str
    case: str
    status: str
    google: str = ""
    local: str = ""


def compared(check: str, case: str, google: Any, local: Any) -> Finding:
    """Compare two answers for equality."""
    if google == local:
        return Finding(check, case, SAME)
    return Finding(check, case, DIFFERS, _short(google), _short(local))


def show(findings: Sequence[Finding], console: Console) -> bool:
    """Print the table, then what is not the same; tell whether nothing differs."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("check", no_wrap=True)
    for status in (SAME, DIFFERS, GAP, FAILED):
        table.add_column(status, justify="right")
    for check in dict.fromkeys(finding.check for finding in findings):
        counts = Counter(f.status for f in findings if f.check == check)
        table.add_row(check, *(str(counts[status]) for status in (SAME, DIFFERS, GAP, FAILED)))
    console.print(table)
    wrong = [finding for finding in findings if finding.status in (DIFFERS, FAILED)]
    for finding in wrong:
        console.print(f"[red]{finding.status}[/] {finding.check}: {finding.case}", soft_wrap=True)
        console.print(f"    Google: {finding.google}\n    local:  {finding.local}", soft_wrap=True)
    return not wrong


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]} …"
