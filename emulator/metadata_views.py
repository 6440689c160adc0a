"""The metadata views: their columns, and their rows out of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from bqemulator.catalog.models import TableFieldSchema, TableMeta
from bqemulator.sql.rewriter.information_schema import _partition_field, _render_data_type
from bqemulator.storage.sql_identifiers import schema_name

Rows = Callable[[tuple[TableMeta, ...], Any], Iterator[dict[str, Any]]]

TYPES = {"VIEW": 2, "EXTERNAL": 3, "MATERIALIZED_VIEW": 4}
TYPE_NAMES = {"TABLE": "BASE TABLE", "CLONE": "CLONE", "MATERIALIZED_VIEW": "MATERIALIZED VIEW"}
NAME = [("table_catalog", "STRING"), ("table_schema", "STRING"), ("table_name", "STRING")]


def _names(table: TableMeta) -> dict[str, Any]:
    return {
        "table_catalog": table.project_id,
        "table_schema": table.dataset_id,
        "table_name": table.table_id,
    }


def _tables(tables: tuple[TableMeta, ...], context: Any) -> Iterator[dict[str, Any]]:
    counts: dict[str, int] = {}
    if tables:
        schema = schema_name(tables[0].project_id, tables[0].dataset_id)
        counted = context.engine.execute(
            "SELECT table_name, estimated_size FROM duckdb_tables() WHERE schema_name = ?", [schema]
        )
        counts = dict(counted.fetchall())
    for table in tables:
        yield {
            "project_id": table.project_id,
            "dataset_id": table.dataset_id,
            "table_id": table.table_id,
            "creation_time": int(table.creation_time.timestamp() * 1000),
            "last_modified_time": int(table.last_modified_time.timestamp() * 1000),
            "row_count": counts.get(table.table_id, 0),
            "size_bytes": table.num_bytes,
            "type": TYPES.get(table.table_type, 1),
        }


def _table_list(tables: tuple[TableMeta, ...], context: Any) -> Iterator[dict[str, Any]]:
    for table in tables:
        yield _names(table) | {
            "table_type": TYPE_NAMES.get(table.table_type, table.table_type),
            "is_insertable_into": "YES" if table.table_type == "TABLE" else "NO",
            "is_typed": "NO",
            "creation_time": table.creation_time,
        }


def _views(tables: tuple[TableMeta, ...], context: Any) -> Iterator[dict[str, Any]]:
    for table in tables:
        if table.table_type == "VIEW":
            yield _names(table) | {"view_definition": table.view_query, "use_standard_sql": "YES"}


def _materialized_views(tables: tuple[TableMeta, ...], context: Any) -> Iterator[dict[str, Any]]:
    for table in tables:
        if table.table_type == "MATERIALIZED_VIEW":
            yield _names(table) | {"last_refresh_time": table.last_modified_time}


def _columns(tables: tuple[TableMeta, ...], context: Any) -> Iterator[dict[str, Any]]:
    for table in tables:
        clustering = list(table.clustering.fields) if table.clustering else []
        for ordinal, field in enumerate(table.schema_.fields, start=1):
            position = clustering.index(field.name) + 1 if field.name in clustering else None
            partitions = field.name == _partition_field(table)
            yield _names(table) | {
                "column_name": field.name,
                "ordinal_position": ordinal,
                "is_nullable": "NO" if field.mode == "REQUIRED" else "YES",
                "data_type": _render_data_type(field),
                "is_generated": "NEVER",
                "is_hidden": "NO",
                "is_updatable": "YES" if table.table_type == "TABLE" else "NO",
                "is_system_defined": "NO",
                "is_partitioning_column": "YES" if partitions else "NO",
                "clustering_ordinal_position": position,
                "collation_name": field.collation or "NULL",
            }


def _field_paths(tables: tuple[TableMeta, ...], context: Any) -> Iterator[dict[str, Any]]:
    for table in tables:
        if table.table_type == "EXTERNAL":
            continue
        for column in table.schema_.fields:
            for path, field in _nested(column, column.name):
                yield _names(table) | {
                    "column_name": column.name,
                    "field_path": path,
                    "data_type": _render_data_type(field),
                    "description": field.description,
                    "collation_name": field.collation or "NULL",
                }


def _nested(field: TableFieldSchema, path: str) -> Iterator[tuple[str, TableFieldSchema]]:
    yield path, field
    for inner in field.fields:
        yield from _nested(inner, f"{path}.{inner.name}")


def _options(tables: tuple[TableMeta, ...], context: Any) -> Iterator[dict[str, Any]]:
    for table in tables:
        for name, text in (
            ("description", table.description),
            ("friendly_name", table.friendly_name),
        ):
            if text:
                yield _option(table, name, "STRING", json.dumps(text, ensure_ascii=False))
        if table.labels:
            pairs = ", ".join(
                f'STRUCT("{key}", "{value}")' for key, value in sorted(table.labels.items())
            )
            yield _option(table, "labels", "ARRAY<STRUCT<STRING, STRING>>", f"[{pairs}]")


def _option(table: TableMeta, name: str, kind: str, value: str) -> dict[str, Any]:
    return _names(table) | {"option_name": name, "option_type": kind, "option_value": value}


VIEWS: dict[str, tuple[list[tuple[str, str]], Rows]] = {
    "__TABLES__": (
        [
            *((name, "STRING") for name in ("project_id", "dataset_id", "table_id")),
            *((name, "INT64") for name in ("creation_time", "last_modified_time")),
            *((name, "INT64") for name in ("row_count", "size_bytes", "type")),
        ],
        _tables,
    ),
    "INFORMATION_SCHEMA.TABLES": (
        [
            *NAME,
            *((name, "STRING") for name in ("table_type", "is_insertable_into", "is_typed")),
            ("creation_time", "TIMESTAMP"),
            *((f"base_table_{part}", "STRING") for part in ("catalog", "schema", "name")),
            ("snapshot_time_ms", "TIMESTAMP"),
            *((name, "STRING") for name in ("ddl", "default_collation_name")),
        ],
        _table_list,
    ),
    "INFORMATION_SCHEMA.VIEWS": (
        [
            *NAME,
            *((name, "STRING") for name in ("view_definition", "check_option")),
            ("use_standard_sql", "STRING"),
        ],
        _views,
    ),
    "INFORMATION_SCHEMA.MATERIALIZED_VIEWS": (
        [
            *NAME,
            ("last_refresh_time", "TIMESTAMP"),
            ("refresh_watermark", "TIMESTAMP"),
        ],
        _materialized_views,
    ),
    "INFORMATION_SCHEMA.COLUMNS": (
        [
            *NAME,
            ("column_name", "STRING"),
            ("ordinal_position", "INT64"),
            *((name, "STRING") for name in ("is_nullable", "data_type", "is_generated")),
            *((name, "STRING") for name in ("generation_expression", "is_stored", "is_hidden")),
            *((name, "STRING") for name in ("is_updatable", "is_system_defined")),
            ("is_partitioning_column", "STRING"),
            ("clustering_ordinal_position", "INT64"),
            *((name, "STRING") for name in ("collation_name", "column_default", "rounding_mode")),
        ],
        _columns,
    ),
    "INFORMATION_SCHEMA.COLUMN_FIELD_PATHS": (
        [
            *NAME,
            *((name, "STRING") for name in ("column_name", "field_path", "data_type")),
            *((name, "STRING") for name in ("description", "collation_name", "rounding_mode")),
        ],
        _field_paths,
    ),
    "INFORMATION_SCHEMA.TABLE_OPTIONS": (
        [*NAME, *((name, "STRING") for name in ("option_name", "option_type", "option_value"))],
        _options,
    ),
}
VIEWS["__TABLES_SUMMARY__"] = VIEWS["__TABLES__"]
