"""The analysts' questions, answered: `analyses/*.sql`, compiled by dbt."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from google.cloud import bigquery
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cloud import Settings, bigquery_client
from pipeline import dbt
from pipeline.errors import PipelineError

FOLDER = dbt.PROJECT / "analyses"
HEADER = re.compile(r"\A\{#(.*?)#\}", re.DOTALL)


@dataclass(frozen=True)
class Analysis:
    """One question.

    Parameters
    ----------
    name : str
        The file's name without its ending.
    question, reading : str
        What it asks, and how to read the answer: its header.
    """

    name: str
    question: str
    reading: str

    @property
    def compiled(self) -> Path:
        """Where dbt writes its SQL."""
        return dbt.target_path() / "compiled" / "bqml_vendas" / "analyses" / f"{self.name}.sql"


def analyses(names: Sequence[str] = ()) -> list[Analysis]:
    """Return the questions that are named; all without names.

    Raises
    ------
    PipelineError
        If there is none of a name; the message has those that there are.
    """
    found = {path.stem: _read(path) for path in sorted(FOLDER.glob("*.sql"))}
    unknown = [name for name in names if name not in found]
    if unknown:
        raise PipelineError(f"There is no analysis '{unknown[0]}'; there are {', '.join(found)}.")
    return [found[name] for name in names or found]


def answer(settings: Settings, names: Sequence[str], rows: int, console: Console) -> None:
    """Compile, ask and print.

    Parameters
    ----------
    settings : Settings
        A cloud on which the pipeline has run.
    names : sequence of str
        Which; empty is all.
    rows : int
        Most rows that are shown of each.
    """
    wanted = analyses(names)
    dbt.compile_analyses(settings)
    client = bigquery_client(settings)
    for analysis in wanted:
        _show(analysis, client.query(analysis.compiled.read_text()).result(), rows, console)


def _read(path: Path) -> Analysis:
    match = HEADER.match(path.read_text())
    text = " ".join(match[1].split()) if match else ""
    question, _, reading = text.removeprefix("Question: ").partition(" Read it as: ")
    return Analysis(path.stem, _sentence(question), _sentence(reading))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _show(
    analysis: Analysis, found: bigquery.table.RowIterator, rows: int, console: Console
) -> None:
    console.print(f"\n[bold]{escape(analysis.question)}[/]  [dim]{analysis.name}[/]")
    console.print(textwrap.fill(analysis.reading, 96), style="dim", highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for field in found.schema:
        number = field.field_type in ("INTEGER", "FLOAT")
        table.add_column(field.name, no_wrap=True, justify="right" if number else "left")
    shown = 0
    for row in found:
        shown += 1
        if shown <= rows:
            cells = (_cell(value, field) for value, field in zip(row, found.schema, strict=True))
            table.add_row(*cells)
    console.print(table if shown else "  nothing found")
    if shown > rows:
        console.print(f"  {shown - rows:,} rows more; --rows shows them", style="dim")


def _cell(value: object, field: bigquery.SchemaField) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or field.name.endswith("year"):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
    return escape(str(value))
