"""The Tables REST resource: what bqemulator's routes leave out.

What was sent comes back (Terraform must see no difference): views and external tables with
their definitions, labels, descriptions, modes. Row counts are today's.
"""

from __future__ import annotations

from typing import Annotated, Any

from bqemulator.api.dependencies import AppContext, get_context
from bqemulator.api.routes import tables as theirs
from bqemulator.catalog.models import TableMeta, TableSchema
from bqemulator.domain.errors import (
    InvalidQueryError,
    ResourceRef,
    ValidationError,
    resource_already_exists,
    resource_not_found,
)
from bqemulator.storage.sql_identifiers import quoted_table_ref
from bqemulator.storage.type_map import bq_schema_to_duckdb_columns
from fastapi import APIRouter, Depends, Request, Response, status

from emulator import jobs
from emulator.external.definition import of_entry
from emulator.external.tables import external_tables
from emulator.uniqueness import check_no_model

router = APIRouter(prefix="/bigquery/v2", tags=["tables"])
TABLES = "/projects/{project_id}/datasets/{dataset_id}/tables"
TABLE = TABLES + "/{table_id}"
PRIVATE = ("detected", "schema", "tableReference", "kind", "type", "id", "etag", "selfLink")
KEPT = ("friendlyName", "description", "labels", "expirationTime", "externalDataConfiguration")

Context = Annotated[AppContext, Depends(get_context)]


@router.post(TABLES)
async def insert_table(
    project_id: str, dataset_id: str, request: Request, context: Context
) -> dict[str, Any]:
    """Create a table, view or external table."""
    body = await request.json()
    table_id = (body.get("tableReference") or {}).get("tableId")
    if not table_id:
        raise ValidationError("Required parameter is missing: tableReference.tableId")
    path = (project_id, dataset_id, table_id)
    if context.catalog.get_dataset(project_id, dataset_id) is None:
        raise resource_not_found(ResourceRef("dataset", project_id, dataset_id))
    check_no_model(path, context)
    if body.get("externalDataConfiguration"):
        return resource(external_tables(context).create(path, body), context)
    if (body.get("view") or {}).get("query"):
        return resource(await _create_view(path, body, context), context)
    await theirs.insert_table(project_id, dataset_id, request, context)
    return resource(_entry(path, context), context)


@router.get(TABLE)
def get_table(project_id: str, dataset_id: str, table_id: str, context: Context) -> dict[str, Any]:
    """Return a table."""
    entry = context.catalog.get_table(project_id, dataset_id, table_id)
    if entry is None:
        result: dict[str, Any] = theirs.get_table(project_id, dataset_id, table_id, context)
        return {"location": "US", **result}
    return resource(entry, context)


@router.patch(TABLE)
@router.put(TABLE)
async def update_table(
    project_id: str, dataset_id: str, table_id: str, request: Request, context: Context
) -> dict[str, Any]:
    """Change a table: what the body names (PATCH) or all that can change (PUT)."""
    path = (project_id, dataset_id, table_id)
    entry, body = _entry(path, context), await request.json()
    if request.method == "PUT":
        body = {name: None for name in KEPT if name != "externalDataConfiguration"} | body
    if (body.get("view") or {}).get("query"):
        return resource(await _create_view(path, _merged(entry, body), context), context)
    if entry.table_type == "EXTERNAL":
        merged = {**(of_entry(entry) or {}), **_external_changes(body)}
        return resource(external_tables(context).create(path, merged, replaces=True), context)
    changes = _changes(body)
    fields = (body.get("schema") or {}).get("fields")
    if fields:
        changes["schema_"] = _new_schema(entry, fields, context)
    changes["last_modified_time"] = context.clock.now()
    return resource(context.catalog.update_table(entry.model_copy(update=changes)), context)


