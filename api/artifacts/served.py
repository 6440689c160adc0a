"""One version in service, with what is made of it once for all its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from api.artifacts.kept import KeptPipeline, Parts
from api.inference.batch import Row
from api.inference.typed import Types
from api.phrases import LANGUAGES, Language, verdict_sentence
from api.scoring.compiled import Scorer
from export.artifact import Feature, Manifest, class_name

WORDS: Mapping[str, tuple[str | None, str]] = {
    "regression": (None, "value"),
    "classification": ("label", "probabilities"),
    "clustering": ("cluster", "distances"),
    "decomposition": (None, "components"),
}


@dataclass(frozen=True, eq=False)
class Served:
    """One version, ready to answer.

    Parameters
    ----------
    manifest : Manifest
        Verified.
    scorer : Scorer
        What answers.
    published_at : str
        When the pointer was moved to this version.
    loaded_at : str
        When this process took it over, UTC.
    pipeline : KeptPipeline or None
        What explains where tables do not, and answers where there are none.
    """

    manifest: Manifest
    scorer: Scorer
    published_at: str
    loaded_at: str
    pipeline: KeptPipeline | None = None
    _decoders: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def name(self) -> tuple[str, str]:
        """Model and version."""
        return self.manifest.model, self.manifest.version

    @cached_property
    def types(self) -> Types:
        """What its rows are."""
        return Types(self.manifest.features)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The classes as JSON keys; none of a regression."""
        return tuple(class_name(label) for label in self.manifest.classes or ())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What its outputs are called, by class, cluster or component; none of a regression."""
        return self.class_names if self.manifest.label is not None else self.scorer.names

    @property
    def words(self) -> tuple[str | None, str]:
        """What its answers are called: the label, if there is one, and the numbers."""
        return WORDS[self.manifest.task]

    @cached_property
    def labels(self) -> Sequence[str | int | bool] | None:
        """What a row can be put to: classes, or clusters; None without such."""
        if self.scorer.picks == "least":
            return range(1, len(self.names) + 1)
        return self.manifest.classes

    @cached_property
    def loss(self) -> float | None:
        """The model's own mean loss on the test rows, in the verdict's unit, if it is known.

        With three or more classes BigQuery ML's log loss is a mean over classes, another unit.
        """
        if len(self.manifest.classes or ()) > 2:
            return None
        name = {"squared_error": "mean_squared_error"}.get(self.manifest.verdict["loss"])
        return self.manifest.metrics["bigquery_ml"].get(name or "log_loss")

    @cached_property
    def verdicts(self) -> dict[Language, dict[str, Any]]:
        """The verdict with its sentence, by language."""
        found = self.manifest.verdict
        return {
            language: {
                "status": found["status"],
                "sentence": verdict_sentence(found, language, model_loss=self.loss),
                **found,
            }
            for language in LANGUAGES
        }

    @cached_property
    def heads(self) -> dict[Language, bytes]:
        """The beginning of every answer at our own door, by language."""
        return {language: self._head(language) for language in LANGUAGES}

    def attributions(self, rows: Sequence[Row]) -> list[Parts]:
        """Return for each row the baseline, and what each feature adds to each output's score.

        Raises
        ------
        Unexplained
            If they cannot be had.
        """
        if self.pipeline is None:
            return [self.scorer.parts(row) for row in rows]
        return self.pipeline.explain(named(self.manifest.features, rows))

    def decoder(
        self, door: str, make: Callable[[Served], msgspec.json.Decoder[Any]]
    ) -> msgspec.json.Decoder[Any]:
        """Return a door's decoder of this version's bodies, made once."""
        found: msgspec.json.Decoder[Any] | None = self._decoders.get(door)
        if found is None:
            found = self._decoders[door] = make(self)
        return found

    def _head(self, language: Language) -> bytes:
        manifest = self.manifest
        content = {
            "model": manifest.model,
            "version": manifest.version,
            "verdict": self.verdicts[language],
        }
        return msgspec.json.encode(content)[:-1] + b","


def named(features: Sequence[Feature], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Return rows with their columns' names."""
    names = [feature.name for feature in features]
    return [dict(zip(names, row, strict=True)) for row in rows]
