"""BigQuery on this machine: bqemulator, persistent, with our seams in place."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
from pathlib import Path

import duckdb
from bqemulator.config import LogLevel, PersistenceMode, Settings
from bqemulator.domain.errors import InternalError
from bqemulator.server import EmulatorServer

from emulator import running, seams
from emulator.errors import DataDirectoryError, EmulatorError, PortTaken
from emulator.recovery import reconcile

STOP_SECONDS = 10.0


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


async def start_bigquery(
    directory: Path, port: int, grpc_port: int, project: str
) -> EmulatorServer:
    """Start BigQuery over its state of last time.

    Raises
    ------
    EmulatorError
        If the state cannot be read or written, or a port is held.
    """
    server = make_server(directory, port, grpc_port, project)
    try:
        await server.start()
        reconcile(server._context)
    except (OSError, duckdb.Error, InternalError) as error:
        logging.exception("BigQuery did not start")
        raise DataDirectoryError(
            f"BigQuery cannot open its state in '{directory / 'bigquery'}': {error} Free space "
            "and rights there, or start on another --data-dir."
        ) from error
    except (SystemExit, TimeoutError, RuntimeError) as error:
        logging.exception("BigQuery did not start")
        if isinstance(error, RuntimeError) and "bqemulator moved" in str(error):
            raise EmulatorError(str(error)) from error
        raise PortTaken(
            f"BigQuery cannot listen on ports {port} and {grpc_port}: {error or 'in use'}. Choose "
            "others: BIGQUERY_PORT=0 BIGQUERY_GRPC_PORT=0 take any free ones."
        ) from error
    return server


async def stop_bigquery(server: EmulatorServer) -> None:
    """Cancel what runs and stop the server; what computes after STOP_SECONDS is left behind."""
    for job in running.all_jobs():
        job.cancel()
    try:
        await asyncio.wait_for(server.stop(), STOP_SECONDS)
    except TimeoutError:
        logging.error("BigQuery did not stop in %s s; its threads:", STOP_SECONDS)
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.FileHandler):
                faulthandler.dump_traceback(handler.stream)
        await server._engine.stop()
