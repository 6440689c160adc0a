"""Load jobs: CSV, JSON and Parquet files into a table, as `configuration.load` says.

bqemulator loads a file but ignores its options (delimiter, leading rows, new schema on
WRITE_TRUNCATE). Here CSV is read as an external table's files are, with the same errors;
other formats of bqemulator's are left to it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bqemulator.api.routes import jobs as job_routes
from bqemulator.api.routes.tables import _field_to_rest, _parse_schema_fields
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import Clustering, JobMeta, TableFieldSchema, TableMeta, TableSchema
from bqemulator.domain.errors import (
    DomainError,
    InvalidQueryError,
    ResourceRef,
    ValidationError,
    resource_already_exists,
    resource_not_found,
)
from bqemulator.jobs import executor
from bqemulator.storage.sql_identifiers import quoted_table_ref
from bqemulator.storage.type_map import bq_schema_to_duckdb_columns, duckdb_type_to_bq_field

from emulator.external.definition import CsvTable, parse
from emulator.external.detection import detect_schema
from emulator.external.files import SourceFile, find, nothing_found
from emulator.external.sources import prepare
from emulator.external.tables import first_problem, rest_field
from emulator.external.views import FILE_NAME, view_sql
from emulator.jobs import in_thread
from emulator.uniqueness import check_no_model

Path3 = tuple[str, str, str]

CSV_OPTIONS = (
    *("fieldDelimiter", "skipLeadingRows", "quote", "allowQuotedNewlines", "allowJaggedRows"),
    *("encoding", "nullMarker", "nullMarkers", "preserveAsciiControlCharacters"),
    "sourceColumnMatch",
)
OPTIONS = ("autodetect", "maxBadRecords", "ignoreUnknownValues", "schema")
GZIP_MAGIC = b"\x1f\x8b"
LOADING_SUFFIX = "__loading"
OURS = ("CSV", "NEWLINE_DELIMITED_JSON", "PARQUET")

_bqemulator_load_job = executor.execute_load_job
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Rows:
    """A load's rows: their columns, and the DuckDB query that reads them."""

    fields: tuple[TableFieldSchema, ...]
    sql: str
    problem: Callable[[], InvalidQueryError | None] = lambda: None


async def execute_load_job(
    project_id: str, job_id: str, config: dict[str, Any], ctx: Any
) -> JobMeta:
    """Run a load job in a thread; stands where bqemulator's function of this name stood."""
    source_format = str(config["load"].get("sourceFormat") or "CSV").upper()
    if source_format not in OURS:
        return await in_thread(lambda: _bqemulator_load_job(project_id, job_id, config, ctx))

    async def job() -> JobMeta:
        try:
            with _one_at_a_time:
                return _load(project_id, job_id, config, source_format, ctx)
        except DomainError as error:
            result = job_routes._domain_error_to_error_result(error)  # type: ignore[arg-type]
            now = ctx.clock.now()
            return job_routes._failed_job_meta(project_id, job_id, "LOAD", config, result, now)

    return await in_thread(job)


def _load(
    project_id: str, job_id: str, config: dict[str, Any], source_format: str, context: Any
) -> JobMeta:
    load = config["load"]
    reference = load.get("destinationTable") or {}
    path = (
        reference.get("projectId") or project_id,
        reference.get("datasetId", ""),
        reference.get("tableId", "").partition("$")[0],
    )
    started = context.clock.now()
    if context.catalog.get_dataset(*path[:2]) is None:
        raise resource_not_found(ResourceRef("dataset", *path[:2]))
    check_no_model(path, context)
    files = _files(load, context)
    rows = _READERS[source_format](path, load, files, context)
    count = _write(path, load, rows, context)
    return JobMeta(
        project_id=project_id,
        job_id=job_id,
        job_type="LOAD",
        state="DONE",
        configuration=config,
        statistics={
            "load": {
                "inputFiles": str(len(files)),
                "inputFileBytes": str(sum(file.size for file in files)),
                "outputRows": str(count),
                "badRecords": "0",
            }
        },
        creation_time=started,
        start_time=started,
        end_time=context.clock.now(),
        etag=generate_etag(project_id, job_id, str(started)),
    )


