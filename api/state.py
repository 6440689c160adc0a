"""What is served and what is wrong, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from api.errors import NotServed, UnknownModel
from api.loader import Served


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
        By name.
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

    def find(self, model: str) -> Served:
        """Return the version in service.

        Raises
        ------
        NotServed
            If the model is published but could not be loaded, or nothing is known yet.
        UnknownModel
            If no such model is published; the known ones are named.
        """
        if model in self.models:
            return self.models[model]
        if model in self.failures:
            reason = self.failures[model].reason
            raise NotServed(f"The model '{model}' is published but cannot be loaded: {reason}")
        if not self.listed:
            why = self.storage_problem or "The API has just started."
            raise NotServed(f"The models are not known yet. {why} Try again in a moment.")
        known = ", ".join(f"'{name}'" for name in sorted(self.models)) or "none"
        raise UnknownModel(f"There is no model '{model:.100}'. Models in service: {known}.")

    def serving(self, served: Served) -> State:
        """Return the state with a version in service."""
        model = served.manifest.model
        return replace(
            self,
            models={**self.models, model: served},
            failures={n: failure for n, failure in self.failures.items() if n != model},
        )

    def failing(self, failure: Failure) -> State:
        """Return the state with a failure; what is in service stays."""
        return replace(self, failures={**self.failures, failure.model: failure})

    def without(self, models: set[str]) -> State:
        """Return the state with models withdrawn."""
        return replace(
            self,
            models={n: served for n, served in self.models.items() if n not in models},
            failures={n: failure for n, failure in self.failures.items() if n not in models},
        )
