"""What a pipeline answers to rows of plain values, and whether it repeats its golden rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from export.errors import GoldenError
from export.manifest import Feature, Manifest, Value
from export.parity import TOLERANCE, close

if TYPE_CHECKING:
    import pandas as pd

Rows = Sequence[Mapping[str, Value]]


def frame(rows: Rows, features: Sequence[Feature]) -> pd.DataFrame:
    """Return rows as the pipeline takes them: numbers as float64, texts as objects.

    Parameters
    ----------
    rows : sequence of mappings
        Value by feature; None or a missing key is NULL.
    features : sequence of Feature
        The manifest's.
    """
    import pandas as pd  # whoever only verifies does without it

    return pd.DataFrame(
        {
            feature.name: pd.Series(
                [row.get(feature.name) for row in rows],
                dtype="float64" if feature.kind == "numeric" else "object",
            )
            for feature in features
        }
    )


def class_name(label: str | int | bool) -> str:
    """Return a class as a JSON key, written as SQL casts it to STRING."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def predict(pipeline: Any, manifest: Manifest, rows: Rows) -> list[dict[str, Any]]:
    """Answer rows in the form of a golden row's `expected`."""
    table = frame(rows, manifest.features)
    if manifest.task == "regression":
        return [{"value": float(value)} for value in pipeline.predict(table)]
    if manifest.task in ("clustering", "decomposition"):
        return _placed(pipeline, manifest.task, table)
    labels = pipeline.predict(table).tolist()
    names = [class_name(label) for label in pipeline.classes_.tolist()]
    return [
        {"label": label, "probabilities": dict(zip(names, row, strict=True))}
        for label, row in zip(labels, pipeline.predict_proba(table).tolist(), strict=True)
    ]


def outputs_of(answer: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of an answer by name: its value, or by class, cluster or component."""
    for name in ("probabilities", "distances", "components"):
        if name in answer:
            found: dict[str, float] = answer[name]
            return found
    return {"value": answer["value"]}


def _placed(pipeline: Any, task: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    found = pipeline.transform(table).tolist()
    if task == "decomposition":
        return [
            {"components": {f"principal_component_{n}": x for n, x in enumerate(row, start=1)}}
            for row in found
        ]
    return [
        {"cluster": cluster + 1, "distances": {str(n): x for n, x in enumerate(row, start=1)}}
        for cluster, row in zip(pipeline.predict(table).tolist(), found, strict=True)
    ]


def replay(pipeline: Any, manifest: Manifest) -> None:
    """Check that a pipeline gives BigQuery ML's answers on the golden rows.

    Raises
    ------
    GoldenError
        Naming the first row that differs and by how much.
    """
    golden = manifest.golden_rows
    answers = predict(pipeline, manifest, [row.input for row in golden])
    for row, answer in zip(golden, answers, strict=True):
        if difference := _difference(row.expected, answer):
            raise GoldenError(
                f"'{manifest.model}' {manifest.version} answers the golden row {row.input} "
                f"({row.kind}) with {difference}; the tolerance is {TOLERANCE:g}."
            )


def _difference(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> str | None:
    if "value" in expected:
        same = close(expected["value"], actual["value"])
        return None if same else f"{actual['value']!r} instead of {expected['value']!r}"
    if "probabilities" in expected:
        return _chances_apart(expected, actual)
    name = "components" if "components" in expected else "distances"
    wanted, given = expected[name], actual.get(name, {})
    if any(n not in given or not close(wanted[n], given[n]) for n in wanted):
        return f"{name} {given} instead of {wanted}"
    nearest = sorted(wanted.values())[:2]
    tied = len(nearest) == 2 and nearest[1] - nearest[0] <= 2 * TOLERANCE * max(1.0, nearest[0])
    if expected.get("cluster") == actual.get("cluster") or tied:
        return None
    return f"cluster {actual['cluster']} instead of {expected['cluster']}"


def _chances_apart(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> str | None:
    wanted, given = expected["probabilities"], actual["probabilities"]
    apart = [n for n in wanted if n not in given or abs(wanted[n] - given[n]) > TOLERANCE]
    if apart or wanted.keys() != given.keys():
        return f"probabilities {given} instead of {wanted}"
    tie = sorted(wanted.values())[-2:]
    if expected["label"] == actual["label"] or tie[1] - tie[0] <= 2 * TOLERANCE:
        return None
    return f"label {actual['label']!r} instead of {expected['label']!r}"
