"""What one request was answered, and the lines of JSON that BigQuery loads of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from api.artifacts.served import Served
from api.inference.batch import Batch, Table
from api.inference.predictor import Answers

# Columns are turned into rows so many at a time: whoever waits for Python has a turn between.
SLICE = 50


class Entry(NamedTuple):
    """What one request was answered.

    Parameters
    ----------
    at : float
        Seconds since 1970.
    request_id : str
    door : str
    served : Served
        Who answered.
    batch : Batch
        The rows.
    answers : Answers
        The answers.
    places : sequence of int, optional
        Where each row stands in its request, from 0; one after the other without it.
    """

    at: float
    request_id: str
    door: str
    served: Served
    batch: Batch
    answers: Answers
    places: Sequence[int] | None = None


class Line(msgspec.Struct, omit_defaults=True, gc=False):
    """One row of the table."""

    logged_at: str
    request_id: str
    row_index: int
    door: str
    model_name: str
    model_version: str
    features: msgspec.Struct
    predicted_value: float | None = None
    predicted_label: str | None = None
    predicted_probability: float | None = None


def lines_of(entry: Entry) -> Iterator[Line]:
    """Yield a request's rows as lines."""
    manifest, names = entry.served.manifest, entry.served.names
    picked, outputs = entry.answers.picked, entry.answers.outputs
    features = _struct(tuple(feature.name for feature in manifest.features))
    whole = [feature.type == "INT64" for feature in manifest.features]
    moment = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="milliseconds")
    task = manifest.task
    told = (entry.door, manifest.model, manifest.version)
    for at, row in enumerate(_rows(entry.batch, whole)):
        place = at if entry.places is None else entry.places[at]
        line = Line(moment, entry.request_id, place, *told, features(*row))
        if picked is not None:
            line.predicted_label = names[picked[at]]
        if task == "regression":
            line.predicted_value = outputs[0][at]
        elif task == "classification" and picked is not None:
            line.predicted_probability = outputs[picked[at]][at]
        yield line


@lru_cache(maxsize=256)
def _struct(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """Return a type whose values are written as objects of these names."""
    fields = [f"feature_{place}" for place in range(len(names))]
    return msgspec.defstruct(
        "Features", [(field, Any) for field in fields], rename=dict(zip(fields, names, strict=True))
    )


def _rows(batch: Batch, whole: Sequence[bool]) -> Iterator[Sequence[Any]]:
    """Yield rows with whole numbers as such and None for NULL."""
    for start in range(0, len(batch), SLICE):
        places = range(start, min(start + SLICE, len(batch)))
        if isinstance(batch, Table):
            columns: Iterable[Sequence[Any]] = (
                column[start : places.stop].tolist()
                if texts is None
                else [texts[at] for at in places]
                for column, texts in zip(batch.columns, batch.texts, strict=True)
            )
        else:
            columns = zip(*batch[start : places.stop], strict=True)
        yield from zip(*map(_plain, columns, whole), strict=True)


def _plain(values: Sequence[Any], whole: bool) -> Sequence[Any]:
    known = (None if value is None or value != value else value for value in values)
    return [int(v) if whole and v is not None else v for v in known]
