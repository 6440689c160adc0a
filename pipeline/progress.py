"""Show the steps as they run: a live line each on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console


@dataclass
class Step:
    """One step of a run: a step of the `run.json` contract.

    Parameters
    ----------
    name : str
        Short name, such as `ingest`.
    status : {"running", "done", "skipped", "failed"}
        How it stands.
    seconds : float
        Time it took.
    detail : dict
        What the step has to say, for `run.json`.
    """

    name: str
    status: str = "running"
    seconds: float = 0.0
    detail: dict[str, Any] = field(default_factory=dict)


class Steps:
    """The steps of one run, in order, shown on a console."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.done: list[Step] = []

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[tuple[Step, Any]]:
        """Run the body as one step; give the step and a function that shows progress.

        The step counts as done unless the body sets another status; an exception marks it
        failed and goes on.
        """
        step = Step(name)
        self.done.append(step)
        start = time.monotonic()
        try:
            with self.console.status(f"{title} ...") as status:
                yield step, lambda text: status.update(f"{title}: {text}")
            if step.status == "running":
                step.status = "done"
        except BaseException:
            step.status = "failed"
            raise
        finally:
            step.seconds = round(time.monotonic() - start, 2)
            self._tell(step, title)

    def _tell(self, step: Step, title: str) -> None:
        mark = {"done": "[green]✓[/]", "skipped": "[dim]–[/]", "failed": "[red]✗[/]"}[step.status]
        note = step.detail.get("summary", "")
        self.console.print(f"{mark} {title:<28} {step.seconds:6.1f} s  [dim]{note}[/]")
