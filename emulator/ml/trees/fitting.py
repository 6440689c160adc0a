"""Fits and judges tree models on a training set."""

from __future__ import annotations

import itertools
import logging
from functools import cache

import numpy as np
import numpy.typing as npt

from emulator.ml.class_weights import class_weights
from emulator.ml.data import split
from emulator.ml.data.training_data import TrainingSet
from emulator.ml.errors import TrainingDataError
from emulator.ml.judgement import judge_classes, judge_numbers
from emulator.ml.model import Fitted, Iteration
from emulator.ml.options.trees import TreeOptions
from emulator.ml.trees.errors import TreesError
from emulator.ml.trees.matrix import Encoding, fill, learn, widths
from emulator.ml.trees.models import Scorer
from emulator.ml.trees.parameters import Ensemble
from emulator.ml.trees.rows import Rows
from emulator.ml.trees.training import Trained, train
from emulator.running import check_cancelled

Floats = npt.NDArray[np.float32]
EXPLAINED_ROWS = 1 << 14
MOST_CLASSES = 1000


def fit_trees(given: TrainingSet, options: TreeOptions) -> Fitted:
    """Fit, judge and explain a model.

    Raises
    ------
    TrainingDataError
        If XGBoost refuses the rows or options.
    """
    label = given.label
    assert label is not None
    classes = 0 if label.classes is None else len(label.classes)
    if classes > MOST_CLASSES:
        raise TrainingDataError(
            f'The label column "{label.name}" has {classes} classes; {options.model_type} models '
            f"support at most {MOST_CLASSES}."
        )
    values = label.values.astype(np.float32)
    encoding = learn(
        given.features,
        given.data,
        given.training,
        values[given.training],
        classes,
        options.category_encoding_method,
    )
    try:
        training = _rows(given, given.training, values, encoding, _weights(given, options))
        evaluation = None
        if len(given.evaluation):
            evaluation = _rows(given, given.evaluation, values, encoding, None)
        given.data.clear()
        trained = train(
            training,
            options.settings,
            classes=classes,
            evaluation=evaluation,
            watch=lambda _: check_cancelled(),
        )
    except TreesError as error:
        raise TrainingDataError(str(error)) from error
    if not trained.model.exact:
        _tell_once(trained.model.release)
    judged = training if evaluation is None else evaluation
    return _judged(given, options, trained, encoding, judged, classes)


@cache
def _tell_once(release: str) -> None:
    logging.getLogger(__name__).warning(
        "XGBoost %s trains trees in place of BigQuery's 0.90 and 1.1.1: metrics differ by some "
        "percent. `make exact-trees` fetches those.",
        release,
    )


def _judged(
    given: TrainingSet,
    options: TreeOptions,
    trained: Trained,
    encoding: Encoding,
    rows: Rows,
    classes: int,
) -> Fitted:
    ensemble = Ensemble.of(trained.model, encoding)
    margins = Scorer(trained.model).margins(rows.matrix).T.astype(np.float64)
    if classes:
        scores = margins[1:] - margins[:1] if classes == 2 else margins
        found = judge_classes(rows.label.astype(np.intp), scores, classes)
    else:
        found = judge_numbers(rows.label.astype(np.float64), margins[0])
    return Fitted(
        options=options,
        parameters=ensemble,
        iterations=tuple(
            Iteration(
                one.number,
                one.loss,
                one.evaluation_loss,
                options.settings.learn_rate,
                int(1000 * one.seconds),
            )
            for one in trained.rounds
        ),
        metrics=found.metrics,
        confusion=found.confusion,
        roc=found.roc,
        explanation=_explain(given, options, trained, encoding, rows),
    )


def _rows(
    given: TrainingSet,
    rows: split.Rows,
    label: Floats,
    encoding: Encoding,
    weights: Floats | None,
) -> Rows:
    matrix = np.empty((len(rows), sum(widths(given.features, encoding))), dtype=np.float32)
    fill(matrix, given.features, [data[rows] for data in given.data], encoding)
    return Rows(matrix, label[rows], weights)


def _weights(given: TrainingSet, options: TreeOptions) -> Floats | None:
    """Return the weight of each training row: its own, or that of its class."""
    if given.weights is not None:
        return np.asarray(given.weights[given.training], dtype=np.float32)
    label = given.label
    if label is None or label.classes is None:
        return None
    positions = label.values[given.training]
    found = class_weights(positions, label.classes, options)
    return None if found is None else found[positions].astype(np.float32)


def _explain(
    given: TrainingSet, options: TreeOptions, trained: Trained, encoding: Encoding, rows: Rows
) -> tuple[tuple[float, ...], ...] | None:
    """Return the mean absolute attribution per class (or for the one output) and feature."""
    if not options.enable_global_explain:
        return None
    scorer = Scorer(trained.model)
    places = np.cumsum([0, *widths(given.features, encoding)])
    total = np.zeros((trained.model.outputs, len(given.features)))
    for start in range(0, len(rows.matrix), EXPLAINED_ROWS):
        found = scorer.contributions(
            rows.matrix[start : start + EXPLAINED_ROWS],
            approximate=options.settings.approximates_global_explain,
        ).astype(np.float64)
        if found.shape[1] == 2:
            found = np.repeat(found[:, 1:] - found[:, :1], 2, axis=1)
        for at, (first, last) in enumerate(itertools.pairwise(places)):
            total[:, at] += np.abs(found[:, :, first:last].sum(axis=2)).sum(axis=0)
    return tuple(tuple(float(v) for v in row) for row in total / len(rows.matrix))
