"""What a TRANSFORM clause does to one column, as fitted scikit-learn steps."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler

from export.families.clause import Buckets, Fill, Learned, Made, Scale, Vocabulary
from export.families.columns import (
    CATEGORY,
    NUMBER,
    VECTOR,
    Column,
    Steps,
    filled,
    one_hot,
    places,
    plain,
    scaled,
)
from export.pipelines import NULL_FILLER

# Stands for NULL among buckets; no split point is that low.
LOWEST = -1e300


def column_of(made: Made, learned: Learned, *, is_text: bool) -> Column:
    """Return the column that a feature of the clause is."""
    if isinstance(learned, Scale):
        return _number(made, _scale(learned))
    if isinstance(learned, Fill):
        return _number(made, [filled(learned.value)])
    if isinstance(learned, Buckets):
        return _buckets(made, learned)
    if isinstance(learned, Vocabulary):
        return _vocabulary(made, learned)
    one = plain(made.source, is_text=is_text)
    return Column(made.name, made.source, one.kind, is_text=is_text)


def _number(made: Made, steps: Steps) -> Column:
    return Column(made.name, made.source, NUMBER, tuple(steps))


def _scale(learned: Scale) -> Steps:
    if not learned.clipped:
        return [scaled(learned.origin, learned.spread)]
    step = MinMaxScaler(clip=True).fit([[learned.origin], [learned.origin + learned.spread]])
    return [("scale", step)]


def _buckets(made: Made, learned: Buckets) -> Column:
    """Return ordinals: 0 for NULL, then the buckets from 1."""
    edges = np.array([2 * LOWEST, LOWEST / 2, *learned.points, -2 * LOWEST])
    step = KBinsDiscretizer(
        n_bins=len(edges) - 1, encode="ordinal", strategy="uniform", subsample=None
    ).fit(np.array([[0.0], [1.0]]))
    step.bin_edges_ = np.array([edges], dtype=object)
    step.n_bins_ = np.array([len(edges) - 1])
    codes = [(NULL_FILLER, 0.0), *((name, 1.0 + at) for at, name in enumerate(learned.names))]
    steps = (filled(LOWEST), ("bucket", step))
    return Column(made.name, made.source, CATEGORY, steps, tuple(codes))


def _vocabulary(made: Made, learned: Vocabulary) -> Column:
    text = Column(made.source, made.source, CATEGORY, is_text=True)
    if made.function == "LABEL_ENCODER":
        steps = tuple(places(text, learned.words))
        return Column(made.name, made.source, NUMBER, steps, is_text=True)
    return Column(
        made.name, made.source, VECTOR, tuple(_hot(learned)), width=len(learned.words) + 1,
        is_text=True,
    )  # fmt: skip


def _hot(learned: Vocabulary) -> Steps:
    """Return the steps of ONE_HOT_ENCODER: index 0 is every word that is not in the vocabulary."""
    text = Column("", "", CATEGORY, is_text=True)
    indices = Column(
        "", "", CATEGORY, codes=tuple((str(at), float(at)) for at in range(len(learned.words) + 1))
    )
    kept = [str(at) for at in range(len(learned.words) + 1)]
    steps = [*places(text, learned.words), *one_hot(indices, kept)]
    if learned.dropped is None:
        return steps
    name, step = scaled(0.0, 1.0)
    width = len(kept)
    step.fit(np.ones((2, width)))
    step.mean_ = np.zeros(width)
    step.scale_ = np.ones(width)
    step.scale_[learned.dropped] = np.inf  # what it divides is 0 whatever it was
    return [*steps, (f"{name}_dropped", step)]
