"""The programs that a deployment calls: gcloud, Terraform and git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.errors import ToolError

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "terraform"
INSTALL = {
    "gcloud": "https://cloud.google.com/sdk/docs/install",
    "terraform": "https://developer.hashicorp.com/terraform/install",
}
LAST_LINES = 5


def require(*programs: str) -> None:
    """Look for the programs.

    Raises
    ------
    ToolError
        If one is missing; the message says where it is to be had.
    """
    for program in programs:
        if shutil.which(program) is None:
            raise ToolError(f"{program} was not found. Install it: {INSTALL[program]}")


def answer(*command: str) -> str:
    """Run a program and return what it says.

    Raises
    ------
    ToolError
        If it fails; the message has its last words.
    """
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"`{_shown(command)}` failed:\n{_last(done.stderr or done.stdout)}")
    return done.stdout.strip()


def asks_well(*command: str) -> bool:
    """Run a program and tell whether it succeeded."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def show(*command: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a program in front of the user, who may have to answer it.

    Raises
    ------
    ToolError
        If it fails; what it said is on the screen.
    """
    done = subprocess.run(command, cwd=ROOT, env=os.environ | (environment or {}), check=False)
    if done.returncode:
        raise ToolError(f"`{_shown(command)}` failed; it says why above.")


class Terraform:
    """Terraform on the project's folder.

    Parameters
    ----------
    environment : mapping of str to str
        `TF_VAR_…`: values of variables.
    approve : bool
        Whether to ask nobody before something is changed.
    """

    def __init__(self, environment: Mapping[str, str], *, approve: bool) -> None:
        self._environment = environment
        self._approve = ("-auto-approve",) if approve else ()

    def init(self, state_bucket: str) -> None:
        """Initialise it with the state in a bucket."""
        backend = f"-backend-config=bucket={state_bucket}"
        self._show("init", "-input=false", "-reconfigure", backend)

    def apply(self, *targets: str, **variables: str) -> None:
        """Make what stands in the folder, or only some of it."""
        arguments = [f"-target={target}" for target in targets]
        arguments += [f"-var={name}={value}" for name, value in variables.items()]
        self._show("apply", *self._approve, *arguments)

    def destroy(self, **variables: str) -> None:
        """Take away everything that it made."""
        arguments = [f"-var={name}={value}" for name, value in variables.items()]
        self._show("destroy", *self._approve, *arguments)

    def outputs(self) -> dict[str, Any]:
        """Return the outputs' values; empty before the first apply."""
        found = json.loads(answer("terraform", f"-chdir={FOLDER}", "output", "-json") or "{}")
        return {name: output["value"] for name, output in found.items()}

    def made(self) -> list[str]:
        """Return the addresses of what there is."""
        try:
            return answer("terraform", f"-chdir={FOLDER}", "state", "list").splitlines()
        except ToolError as error:
            if "No state file was found" in str(error):
                return []
            raise

    def _show(self, *arguments: str) -> None:
        show("terraform", f"-chdir={FOLDER}", *arguments, environment=self._environment)


def _shown(command: tuple[str, ...]) -> str:
    return " ".join(command[:4]) + (" …" if len(command) > 4 else "")


def _last(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-LAST_LINES:]) or "it said nothing"
