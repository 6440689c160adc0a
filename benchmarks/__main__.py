"""`python -m benchmarks`: every benchmark; exit code 1 if a bound is broken."""

from __future__ import annotations

import sys

from benchmarks import clusters, predicting, reading, training, trees


def main() -> int:
    """Run them one after the other, the later ones too if an earlier one is broken."""
    return max(
        [benchmark.main([]) for benchmark in (training, trees, clusters, predicting, reading)]
    )


if __name__ == "__main__":
    sys.exit(main())
