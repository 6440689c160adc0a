"""What a run scans, step by step, and what that costs on Google Cloud by list price.

On Google Cloud the bytes are BigQuery's own, from the statistics of the run's jobs. The local
cloud bills nothing; there they are worked out from the tables that the run's queries name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud import bigquery

from cloud import Settings, bigquery_client, storage_client
from pipeline.errors import PipelineError
from pipeline.records import records
from pipeline.sizes import Sizes

TIB = 2**40
# A query is billed for no less, for each table that it reads.
LEAST = 10 * 2**20
# auto.ARIMA reads its rows once a candidate: 6 of the default order, twice as many with drift.
# Source: BigQuery's manual, CREATE MODEL for ARIMA_PLUS, AUTO_ARIMA_MAX_ORDER.
CANDIDATES = 12
COMMENT = re.compile(r"/\*\s*(\{.*?\})\s*\*/", re.DOTALL)
KINDS = {"model": "dbt models", "test": "dbt tests", "seed": "dbt seeds"}
TRAINING = "CREATE MODEL"
READING = "Storage Read API"
FEATURES = "vendas_ml.features"


@dataclass(frozen=True)
class Prices:
    """List prices in US dollars, of the US; first terabytes and seconds of a month are free.

    Parameters
    ----------
    query, training, reading : float
        For a tebibyte: of a query, of CREATE MODEL (50 times as much), of the Storage Read API.
        Source: https://cloud.google.com/bigquery/pricing
    cpu, memory : float
        For a second of Cloud Run: of a vCPU, of a gibibyte.
        Source: https://cloud.google.com/run/pricing
    """

    query: float = 6.25
    training: float = 312.5
    reading: float = 1.1
    cpu: float = 0.000018
    memory: float = 0.000002


@dataclass(frozen=True)
class Usage:
    """What one step of a run used.

    Parameters
    ----------
    step : str
        Its name.
    queries : int
        How many.
    processed, billed : int
        Bytes read, and bytes billed: at least 10 MiB for each table of a query.
    dollars : float
        By list price.
    """

    step: str
    queries: int
    processed: int
    billed: int
    dollars: float


def last_run(settings: Settings) -> dict[str, Any]:
    """Return the record of the newest run that ended well.

    Raises
    ------
    PipelineError
        If there is none.
    """
    bucket = storage_client(settings).bucket(settings.bucket)
    for record in records(bucket):
        if record.get("status") == "ok":
            return record
    raise PipelineError(
        f"gs://{bucket.name}/runs holds no record of a run that ended well. Run the pipeline first."
    )


def usage(settings: Settings, record: dict[str, Any], prices: Prices) -> list[Usage]:
    """Return what a run used, step by step."""
    client = bigquery_client(settings)
    sizes = Sizes(client, storage_client(settings))
    steps: dict[str, list[tuple[int, int]]] = {}
    for job in _jobs(client, record):
        steps.setdefault(_step(job.query), []).append(_bytes(job, sizes))
    found = [_usage(step, steps[step], prices) for step in sorted(steps)]
    read = len(record["models"]) * sum(sizes.columns(FEATURES).values())
    return [*found, Usage(READING, len(record["models"]), read, read, read / TIB * prices.reading)]


def seconds_dollars(seconds: float, prices: Prices, *, cpus: int = 2, gibibytes: int = 4) -> float:
    """Return what the job costs that runs so long."""
    return seconds * (cpus * prices.cpu + gibibytes * prices.memory)


def _jobs(client: bigquery.Client, record: dict[str, Any]) -> Iterator[bigquery.QueryJob]:
    started = datetime.fromisoformat(record["started_at"])
    finished = datetime.fromisoformat(record["finished_at"])
    jobs: Iterable[Any] = client.list_jobs(
        all_users=True, min_creation_time=started, max_creation_time=finished, max_results=10_000
    )
    for job in jobs:
        if isinstance(job, bigquery.QueryJob) and started <= job.created <= finished:
            yield job


def _step(query: str) -> str:
    if re.search(r"\bcreate (or replace )?model\b", query, re.IGNORECASE):
        return TRAINING
    if (comment := COMMENT.search(query)) is None:
        return "export"
    try:
        node = str(json.loads(comment[1]).get("node_id", ""))
    except ValueError:
        return "export"
    return KINDS.get(node.split(".")[0], "dbt itself")


def _bytes(job: bigquery.QueryJob, sizes: Sizes) -> tuple[int, int]:
    if job.total_bytes_billed:
        return int(job.total_bytes_processed), int(job.total_bytes_billed)
    times = CANDIDATES if re.search(r"\bmodel_type\W+arima_plus\b", job.query, re.I) else 1
    read = [times * size for size in sizes.read_by(job.query).values()]
    return sum(read), sum(max(LEAST, size) for size in read)


def _usage(step: str, jobs: list[tuple[int, int]], prices: Prices) -> Usage:
    processed, billed = (sum(side) for side in zip(*jobs, strict=True))
    price = prices.training if step == TRAINING else prices.query
    return Usage(step, len(jobs), processed, billed, billed / TIB * price)
