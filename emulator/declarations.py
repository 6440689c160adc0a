"""What DDL declares beside columns: options, labels, clustering, names and types that changed.

bqemulator keeps a table's columns; the rest is put on its catalogue entry here, so that the
REST API, INFORMATION_SCHEMA and Terraform show it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import sqlglot
from bqemulator.catalog import ddl_sync
from bqemulator.catalog.models import Clustering, TableFieldSchema, TableMeta, TableSchema
from bqemulator.domain.errors import InvalidQueryError, ResourceRef, resource_not_found
from bqemulator.storage.sql_identifiers import quoted_table_ref
from sqlglot import exp

from emulator.ml.views import original
from emulator.options import option_value
from emulator.session import Outcome, Session, split_path
from emulator.syntax import bare, table_path

Path3 = tuple[str, str, str]

_SET_OPTIONS = re.compile(
    r"ALTER\s+(?P<kind>TABLE|VIEW|MATERIALIZED\s+VIEW|SCHEMA|EXTERNAL\s+TABLE)\s+"
    r"(?P<exists>IF\s+EXISTS\s+)?(?P<path>[`\w.-]+)\s+"
    r"(?:ALTER\s+COLUMN\s+(?:IF\s+EXISTS\s+)?(?P<column>[`\w]+)\s+)?"
    r"SET\s+OPTIONS\s*\((?P<options>.*)\)\s*$",
    re.IGNORECASE | re.DOTALL,
)
_ALTER_TABLE = re.compile(
    r"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?P<path>[`\w.-]+)\s+"
    r"(?:RENAME\s+TO\s+(?P<new>[`\w]+))?",
    re.IGNORECASE,
)

_bqemulator_sync_dropped = ddl_sync.sync_dropped_object


async def handle(statement: str, session: Session) -> Outcome | None:
    """Run ALTER … SET OPTIONS; None for anything else."""
    match = _SET_OPTIONS.match(statement) if statement[:5].upper() == "ALTER" else None
    if match is None:
        return None
    kind = re.sub(r"\s+", "_", match["kind"].upper())
    options = read_options(match["options"])
    if kind == "SCHEMA":
        return _alter_schema(match, options, session)
    path = session.resolve(match["path"])
    entry = session.context.catalog.get_table(*path)
    if entry is None:
        if match["exists"]:
            return Outcome(None, f"ALTER_{kind}", "SKIP", path)
        raise resource_not_found(ResourceRef("table", *path))
    if match["column"]:
        name = match["column"].strip("`")
        changes = {"schema_": _with_column(entry.schema_, name, options)}
    else:
        changes = _changes(options)
    session.context.catalog.update_table(entry.model_copy(update=changes))
    return Outcome(None, f"ALTER_{kind}", "ALTER", path)


def sync(bq_sql: str, project_id: str, ctx: Any) -> None:
    """Bring the catalogue in line after a statement ran; stands last in bqemulator's row."""
    _bqemulator_sync_dropped(bq_sql, project_id, ctx)
    statement = bare(bq_sql)
    word = statement[:6].upper()
    if word == "CREATE":
        _after_create(statement, project_id, ctx)
    elif word.startswith("ALTER"):
        _after_alter(statement, project_id, ctx)


