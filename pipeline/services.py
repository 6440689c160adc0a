"""What Google's clients raise, and what to tell of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from cloud import Settings
from pipeline.errors import PipelineError

# When a service is gone, refuses or is out of reach.
SERVICE_ERRORS = (GoogleAPIError, GoogleAuthError, RequestException)
# For leases and records: Google's own two minutes would keep a run that failed from telling so.
BRIEF = DEFAULT_RETRY.with_timeout(10.0)
SECONDS = 10


def service_message(settings: Settings, error: Exception) -> str:
    """Say what a service answered and what to look at."""
    remedy = (
        "See '.local/emulator.log'; run it again: it goes on from where it stopped."
        if settings.target == "local"
        else "Check project, bucket, credentials and network; run it again: it goes on from there."
    )
    return f"{type(error).__name__}: {error} {remedy}"


@contextmanager
def service_errors(settings: Settings) -> Iterator[None]:
    """Raise what a service answers as an error of the pipeline.

    Raises
    ------
    PipelineError
        With the service's own message and what to look at.
    """
    try:
        yield
    except SERVICE_ERRORS as error:
        raise PipelineError(service_message(settings, error)) from error
