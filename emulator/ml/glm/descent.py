"""BigQuery's gradient descent, as it was seen to reproduce a recorded model.

Every coordinate has root mean square 1 over the training rows: numbers are centred and
divided by their population deviation, one-hot columns by the root of their share and not
centred. Weights start at 0. The line search tries twice, once, half and a quarter of the
last rate and keeps the one with the smallest loss. Training stops after the first
iteration whose loss is not smaller by `min_rel_progress`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from emulator.ml.data.columns import Floats
from emulator.ml.data.design import Design
from emulator.ml.data.features import CategoricalFeature, Feature, is_one_hot
from emulator.ml.data.rows import number_squares, raw_shift
from emulator.ml.model import Iteration
from emulator.ml.options.glm import GlmOptions
from emulator.running import check_cancelled

RATES = (2.0, 1.0, 0.5, 0.25)


class Loss(Protocol):
    """A mean loss over rows, as a function of scores of shape (outputs, rows)."""

    def loss(self, scores: Floats) -> float:
        """Return the mean loss."""
        ...

    def slope(self, scores: Floats) -> Floats:
        """Return the derivative of the mean loss by each score."""
        ...


@dataclass(frozen=True)
class Solution:
    """Trained weights, around the numbers' means and in the columns' own units.

    Parameters
    ----------
    weights : array of shape (outputs, size)
    intercepts : array of shape (outputs,)
    iterations : tuple of Iteration
    """

    weights: Floats
    intercepts: Floats
    iterations: tuple[Iteration, ...]


@dataclass(frozen=True)
class Problem:
    """What gradient descent minimises, and the held-out rows whose loss it reports."""

    design: Design
    loss: Loss
    outputs: int
    features: tuple[Feature, ...]
    options: GlmOptions
    held_out: tuple[Design, Loss] | None


def descend(problem: Problem) -> Solution:
    """Run gradient descent to its stop."""
    options = problem.options
    design = _without_intercept(problem) if not options.fit_intercept else problem.design
    problem = replace(problem, design=design)
    scale, active = _scales(problem)
    point = _Point(
        np.zeros((problem.outputs, design.size)),
        np.zeros(problem.outputs),
        np.zeros((problem.outputs, design.rows)),
    )
    rate = (
        options.learn_rate
        if options.learn_rate_strategy == "CONSTANT"
        else options.ls_init_learn_rate
    )
    steps: list[Iteration] = []
    before = problem.loss.loss(point.scores)
    for index in range(options.max_iterations):
        check_cancelled()
        started = time.perf_counter()
        point, rate, objective = _step(problem, point, rate, scale, active)
        loss = objective - _penalty(options, point.weights)
        milliseconds = int(1000 * (time.perf_counter() - started))
        steps.append(Iteration(index, loss, _held_out(problem, point, scale), rate, milliseconds))
        if options.early_stop and not before - objective >= options.min_rel_progress * before:
            break
        before = objective
    weights = point.weights / scale
    return Solution(weights, point.intercepts - weights @ design.shift, tuple(steps))


@dataclass
class _Point:
    """Scaled weights, intercepts and the scores they give on the training rows."""

    weights: Floats
    intercepts: Floats
    scores: Floats


def _step(
    problem: Problem, point: _Point, rate: float, scale: Floats, active: Floats
) -> tuple[_Point, float, float]:
    """Return the next point, the rate that led to it and its objective."""
    options = problem.options
    slopes = problem.loss.slope(point.scores)
    back = [problem.design.adjoint(row) for row in slopes]
    direction = -np.stack([sums for sums, _ in back]) / scale * active
    direction -= 2 * options.l2_reg * point.weights
    tilt = np.array([-total if options.fit_intercept else 0.0 for _, total in back])
    constant = options.learn_rate_strategy == "CONSTANT"
    rates = [rate] if constant else [factor * rate for factor in RATES]
    moved = None if options.l1_reg else _scores(problem.design, direction / scale, tilt)
    best: tuple[_Point, float, float] | None = None
    for candidate in rates:
        weights = _shrink(point.weights + candidate * direction, candidate * options.l1_reg)
        intercepts = point.intercepts + candidate * tilt
        scores = (
            _scores(problem.design, weights / scale, intercepts)
            if moved is None
            else point.scores + candidate * moved
        )
        objective = problem.loss.loss(scores) + _penalty(options, weights)
        if best is None or objective < best[2]:
            best = (_Point(weights, intercepts, scores), candidate, objective)
    assert best is not None
    return best


def _scores(design: Design, weights: Floats, intercepts: Floats) -> Floats:
    pairs = zip(weights, intercepts, strict=True)
    return np.stack([design.forward(row, float(intercept)) for row, intercept in pairs])


def _shrink(weights: Floats, by: float) -> Floats:
    return weights if by == 0 else np.sign(weights) * np.maximum(np.abs(weights) - by, 0.0)


def _penalty(options: GlmOptions, weights: Floats) -> float:
    if not options.l1_reg and not options.l2_reg:
        return 0.0
    absolute = float(np.abs(weights).sum())
    return options.l1_reg * absolute + options.l2_reg * float(np.square(weights).sum())


def _held_out(problem: Problem, point: _Point, scale: Floats) -> float | None:
    if problem.held_out is None:
        return None
    design, loss = problem.held_out
    design = replace(design, shift=problem.design.shift)
    return loss.loss(_scores(design, point.weights / scale, point.intercepts))


def _without_intercept(problem: Problem) -> Design:
    """Return the design of uncentred numbers: a line through the origin, not the mean."""
    return replace(problem.design, shift=raw_shift(problem.features, problem.design.size))


def _scales(problem: Problem) -> tuple[Floats, Floats]:
    """Return each coordinate's root mean square, and 1 where it takes part, else 0."""
    design = problem.design
    squares = number_squares(problem.features, design)
    squares = squares + design.shift[: len(squares)] ** 2
    scale = np.sqrt(np.concatenate([squares, design.counts() / design.rows]))
    active = (scale > 0).astype(float)
    categorical = [f for f in problem.features if is_one_hot(f)]
    for column, feature in enumerate(categorical):
        if isinstance(feature, CategoricalFeature) and feature.dropped is not None:
            active[design.span(column).start + feature.dropped] = 0.0
    return np.where(scale > 0, scale, 1.0), active
