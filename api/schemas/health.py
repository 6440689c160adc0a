"""Whether the process runs, and whether it can answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Alive(BaseModel):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Trouble(BaseModel):
    """A pointer whose version could not be loaded; what was in service stays."""

    model: str
    version: str | None = Field(description="What the pointer names; null if it is unreadable.")
    reason: str = Field(description="What is wrong, and what to do.")
    since: str = Field(description="First seen, UTC.")
    attempts: int
    serving: str | None = Field(description="The last good version, which keeps answering.")


class Readiness(BaseModel):
    """Whether predictions can be asked for, and what is wrong."""

    status: Literal["ready", "not_ready"]
    models: dict[str, str] = Field(description="Version in service, by model.")
    problems: list[Trouble]
    storage: str | None = Field(description="Why the bucket cannot be read now; null if it can.")
