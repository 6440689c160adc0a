"""The data argument of an ML function: opened as a stream, transformed, judged row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.calls import Call
from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.lost_types import lost_types
from emulator.ml.errors import StatementError
from emulator.ml.functions.settings import number
from emulator.ml.model import Model
from emulator.ml.results import ResultTable
from emulator.ml.scoring import make_scorer
from emulator.ml.transform.application import TRANSFORMED, transformed_query
from emulator.session import Session


@dataclass(frozen=True)
class Rows:
    """A batch: the columns as they were given, and those that the model's features come from."""

    given: pa.RecordBatch
    seen: pa.RecordBatch


@dataclass(frozen=True)
class Input:
    """The data argument as a stream.

    Parameters
    ----------
    seen : pyarrow.Schema
        Of the columns that the model's features come from, after its TRANSFORM clause.
    kinds : dict
        DuckDB's types of given columns that Arrow would lose.
    reader : pyarrow.RecordBatchReader
    """

    seen: pa.Schema
    kinds: dict[str, str]
    reader: pa.RecordBatchReader

    def batches(self) -> Iterator[Rows]:
        """Yield the batches of the stream, an empty one if there is none."""
        some = False
        for batch in self.reader:
            some = True
            yield _rows(batch)
        if not some:
            yield _rows(_empty(self.reader.schema))


@asynccontextmanager
async def open_input(model: Model, call: Call, session: Session) -> AsyncIterator[Input]:
    """Stream the data argument.

    Raises
    ------
    StatementError
        If the call has none.
    InputDataError
        If it misses a column that the model's TRANSFORM clause needs.
    """
    if call.data is None:
        raise StatementError(
            f"ML.{call.function} needs TABLE and a table name, or a query in brackets."
        )
    query = call.data
    if model.transform is not None:
        schema = (await session.query(f"SELECT * FROM ({query}) LIMIT 0")).schema
        query = transformed_query(model.transform, query, schema, session)
    async with session.reader(query) as reader:
        empty = _rows(_empty(reader.schema))
        kinds = lost_types(empty.given.schema)
        yield Input(empty.seen.schema, kinds, reader)


def _rows(batch: pa.RecordBatch) -> Rows:
    if TRANSFORMED not in batch.schema.names:
        return Rows(batch, batch)
    position = batch.schema.names.index(TRANSFORMED)
    made = batch.column(position)
    seen = pa.RecordBatch.from_arrays(made.flatten(), [field.name for field in made.type])
    return Rows(batch.remove_column(position), seen)


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array([], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class Output:
    """The result of a function that answers each row of its input."""

    def __init__(self, session: Session, kinds: dict[str, str]) -> None:
        self._session = session
        self._kinds = kinds
        self.table: ResultTable | None = None

    def append(self, columns: dict[str, pa.Array], given: pa.RecordBatch) -> None:
        """Add a batch: columns of the function, then those that were given."""
        rows = with_inputs(columns, given)
        kinds = {name: kind for name, kind in self._kinds.items() if name in rows.schema.names}
        self.table = self.table or ResultTable(self._session, rows.schema, kinds)
        self.table.append(rows)

    @property
    def result(self) -> ResultTable:
        """The table; every input has a batch."""
        assert self.table is not None
        return self.table


def with_inputs(outputs: dict[str, pa.Array], batch: pa.RecordBatch) -> pa.RecordBatch:
    """Put output columns in front of the input's.

    Raises
    ------
    StatementError
        If the input has a column of an output's name.
    """
    taken = {name.lower() for name in outputs}
    for name in batch.schema.names:
        if name.lower() in taken:
            raise StatementError(
                "Duplicate column names in the result are not supported. "
                f"Found duplicate(s): {name}. Leave the column out of the input."
            )
    columns = [*outputs.values(), *batch.columns]
    return pa.RecordBatch.from_arrays(columns, [*outputs, *batch.schema.names])


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
    async with open_input(model, call, session) as data:
        scorer = make_scorer(model, data.seen, needs_label=True)
        assert scorer.label is not None
        for rows in data.batches():
            array = rows.seen.column(scorer.label)
            if model.classes is None:
                label = np.array(pc.cast(array, pa.float64()), dtype=float)
                known = ~np.isnan(label)
            else:
                label, known = scorer.classes_of(rows.seen)
            scores.append(scorer.scores(rows.seen)[:, known])
            labels.append(label[known])
            values.append(array.filter(pa.array(known)))
    return Judged(np.hstack(scores), np.concatenate(labels), pa.chunked_array(values))
