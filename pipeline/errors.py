"""Errors of the pipeline.

PipelineError
├── LocalCloudError      the local cloud does not start, or a stranger holds its port
├── DiskSpaceError       the disk of the local cloud is too full for the report
├── NoLocalCloudError    a command needs the local cloud and none runs
├── ProvisionError       bucket, dataset or table cannot be made as described
├── BuildError           dbt ended with errors
├── LeaseHeldError       another run is at work
├── LeaseLostError       another run took over
└── WithdrawnError       a report left the bucket while a run read it
"""

from __future__ import annotations


class PipelineError(Exception):
    """Base of everything the pipeline raises on purpose."""


class LocalCloudError(PipelineError):
    """The local cloud could not be started."""


class DiskSpaceError(PipelineError):
    """The disk of the local cloud has no room for what the report becomes."""


class NoLocalCloudError(PipelineError):
    """A command needs a running local cloud and there is none."""


class ProvisionError(PipelineError):
    """A bucket, dataset or table could not be made as described."""


class BuildError(PipelineError):
    """dbt ended with errors."""


class LeaseHeldError(PipelineError):
    """Another run is at work.

    Parameters
    ----------
    run : str
        Its id.
    message : str
        Who holds the lease, and until when.
    """

    def __init__(self, run: str, message: str) -> None:
        super().__init__(message)
        self.run = run


class LeaseLostError(PipelineError):
    """A run holds the lease no longer."""


class WithdrawnError(PipelineError):
    """A report left the bucket while a run read it."""
