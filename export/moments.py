"""Count, mean and spread of numbers that come in parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NORMAL_95 = 1.96


class Moments:
    """Count, mean and sum of squared distances from the mean."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, values: NDArray[np.float64]) -> None:
        """Take numbers in, by the pairwise update of Chan, Golub and LeVeque."""
        if not len(values):
            return
        count = self.count + len(values)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values.mean())
            step = mean - self.mean
            self.squares += float(np.square(values - mean).sum())
            self.squares += step * step * self.count * len(values) / count
            self.mean += step * len(values) / count
        self.count = count

    def interval(self) -> list[float]:
        """Return the mean's 95% interval; it takes two numbers or more."""
        variance = self.squares / (self.count - 1)
        reach = NORMAL_95 * float(np.sqrt(variance / self.count))
        return [self.mean - reach, self.mean + reach]
