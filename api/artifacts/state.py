"""What is served and what is wrong, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from api.artifacts.served import Served
from api.errors import NotServed, UnknownModel, UnknownVersion


@dataclass(frozen=True)
class Failure:
    """Why the version that a pointer names is not served.

    Parameters
    ----------
    model : str
        Its name.
    version : str or None
        What the pointer names; None if the pointer could not be read.
    reason : str
        In words.
    since : str
        When this was first seen, UTC.
    generation : int
        Of the pointer.
    attempts : int
        How often it was tried.
    retry_at : float
        When it is tried again, on the monotonic clock.
    """

    model: str
    version: str | None
    reason: str
    since: str
    generation: int
    attempts: int
    retry_at: float


@dataclass(frozen=True)
class State:
    """Models, failures and the bucket; never changed, only replaced.

    Parameters
    ----------
    models : mapping of str to Served
        The current version by name.
    earlier : mapping of str to tuple of Served
        By model, latest first: versions that were current and still answer by their name.
    failures : mapping of str to Failure
        By model; a model may be in both, then its last good version is served.
    storage_problem : str or None
        Why the bucket could not be read last time.
    listed : bool
        Whether the bucket was ever read.
    """

    models: Mapping[str, Served]
    failures: Mapping[str, Failure]
    storage_problem: str | None = None
    listed: bool = False
    earlier: Mapping[str, tuple[Served, ...]] = field(default_factory=dict)

    def find(self, model: str, version: str | None = None) -> Served:
        """Return a version in service; without a version the current one.

        Raises
        ------
        NotServed
            If the model is published but could not be loaded, or nothing is known yet.
        UnknownModel
            If no such model is published; the known ones are named.
        UnknownVersion
            If that version is not in service; those that are are named.
        """
        if model in self.models:
            current = self.models[model]
            return current if version is None else self._version(current, version)
        if model in self.failures:
            reason = self.failures[model].reason
            raise NotServed(f"The model '{model}' is published but cannot be loaded: {reason}")
        if not self.listed:
            why = self.storage_problem or "The API has just started."
            raise NotServed(f"The models are not known yet. {why} Try again in a moment.")
        known = ", ".join(f"'{name}'" for name in sorted(self.models)) or "none"
        raise UnknownModel(f"There is no model '{model:.100}'. Models in service: {known}.")

    def default(self, name: str | None) -> str:
        """Return the model that answers where none is named.

        Raises
        ------
        NotServed
            If none is set, and there is not just one in service.
        """
        if name is not None:
            return name
        names = [*self.models, *self.failures]
        if len(set(names)) != 1:
            raise NotServed("No default model is set, and there is not just one in service.")
        return names[0]

    def versions(self, model: str) -> tuple[Served, ...]:
        """Return a model's versions in service, the current one first."""
        return (self.models[model], *self.earlier.get(model, ()))

    def serving(self, served: Served, *, keep: int = 0) -> State:
        """Return the state with a version in service.

        Parameters
        ----------
        served : Served
            The new current version.
        keep : int
            How many earlier ones go on answering by their name.
        """
        model, version = served.manifest.model, served.manifest.version
        before = self.versions(model) if model in self.models else ()
        others = tuple(one for one in before if one.manifest.version != version)
        return replace(
            self,
            models={**self.models, model: served},
            failures={n: failure for n, failure in self.failures.items() if n != model},
            earlier={**self.earlier, model: others[:keep]},
        )

    def failing(self, failure: Failure) -> State:
        """Return the state with a failure; what is in service stays."""
        return replace(self, failures={**self.failures, failure.model: failure})

    def without(self, models: set[str]) -> State:
        """Return the state with models withdrawn."""
        return replace(
            self,
            models={n: served for n, served in self.models.items() if n not in models},
            earlier={n: versions for n, versions in self.earlier.items() if n not in models},
            failures={n: failure for n, failure in self.failures.items() if n not in models},
        )

    def _version(self, current: Served, version: str) -> Served:
        model = current.manifest.model
        for served in self.versions(model):
            if served.manifest.version == version:
                return served
        known = ", ".join(served.manifest.version for served in self.versions(model))
        raise UnknownVersion(
            f"The model '{model}' has no version '{version:.40}' in service. Versions in service: "
            f"{known}."
        )
