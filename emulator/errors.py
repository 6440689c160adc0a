"""Why the emulator could not start or had to stop.

EmulatorError
├── DataDirectoryError    cannot be made, written or has no space left
├── AlreadyRunning        another emulator holds the data directory
├── PortTaken             a stranger listens on a port
└── StorageError          the Cloud Storage server did not start, or died

What a statement does wrong is not here: that is BigQuery's own error
(`bqemulator.domain.errors`), which reaches the client with Google's reason.
"""

from __future__ import annotations


class EmulatorError(Exception):
    """The emulator cannot run; the message says what to do."""

    exit_code = 1


class DataDirectoryError(EmulatorError):
    """The data directory cannot be made or written."""


class AlreadyRunning(EmulatorError):
    """Another emulator holds the data directory; it may be on its way out."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: trying again may help


class PortTaken(EmulatorError):
    """Another program listens on a port."""


class StorageError(EmulatorError):
    """The Cloud Storage server did not start, or died."""
