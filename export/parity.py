"""How near two answers must be."""

from __future__ import annotations

TOLERANCE = 1e-6


def close(expected: float, actual: float) -> bool:
    """Tell whether a value is within the tolerance, relative above 1 and absolute below."""
    return abs(expected - actual) <= TOLERANCE * max(1.0, abs(expected))
