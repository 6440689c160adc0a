"""What a run costs, as a table."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.cost import Prices, Usage, seconds_dollars

MIB = 2**20


def show_cost(
    record: dict[str, Any], used: list[Usage], prices: Prices, runs: int, console: Console
) -> None:
    """Print what each step of a run used, its price, and that of a month.

    Parameters
    ----------
    record : dict
        The run's.
    used : list of Usage
        Its steps.
    prices : Prices
        For the seconds of the job.
    runs : int
        How many such runs a month has.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("step", no_wrap=True)
    for heading in ("queries", "read, MiB", "billed, MiB", "US$"):
        table.add_column(heading, no_wrap=True, justify="right")
    for usage in used:
        sizes = (f"{size / MIB:,.1f}" for size in (usage.processed, usage.billed))
        table.add_row(usage.step, str(usage.queries), *sizes, f"{usage.dollars:.4f}")
    seconds = float(record["seconds"])
    job = seconds_dollars(seconds, prices)
    table.add_row(f"Cloud Run, {seconds:.0f} s*", "", "", "", f"{job:.4f}")
    total = job + sum(usage.dollars for usage in used)
    table.add_row("a run", "", "", "", f"{total:.4f}", style="bold")
    table.add_row(f"a month of {runs} runs", "", "", "", f"{total * runs:.2f}", style="bold")
    console.print(f"Run {record['id']}, {sum(r['lines'] for r in record['reports']):,} records")
    console.print(table)
    console.print(
        "* The seconds that this run took. "
        "List prices of the US, without what is free each month (1 TiB of queries, 10 GiB of "
        "CREATE MODEL, 300 TiB of reading, hours of Cloud Run). Without storage, and without the "
        "API, which costs while it answers.",
        soft_wrap=True,
    )
