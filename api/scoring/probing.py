"""From a fitted pipeline to tables, by asking it about rows that differ in one cell.

Its own attributions, or for trees the columns that it prepares, are asked for; where lines may
bend is read off its steps (bin edges, clipping). That holds for every pipeline that looks at
each input column by itself; `prove` compares tables and pipeline on rows that mix everything,
and finds any other out: its pipeline answers by itself.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.errors import Entangled, LoadError
from api.scoring.compiled import compile_tables
from api.scoring.proving import STRANGE, UNSEEN, Row, entangled, prove, span
from api.scoring.tables import Link, Number, Part, Tables, Text
from export.artifact import Feature, Manifest, attributions, frame

CHUNK = 256
FARTHEST_EDGE = 1e299  # beyond it, edges only say "and everything else"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Probe:
    """What can be asked about rows: a vector each, and what its places are."""

    ask: Callable[[Sequence[Row]], Floats]
    parts: tuple[Part, ...]
    baseline: Floats
    trees: str | None = None


def tables_of(pipeline: Any, manifest: Manifest) -> Tables:
    """Return the tables that answer as a pipeline does.

    Raises
    ------
    Entangled
        If it is neither linear nor of trees, or the tables answer otherwise than it does.
    LoadError
        If it has other classes than the manifest.
    """
    link, features = _link(pipeline, manifest), manifest.features
    probe = _probe(pipeline, features)
    values = [_values(pipeline, feature) for feature in features]
    vectors = _vectors(probe, features, values)
    base, at = vectors[0], 1
    columns: dict[str, Number | Text] = {}
    free = np.ones(len(base), dtype=np.bool_)
    for feature, asked in zip(features, values, strict=True):
        read = _text if feature.kind == "categorical" else _number
        found, mine = read(probe, pipeline, feature, asked, vectors[at : at + len(asked)], base)
        at += len(asked)
        if not free[mine].all():
            raise entangled(f"'{feature.name}' meets another column in one feature")
        free[mine] = False
        columns[feature.name] = found
    baseline = _baseline(probe, base, free)
    tables = Tables(link, columns, _cells(baseline), probe.trees)
    prove(compile_tables(tables, features), pipeline, manifest)
    return tables


def _link(pipeline: Any, manifest: Manifest) -> Link:
    if manifest.task not in ("regression", "classification"):
        raise Entangled(f"{manifest.model_type} models are not compiled.")
    if manifest.classes is None:
        return "identity"
    if list(pipeline.classes_.tolist()) != list(manifest.classes):
        raise LoadError(
            f"The pipeline knows the classes {pipeline.classes_.tolist()}; the manifest says "
            f"{list(manifest.classes)}."
        )
    linear = hasattr(pipeline[-1], "coef_")
    return "logistic" if linear and len(manifest.classes) == 2 else "softmax"


def _probe(pipeline: Any, features: Sequence[Feature]) -> _Probe:
    estimator = pipeline[-1]
    if hasattr(estimator, "coef_"):
        return _linear_probe(pipeline, features)
    booster = getattr(estimator, "estimators_", [estimator])[0]
    if not hasattr(booster, "get_booster"):
        raise Entangled(
            f"The pipeline ends in {type(estimator).__name__}; linear models, logistic ones and "
            "XGBoost's trees can be compiled."
        )
    from api.scoring.ensemble import onnx_of  # whoever has no trees does without it

    def ask(rows: Sequence[Row]) -> Floats:
        return np.asarray(pipeline[:-1].transform(frame(rows, features)), dtype=np.float64)

    base = ask([_nothing(features)])[0]
    parts = tuple(Part("", place) for place in range(len(base)))
    trees = onnx_of(booster.get_booster(), len(base))
    return _Probe(ask, parts, base, base64.b64encode(trees).decode())


def _linear_probe(pipeline: Any, features: Sequence[Feature]) -> _Probe:
    found = attributions(pipeline, frame([_nothing(features)], features))
    if found is None:
        raise entangled("its columns cannot be told from its features")

    def ask(rows: Sequence[Row]) -> Floats:
        some = attributions(pipeline, frame(rows, features))
        assert some is not None
        return some.parts.reshape(len(rows), -1)

    outputs = range(found.parts.shape[1])
    parts = tuple(Part(name, output) for output in outputs for name in found.features)
    return _Probe(ask, parts, found.baseline)


def _values(pipeline: Any, feature: Feature) -> list[Any]:
    """Return what is asked of a column: its texts, or two numbers of each piece in turn."""
    if feature.kind == "categorical":
        known = {*(feature.categories or ()), *_known_categories(pipeline), *STRANGE[1:]}
        return [UNSEEN, *sorted(known)]
    points = _points(feature, _edges(pipeline, feature.name))
    return [value for pair in points for value in pair]


def _number(
    probe: _Probe,
    pipeline: Any,
    feature: Feature,
    asked: Sequence[float],
    vectors: Floats,
    base: Floats,
) -> tuple[Number | Text, NDArray[np.intp]]:
    """Return what a column of numbers does, and the places of the vectors that it moves."""
    low, high = vectors[0::2], vectors[1::2]
    starts, ends = np.array(asked[0::2]), np.array(asked[1::2])
    slopes = (high - low) / (ends - starts)[:, np.newaxis]
    offsets = low - slopes * starts[:, np.newaxis]
    mine = _moved(vectors, base)
    kept = _bends(slopes[:, mine], offsets[:, mine])
    edges = _edges(pipeline, feature.name)
    found = Number(
        tuple(edge for edge, bends in zip(edges, kept, strict=True) if bends),
        _rows_of(slopes[:, mine], kept),
        _rows_of(offsets[:, mine], kept),
        _cells(base[mine]),
        tuple(probe.parts[place] for place in mine),
    )
    return found, mine


def _text(
    probe: _Probe,
    pipeline: Any,
    feature: Feature,
    asked: Sequence[str],
    vectors: Floats,
    base: Floats,
) -> tuple[Number | Text, NDArray[np.intp]]:
    """Return what a column of texts does, and the places of the vectors that it moves."""
    unseen, mine = vectors[0], _moved(vectors, base)
    known = {
        name: _cells(vector[mine])
        for name, vector in zip(asked[1:], vectors[1:], strict=True)
        if name in (feature.categories or ()) or not np.array_equal(vector, unseen, equal_nan=True)
    }
    parts = tuple(probe.parts[place] for place in mine)
    return Text(known, _cells(base[mine]), _cells(unseen[mine]), parts), mine


def _baseline(probe: _Probe, base: Floats, free: NDArray[np.bool_]) -> Floats:
    """Return what is there before any column: trees' constants, or what no column moves."""
    if probe.trees is not None:
        return np.where(free, base, 0.0)
    found = probe.baseline.copy()
    for place in np.flatnonzero(free):
        found[probe.parts[place].target] += base[place]
    return found