def read_options(text: str) -> dict[str, Any]:
    """Return the options between the parentheses of OPTIONS(…)."""
    if not text.strip():
        return {}
    try:
        tree = sqlglot.parse_one(f"CREATE TABLE t (x INT64) OPTIONS({text})", read="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise InvalidQueryError(f"Syntax error in OPTIONS: {error}") from error
    return _options_of(tree)


def _options_of(tree: exp.Expr) -> dict[str, Any]:
    properties = tree.args.get("properties")
    return {
        option.name.lower(): _value(option.args["value"])
        for option in (properties.expressions if properties else ())
        if type(option) is exp.Property
    }


def _value(node: exp.Expression) -> Any:
    """Return an option's value; what is no literal is not kept."""
    try:
        return option_value(node)
    except InvalidQueryError:
        return None


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    changes = {name: options[name] for name in ("description", "friendly_name") if name in options}
    if "labels" in options:
        changes["labels"] = {key: value for key, value in options["labels"] or ()}
    return changes


def _alter_schema(match: re.Match[str], options: dict[str, Any], session: Session) -> Outcome:
    parts = split_path(match["path"])
    project, dataset = [session.project, *parts][-2:]
    entry = session.context.catalog.get_dataset(project, dataset)
    if entry is None:
        if match["exists"]:
            return Outcome(None, "ALTER_SCHEMA", "SKIP")
        raise resource_not_found(ResourceRef("dataset", project, dataset))
    session.context.catalog.update_dataset(entry.model_copy(update=_changes(options)))
    return Outcome(None, "ALTER_SCHEMA", "ALTER")


def _after_create(statement: str, project: str, context: Any) -> None:
    try:
        tree = sqlglot.parse_one(statement, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return
    if not isinstance(tree, exp.Create) or tree.kind not in ("TABLE", "VIEW", "SCHEMA"):
        return
    changes = _changes(_options_of(tree))
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    path = [project, *split_path(table_path(target))]
    if tree.kind == "SCHEMA":
        entry = context.catalog.get_dataset(*path[-2:])
        if entry is not None and changes:
            context.catalog.update_dataset(entry.model_copy(update=changes))
        return
    entry = context.catalog.get_table(*path[-3:]) if len(path) >= 3 else None
    if entry is None:
        return
    changes |= _clustering(tree)
    query = original(statement) if tree.kind == "VIEW" else None
    if query is not None:
        changes["view_query"] = query
    if isinstance(tree.this, exp.Schema):
        changes["schema_"] = _with_columns(entry.schema_, tree.this)
    elif tree.kind == "TABLE":
        changes |= _with_int64_sums(entry, context)
    if changes:
        context.catalog.update_table(entry.model_copy(update=changes))


def _with_int64_sums(entry: TableMeta, context: Any) -> dict[str, Any]:
    """Make INT64 of what DuckDB calls HUGEINT: its sum of INT64, which BigQuery's is, too."""
    path = (entry.project_id, entry.dataset_id, entry.table_id)
    table = quoted_table_ref(*path)
    rows = context.engine.execute(f"DESCRIBE {table}").fetchall()
    sums = [row[0] for row in rows if row[1] == "HUGEINT"]
    for name in sums:
        quoted = name.replace('"', '""')
        context.engine.execute(f'ALTER TABLE {table} ALTER "{quoted}" TYPE BIGINT')
    if not sums:
        return {}
    fields = (
        field.model_copy(update={"type": "INTEGER"}) if field.name in sums else field
        for field in entry.schema_.fields
    )
    return {"schema_": TableSchema(fields=tuple(fields))}


def _clustering(tree: exp.Create) -> dict[str, Any]:
    properties = tree.args.get("properties")
    for option in properties.expressions if properties else ():
        if isinstance(option, exp.ClusterProperty):
            fields = tuple(column.name for column in option.expressions)
            return {"clustering": Clustering(fields=fields)}
    return {}


def _with_columns(schema: TableSchema, declared: exp.Schema) -> TableSchema:
    for column in declared.find_all(exp.ColumnDef):
        for constraint in column.constraints:
            if isinstance(constraint.kind, exp.Properties):
                options = {
                    option.name.lower(): _value(option.args["value"])
                    for option in constraint.kind.expressions
                }
                schema = _with_column(schema, column.name, options)
    return schema


def _with_column(schema: TableSchema, name: str, options: dict[str, Any]) -> TableSchema:
    if name.lower() not in (field.name.lower() for field in schema.fields):
        raise InvalidQueryError(f"Column not found: {name}")
    if "description" not in options:
        return schema
    described = {"description": options["description"]}
    return TableSchema(
        fields=tuple(
            field.model_copy(update=described) if field.name.lower() == name.lower() else field
            for field in schema.fields
        )
    )


def _after_alter(statement: str, project: str, context: Any) -> None:
    match = _ALTER_TABLE.match(statement)
    if match is None:
        return
    path = [project, *split_path(match["path"])][-3:]
    entry = context.catalog.get_table(*path) if len(path) == 3 else None
    if entry is None or entry.table_type != "TABLE":
        return
    if match["new"]:
        new = match["new"].strip("`")
        context.catalog.delete_table(*path, not_found_ok=True)
        context.catalog.create_table(entry.model_copy(update={"table_id": new}))
        return
    dataset_project, dataset, name = path
    schema = ddl_sync._introspect_schema(dataset_project, dataset, name, context)
    fields = schema.fields
    known = {field.name: field for field in entry.schema_.fields}
    merged = tuple(_described(field, known.get(field.name)) for field in fields)
    changes = {"schema_": TableSchema(fields=merged), "last_modified_time": _now(context)}
    context.catalog.update_table(entry.model_copy(update=changes))


def _described(field: TableFieldSchema, before: TableFieldSchema | None) -> TableFieldSchema:
    if before is None or before.description is None:
        return field
    return field.model_copy(update={"description": before.description})


def _now(context: Any) -> datetime:
    now: datetime = context.clock.now()
    return now
