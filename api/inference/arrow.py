"""Arrow on the wire: an IPC stream or file whose schema has the model's columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from api.errors import InvalidRows, Problem
from api.inference.arrow_messages import is_compressed
from api.inference.batch import MANY, Batch, Table, are_whole
from api.inference.cells import cell, expected_of, kind_of, refusal, show, whole
from api.inference.checks import check_count
from api.scoring.compiled import Scorer, Words
from export.artifact import Feature

EXPECTED = "an Arrow IPC stream or file with the model's columns"
MAGIC = b"ARROW1"
# What the batches of a body may have in memory together: each has its dictionaries whole.
LARGEST = 64 * 1024 * 1024


def read_arrow(scorer: Scorer, body: bytes, most: int) -> Batch:
    """Return the rows of an Arrow body.

    Parameters
    ----------
    scorer : Scorer
        Whose columns the schema must have, in any order: texts (dictionaries too) as strings,
        numbers as integers or floats.
    body : bytes
        An IPC stream or file, not compressed.
    most : int
        Largest number of rows.

    Raises
    ------
    InvalidRows
        If it is none, is compressed, columns are missing, unknown or of another type, or numbers
        are not finite or whole where they should be.
    """
    try:
        stream = _opened(body)
        if refused := refusal(_schema_problems(stream.schema, scorer.features)):
            raise refused
        table = _read(stream, most, max(LARGEST, len(body)))
    except InvalidRows:
        raise
    except (pa.ArrowException, ValueError, OSError, KeyError, IndexError) as error:
        words = f"The body is not Arrow: {show(str(error))[1:-1]}"
        raise whole(None, EXPECTED, words) from None
    check_count(table.num_rows, most, "the table")
    found = columns_of(scorer, table)
    if found is None:
        refused = refusal(_cell_problems(table, scorer.features))
        assert refused is not None
        raise refused
    return found


def columns_of(scorer: Scorer, table: pa.Table) -> Batch | None:
    """Return a table of the right schema as a batch; None if a number is not as it should be."""
    columns: list[NDArray[Any]] = []
    texts: list[Sequence[str | None] | None] = []
    for feature, words in zip(scorer.features, scorer.words, strict=True):
        column = table.column(feature.name)
        if words is None:
            numbers = _numbers(column, feature)
            if numbers is None:
                return None
            columns.append(numbers)
            texts.append(None)
        else:
            places, text = _places(column, words)
            columns.append(places)
            texts.append(text)
    found = Table(columns, texts)
    return found if len(found) >= MANY else [found.row(at) for at in range(len(found))]


def _opened(body: bytes) -> pa.RecordBatchStreamReader:
    content = pa.py_buffer(body)
    if body.startswith(MAGIC):  # a file is a stream with a footer
        footer = int.from_bytes(body[-10:-6], "little")
        content = content.slice(8, max(0, len(body) - 18 - footer))
    if any(map(is_compressed, pa.ipc.MessageReader.open_stream(content))):
        words = "The buffers of the body are compressed; write them without compression"
        raise whole("compressed", EXPECTED, words)
    return pa.ipc.open_stream(content)


def _read(stream: pa.RecordBatchStreamReader, most: int, largest: int) -> pa.Table:
    kept, rows, size = [], 0, 0
    for batch in stream:
        rows += batch.num_rows
        check_count(max(rows, 1), most, "the table")
        batch.validate()
        size += batch.nbytes
        if size > largest:
            words = f"The batches of the body have more than {largest:,} bytes in memory"
            raise whole(None, "fewer batches, or smaller dictionaries", words)
        batch.validate(full=True)
        if batch.num_rows:
            kept.append(batch)
    return pa.Table.from_batches(kept, schema=stream.schema)


def _schema_problems(schema: pa.Schema, features: Sequence[Feature]) -> Iterator[Problem]:
    names = [feature.name for feature in features]
    expected = f"each of the columns {', '.join(names)} once"
    for feature in features:
        times = schema.names.count(feature.name)
        if times != 1:
            shown = "missing" if not times else f"there {times} times"
            words = f"The column {feature.name} is {shown} in the schema; expected {expected}."
            yield Problem(None, feature.name, shown, expected, words)
        elif not _has_type(schema.field(feature.name).type, feature):
            shown, wanted = str(schema.field(feature.name).type), expected_of(feature)
            words = f"The column {feature.name} is of the type {shown}; expected {wanted}."
            yield Problem(None, feature.name, shown, wanted, words)
    for name in dict.fromkeys(schema.names):
        if name not in names:
            shown = show(name)[1:-1]
            words = f"The schema has the unknown column '{shown}'; expected {expected}."
            yield Problem(None, shown, shown, expected, words)


def _has_type(kind: pa.DataType, feature: Feature) -> bool:
    if pa.types.is_null(kind):
        return True
    if kind_of(feature) == "STRING":
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _numbers(column: pa.ChunkedArray, feature: Feature) -> NDArray[np.float64] | None:
    given = column.combine_chunks().cast(pa.float64(), safe=False)
    values: NDArray[np.float64] = given.to_numpy(zero_copy_only=False)
    nulls = given.null_count
    if int(np.isfinite(values).sum()) + nulls != len(values):
        return None
    if kind_of(feature) == "INT64" and not are_whole(values):
        return None
    return values


def _places(column: pa.ChunkedArray, words: Words) -> tuple[NDArray[Any], Sequence[str | None]]:
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    found = column.combine_chunks()
    if pa.types.is_dictionary(found.type):  # it may have far more texts than there are rows
        used = pc.unique(found.indices).drop_null()
        known, at = found.dictionary.take(used), pc.index_in(found.indices, used)
    else:
        found = found.dictionary_encode()
        known, at = found.dictionary, found.indices
    table = [*known.to_pylist(), None]
    at = pc.fill_null(at, len(table) - 1).to_numpy(zero_copy_only=False)
    places = words.places(table, len(table))[at]
    return places, _Texts(table, at)


class _Texts(Sequence[str | None]):
    """Texts by their place in a dictionary."""

    def __init__(self, table: Sequence[str | None], at: NDArray[Any]) -> None:
        self._table, self._at = table, at

    def __len__(self) -> int:
        return len(self._at)

    def __getitem__(self, row: Any) -> Any:
        return self._table[self._at[row]]


def _cell_problems(table: pa.Table, features: Sequence[Feature]) -> Iterator[Problem]:
    for feature in features:
        if kind_of(feature) == "STRING":
            continue
        for at, value in enumerate(table.column(feature.name).to_pylist()):
            if value is None or _fits(float(value), feature):
                continue
            yield cell("rows", at, feature.name, show(value), expected_of(feature))


def _fits(value: float, feature: Feature) -> bool:
    one = np.array([value])
    return bool(np.isfinite(value)) and (kind_of(feature) != "INT64" or are_whole(one))
