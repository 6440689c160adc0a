"""Champion and challenger answer the same test rows; who is worse is told by their losses.

Worse means that the paired 95% interval of the mean difference, challenger minus champion,
lies above 0. Rows come in batches and only sums are kept, so memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.artifact import Manifest, class_name, predict
from export.manifest import Value
from export.moments import Moments
from export.replay import Rows

LEAST = 1e-15
PROMOTES = ("first", "not_worse", "no_label")
Batch = tuple[Rows, Sequence[Value]]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Promotion:
    """Whether a version may become the current one, and why; the manifest's `promotion`.

    Parameters
    ----------
    outcome : {"first", "not_worse", "no_label", "worse", "incomparable"}
        The first three allow it. `no_label`: it predicts nothing that could be wrong.
    champion : str or None
        The version that was current.
    reason : str
        In words.
    rows : int
        Test rows that both answered.
    difference : float or None
        Mean loss of the challenger minus the champion's: squared error, or log loss.
    interval : list of float or None
        The difference's paired 95% interval.
    forced : bool
        Whether somebody made it current although the outcome did not allow it.
    forced_from : str or None
        The version of which this one is then a copy.
    """

    outcome: str
    champion: str | None
    reason: str
    rows: int = 0
    difference: float | None = None
    interval: list[float] | None = None
    forced: bool = False
    forced_from: str | None = None

    @property
    def allows(self) -> bool:
        """Whether the pointer may move to this version while the champion is current."""
        return self.forced or self.outcome in PROMOTES

    def to_json(self) -> dict[str, Any]:
        """Return what the manifest holds."""
        return asdict(self)


@dataclass(frozen=True)
class Contestant:
    """A version that is as it was signed, and its pipeline."""

    manifest: Manifest
    pipeline: Any


def obstacle(challenger: Manifest, champion: Manifest) -> str | None:
    """Say why two versions' losses cannot be compared; None if they can."""
    if (challenger.label, challenger.task) != (champion.label, champion.task):
        return (
            f"The current version predicts '{champion.label}' ({champion.task}), this one "
            f"'{challenger.label}' ({challenger.task})."
        )
    before, now = set(champion.classes or ()), set(challenger.classes or ())
    if before != now:
        return (
            f"The current version knows the classes {sorted(map(str, before))}, this one "
            f"{sorted(map(str, now))}."
        )
    return None


def compare(challenger: Contestant, champion: Contestant, batches: Iterable[Batch]) -> Promotion:
    """Let both answer every row and judge the difference of their losses.

    Parameters
    ----------
    challenger, champion : Contestant
        Of the same label and classes; see `obstacle`.
    batches : iterable of tuple
        Rows as `artifact.predict` takes them, and what was true; a row without is left out.
    """
    version, sums = champion.manifest.version, Moments()
    for rows, labels in batches:
        known = [i for i, label in enumerate(labels) if label is not None and label == label]
        if not known:
            continue
        asked, truth = [rows[i] for i in known], [labels[i] for i in known]
        try:
            theirs = losses(champion, asked, truth)
        except Exception as error:  # whatever a pipeline of other days raises on rows of today
            words = f"{type(error).__name__}: {error}"
            reason = f"The current version cannot answer these rows: {words[:300]}"
            return Promotion("incomparable", version, reason)
        sums.add(losses(challenger, asked, truth) - theirs)
    return _judged(version, sums)


def losses(contestant: Contestant, rows: Rows, labels: Sequence[Any]) -> Numbers:
    """Return the loss of each row: squared error, or log loss of the true class."""
    answers = predict(contestant.pipeline, contestant.manifest, rows)
    pairs = list(zip(answers, labels, strict=True))
    with np.errstate(over="ignore", invalid="ignore"):
        if contestant.manifest.classes is None:
            return np.square([answer["value"] - float(label) for answer, label in pairs])
        given = [answer["probabilities"].get(class_name(label), 0.0) for answer, label in pairs]
        return np.asarray(-np.log(np.clip(given, LEAST, 1.0)))


def _judged(champion: str, sums: Moments) -> Promotion:
    if sums.count < 2:
        reason = f"The test split has {sums.count} rows with a label; it takes 2 or more."
        return Promotion("incomparable", champion, reason, sums.count)
    low, high = sums.interval()
    if not np.isfinite([sums.mean, low, high]).all():
        reason = "One of the two answers with numbers that are not finite."
        return Promotion("incomparable", champion, reason, sums.count)
    outcome = "worse" if low > 0 else "not_worse"
    reason = (
        f"On {sums.count:,} test rows its mean loss minus that of {champion} is {sums.mean:.4g} "
        f"(95% interval {low:.4g} to {high:.4g})"
        f"{', all of it above 0.' if low > 0 else ', not all of it above 0.'}"
    )
    return Promotion(outcome, champion, reason, sums.count, sums.mean, [low, high])
