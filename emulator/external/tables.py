"""The external tables of a running emulator: made, kept fresh, explained, dropped."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from bqemulator.api.routes.tables import _parse_schema_fields
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import TableMeta, TableSchema
from bqemulator.domain.errors import (
    InvalidQueryError,
    ResourceRef,
    resource_already_exists,
    resource_not_found,
)
from bqemulator.storage.sql_identifiers import quoted_table_ref

from emulator.external.definition import WIRE_TYPES, Column, CsvTable, of_entry, parse
from emulator.external.detection import detect_schema
from emulator.external.files import SourceFile, find, no_columns, nothing_found
from emulator.external.problems import problem_of
from emulator.external.records import read_text
from emulator.external.sources import Source, prepare, records_of
from emulator.external.views import FAILED, FILE_NAME, failing_sql, hidden_name, view_sql

Path3 = tuple[str, str, str]
Version = tuple[str, tuple[SourceFile, ...]]

_of_engine: WeakKeyDictionary[Any, ExternalTables] = WeakKeyDictionary()


def external_tables(context: Any) -> ExternalTables:
    """Return the external tables of the emulator that `context` belongs to."""
    tables = _of_engine.get(context.engine)
    if tables is None:
        tables = _of_engine.setdefault(context.engine, ExternalTables(context))
    return tables


class ExternalTables:
    """Keeps each external table's DuckDB view on its files of this moment."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._root = context.settings.gcs_local_root
        self._cache = context.settings.data_dir / "external"
        self._lock = threading.RLock()
        self._made: dict[Path3, Version] = {}
        self._sources: dict[tuple[Path3, str, SourceFile], Source] = {}
        self._paths = {
            (entry.project_id, entry.dataset_id, entry.table_id)
            for dataset in context.catalog.list_all_datasets()
            for entry in context.catalog.list_tables(dataset.project_id, dataset.dataset_id)
            if entry.table_type == "EXTERNAL"
        }

    def create(self, path: Path3, resource: dict[str, Any], *, replaces: bool = False) -> TableMeta:
        """Make a table from its REST resource.

        Raises
        ------
        DomainError
            If it exists already, its dataset does not, its definition is refused, or its
            columns cannot be detected.
        """
        catalog = self._context.catalog
        if catalog.get_dataset(*path[:2]) is None:
            raise resource_not_found(ResourceRef("dataset", *path[:2]))
        existing = catalog.get_table(*path)
        if existing is not None and not (replaces and existing.table_type == "EXTERNAL"):
            raise resource_already_exists(ResourceRef("table", *path))
        entry = self._entry(path, resource, existing)
        with self._lock:
            if existing is None:
                catalog.create_table(entry)
            else:
                catalog.update_table(entry)
            self._paths.add(path)
            self._made.pop(path, None)
            self._refresh_one(path)
        return entry

    def drop(self, path: Path3) -> None:
        """Drop a table; its files stay."""
        with self._lock:
            self._context.engine.execute(f"DROP VIEW IF EXISTS {quoted_table_ref(*path)}")
            self._context.engine.execute(f"DROP VIEW IF EXISTS {_hidden_ref(path)}")
            self._context.catalog.delete_table(*path, not_found_ok=True)
            self._forget(path)

    def is_external(self, path: Path3) -> bool:
        """Tell whether `path` is an external table."""
        return path in self._paths and self._context.catalog.get_table(*path) is not None

    def refresh(self) -> None:
        """Bring the view of every table whose files changed up to date."""
        if not self._paths:
            return
        with self._lock:
            for path in tuple(self._paths):
                self._refresh_one(path)

    def explain(self, message: str) -> InvalidQueryError | None:
        """Return what BigQuery says of a read that failed with `message`, if it was one."""
        named = re.search(re.escape(FAILED) + r" ([\w-]+)\.([\w-]+)\.([\w-]+)", message)
        if named:
            paths = [(named[1], named[2], named[3])]
        elif str(self._root) in message:
            paths = [path for path in tuple(self._paths) if self._reads(path, message)]
        else:
            return None
        for path in paths:
            error = self._find_problem(path)
            if error is not None:
                return error
        shown = message.split("\n\n")[0].replace(f"{self._root}/", "gs://")
        return InvalidQueryError(f"Error while reading table: {shown}")

    def _entry(
        self, path: Path3, resource: dict[str, Any], existing: TableMeta | None
    ) -> TableMeta:
        kept = self._with_columns(path, resource)
        now = self._context.clock.now()
        return TableMeta(
            project_id=path[0],
            dataset_id=path[1],
            table_id=path[2],
            table_type="EXTERNAL",
            schema=TableSchema(fields=_parse_schema_fields(kept["schema"]["fields"])),
            friendly_name=resource.get("friendlyName"),
            description=resource.get("description"),
            labels=resource.get("labels") or {},
            creation_time=existing.creation_time if existing else now,
            last_modified_time=now,
            etag=generate_etag(*path, "EXTERNAL", str(now)),
            base_table=json.dumps(kept),
        )

    def _with_columns(self, path: Path3, resource: dict[str, Any]) -> dict[str, Any]:
        table = parse(path, resource)
        if table.autodetect:
            files = find(table.uris, self._root)
            if not files:
                raise nothing_found(table.label, table.uris)
            table = detect_schema(files[0].path, table)
            if not table.columns:
                raise no_columns(table.label)
        config = resource["externalDataConfiguration"]
        given = (config.get("schema") or resource.get("schema") or {}).get("fields")
        return {
            **resource,
            "schema": {"fields": given or [rest_field(column) for column in table.columns]},
            "detected": {"delimiter": table.delimiter, "skip": table.skip},
        }

    def _refresh_one(self, path: Path3) -> None:
        entry = self._context.catalog.get_table(*path)
        resource = None if entry is None else of_entry(entry)
        if entry is None or resource is None:
            self._forget(path)
            return
        table = self.table(path, resource)
        version = (entry.etag, find(table.uris, self._root))
        if self._made.get(path) == version:
            return
        sources = self._prepare(table, version)
        sql = view_sql(table, sources, str(self._root)) if sources else failing_sql(table)
        hidden, shown = _hidden_ref(path), quoted_table_ref(*path)
        self._context.engine.execute(f"CREATE OR REPLACE VIEW {hidden} AS {sql}")
        self._context.engine.execute(
            f"CREATE OR REPLACE VIEW {shown} AS SELECT * EXCLUDE ({FILE_NAME}) FROM {hidden}"
        )
        self._made[path] = version

    def _prepare(self, table: CsvTable, version: Version) -> list[Source]:
        """Return the files' sources; none if the table cannot be read."""
        etag, files = version
        known = {key: source for key, source in self._sources.items() if key[0] == table.path}
        sources = []
        for file in files:
            key = (table.path, etag, file)
            source = known.get(key) or prepare(table, file, self._cache)
            self._sources[key] = source
            sources.append(source)
        for key in known:
            if key[1] != etag or key[2] not in files:
                del self._sources[key]
        bad_records = sum(source.bad_records for source in sources)
        unreadable = any(source.problem and not source.bad_records for source in sources)
        return [] if unreadable or bad_records > table.max_bad_records else sources

    def table(self, path: Path3, resource: dict[str, Any]) -> CsvTable:
        """Return a table from its kept resource, detected options included."""
        detected = resource.get("detected") or {}
        table = parse(path, resource)
        return replace(table, delimiter=detected.get("delimiter"), skip=detected.get("skip"))

    def _reads(self, path: Path3, message: str) -> bool:
        made = self._made.get(path)
        return made is not None and any(file.path in message for file in made[1])

    def _find_problem(self, path: Path3) -> InvalidQueryError | None:
        entry = self._context.catalog.get_table(*path)
        resource = None if entry is None else of_entry(entry)
        if entry is None or resource is None:
            return None
        table = self.table(path, resource)
        files = find(table.uris, self._root)
        if not files:
            return nothing_found(table.label, table.uris)
        return first_problem(table, [prepare(table, file, self._cache) for file in files])

    def _forget(self, path: Path3) -> None:
        self._paths.discard(path)
        self._made.pop(path, None)
        for key in [key for key in self._sources if key[0] == path]:
            del self._sources[key]


def first_problem(table: CsvTable, sources: list[Source]) -> InvalidQueryError | None:
    """Return the error of the first record that is one too many, or None."""
    allowed = table.max_bad_records
    for source in sources:
        text = read_text(source.file.path, table)
        if source.problem is not None and not source.bad_records:
            return source.problem.error(table, text)
        mapping = source.mapping
        for at, record in enumerate(records_of(table, text)):
            problem = problem_of(table, source.file, record, mapping)
            if at < (table.skip or 0) or problem is None:
                continue
            if allowed == 0:
                return problem.error(table, text)
            allowed -= 1
    return None


def rest_field(column: Column) -> dict[str, str]:
    """Return a column as the REST API has it."""
    return {
        "name": column.name,
        "type": WIRE_TYPES.get(column.type, column.type),
        "mode": "REQUIRED" if column.required else "NULLABLE",
    }


def _hidden_ref(path: Path3) -> str:
    return quoted_table_ref(path[0], path[1], hidden_name(path[2]))
