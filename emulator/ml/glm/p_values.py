"""Standard errors of weights, for ML.ADVANCED_WEIGHTS.

They are the roots of the diagonal of the inverse information: X'X over the residual variance
for a linear model, X'WX with W = p (1 - p) for a logistic one. X is dummy encoded with an
intercept, numbers around their means.
"""

from __future__ import annotations

import numpy as np

from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.design import Design
from emulator.ml.data.features import CategoricalFeature
from emulator.ml.data.rows import places_of
from emulator.ml.errors import TrainingDataError
from emulator.ml.glm.descent import Solution
from emulator.ml.glm.parts import Parts
from emulator.ml.options.glm import GlmOptions
from emulator.ml.probabilities import sigmoid

MOST_CARDINALITY = 1_000
CHUNK = 1 << 13


def standard_errors(parts: Parts, solution: Solution, options: GlmOptions) -> Floats:
    """Return the error of the intercept and of each coordinate; NaN where there is none.

    Raises
    ------
    TrainingDataError
        If the model has more than two classes, or too many coordinates.
    """
    design = parts.training.design
    if parts.label.classes is not None and len(parts.label.classes) > 2:
        raise TrainingDataError(
            "CALCULATE_P_VALUES is not supported for multiclass logistic regression: the label "
            f'column "{parts.label.name}" has {len(parts.label.classes)} classes.'
        )
    if design.size >= MOST_CARDINALITY:
        raise TrainingDataError(
            f"CALCULATE_P_VALUES needs a total cardinality of features below {MOST_CARDINALITY}; "
            f"the training query has {design.size}."
        )
    scores = design.forward(solution.weights[0], float(solution.intercepts[0]))
    if parts.label.classes is None:
        curvature, scale = np.ones(design.rows), np.square(parts.training.label - scores).sum()
    else:
        chances = sigmoid(scores)
        curvature, scale = chances * (1.0 - chances), None
    information = _information(design, curvature)
    keep = _kept(parts, information, options)
    if scale is not None:
        information /= scale / max(design.rows - len(keep), 1)
    errors = np.full(design.size + 1, np.nan)
    errors[keep] = np.sqrt(np.diag(np.linalg.pinv(information[np.ix_(keep, keep)])))
    return errors


def _information(design: Design, curvature: Floats) -> Floats:
    """Return X'WX with the intercept first."""
    out = np.zeros((design.size + 1, design.size + 1))
    for start in range(0, design.rows, CHUNK):
        rows = np.arange(start, min(start + CHUNK, design.rows))
        block = np.hstack([np.ones((len(rows), 1)), design.dense(rows)])
        out += block.T @ (block * curvature[rows, None])
    return out


def _kept(parts: Parts, information: Floats, options: GlmOptions) -> Codes:
    """Return the coordinates that were fitted: neither dropped nor constant."""
    taken = np.diag(information) > 0
    taken[0] = options.fit_intercept
    places = places_of(parts.encoded)
    for feature in parts.encoded:
        if isinstance(feature, CategoricalFeature) and feature.dropped is not None:
            taken[1 + places[feature.name].start + feature.dropped] = False
    return np.flatnonzero(taken)
