"""A fitted model as plain numbers: what the serving process computes with.

One equation for each output: intercept, a weight for each numeric feature, a weight for
each known category. What is not in a table, an unseen category, adds nothing. The link
turns the scores into a value or into probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

Value = str | int | float | bool | None
Finite = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class Numeric:
    """What a number adds: `weight * number`, or `null` where there is none."""

    weight: Finite
    null: Finite


@dataclass(frozen=True)
class Categorical:
    """What each known category adds, and `null` where there is none."""

    weights: dict[str, Finite]
    null: Finite


@dataclass(frozen=True)
class Equation:
    """One output's score.

    Parameters
    ----------
    intercept : float
        The score that every row starts from.
    numeric, categorical : dict
        By feature.
    """

    intercept: Finite
    numeric: dict[str, Numeric]
    categorical: dict[str, Categorical]

    def score(self, row: Mapping[str, Any]) -> float:
        """Return the score of a row; it is infinite or NaN if its numbers are too large."""
        total = self.intercept
        for name, number in self.numeric.items():
            value = row[name]
            total += number.null if value is None else number.weight * value
        for name, block in self.categorical.items():
            value = row[name]
            total += block.null if value is None else block.weights.get(value, 0.0)
        return total


@dataclass(frozen=True)
class Tables:
    """A whole model.

    Parameters
    ----------
    link : {"identity", "logistic", "softmax"}
        From scores to outputs.
    equations : tuple of Equation
        One; with softmax one for each class, ascending.
    """

    link: Literal["identity", "logistic", "softmax"]
    equations: tuple[Equation, ...]

    def answer(self, row: Mapping[str, Any]) -> tuple[int, list[float]]:
        """Return the position of the likeliest class and the probabilities, or 0 and the value.

        Two classes are one equation: the score of the higher one.
        """
        scores = [equation.score(row) for equation in self.equations]
        if self.link == "identity":
            return 0, scores
        if self.link == "logistic":
            share = sigmoid(scores[0])
            return int(scores[0] > 0), [1 - share if share < 0.5 else sigmoid(-scores[0]), share]
        return scores.index(max(scores)), softmax(scores)


def sigmoid(score: float) -> float:
    """Return 1 / (1 + exp(-score)) without overflow."""
    if score >= 0:
        return 1 / (1 + math.exp(-score))
    power = math.exp(score)
    return power / (1 + power)


def softmax(scores: Sequence[float]) -> list[float]:
    """Return the scores as probabilities, without overflow."""
    most = max(scores)
    powers = [math.exp(score - most) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]