def _files(load: dict[str, Any], context: Any) -> tuple[SourceFile, ...]:
    uris = load.get("sourceUris") or []
    local = [uri.removeprefix("file://") for uri in uris if uri.startswith("file://")]
    files = tuple(SourceFile(path, "uploaded file", 0, 0) for path in local)
    remote = [uri for uri in uris if uri.startswith("gs://")]
    found = find(remote, context.settings.gcs_local_root)
    if remote and not found:
        raise nothing_found("load", remote)
    if not files and not found:
        raise ValidationError("Required parameter is missing: sourceUris")
    return files + found


def _csv(path: Path3, load: dict[str, Any], files: tuple[SourceFile, ...], context: Any) -> Rows:
    config: dict[str, Any] = {name: load[name] for name in OPTIONS if name in load}
    existing = context.catalog.get_table(*path)
    if not (load.get("schema") or {}).get("fields") and existing is not None:
        if load.get("writeDisposition") != "WRITE_TRUNCATE" or not load.get("autodetect"):
            config["schema"] = {"fields": [_field_to_rest(one) for one in existing.schema_.fields]}
    config |= {"sourceFormat": "CSV", "sourceUris": ["gs://load/file"]}
    if _are_compressed(files):
        config["compression"] = "GZIP"
    config["csvOptions"] = {name: load[name] for name in CSV_OPTIONS if name in load}
    table = parse(path, {"externalDataConfiguration": config})
    if table.autodetect:
        table = detect_schema(files[0].path, table)
    sources = [prepare(table, file, context.settings.data_dir / "external") for file in files]
    bad = sum(source.bad_records for source in sources)
    if any(one.problem and not one.bad_records for one in sources) or bad > table.max_bad_records:
        raise first_problem(table, sources) or InvalidQueryError("Error while reading data")
    sql = f"SELECT * EXCLUDE ({FILE_NAME}) FROM ({view_sql(table, sources, '')})"
    raw = (config.get("schema") or {}).get("fields") or [rest_field(c) for c in table.columns]
    return Rows(_parse_schema_fields(raw), sql, lambda: _problem(table, files, context))


def _problem(
    table: CsvTable, files: tuple[SourceFile, ...], context: Any
) -> InvalidQueryError | None:
    cache = context.settings.data_dir / "external"
    return first_problem(table, [prepare(table, file, cache) for file in files])


def _json(path: Path3, load: dict[str, Any], files: tuple[SourceFile, ...], context: Any) -> Rows:
    fields = _declared(path, load, context)
    names = ", ".join(_text(file.path) for file in files)
    options = "format='newline_delimited', maximum_object_size=100000000"
    if _are_compressed(files):
        options += ", compression='gzip'"
    if not fields:
        sql = f"SELECT * FROM read_json([{names}], {options})"
        return Rows(_described(sql, context), sql)
    columns = dict(bq_schema_to_duckdb_columns([_field_to_rest(field) for field in fields]))
    shape = json.dumps(columns).replace("'", "''").replace('"', "'")
    return Rows(fields, f"SELECT * FROM read_json([{names}], {options}, columns={shape})")


def _are_compressed(files: tuple[SourceFile, ...]) -> bool:
    """Tell whether the files are gzip's; BigQuery takes no mixture of both in one job.

    Raises
    ------
    InvalidQueryError
        If some are and some are not.
    """
    found = set()
    for file in files:
        with open(file.path, "rb") as content:
            found.add(content.read(2) == GZIP_MAGIC)
    if len(found) > 1:
        raise InvalidQueryError(
            "Error while reading data, error message: compressed and uncompressed files cannot be "
            "loaded by one job."
        )
    return found == {True}


def _parquet(
    path: Path3, load: dict[str, Any], files: tuple[SourceFile, ...], context: Any
) -> Rows:
    names = ", ".join(_text(file.path) for file in files)
    sql = f"SELECT * FROM read_parquet([{names}], union_by_name=true)"
    return Rows(_declared(path, load, context) or _described(sql, context), sql)


_READERS = {"CSV": _csv, "NEWLINE_DELIMITED_JSON": _json, "PARQUET": _parquet}


