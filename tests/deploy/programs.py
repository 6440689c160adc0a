"""Programs that stand where gcloud and Terraform would: they note what they were told, and answer.

Google cannot be reached from a test; what is tested is which calls are made, in which order, and
what becomes of an answer. What Terraform itself makes of the folder is tests/terraform's.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

PROGRAM = """#!{python}
import json, os, sys
from pathlib import Path

desk = Path({desk!r})
name, arguments = {name!r}, sys.argv[1:]
variables = {{k: v for k, v in os.environ.items() if k.startswith("TF_VAR_")}}
with (desk / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([name, arguments, variables]) + "\\n")
said = " ".join([name, *arguments])
for pattern, code, text in json.loads((desk / "answers.json").read_text()):
    if pattern in said:
        print(text, end="", file=sys.stderr if code else sys.stdout)
        sys.exit(code)
"""


class Programs:
    """A folder of stand-ins, with what they answer and what they were told."""

    def __init__(self, desk: Path) -> None:
        self.desk = desk
        self.answers: list[tuple[str, int, str]] = []
        self.answer()
        for name in ("gcloud", "terraform"):
            program = desk / name
            text = PROGRAM.format(python=sys.executable, desk=str(desk), name=name)
            program.write_text(text)
            program.chmod(0o755)
        self.path = f"{desk}{os.pathsep}{os.environ['PATH']}"

    def answer(self, *answers: tuple[str, int, str]) -> None:
        """Answer what has the first pattern that fits; later calls come before earlier ones."""
        self.answers = [*answers, *self.answers]
        (self.desk / "answers.json").write_text(json.dumps(self.answers))

    def calls(self) -> list[tuple[str, list[str], dict[str, str]]]:
        file = self.desk / "calls.jsonl"
        return [tuple(json.loads(line)) for line in file.read_text().splitlines()]

    def said(self) -> list[str]:
        return [" ".join([name, *arguments]) for name, arguments, _ in self.calls()]
