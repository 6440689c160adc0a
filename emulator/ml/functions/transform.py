"""ML.TRANSFORM: what a model's TRANSFORM clause makes of the input, then its other columns.

A STRUCT that the clause makes is one column for each field.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.errors import StatementError
from emulator.ml.functions.input import Output, open_input
from emulator.ml.model import Model
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "TRANSFORM"
SETTINGS: frozenset[str] = frozenset()
TAKES_DATA = True


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Transform every row of the input, batch by batch."""
    if model.transform is None:
        raise StatementError(
            f"Model {model.name} was created without a TRANSFORM clause, which ML.TRANSFORM needs."
        )
    async with open_input(model, call, session) as data:
        output = Output(session, data.kinds)
        for rows in data.batches():
            made = dict(_flat(rows.seen))
            taken = {name.lower() for name in made}
            kept = [name for name in rows.given.schema.names if name.lower() not in taken]
            output.append(made, rows.given.select(kept))
    return output.result


def _flat(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Array]]:
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_struct(field.type):
            for inner, array in zip(field.type, column.flatten(), strict=True):
                yield f"{field.name}_{inner.name}", array
        else:
            yield field.name, column
