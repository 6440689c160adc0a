"""The transform that keeps forecasts within their limits.

A scaled logit for two limits, a logarithm for one (Hyndman, Forecasting, "Forecasts within
limits"), its inverse for what is shown. Without limits it is the identity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from emulator.ml.arima.types import Floats


@dataclass(frozen=True)
class Limits:
    """Limits of the forecast, None for none."""

    low: float | None = None
    high: float | None = None

    @property
    def free(self) -> bool:
        """Whether there is no limit at all."""
        return self.low is None and self.high is None

    def forward(self, values: Floats) -> Floats:
        """Return values, strictly within the limits, on the whole line."""
        up = np.log(values - self.low) if self.low is not None else 0.0
        down = np.log(self.high - values) if self.high is not None else 0.0
        return values if self.free else np.asarray(up - down)

    def inverse(self, values: Floats) -> Floats:
        """Return the values that `forward` brings to `values`."""
        if self.low is not None and self.high is not None:
            return np.asarray(self.low + (self.high - self.low) * expit(values))
        if self.low is not None:
            return self.low + np.exp(np.minimum(values, 700.0))
        if self.high is not None:
            return self.high - np.exp(np.minimum(-values, 700.0))
        return values

    def slope(self, values: Floats) -> Floats:
        """Return the derivative of `inverse`, which carries standard errors over."""
        if self.low is not None and self.high is not None:
            return np.asarray((self.high - self.low) * expit(values) * expit(-values))
        if self.free:
            return np.ones_like(values)
        return np.exp(np.minimum(values if self.low is not None else -values, 700.0))
