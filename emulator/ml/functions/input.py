"""The data argument of an ML function: opened as a stream, judged row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.calls import Call
from emulator.ml.columns import Codes, Floats
from emulator.ml.errors import StatementError
from emulator.ml.functions.settings import number
from emulator.ml.model import Model
from emulator.ml.scoring import bind
from emulator.session import Session


@asynccontextmanager
async def open_input(call: Call, session: Session) -> AsyncIterator[pa.RecordBatchReader]:
    """Stream the data argument.

    Raises
    ------
    StatementError
        If the call has none.
    """
    if call.data is None:
        raise StatementError(
            f"ML.{call.function} needs TABLE and a table name, or a query in brackets."
        )
    async with session.reader(call.data) as reader:
        yield reader


def batches_of(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a stream, an empty one if there is none."""
    some = False
    for batch in reader:
        some = True
        yield batch
    if not some:
        yield pa.RecordBatch.from_arrays(
            [pa.array([], field.type) for field in reader.schema], schema=reader.schema
        )


async def passed_types(call: Call, schema: pa.Schema, session: Session) -> dict[str, str]:
    """Return DuckDB's types of text and binary columns, which Arrow may not tell apart."""
    doubtful = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_binary(f.type)]
    if not doubtful:
        return {}
    empty = await session.query(f"SELECT * FROM ({call.data}) LIMIT 0")
    kinds = {f.name: (f.metadata or {}).get(b"bqemu.duckdb_type", b"") for f in empty.schema}
    special = {name: kinds.get(name, b"").decode() for name in doubtful}
    return {name: kind for name, kind in special.items() if kind in ("JSON", "GEOMETRY")}


def threshold_of(model: Model, call: Call) -> float:
    """Return the probability above which a row is predicted positive.

    Raises
    ------
    StatementError
        If a threshold is given and the model has not two classes.
    """
    if "threshold" in call.settings and not model.is_binary:
        raise StatementError(
            f"The threshold of ML.{call.function} only applies to binary classification models."
        )
    return number(call, "threshold", 0.5, most=1.0)


@dataclass(frozen=True)
class Judged:
    """Scores and labels of the rows that have a label.

    Parameters
    ----------
    scores : array of shape (outputs, rows)
    labels : array of shape (rows,)
        Numbers, or positions of classes (their number: a class unknown to the model).
    values : pyarrow.Array
        Label values as they came.
    """

    scores: Floats
    labels: Floats | Codes
    values: pa.Array


async def judge(model: Model, call: Call, session: Session) -> Judged:
    """Score the data argument and keep labels beside; rows without label do not count."""
    scores, labels, values = [], [], []
    async with open_input(call, session) as reader:
        scorer = bind(model, reader.schema, needs_label=True)
        assert scorer.label is not None
        for batch in batches_of(reader):
            array = batch.column(scorer.label)
            if model.classes is None:
                label = np.array(pc.cast(array, pa.float64()), dtype=float)
                known = ~np.isnan(label)
            else:
                label, known = scorer.classes_of(batch)
            scores.append(scorer.scores(batch)[:, known])
            labels.append(label[known])
            values.append(array.filter(pa.array(known)))
    return Judged(np.hstack(scores), np.concatenate(labels), pa.chunked_array(values))
