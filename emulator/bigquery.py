"""BigQuery on this machine: bqemulator, persistent, with our seams in place."""

from __future__ import annotations

from pathlib import Path

from bqemulator.config import LogLevel, PersistenceMode, Settings
from bqemulator.server import EmulatorServer

from emulator import seams


def make_server(directory: Path, port: int, grpc_port: int, project: str) -> EmulatorServer:
    """Return a BigQuery server whose state lives in `directory`.

    Parameters
    ----------
    directory : pathlib.Path
        Data directory of the local cloud; buckets are its neighbour `buckets/`.
    port, grpc_port : int
        REST and gRPC ports; 0 is any free one.
    project : str
        Project of requests that name none.
    """
    seams.install()
    return EmulatorServer(
        Settings(
            rest_port=port,
            grpc_port=grpc_port,
            persistence_mode=PersistenceMode.PERSISTENT,
            data_dir=directory / "bigquery",
            default_project_id=project,
            gcs_local_root=directory / "buckets",
            upload_staging_dir=directory / "uploads",
            log_level=LogLevel.WARNING,
            metrics_enabled=False,
        )
    )
