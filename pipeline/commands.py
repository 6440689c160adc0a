"""What each command of `python -m pipeline` does."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from cloud import Settings, storage_client
from pipeline import local_cloud
from pipeline.errors import BuildError, PipelineError

PROJECT = Path(__file__).parent.parent


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the whole pipeline on one report, then serve."""
    from pipeline.runs import run_file
    from pipeline.summary import show

    if settings.target == "local":
        local_cloud.require_space(options.report)
    if options.serve == "1":
        _require_free_port()
    with local_cloud.running(settings) as located:
        os.environ.update(located.environment())
        outcome = run_file(located, options.report, console)
        outcome.write(local_cloud.DIRECTORY / "run.json")
        show(outcome, console)
        console.print(f"\n{'ok' if outcome.ok else 'failed'}: {local_cloud.DIRECTORY / 'run.json'}")
        if outcome.ok and options.serve == "1":
            return _serve_until_stopped()
        return 0 if outcome.ok else 1


def inbox(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Take what waits in the inbox: what a trigger starts."""
    located = local_cloud.attached(settings)
    os.environ.update(located.environment())
    trigger = "schedule" if options.always else "inbox"
    return 0 if _take_inbox(located, console, trigger, always=options.always) else 1


def watch(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the pipeline whenever something lands in the inbox."""
    from pipeline.watch import watch_inbox

    with local_cloud.running(settings) as located:
        os.environ.update(located.environment())
        watch_inbox(
            located,
            console,
            seconds=options.every,
            take=lambda: _take_inbox(located, console, "watch", always=False),
        )
    return 0


def drop(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Put reports into the inbox."""
    from pipeline.inbox import drop as drop_one
    from pipeline.provision import provision_buckets

    located = local_cloud.attached(settings)
    provision_buckets(located)
    target = storage_client(located).bucket(located.inbox)
    for file in options.reports:
        if not file.is_file():
            raise PipelineError(f"{file}: there is no such file. Give the path of a report's CSV.")
        console.print(drop_one(file, target))
    return 0


def runs(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show what the bucket knows of the last runs."""
    from pipeline.records import records
    from pipeline.summary import show_records

    located = local_cloud.attached(settings)
    bucket = storage_client(located).bucket(located.bucket)
    show_records(records(bucket), options.last, console)
    return 0


def analyses(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Answer the analysts' questions."""
    from pipeline.analyses import answer

    answer(local_cloud.attached(settings), options.names, options.rows, console)
    return 0


def cost(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Show what the last run scanned, and what that costs on Google Cloud."""
    from pipeline.cost import Prices, last_run, usage
    from pipeline.cost_table import show_cost

    located = local_cloud.attached(settings)
    record, prices = last_run(located), Prices()
    show_cost(record, usage(located, record, prices), prices, options.runs, console)
    return 0


def up(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Start the local cloud and provision it; stay until stopped."""
    from pipeline.provision import provision as make

    if settings.target == "cloud":
        raise PipelineError("VENDAS_TARGET is 'cloud': there is no local cloud to start.")
    with local_cloud.running(settings) as located:
        make(located)
        console.print("The local cloud runs. Point Google's clients at it with:\n")
        for name, value in located.environment().items():
            console.print(f"  export {name}={value}")
        console.print("\nCtrl-C stops it; the data stay in .local.")
        signal.pause()
    return 0


def provision(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Make buckets, dataset and external tables."""
    from pipeline.provision import provision as make

    for line in make(local_cloud.attached(settings)) or ["Everything is there already."]:
        console.print(line)
    return 0


def build(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run `dbt build`."""
    environment = os.environ | local_cloud.attached(settings).environment()
    dbt = [sys.executable, "-m", "dbt.cli.main", "build"]
    if subprocess.run(dbt, cwd=PROJECT, env=environment, check=False).returncode:
        raise BuildError("dbt build failed; the nodes that did are named above.")
    return 0


def export(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Train, certify and publish the models."""
    environment = os.environ | local_cloud.attached(settings).environment()
    command = [sys.executable, "-m", "export", "publish"]
    return subprocess.run(command, env=environment, check=False).returncode


def serve(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Start API and page."""
    os.environ.update(local_cloud.attached(settings).environment())
    return _serve_until_stopped()


def _take_inbox(settings: Settings, console: Console, trigger: str, *, always: bool) -> bool:
    from pipeline.records import Record
    from pipeline.runs import run_inbox
    from pipeline.summary import Run, log_line, show

    def finished(outcome: Run, record: Record) -> None:
        show(outcome, console)
        console.print(f"\n{'ok' if outcome.ok else 'failed'}: {record.uri}")
        if os.environ.get("LOG_FORM") == "json":
            print(log_line(outcome, record.id), flush=True)

    return run_inbox(settings, console, trigger=trigger, always=always, finished=finished)


def _require_free_port() -> None:
    """Find out now, not after the whole run, that the API cannot listen."""
    from api.listener import listen
    from api.settings import Settings as ApiSettings

    settings = ApiSettings.from_environment()
    listen(settings.host, settings.port).close()


def _serve_until_stopped() -> int:
    """Run the API as a process of its own: it needs neither dbt nor the pipeline in memory."""
    server = subprocess.Popen([sys.executable, "-m", "api"])
    try:
        return server.wait()
    except (KeyboardInterrupt, SystemExit):
        server.terminate()
        server.wait()
        return 0