def _declared(path: Path3, load: dict[str, Any], context: Any) -> tuple[TableFieldSchema, ...]:
    fields = (load.get("schema") or {}).get("fields")
    if fields:
        return tuple(_parse_schema_fields(fields))
    existing = context.catalog.get_table(*path)
    if existing is None or load.get("writeDisposition") == "WRITE_TRUNCATE":
        return ()
    return tuple(existing.schema_.fields)


def _described(sql: str, context: Any) -> tuple[TableFieldSchema, ...]:
    described = context.engine.execute(f"DESCRIBE {sql}").fetchall()
    return tuple(
        _parse_schema_fields([duckdb_type_to_bq_field(name, kind) for name, kind, *_ in described])
    )


def _write(path: Path3, load: dict[str, Any], rows: Rows, context: Any) -> int:
    """Write the rows as the dispositions say and return how many there are."""
    existing = context.catalog.get_table(*path)
    disposition = load.get("writeDisposition") or "WRITE_APPEND"
    if existing is None and load.get("createDisposition") == "CREATE_NEVER":
        raise resource_not_found(ResourceRef("table", *path))
    target = quoted_table_ref(*path)
    if existing is not None and existing.table_type != "TABLE":
        raise InvalidQueryError(f"Cannot load into {'.'.join(path)}: it is a {existing.table_type}")
    if existing is not None and disposition == "WRITE_EMPTY" and _count(target, context):
        raise resource_already_exists(ResourceRef("table", *path))
    fresh = f'{target[:-1]}__loading"'
    _run(f"CREATE OR REPLACE TABLE {fresh} ({_columns(rows.fields)})", rows, context)
    try:
        _run(f"INSERT INTO {fresh} BY NAME {rows.sql}", rows, context)
        count = _count(fresh, context)
        if existing is None or disposition == "WRITE_TRUNCATE":
            _run(f"CREATE OR REPLACE TABLE {target} ({_columns(rows.fields)})", rows, context)
        _run(f"INSERT INTO {target} BY NAME SELECT {_all(rows)} FROM {fresh}", rows, context)
    finally:
        context.engine.execute(f"DROP TABLE IF EXISTS {fresh}")
    _register(path, load, rows, existing, disposition, context)
    return count


def _run(sql: str, rows: Rows, context: Any) -> None:
    try:
        context.engine.execute(sql)
    except Exception as error:
        raise rows.problem() or InvalidQueryError(
            f"Error while reading data, error message: {error}"
        ) from error


def _columns(fields: tuple[TableFieldSchema, ...]) -> str:
    columns = bq_schema_to_duckdb_columns([_field_to_rest(field) for field in fields])
    required = {field.name for field in fields if field.mode == "REQUIRED"}
    return ", ".join(
        f'"{name}" {kind}{" NOT NULL" if name in required else ""}' for name, kind in columns
    )


def _all(rows: Rows) -> str:
    """Return the columns to write: an array is never NULL in BigQuery."""
    arrays = [f'"{field.name}"' for field in rows.fields if field.mode == "REPEATED"]
    empty = ", ".join(f"coalesce({array}, []) AS {array}" for array in arrays)
    return f"* REPLACE ({empty})" if arrays else "*"


def _count(table: str, context: Any) -> int:
    return int(context.engine.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _register(
    path: Path3,
    load: dict[str, Any],
    rows: Rows,
    existing: TableMeta | None,
    disposition: str,
    context: Any,
) -> None:
    now = context.clock.now()
    if existing is not None:
        changes: dict[str, Any] = {"last_modified_time": now}
        if disposition == "WRITE_TRUNCATE":
            changes["schema_"] = TableSchema(fields=rows.fields)
        context.catalog.update_table(existing.model_copy(update=changes))
        return
    properties = load.get("destinationTableProperties") or {}
    clustering = (load.get("clustering") or {}).get("fields")
    context.catalog.create_table(
        TableMeta(
            project_id=path[0],
            dataset_id=path[1],
            table_id=path[2],
            schema=TableSchema(fields=rows.fields),
            description=properties.get("description"),
            friendly_name=properties.get("friendlyName"),
            labels=properties.get("labels") or {},
            clustering=Clustering(fields=tuple(clustering)) if clustering else None,
            creation_time=now,
            last_modified_time=now,
            etag=generate_etag(*path, "TABLE", str(now)),
        )
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
