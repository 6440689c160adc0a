"""Boosting round by round, with BigQuery's early stop.

The loss is XGBoost's own (`rmse`, or `mlogloss` for classes) as the library prints it: 0.90
with six digits or so, which is what the boosters that BigQuery ML exports carry. It costs no
second pass, since a booster keeps the margins of its rows. Under DART 0.90 measures it with
trees dropped.

EARLY_STOP: after the first round whose loss fell by less than MIN_REL_PROGRESS of the one
before. Exported boosters show that the evaluation rows are watched, or the training rows if
there are none, and that all trees are kept. The recorded runs cannot show more: their loss
falls by at least 1.6 % in every one of the 20 rounds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from emulator.ml.trees import exact, legacy
from emulator.ml.trees.models import TreeModel, digest
from emulator.ml.trees.rows import Rows
from emulator.ml.trees.settings import Settings, parameters

_LOSS = re.compile(r"-(?:rmse|mlogloss):(\S+)")


@dataclass(frozen=True)
class Round:
    """One row of ML.TRAINING_INFO."""

    number: int
    loss: float
    evaluation_loss: float | None
    seconds: float

    @property
    def watched(self) -> float:
        """The loss that early stop goes by."""
        return self.loss if self.evaluation_loss is None else self.evaluation_loss


@dataclass(frozen=True)
class Trained:
    """A model, its rounds in order, and the round with the smallest watched loss."""

    model: TreeModel
    rounds: tuple[Round, ...]

    @property
    def best_round(self) -> int:
        """The number of the round with the smallest watched loss."""
        return min(self.rounds, key=lambda one: one.watched).number


class Boosting(Protocol):
    """A booster in training."""

    release: str

    def advance(self, number: int) -> str:
        """Grow one round; return the losses as the library prints them."""

    def data(self) -> bytes:
        """Return the model as it is now."""


def train(
    training: Rows,
    settings: Settings,
    *,
    classes: int = 0,
    evaluation: Rows | None = None,
    watch: Callable[[Round], None] = lambda _: None,
) -> Trained:
    """Train trees.

    Parameters
    ----------
    training : Rows
        Rows to fit.
    settings : Settings
        The options.
    classes : int
        How many classes the label has (two or more), or 0 for regression.
    evaluation : Rows, optional
        Rows to watch and not to fit.
    watch : callable
        Called after each round; what it raises (a cancelled job) ends the training.

    Raises
    ------
    LibraryError
        If the rows or options are impossible.
    ExactLibraryError
        If the exact library was fetched and is damaged.
    """
    for part in (training, evaluation):
        if part is not None:
            part.check(classes)
    started = time.perf_counter()
    boosting = _boosting(settings, classes, training, evaluation)
    rounds: list[Round] = []
    for number in range(settings.max_iterations):
        losses = [float(loss) for loss in _LOSS.findall(boosting.advance(number))]
        finished = time.perf_counter()
        measured = losses[1] if evaluation is not None else None
        rounds.append(Round(number, losses[0], measured, finished - started))
        started = finished
        watch(rounds[-1])
        if settings.early_stop and _stalls(rounds, settings.min_rel_progress):
            break
    data = boosting.data()
    model = TreeModel(
        release=boosting.release,
        data=data,
        digest=digest(data),
        columns=training.matrix.shape[1],
        outputs=classes or 1,
        weighted=settings.booster_type == "DART",
    )
    return Trained(model, tuple(rounds))


def _boosting(
    settings: Settings, classes: int, training: Rows, evaluation: Rows | None
) -> Boosting:
    version = exact.OPTION_VALUES[settings.xgboost_version]
    if path := exact.installed(version):
        chosen = parameters(settings, classes, version, len(training.label))
        return legacy.Boosting(path, version, chosen, training, evaluation)
    from emulator.ml.trees import current  # loads XGBoost's package: only once it is needed

    chosen = parameters(settings, classes, current.RELEASE, len(training.label))
    return current.Boosting(chosen, training, evaluation)


def _stalls(rounds: Sequence[Round], least: float) -> bool:
    if len(rounds) < 2:
        return False
    before, now = (one.watched for one in rounds[-2:])
    return before == 0 or not (before - now) / before >= least  # a loss of NaN stops too
