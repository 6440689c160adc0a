"""Verify the local engine against real BigQuery: `make verify-cloud PROJECT=my-project`.

Nothing outside a scratch dataset and a scratch bucket of the project is changed, and both are
gone afterwards. It needs `gcloud auth application-default login` and the rights to run queries,
to make a dataset and to make a bucket; it reads some megabytes and trains some thirty small
models (cents by list price).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from cloud import Settings
from tests.conftest import attach, start_cloud
from tests.e2e.desk import SAMPLE, Desk
from tests.verification.expressions import compare_expressions
from tests.verification.external_files import compare_external_files
from tests.verification.findings import FAILED, Finding, show
from tests.verification.parity import compare_parity
from tests.verification.recorded import compare_recorded_cases
from tests.verification.sides import Side, scratch


def main(arguments: list[str] | None = None) -> int:
    """Verify; return 0 if nothing differs."""
    parser = argparse.ArgumentParser(prog="make verify-cloud", description=__doc__)
    parser.add_argument("--project", required=True, help="a project of your own on Google Cloud")
    parser.add_argument("--location", default="US", help="of scratch dataset and bucket")
    options = parser.parse_args(arguments)
    if not options.project:
        parser.error("name a project: make verify-cloud PROJECT=my-project")
    google = Settings.from_environment(
        {
            "VENDAS_TARGET": "cloud",
            "BQ_PROJECT": options.project,
            "BQ_LOCATION": options.location,
            "VENDAS_BUCKET": "none",
        }
    )
    return verify(google, Console(highlight=False))


def verify(google: Settings, console: Console) -> int:
    """Run a sample on a local cloud of its own, then compare; return 0 if nothing differs."""
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        desk = Desk(Path(folder))
        process = start_cloud(desk.folder / ".local")
        try:
            local = attach(desk.folder / ".local", process).settings
            console.print("Running the sample on the local cloud …")
            code, output, _ = desk.run(SAMPLE)
            if code:
                console.print(output)
                return 1
            with scratch("Google", google) as there, scratch("local", local) as here:
                findings = list(_findings(there, here, desk.folder / "target", console))
        finally:
            process.terminate()
            process.wait(timeout=30)
    return 0 if show(findings, console) else 1


def _findings(there: Side, here: Side, target: Path, console: Console) -> Iterator[Finding]:
    checks = {
        "expressions": lambda: compare_expressions(there, here),
        "external files": lambda: compare_external_files(there, here),
        "recorded cases": lambda: compare_recorded_cases(there, here),
        "parity gate": lambda: compare_parity(there, here, target / "manifest.json"),
    }
    for name, check in checks.items():
        console.print(f"Comparing {name} …")
        try:
            yield from check()
        except Exception as error:  # one check that cannot run leaves the others
            yield Finding(name, "did not run", FAILED, f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
