"""Trains a model from a training query: read, fit by type, judge, explain."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.ml import metrics
from emulator.ml.columns import Floats
from emulator.ml.descent import Solution
from emulator.ml.errors import OptionError
from emulator.ml.linear import choose_strategy, fit_linear
from emulator.ml.logistic import fit_logistic, sigmoid, softmax
from emulator.ml.model import Confusion, Metadata, Model, ModelName, Roc, feature_width
from emulator.ml.options import TrainingOptions
from emulator.ml.roc import curve
from emulator.ml.training_columns import Columns
from emulator.ml.training_data import Part, TrainingSet, make_training_set
from emulator.session import Session


async def train(query: str, options: TrainingOptions, name: ModelName, session: Session) -> Model:
    """Run the training query, fit and judge the model; nothing is stored.

    Raises
    ------
    TrainingDataError
        If the query's columns or rows cannot train such a model.
    """
    started = time.time()
    async with session.reader(query, session.parameters) as reader:
        columns = Columns(reader.schema, options)
        for batch in reader:
            columns.append(batch)
    return fit(columns, options, name, started)


def fit(columns: Columns, options: TrainingOptions, name: ModelName, started: float) -> Model:
    """Fit and judge a model on the rows that `columns` collected."""
    rows = make_training_set(columns, options)
    fitted = MODEL_TYPES[options.model_type](rows, options)
    now = int(time.time() * 1000)
    return Model(
        name=name,
        options=fitted.options,
        label=rows.label,
        label_type=rows.label_type,
        classes=rows.classes,
        features=rows.features,
        intercepts=tuple(float(value) for value in fitted.solution.intercepts),
        weights=_by_feature(rows, fitted.solution.weights),
        iterations=fitted.solution.iterations,
        metrics=fitted.metrics,
        confusion=fitted.confusion,
        roc=fitted.roc,
        explanation=_explain(rows, fitted.solution) if options.enable_global_explain else None,
        split_method=rows.split_method,
        started=started,
        metadata=Metadata(created=now, modified=now),
    )


@dataclass(frozen=True)
class Fitted:
    """What fitting a type of model returns."""

    solution: Solution
    options: TrainingOptions
    metrics: dict[str, float]
    confusion: Confusion | None = None
    roc: Roc | None = None


def _train_linear(rows: TrainingSet, options: TrainingOptions) -> Fitted:
    cardinality = sum(feature_width(feature) for feature in rows.features)
    strategy = choose_strategy(options, rows.training.design.rows, cardinality)
    options = options.resolved(optimize_strategy=strategy)
    solution = fit_linear(
        rows.training.design,
        rows.training.label,
        rows.encoded,
        options,
        None if rows.evaluation is None else (rows.evaluation.design, rows.evaluation.label),
    )
    judged = rows.judged
    predicted = _scores(judged, solution)[0]
    return Fitted(solution, options, metrics.regression_metrics(judged.label, predicted))


def _train_logistic(rows: TrainingSet, options: TrainingOptions) -> Fitted:
    assert rows.classes is not None
    weights = _class_weights(rows, options)
    solution = fit_logistic(
        rows.training.design,
        rows.training.label,
        len(rows.classes),
        weights,
        rows.encoded,
        options,
        None if rows.evaluation is None else (rows.evaluation.design, rows.evaluation.label),
    )
    judged = rows.judged
    scores = _scores(judged, solution)
    if len(rows.classes) == 2:
        positive = judged.label == 1
        values = metrics.binary_metrics(positive, scores[0])
        predicted = (scores[0] > 0).astype(np.intp)
        roc = curve(sigmoid(scores[0]), positive)
    else:
        chances = softmax(scores)
        losses = metrics.log_losses(scores, judged.label)
        values = metrics.multiclass_metrics(judged.label, chances, losses)
        predicted, roc = chances.argmax(axis=0), None
    counts = np.zeros((len(rows.classes), len(rows.classes)), dtype=int)
    np.add.at(counts, (judged.label.astype(np.intp), predicted), 1)
    confusion = Confusion(tuple(tuple(int(n) for n in row) for row in counts))
    return Fitted(solution, options, values, confusion, roc)


# A sibling model type is one entry here: how it fits encoded rows.
MODEL_TYPES = {"LINEAR_REG": _train_linear, "LOGISTIC_REG": _train_logistic}


def _scores(part: Part, solution: Solution) -> Floats:
    pairs = zip(solution.weights, solution.intercepts, strict=True)
    return np.stack([part.design.forward(row, float(intercept)) for row, intercept in pairs])


def _class_weights(rows: TrainingSet, options: TrainingOptions) -> Floats | None:
    assert rows.classes is not None
    counts = np.bincount(rows.training.label, minlength=len(rows.classes))
    if options.auto_class_weights:
        return np.asarray(counts.sum() / (counts * len(counts)))
    if options.class_weights is None:
        return None
    given = dict(options.class_weights)
    if set(given) != set(rows.classes):
        raise OptionError(
            "CLASS_WEIGHTS must have a weight for every label and no other: the labels are "
            f"{', '.join(rows.classes)}; weights were given for {', '.join(given)}."
        )
    return np.array([given[label] for label in rows.classes])


def _places(rows: TrainingSet) -> dict[str, slice]:
    """Return each feature's coordinates in the design."""
    places, start = {}, 0
    for feature in rows.encoded:
        places[feature.name] = slice(start, start + feature_width(feature))
        start += feature_width(feature)
    return places


def _by_feature(rows: TrainingSet, weights: Floats) -> Any:
    places = _places(rows)
    return tuple(
        tuple(tuple(float(v) for v in row[places[feature.name]]) for feature in rows.features)
        for row in weights
    )


def _explain(rows: TrainingSet, solution: Solution) -> tuple[tuple[float, ...], ...]:
    """Return the mean absolute attribution per class (or for the one output) and feature."""
    design, places = rows.judged.design, _places(rows)
    count = design.numbers.shape[1]
    spread = np.zeros(count)
    for chunk in design.chunks():
        spread += np.abs(design.numbers[chunk]).sum(axis=0)
    means = np.concatenate([spread, design.counts()]) / design.rows
    found = []
    for weights in solution.weights:
        sizes = np.abs(weights) * means
        found.append(tuple(float(sizes[places[feature.name]].sum()) for feature in rows.features))
    if rows.classes is not None and len(rows.classes) == 2:
        found = found * 2
    return tuple(found)
