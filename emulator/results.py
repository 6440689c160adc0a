"""Results of jobs: how a handled statement's is stored, and how old ones are let go.

bqemulator keeps every result in memory for ever; here the oldest go once they exceed
LIMIT_BYTES. A client that pages through a result reads it at once, long before that.
"""

from __future__ import annotations

import pyarrow as pa
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import JobMeta
from bqemulator.jobs import executor

from emulator.session import Outcome, Session

LIMIT_BYTES = 512 * 2**20
LIMIT_RESULTS = 2_000
HAS_A_DESTINATION = ("CREATE_TABLE_AS_SELECT", "CREATE_MODEL")


def record(job_id: str, sql: str, outcome: Outcome, session: Session) -> JobMeta:
    """Store a handled statement's result and describe its job."""
    table = pa.table({}) if outcome.table is None else outcome.table
    executor.JOB_RESULTS[job_id] = table
    executor.JOB_SCHEMAS[job_id] = executor.build_response_schema(table.schema)
    statistics = executor._build_query_statistics(
        total_rows=table.num_rows,
        statement_type=outcome.statement_type,
        num_dml_affected_rows=None,
        ddl_operation=outcome.ddl_operation,
    )
    if outcome.ddl_target is not None:
        statistics["query"]["ddlTargetTable"] = _reference(outcome.ddl_target)
    now = session.context.clock.now()
    return JobMeta(
        project_id=session.project,
        job_id=job_id,
        job_type="QUERY",
        state="DONE",
        configuration={"query": _configuration(job_id, sql, outcome, session)},
        statistics=statistics,
        creation_time=now,
        start_time=now,
        end_time=now,
        etag=generate_etag(session.project, job_id, str(now)),
    )


def take(job_id: str) -> pa.Table:
    """Return a result and forget it."""
    executor.JOB_SCHEMAS.pop(job_id, None)
    return executor.JOB_RESULTS.pop(job_id)


def forget_oldest() -> None:
    """Let the oldest results go while all of them are too large."""
    # `copy` is one step; while items are made, a collection may let other jobs' threads write.
    kept = list(executor.JOB_RESULTS.copy().items())
    total = sum(table.nbytes for _, table in kept)
    for at, (job_id, table) in enumerate(kept[:-1]):
        if total <= LIMIT_BYTES and len(kept) - at <= LIMIT_RESULTS:
            return
        total -= table.nbytes
        executor.JOB_RESULTS.pop(job_id, None)
        executor.JOB_SCHEMAS.pop(job_id, None)


def _configuration(job_id: str, sql: str, outcome: Outcome, session: Session) -> dict[str, object]:
    target = outcome.ddl_target
    if outcome.statement_type not in HAS_A_DESTINATION or target is None:
        target = (session.project, executor._ANONYMOUS_RESULTS_DATASET, _anonymous(job_id))
    return {"query": sql, "destinationTable": _reference(target)}


def _anonymous(job_id: str) -> str:
    return f"anon{job_id.replace('-', '')}"


def _reference(target: tuple[str, str, str]) -> dict[str, str]:
    project, dataset, name = target
    return {"projectId": project, "datasetId": dataset, "tableId": name}
