"""How far two distributions are apart, by TensorFlow Data Validation's definitions.

L-infinity is the largest difference of the shares of a value. The Jensen-Shannon divergence
is in bits, so that it lies between 0 and 1; histograms of numbers are first cut at the
boundaries of both, a bucket's rows spread evenly over it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.ml.data.columns import Floats


@dataclass(frozen=True)
class Histogram:
    """Counts of numbers in buckets of equal width.

    Parameters
    ----------
    low, high : float
        Least and largest finite value.
    counts : tuple of float, one a bucket
    below, above, unknown : float
        How often -inf, inf and NaN appear.
    """

    low: float
    high: float
    counts: tuple[float, ...]
    below: float = 0
    above: float = 0
    unknown: float = 0

    @property
    def edges(self) -> Floats:
        """The buckets' boundaries; none if all values are one."""
        if self.low == self.high:
            return np.empty(0)
        return np.linspace(self.low, self.high, len(self.counts) + 1)

    def over(self, edges: Floats) -> Floats:
        """Return counts below the edges, between them, above them, and of NaN."""
        inside = np.zeros(len(edges) + 1)
        if self.low == self.high:
            place = np.searchsorted(edges, self.low, side="right")
            inside[place - (len(edges) > 0 and self.low == edges[-1])] = sum(self.counts)
        else:
            inside[1:-1] = np.diff(
                np.interp(edges, self.edges, np.concatenate([[0.0], np.cumsum(self.counts)]))
            )
        inside[0] += self.below
        inside[-1] += self.above
        return np.append(inside, self.unknown)


def histogram_divergence(first: Histogram, second: Histogram) -> float:
    """Return the Jensen-Shannon divergence of two histograms."""
    edges = np.union1d(first.edges, second.edges)
    if not len(edges):  # each holds one value, which parts the numbers
        middle = (first.low + second.low) / 2
        edges = np.array([middle]) if first.low != second.low else edges
    return jensen_shannon(first.over(edges), second.over(edges))


def jensen_shannon(first: Floats, second: Floats) -> float:
    """Return the Jensen-Shannon divergence of two arrays of counts, shape (n,), in bits."""
    shares = np.stack([first / first.sum(), second / second.sum()])
    middle = np.broadcast_to(shares.mean(axis=0), shares.shape)
    seen = shares > 0
    return float((shares[seen] * np.log2(shares[seen] / middle[seen])).sum() / 2)


def l_infinity(first: Floats, second: Floats) -> float:
    """Return the L-infinity distance of two arrays of counts, shape (n,)."""
    return float(np.abs(first / first.sum() - second / second.sum()).max())
