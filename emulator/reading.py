"""The Storage Read API: results of queries too, in messages that clients accept.

Only tables are read, as on Google Cloud: a view or an external table is refused. Old
sessions are let go, since bqemulator keeps each one's rows in memory.
"""

from __future__ import annotations

from typing import Any

import grpc
import pyarrow as pa
from bqemulator.grpc_api import read_servicer
from bqemulator.jobs.executor import _ANONYMOUS_RESULTS_DATASET, JOB_RESULTS
from bqemulator.streaming import read_session

MESSAGE_BYTES = 4 * 2**20
KEPT_SESSIONS = 50

_bqemulator_create_read_session = read_session.create_read_session
_TableReadHandler = read_servicer.BigQueryReadHandler


def create_read_session(
    project_id: str, table_ref: str, arrow_table: pa.Table, **options: Any
) -> read_session.ReadSessionState:
    """Make a session whose messages stay small; stands where bqemulator's function stood."""
    for name in list(read_session._SESSIONS)[:-KEPT_SESSIONS]:
        read_session._SESSIONS.pop(name, None)
    return _bqemulator_create_read_session(project_id, table_ref, in_pieces(arrow_table), **options)


def in_pieces(table: pa.Table) -> pa.Table:
    """Return the table in chunks of at most MESSAGE_BYTES, as far as rows allow."""
    if not table.num_rows:
        return table
    rows = max(1, MESSAGE_BYTES * table.num_rows // max(table.nbytes, 1))
    return pa.Table.from_batches(table.combine_chunks().to_batches(rows), table.schema)


class ReadHandler(_TableReadHandler):
    """bqemulator's Storage Read API with results of queries."""

    def _handle_create_read_session(
        self, request_bytes: bytes, context: grpc.ServicerContext
    ) -> bytes:
        from google.cloud.bigquery_storage_v1 import types

        request = types.CreateReadSessionRequest.deserialize(request_bytes)
        path = read_servicer._parse_table_path(request.read_session.table)
        if path is not None and path[1] == _ANONYMOUS_RESULTS_DATASET:
            return self._read_result(request, path[2], context)
        entry = None if path is None else self._ctx.catalog.get_table(*path)
        if entry is not None and entry.table_type in ("VIEW", "EXTERNAL"):
            return _refuse(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                f"request failed: {entry.table_type.lower()} '{'.'.join(path or ())}' cannot be "
                "read with the Storage API; read a table, or a query's result.",
            )
        return super()._handle_create_read_session(request_bytes, context)

    def _read_result(self, request: Any, table_id: str, context: grpc.ServicerContext) -> bytes:
        from google.cloud.bigquery_storage_v1 import types

        session = request.read_session
        result = result_of(table_id)
        if result is None:
            return _refuse(context, grpc.StatusCode.NOT_FOUND, f"Not found: Table {session.table}")
        if session.read_options.row_restriction:
            return _refuse(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                "row_restriction is not emulated for results of queries; filter in the query.",
            )
        formats = read_servicer._resolve_data_format(session, context)
        if formats is None:
            return b""
        state = create_read_session(
            request.parent.removeprefix("projects/"),
            session.table,
            result,
            max_streams=request.max_stream_count or 1,
            selected_fields=read_servicer._selected_fields(session),
            data_format=formats[0],
        )
        response = read_servicer._build_read_session_response(
            state=state,
            read_session=session,
            session_format=formats[0],
            wire_format=formats[1],
            arrow_table=state.table,
        )
        self._ctx.metrics.read_streams_active.inc(len(state.streams))
        serialized: bytes = types.ReadSession.serialize(response)
        return serialized


def result_of(table_id: str) -> pa.Table | None:
    """Return a query's result by the name of its anonymous table."""
    flat = table_id.removeprefix("anon")
    for job_id in (flat, *reversed(JOB_RESULTS)):
        if job_id.replace("-", "") == flat and job_id in JOB_RESULTS:
            return JOB_RESULTS[job_id]
    return None


def _refuse(context: grpc.ServicerContext, code: grpc.StatusCode, message: str) -> bytes:
    context.set_code(code)
    context.set_details(message)
    return b""
