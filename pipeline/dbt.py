"""Run dbt in this process and tell what it does as it does it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud import Settings
from pipeline.errors import BuildError

PROJECT = Path(__file__).parent.parent
FAILED = {"error", "fail", "runtime error"}
PROGRESS_EVENTS = {"LogStartLine"}
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Node:
    """What dbt did with one node.

    Parameters
    ----------
    name : str
        Unique id, such as `model.bqml_vendas.sales`.
    status : str
        dbt's word: success, pass, warn, error, fail, skipped.
    message : str
        dbt's message, or the adapter's.
    seconds : float
        Time it took.
    failures : int
        Rows that a data test found.
    """

    name: str
    status: str
    message: str
    seconds: float
    failures: int


def build(settings: Settings, progress: Progress, arguments: tuple[str, ...] = ()) -> list[Node]:
    """Run `dbt build` without the unit tests, which prove the code and not the report.

    Parameters
    ----------
    settings : Settings
        Where the data are.
    progress : callable
        Called with one line for each node that starts.
    arguments : tuple of str
        More arguments for dbt, such as `--full-refresh`.

    Raises
    ------
    BuildError
        If a node or a test failed; the message has each one's own.
    """
    nodes, exception = _invoke(
        settings, ("build", "--exclude-resource-type", "unit_test", *arguments), progress
    )
    failed = [node for node in nodes if node.status in FAILED]
    if exception is not None and not failed:
        raise BuildError(f"dbt stopped: {exception}")
    if failed:
        raise BuildError("\n".join(f"{node.name}: {node.message}" for node in failed))
    return nodes


def compile_analyses(settings: Settings) -> None:
    """Run `dbt compile` on `analyses/`.

    Raises
    ------
    BuildError
        If one does not compile.
    """
    nodes, exception = _invoke(settings, ("compile", "--select", "path:analyses"), lambda _: None)
    failed = [node for node in nodes if node.status in FAILED]
    if exception is not None or failed:
        raise BuildError(f"dbt did not compile the analyses: {exception or failed[0].message}")


def target_path() -> Path:
    """Return where dbt writes what it made (`DBT_TARGET_PATH`, else `target/`)."""
    return PROJECT / os.environ.get("DBT_TARGET_PATH", "target")


def manifest_file() -> Path:
    """Return dbt's manifest."""
    return target_path() / "manifest.json"


def _invoke(
    settings: Settings, arguments: tuple[str, ...], progress: Progress
) -> tuple[list[Node], BaseException | None]:
    os.environ.update(settings.environment())
    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    logging.raiseExceptions = False  # on a full disk dbt's log fails too; its nodes tell it better
    from dbt.cli.main import dbtRunner

    def tell(event: Any) -> None:
        if event.info.name in PROGRESS_EVENTS:
            progress(event.info.msg)

    folders = ("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT))
    quiet = ("--quiet", "--no-use-colors", "--log-level", "none", "--log-level-file", "debug")
    outcome = dbtRunner(callbacks=[tell]).invoke([*quiet, *arguments, *folders])
    results = getattr(outcome.result, "results", None) or []
    return [_node(result) for result in results], outcome.exception


def _node(result: Any) -> Node:
    return Node(
        name=result.node.unique_id,
        status=str(result.status),
        message=(result.message or "").strip(),
        seconds=float(result.execution_time),
        failures=int(result.failures or 0),
    )
