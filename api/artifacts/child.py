"""The process that opens pickles: `python -m api.artifacts.child`, started by `opener`.

Reads one JSON object a line from standard input, writes one a line to standard output. It
imports what a pickle needs, once, then opens each pickle in a fork of its own, which seals
itself first: importing takes seconds, opening does not. A request with `more` is not waited for.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import msgspec

from api.artifacts.seal import die_with_parent, seal
from api.errors import Entangled, LoadError
from api.scoring.probing import tables_of
from export.artifact import (
    Manifest,
    attributions,
    frame,
    outputs_of,
    predict,
    replay,
    unpickle,
)

Answer = dict[str, Any]
# A process that explains is started again when it has worked so long.
KEPT_CPU_SECONDS = 3600


@dataclass(frozen=True)
class Fork:
    """A process that opens one pickle, and until when it may."""

    process: int
    reader: int
    seconds: float
    deadline: float


def main() -> None:
    """Answer with the tables of each model or the reason why there are none; or keep one open."""
    die_with_parent()
    gc.disable()  # what is imported stays: looking for garbage in it took a tenth of the time
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _import_estimators()
    gc.freeze()
    gc.enable()
    forks: list[Fork] = []
    with answers:
        for line in sys.stdin:
            request = json.loads(line)
            if '"xgboost"' in request["manifest"]:
                _import_trees()
            if request.get("keep"):
                _keep(request, answers)
                return
            forks.append(_fork(request, forks))
            if not request.get("more"):
                for fork in forks:
                    _write(_told(fork), answers)
                forks.clear()


def _write(answer: Answer, answers: IO[str]) -> None:
    json.dump(answer, answers)
    answers.write("\n")
    answers.flush()


def _keep(model: dict[str, str], answers: IO[str]) -> None:
    """Open a pickle in this process, sealed, and answer or explain rows until there are no more."""
    try:
        seal(KEPT_CPU_SECONDS)
        manifest, pipeline = _opened(model)
    except Exception as error:
        _write({"error": f"{type(error).__name__}: {error}"}, answers)
        return
    _write({"kept": True}, answers)
    for line in sys.stdin:
        request = json.loads(line)
        asked = {"predict": _predicted, "explain": _explained}[request["what"]]
        try:
            _write(asked(pipeline, manifest, request["rows"]), answers)
        except Exception as error:
            _write({"error": f"{type(error).__name__}: {error}"}, answers)


def _predicted(pipeline: Any, manifest: Manifest, rows: list[dict[str, Any]]) -> Answer:
    found = predict(pipeline, manifest, rows)
    return {"outputs": [list(outputs_of(one).values()) for one in found]}


def _explained(pipeline: Any, manifest: Manifest, rows: list[dict[str, Any]]) -> Answer:
    found = attributions(pipeline, frame(rows, manifest.features))
    if found is None:
        return {"error": "the pipeline has no attributions"}
    return {
        "features": found.features,
        "baseline": found.baseline.tolist(),
        "parts": found.parts.tolist(),
    }


def _fork(model: dict[str, Any], others: Sequence[Fork]) -> Fork:
    """Begin to open a pickle in a process of its own, which reads nothing of the others'."""
    seconds = float(model["seconds"])
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        for other in others:
            os.close(other.reader)
        with os.fdopen(writer, "w") as stream:
            _answer(model, seconds, stream)
        os._exit(0)
    os.close(writer)
    return Fork(process, reader, seconds, time.monotonic() + seconds)


def _told(fork: Fork) -> Answer:
    """Wait for what a fork tells."""
    with os.fdopen(fork.reader, "rb") as stream:
        left = max(0.0, fork.deadline - time.monotonic())
        told, _, _ = select.select([stream], [], [], left)
        if not told:
            os.kill(fork.process, signal.SIGKILL)
        text = stream.read()
    _, status = os.waitpid(fork.process, 0)
    if not told:
        return {"error": f"Opening the pickle took more than {fork.seconds:g} s."}
    try:
        answer: Answer = json.loads(text)
    except ValueError:
        code = os.waitstatus_to_exitcode(status)
        return {"error": f"The process that opened the pickle ended with {code}."}
    return answer


def _answer(model: dict[str, str], seconds: float, stream: Any) -> None:
    answer: Answer
    try:
        die_with_parent()
        seal(int(seconds) + 1)
        answer = _open(model)
    except LoadError as error:
        answer = {"error": str(error)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    json.dump(answer, stream, allow_nan=False)


def _opened(model: dict[str, str]) -> tuple[Manifest, Any]:
    manifest = Manifest.parse(model["manifest"].encode())
    pipeline = unpickle(base64.b64decode(model["pickle"]))
    replay(pipeline, manifest)
    return manifest, pipeline


def _open(model: dict[str, str]) -> Answer:
    """Return the tables of a model, or why there are none and what its outputs are called."""
    manifest, pipeline = _opened(model)
    try:
        return {"tables": msgspec.to_builtins(tables_of(pipeline, manifest))}
    except Entangled as error:
        (one,) = predict(pipeline, manifest, [manifest.golden_rows[0].input])
        return {"pipeline": str(error), "names": list(outputs_of(one))}


def _import_estimators() -> None:
    import pandas  # noqa: F401
    import sklearn.compose
    import sklearn.frozen
    import sklearn.impute
    import sklearn.linear_model
    import sklearn.pipeline
    import sklearn.preprocessing  # noqa: F401


def _import_trees() -> None:
    import onnx.helper  # noqa: F401
    import onnxruntime  # noqa: F401
    import sklearn.ensemble  # noqa: F401
    import xgboost  # noqa: F401


if __name__ == "__main__":
    main()