@router.delete(TABLE, status_code=status.HTTP_204_NO_CONTENT)
async def delete_table(
    project_id: str, dataset_id: str, table_id: str, context: Context
) -> Response:
    """Delete a table, view or external table."""
    path = (project_id, dataset_id, table_id)
    entry = _entry(path, context)
    if entry.table_type == "EXTERNAL":
        external_tables(context).drop(path)
    elif entry.table_type == "VIEW":
        context.engine.execute(f"DROP VIEW IF EXISTS {quoted_table_ref(*path)}")
        context.catalog.delete_table(*path, not_found_ok=True)
    else:
        await theirs.delete_table(project_id, dataset_id, table_id, context)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def resource(entry: TableMeta, context: AppContext) -> dict[str, Any]:
    """Return a catalogue entry as the REST API shows it."""
    path = (entry.project_id, entry.dataset_id, entry.table_id)
    dataset = context.catalog.get_dataset(*path[:2])
    body: dict[str, Any] = theirs._table_to_rest(entry)
    body["location"] = dataset.location if dataset else "US"
    body["selfLink"] = (
        f"https://bigquery.googleapis.com/bigquery/v2/projects/{path[0]}/datasets/{path[1]}"
        f"/tables/{path[2]}"
    )
    if entry.table_type == "VIEW" and entry.view_query:
        body["view"] = {"query": entry.view_query, "useLegacySql": False}
    if entry.expiration_time is not None:
        body["expirationTime"] = str(int(entry.expiration_time.timestamp() * 1000))
    external = of_entry(entry)
    if external is not None:
        sent = {name: value for name, value in external.items() if name not in PRIVATE}
        body |= {**sent, "schema": external["schema"]}
    if entry.table_type == "TABLE":
        body["numRows"] = str(_row_count(path, context))
    return body


def _entry(path: tuple[str, str, str], context: AppContext) -> TableMeta:
    entry = context.catalog.get_table(*path)
    if entry is None:
        raise resource_not_found(ResourceRef("table", *path))
    return entry


async def _create_view(
    path: tuple[str, str, str], body: dict[str, Any], context: AppContext
) -> TableMeta:
    existing = context.catalog.get_table(*path)
    if existing is not None and existing.table_type != "VIEW":
        raise resource_already_exists(ResourceRef("table", *path))
    name = "`" + "`.`".join(path) + "`"
    await jobs.execute_query_job(
        path[0],
        f"view_{'_'.join(path)}",
        f"CREATE OR REPLACE VIEW {name} AS {body['view']['query']}",
        None,
        context,
    )
    changes = _changes(body) | {"view_query": body["view"]["query"]}
    return context.catalog.update_table(_entry(path, context).model_copy(update=changes))


def _changes(body: dict[str, Any]) -> dict[str, Any]:
    """Return what a body changes of a catalogue entry."""
    names = {"friendlyName": "friendly_name", "description": "description", "labels": "labels"}
    changes = {names[name]: body[name] for name in names if name in body}
    if "labels" in changes:
        changes["labels"] = {
            key: value for key, value in (changes["labels"] or {}).items() if value is not None
        }
    if body.get("clustering"):
        changes["clustering"] = theirs._rest_to_clustering(body["clustering"], None)
    return changes


def _merged(entry: TableMeta, body: dict[str, Any]) -> dict[str, Any]:
    labels = {**entry.labels, **(body.get("labels") or {})}
    return {"friendlyName": entry.friendly_name, "description": entry.description} | {
        **body,
        "labels": labels,
    }


def _external_changes(body: dict[str, Any]) -> dict[str, Any]:
    changes = {name: body[name] for name in KEPT if name in body}
    if body.get("schema") is not None:
        changes["schema"] = body["schema"]
    elif (body.get("externalDataConfiguration") or {}).get("autodetect"):
        changes["schema"] = None
    return changes


def _new_schema(entry: TableMeta, raw: list[dict[str, Any]], context: AppContext) -> TableSchema:
    """Return the new schema, after adding its new columns to a native table.

    Raises
    ------
    InvalidQueryError
        If a column is missing or has another type: BigQuery only adds columns.
    """
    schema = TableSchema(fields=theirs._parse_schema_fields(raw))
    if entry.table_type != "TABLE":
        return schema
    new = {field.name.lower(): field for field in schema.fields}
    name = f"{entry.project_id}:{entry.dataset_id}.{entry.table_id}"
    for field in entry.schema_.fields:
        if field.name.lower() not in new:
            raise InvalidQueryError(
                f"Provided Schema does not match Table {name}. Field {field.name} is missing in "
                "new schema"
            )
    known = {field.name.lower() for field in entry.schema_.fields}
    table = quoted_table_ref(entry.project_id, entry.dataset_id, entry.table_id)
    added = [theirs._field_to_rest(field) for key, field in new.items() if key not in known]
    for column, kind in bq_schema_to_duckdb_columns(added):
        context.engine.execute(f'ALTER TABLE {table} ADD COLUMN "{column}" {kind}')
    return schema


def _row_count(path: tuple[str, str, str], context: AppContext) -> int:
    counted = context.engine.execute(f"SELECT count(*) FROM {quoted_table_ref(*path)}").fetchone()
    return int(counted[0]) if counted else 0
