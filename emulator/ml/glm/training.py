"""Fits and judges LINEAR_REG and LOGISTIC_REG models on a training set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from emulator.ml.class_weights import class_weights
from emulator.ml.data.columns import Floats
from emulator.ml.data.rows import places_of
from emulator.ml.data.training_data import TrainingSet
from emulator.ml.errors import TrainingDataError
from emulator.ml.glm.descent import Solution
from emulator.ml.glm.linear import choose_strategy, fit_linear
from emulator.ml.glm.logistic import MOST_CLASSES, fit_logistic
from emulator.ml.glm.p_values import standard_errors
from emulator.ml.glm.parameters import Weights
from emulator.ml.glm.parts import Part, Parts, make_parts
from emulator.ml.judgement import judge_classes, judge_numbers
from emulator.ml.model import Fitted
from emulator.ml.options.glm import GlmOptions


def fit_glm(given: TrainingSet, options: GlmOptions) -> Fitted:
    """Fit, judge and explain a model."""
    rows = make_parts(given)
    if rows.label.classes is None:
        solution, options = _linear(rows, options)
        judged = judge_numbers(rows.judged.label, _scores(rows.judged, solution)[0])
    else:
        solution = _logistic(rows, options)
        judged = judge_classes(
            rows.judged.label, _scores(rows.judged, solution), len(rows.label.classes)
        )
    parameters = Weights(
        tuple(float(value) for value in solution.intercepts),
        _by_feature(rows, given, solution.weights),
    )
    if options.calculate_p_values:
        errors = standard_errors(rows, solution, options)
        (by_feature,) = _by_feature(rows, given, errors[None, 1:])
        parameters = replace(
            parameters,
            intercept_error=_known(errors[0]),
            errors=tuple(tuple(map(_known, one)) for one in by_feature),
        )
    return Fitted(
        options=options,
        parameters=parameters,
        iterations=solution.iterations,
        explanation=_explain(rows, given, solution) if options.enable_global_explain else None,
        metrics=judged.metrics,
        confusion=judged.confusion,
        roc=judged.roc,
    )


def _linear(rows: Parts, options: GlmOptions) -> tuple[Solution, GlmOptions]:
    cardinality = sum(feature.width for feature in rows.encoded)
    strategy = choose_strategy(options, rows.training.design.rows, cardinality)
    options = options.resolved(optimize_strategy=strategy)
    solution = fit_linear(
        rows.training.design,
        rows.training.label,
        rows.encoded,
        options,
        None if rows.evaluation is None else (rows.evaluation.design, rows.evaluation.label),
    )
    return solution, options


def _logistic(rows: Parts, options: GlmOptions) -> Solution:
    classes = rows.label.classes or ()
    if len(classes) > MOST_CLASSES:
        raise TrainingDataError(
            f'The label column "{rows.label.name}" has {len(classes)} classes; '
            f"LOGISTIC_REG models support at most {MOST_CLASSES}."
        )
    return fit_logistic(
        rows.training.design,
        rows.training.label,
        len(classes),
        class_weights(rows.training.label, classes, options),
        rows.encoded,
        options,
        None if rows.evaluation is None else (rows.evaluation.design, rows.evaluation.label),
    )


def _scores(part: Part, solution: Solution) -> Floats:
    pairs = zip(solution.weights, solution.intercepts, strict=True)
    return np.stack([part.design.forward(row, float(intercept)) for row, intercept in pairs])


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _by_feature(rows: Parts, given: TrainingSet, weights: Floats) -> Any:
    places = places_of(rows.encoded)
    return tuple(
        tuple(tuple(float(v) for v in row[places[feature.name]]) for feature in given.features)
        for row in weights
    )


def _explain(rows: Parts, given: TrainingSet, solution: Solution) -> tuple[tuple[float, ...], ...]:
    """Return the mean absolute attribution per class (or for the one output) and feature."""
    design, places = rows.judged.design, places_of(rows.encoded)
    count = design.numbers.shape[1]
    spread = np.zeros(count)
    for chunk in design.chunks():
        spread += np.abs(design.numbers[chunk]).sum(axis=0)
    means = np.concatenate([spread, design.counts()]) / design.rows
    found = []
    for weights in solution.weights:
        sizes = np.abs(weights) * means
        found.append(tuple(float(sizes[places[feature.name]].sum()) for feature in given.features))
    if rows.label.classes is not None and len(rows.label.classes) == 2:
        found = found * 2
    return tuple(found)
