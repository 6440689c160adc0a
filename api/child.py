"""The process that opens one pickle: `python -m api.child`, started by `api.loader`.

Reads one JSON object from standard input, writes one to standard output. It imports what a
pickle needs, seals itself, and only then unpickles.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import asdict
from typing import Any

from api.errors import LoadError
from api.extraction import tables_of
from api.seal import seal
from export.artifact import Manifest, replay, unpickle


def main() -> None:
    """Answer with the tables, or with the reason why there are none."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.load(sys.stdin)
    _import_estimators()
    answer: dict[str, Any]
    try:
        seal(int(request["seconds"]))
        answer = {"tables": _open(request)}
    except LoadError as error:
        answer = {"error": str(error)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    with answers:
        json.dump(answer, answers)


def _open(request: dict[str, Any]) -> dict[str, Any]:
    manifest = Manifest.parse(request["manifest"].encode())
    pipeline = unpickle(base64.b64decode(request["pickle"]))
    replay(pipeline, manifest)
    return asdict(tables_of(pipeline, manifest))


def _import_estimators() -> None:
    import sklearn.compose
    import sklearn.impute
    import sklearn.linear_model
    import sklearn.pipeline
    import sklearn.preprocessing  # noqa: F401


if __name__ == "__main__":
    main()