def _nothing(features: Sequence[Feature]) -> Row:
    return {feature.name: None for feature in features}


def _vectors(probe: _Probe, features: Sequence[Feature], values: Sequence[Sequence[Any]]) -> Floats:
    """Return the vector of nothing, then that of each value alone; a call costs as much as rows."""
    nothing = _nothing(features)
    rows = [
        nothing | {feature.name: value}
        for feature, some in zip(features, values, strict=True)
        for value in some
    ]
    rows.insert(0, nothing)
    chunks = [probe.ask(rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK)]
    return np.concatenate(chunks)


def _moved(vectors: Floats, base: Floats) -> NDArray[np.intp]:
    same = (vectors == base) | (np.isnan(vectors) & np.isnan(base))
    return np.flatnonzero(~same.all(axis=0))


def _points(feature: Feature, edges: Sequence[float]) -> list[tuple[float, float]]:
    """Return two numbers inside of each piece."""
    if not edges:
        return [span(feature)]
    wide = max(1.0, abs(edges[0]), abs(edges[-1]))
    inner = [(a, a + (b - a) / 2) for a, b in itertools.pairwise(edges)]
    return [(edges[0] - 2 * wide, edges[0] - wide), *inner, (edges[-1], edges[-1] + wide)]


def _bends(slopes: Floats, offsets: Floats) -> list[bool]:
    """Return for each edge whether another line begins there."""
    changed = (slopes[1:] != slopes[:-1]) | (offsets[1:] != offsets[:-1])
    return [bool(one) for one in changed.any(axis=1)]


def _rows_of(lines: Floats, kept: Sequence[bool]) -> tuple[tuple[float, ...], ...]:
    """Return the first line, and that of each edge where another begins."""
    return tuple(
        tuple(line.tolist()) for line, begins in zip(lines, [True, *kept], strict=True) if begins
    )


def _cells(vector: Floats) -> tuple[float | None, ...]:
    return tuple(None if cell != cell else cell for cell in vector.tolist())


def _edges(pipeline: Any, column: str) -> list[float]:
    """Return every number at which a step that reads the column may bend, ascending."""
    found: list[Any] = []
    for _, transformer, inputs in getattr(pipeline[0], "transformers_", ()):
        for step in _steps(transformer) if column in inputs else ():
            found.extend(getattr(step, "bin_edges_", ()))
            if getattr(step, "clip", False):
                found += [step.data_min_, step.data_max_]
    return sorted({float(edge) for edges in found for edge in edges if abs(edge) < FARTHEST_EDGE})


def _known_categories(pipeline: Any) -> Iterator[str]:
    """Yield every category that a step, or a step within it, was fitted with."""
    for step in _steps(pipeline):
        for block in getattr(step, "categories_", ()):
            yield from (value for value in block.tolist() if isinstance(value, str))


def _steps(step: Any) -> Iterator[Any]:
    """Yield a step and every step within it."""
    yield step
    inner = [entry[1] for entry in getattr(step, "steps", ())]
    inner += [entry[1] for entry in getattr(step, "transformers_", ())]
    inner += [step.estimator] if hasattr(step, "estimator") else []
    for entry in inner:
        yield from _steps(entry)
