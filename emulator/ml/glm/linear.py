"""LINEAR_REG: least squares by the normal equation, or by BigQuery's gradient descent.

The normal equation is solved for centred columns of unit variance by eigenvalues, which
leaves out what a one-hot design cannot tell apart, and is refined against the rows until
the rounding of the products is gone. Intercept and category weights of such a design are
not unique: here the weights of each categorical column add up to zero.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from emulator.ml.data.columns import Floats
from emulator.ml.data.design import Design
from emulator.ml.data.features import CategoricalFeature, Feature, is_one_hot
from emulator.ml.data.gram import gram
from emulator.ml.data.rows import number_squares, raw_shift
from emulator.ml.glm.descent import Problem, Solution, descend
from emulator.ml.model import Iteration
from emulator.ml.options.glm import GlmOptions
from emulator.running import check_cancelled

MOST_CARDINALITY = 10_000
DIRECT_SIZE = 1_500
REFINEMENTS = 5
_NEGLIGIBLE = 1e-15

Flags = npt.NDArray[np.bool_]


def choose_strategy(options: GlmOptions, rows: int, cardinality: int) -> str:
    """Return what AUTO_STRATEGY means for this training set, or what was asked for."""
    if options.optimize_strategy != "AUTO_STRATEGY":
        return options.optimize_strategy
    iterative = options.l1_reg > 0 or cardinality > MOST_CARDINALITY or rows < 10 * cardinality
    return "BATCH_GRADIENT_DESCENT" if iterative else "NORMAL_EQUATION"


@dataclass(frozen=True)
class SquaredError:
    """Mean squared error and its slope."""

    target: Floats

    def loss(self, scores: Floats) -> float:
        """Return the mean of squared differences; `scores` has shape (1, rows)."""
        return float(np.square(scores[0] - self.target).mean())

    def slope(self, scores: Floats) -> Floats:
        """Return the derivative of the loss by each score, of shape (1, rows)."""
        return 2.0 * (scores - self.target) / len(self.target)


def fit_linear(
    design: Design,
    target: Floats,
    features: tuple[Feature, ...],
    options: GlmOptions,
    evaluation: tuple[Design, Floats] | None,
) -> Solution:
    """Fit and return weights in the columns' own units, around the numbers' means.

    Parameters
    ----------
    design, target : Design and array of shape (rows,)
        Training rows.
    features : tuple of Feature
        Columns of the design, numbers first.
    options : GlmOptions
        With `optimize_strategy` decided.
    evaluation : (Design, array) or None
        Rows for the evaluation loss.
    """
    held_out = None if evaluation is None else (evaluation[0], SquaredError(evaluation[1]))
    problem = Problem(design, SquaredError(target), 1, features, options, held_out)
    if options.optimize_strategy == "BATCH_GRADIENT_DESCENT":
        return descend(problem)
    started = time.perf_counter()
    weights, intercept = solve(design, target, features, options)
    loss = problem.loss.loss(design.forward(weights, intercept)[None])
    eval_loss = None
    if held_out is not None:
        eval_loss = held_out[1].loss(held_out[0].forward(weights, intercept)[None])
    milliseconds = int(1000 * (time.perf_counter() - started))
    step = Iteration(0, loss, eval_loss, None, milliseconds)
    return Solution(weights[None], np.array([intercept]), (step,))


def solve(
    design: Design, target: Floats, features: tuple[Feature, ...], options: GlmOptions
) -> tuple[Floats, float]:
    """Return least-squares weights and the intercept at the numbers' means."""
    centre = float(target.mean()) if options.fit_intercept else 0.0
    shift = _shift(design, features, options.fit_intercept)
    shifted = replace(design, shift=shift)
    scale, active = _scale(design, features, shift)
    residual = target - centre
    solver = _direct if design.size <= DIRECT_SIZE else _conjugate
    weights = solver(shifted, residual, scale, active, options.l2_reg)
    intercept = centre - float(shift @ weights)
    if options.fit_intercept and options.l2_reg == 0:
        intercept += _settle(design, features, weights)
    return weights, intercept


def _shift(design: Design, features: tuple[Feature, ...], fit_intercept: bool) -> Floats:
    if fit_intercept:
        return np.concatenate([_means(design), design.counts() / design.rows])
    return raw_shift(features, design.size)


def _means(design: Design) -> Floats:
    sums = np.zeros(design.numbers.shape[1])
    for chunk in design.chunks():
        sums += design.numbers[chunk].sum(axis=0)
    return sums / design.rows


def _scale(design: Design, features: tuple[Feature, ...], shift: Floats) -> tuple[Floats, Flags]:
    """Return each coordinate's root mean square after the shift, and which take part."""
    share = design.counts() / design.rows
    means = np.concatenate([_means(design), share])
    squares = np.concatenate([number_squares(features, design), share])
    scale = np.sqrt(np.maximum(squares - means**2, 0.0) + (means - shift) ** 2)
    active = scale > 1e-9 * np.sqrt(squares)
    categorical = [f for f in features if is_one_hot(f)]
    for column, feature in enumerate(categorical):
        if isinstance(feature, CategoricalFeature) and feature.dropped is not None:
            active[design.span(column).start + feature.dropped] = False
    return np.where(active, scale, 1.0), active


def _direct(design: Design, residual: Floats, scale: Floats, active: Flags, l2: float) -> Floats:
    products = gram(design) / np.outer(scale, scale) / design.rows
    keep = np.flatnonzero(active)
    values, vectors = np.linalg.eigh(products[np.ix_(keep, keep)] + l2 * np.eye(len(keep)))
    limit = 10 * len(keep) * np.finfo(float).eps * max(float(values[-1]), 0.0) if len(keep) else 0
    vectors, values = vectors[:, values > limit], values[values > limit]
    weights = np.zeros(design.size)
    for _ in range(REFINEMENTS):
        check_cancelled()
        slope = design.adjoint(residual - design.forward(weights))[0] / scale / design.rows
        slope -= l2 * weights * scale
        step = np.zeros(design.size)
        step[keep] = vectors @ ((vectors.T @ slope[keep]) / values)
        weights += step / scale
        if np.abs(step).max(initial=0) <= _NEGLIGIBLE * np.abs(weights * scale).max(initial=0):
            break
    return weights


def _conjugate(design: Design, residual: Floats, scale: Floats, active: Flags, l2: float) -> Floats:
    """Solve by conjugate gradients, which need no products of coordinates with each other."""

    def slope_of(point: Floats) -> Floats:
        back = design.adjoint(design.forward(point / scale))[0] / scale / design.rows
        return np.asarray((back + l2 * point) * active)

    weights = np.zeros(design.size)
    left = design.adjoint(residual)[0] / scale / design.rows * active
    direction, square = left.copy(), float(left @ left)
    least = square * 1e-28
    for _ in range(2 * DIRECT_SIZE):
        check_cancelled()
        if square <= least:
            break
        turned = slope_of(direction)
        rate = square / float(direction @ turned)
        weights += rate * direction
        left -= rate * turned
        square, before = float(left @ left), square
        direction = left + (square / before) * direction
    return weights / scale


def _settle(design: Design, features: tuple[Feature, ...], weights: Floats) -> float:
    """Make each categorical column's weights add up to zero; return what the intercept gains."""
    gained = 0.0
    categorical = [f for f in features if is_one_hot(f)]
    for column, feature in enumerate(categorical):
        if isinstance(feature, CategoricalFeature) and feature.dropped is None:
            span = design.span(column)
            mean = float(weights[span].mean())
            weights[span] -= mean
            gained += mean
    return gained
