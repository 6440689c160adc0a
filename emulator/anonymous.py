"""Results of earlier queries in SQL: on BigQuery each is a table that a statement may read."""

from __future__ import annotations

import re

from bqemulator.jobs import executor

from emulator.ml.results import ResultTable
from emulator.session import Session

DATASET = executor._ANONYMOUS_RESULTS_DATASET
_PATH = re.compile(rf"(?:`?[\w-]+`?\s*\.\s*)?`?{DATASET}`?\s*\.\s*`?anon(\w+)`?")


async def rewrite(statement: str, session: Session) -> str:
    """Put a copy where a statement names the result of a query that is still kept."""
    if DATASET not in statement:
        return statement
    kept = {job_id.replace("-", ""): job_id for job_id in executor.JOB_RESULTS}

    def copied(found: re.Match[str]) -> str:
        job_id = kept.get(found[1])
        if job_id is None:
            return found.group()
        result = executor.JOB_RESULTS[job_id]
        copy = ResultTable(session, result.schema)
        copy.append(result)
        return str(copy.path)

    return _PATH.sub(copied, statement)
