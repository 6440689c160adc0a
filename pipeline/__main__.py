"""Command line of the pipeline."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from cloud import Settings
from pipeline import local_cloud
from pipeline.errors import BuildError, PipelineError

PROJECT = Path(__file__).parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 only if everything held."""
    parser = _parser()
    options = parser.parse_args(arguments)
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return int(options.command(options, Settings.from_environment(), console))
    except (PipelineError, ValueError, OSError) as error:
        console.print(f"[red]Error:[/] {error}", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="the whole pipeline on one report")
    run.add_argument("report", type=Path, help="the sales report, a CSV file")
    run.add_argument(
        "--serve", choices=("0", "1"), default="1", help="1: serve the models afterwards (default)"
    )
    run.set_defaults(command=_run)
    for name, command, text in (
        ("up", _up, "the local cloud alone, provisioned, in the foreground"),
        ("provision", _provision, "make bucket, datasets and external tables"),
        ("build", _build, "dbt build"),
        ("export", _export, "train, certify and publish the models"),
        ("serve", _serve, "API and page"),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(command=command)
    return parser


def _run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    from pipeline.run import run
    from pipeline.summary import show

    if settings.target == "local":
        local_cloud.require_space(options.report)
    if options.serve == "1":
        _require_free_port()
    with local_cloud.running(settings) as located:
        os.environ.update(located.environment())
        outcome = run(located, options.report, console)
        outcome.write(local_cloud.DIRECTORY / "run.json")
        show(outcome, console)
        console.print(f"\n{'ok' if outcome.ok else 'failed'}: {local_cloud.DIRECTORY / 'run.json'}")
        if outcome.ok and options.serve == "1":
            return _serve_until_stopped()
        return 0 if outcome.ok else 1


def _require_free_port() -> None:
    """Find out now, not after the whole run, that the API cannot listen."""
    from api.listener import listen
    from api.settings import Settings as ApiSettings

    settings = ApiSettings.from_environment()
    listen(settings.host, settings.port).close()


def _up(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    from pipeline.provision import provision

    if settings.target == "cloud":
        raise PipelineError("VENDAS_TARGET is 'cloud': there is no local cloud to start.")
    with local_cloud.running(settings) as located:
        provision(located)
        console.print("The local cloud runs. Point Google's clients at it with:\n")
        for name, value in located.environment().items():
            console.print(f"  export {name}={value}")
        console.print("\nCtrl-C stops it; the data stay in .local.")
        signal.pause()
    return 0


def _provision(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    from pipeline.provision import provision

    for line in provision(local_cloud.attached(settings)) or ["Everything is there already."]:
        console.print(line)
    return 0


def _build(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    environment = os.environ | local_cloud.attached(settings).environment()
    dbt = [sys.executable, "-m", "dbt.cli.main", "build"]
    if subprocess.run(dbt, cwd=PROJECT, env=environment, check=False).returncode:
        raise BuildError("dbt build failed; the nodes that did are named above.")
    return 0


def _export(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    environment = os.environ | local_cloud.attached(settings).environment()
    command = [sys.executable, "-m", "export", "publish"]
    return subprocess.run(command, env=environment, check=False).returncode


def _serve(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    os.environ.update(local_cloud.attached(settings).environment())
    return _serve_until_stopped()


def _serve_until_stopped() -> int:
    """Run the API as a process of its own: it needs neither dbt nor the pipeline in memory."""
    server = subprocess.Popen([sys.executable, "-m", "api"])
    try:
        return server.wait()
    except (KeyboardInterrupt, SystemExit):
        server.terminate()
        server.wait()
        return 0


if __name__ == "__main__":
    sys.exit(main())
