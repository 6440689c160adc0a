"""CREATE EXTERNAL TABLE and DROP EXTERNAL TABLE, as the REST resource they mean."""

from __future__ import annotations

import re
from typing import Any

import sqlglot
from bqemulator.domain.errors import (
    InvalidQueryError,
    ResourceRef,
    UnsupportedFeatureError,
    resource_not_found,
)
from sqlglot import exp

from emulator.external.definition import WIRE_TYPES
from emulator.external.tables import ExternalTables, external_tables
from emulator.options import option_value
from emulator.session import Outcome, Session
from emulator.syntax import table_path

OPTIONS = {
    "format": "sourceFormat",
    "uris": "sourceUris",
    "max_bad_records": "maxBadRecords",
    "ignore_unknown_values": "ignoreUnknownValues",
    "compression": "compression",
}
CSV_OPTIONS = {
    "field_delimiter": "fieldDelimiter",
    "skip_leading_rows": "skipLeadingRows",
    "quote": "quote",
    "allow_quoted_newlines": "allowQuotedNewlines",
    "allow_jagged_rows": "allowJaggedRows",
    "encoding": "encoding",
    "null_marker": "nullMarker",
    "null_markers": "nullMarkers",
    "preserve_ascii_control_characters": "preserveAsciiControlCharacters",
    "source_column_match": "sourceColumnMatch",
}
TABLE_OPTIONS = {"description": "description", "friendly_name": "friendlyName"}

_CREATE = re.compile(r"\s*CREATE\s+(OR\s+REPLACE\s+)?(EXTERNAL\s+)TABLE\b", re.IGNORECASE)
_DROP = re.compile(r"\s*DROP\s+(EXTERNAL\s+)TABLE\b", re.IGNORECASE)


async def handle(statement: str, session: Session) -> Outcome | None:
    """Run CREATE EXTERNAL TABLE or DROP EXTERNAL TABLE; None for anything else."""
    created, dropped = _CREATE.match(statement), _DROP.match(statement)
    if created:
        return _create(_parse(statement, created), session)
    if dropped:
        return _drop(_parse(statement, dropped), session)
    _check_drop(statement, session)
    return None


def _parse(statement: str, match: re.Match[str]) -> exp.Expression:
    """Parse the statement as one on a table, for sqlglot knows no EXTERNAL."""
    word = match.start(match.lastindex or 0), match.end(match.lastindex or 0)
    plain = statement[: word[0]] + statement[word[1] :]
    try:
        tree = sqlglot.parse_one(plain, read="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise InvalidQueryError(f"Syntax error: {error}") from error
    if not isinstance(tree, exp.Create | exp.Drop):
        raise UnsupportedFeatureError(
            "WITH CONNECTION and WITH PARTITION COLUMNS are not emulated for external tables."
        )
    return tree


def _create(tree: exp.Expression, session: Session) -> Outcome:
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    path = session.resolve(table_path(target))
    tables = external_tables(session.context)
    exists = session.context.catalog.get_table(*path) is not None
    if tree.args.get("exists") and exists:
        return Outcome(None, "CREATE_EXTERNAL_TABLE", "SKIP", path)
    replaces = bool(tree.args.get("replace"))
    _create_from(tables, path, tree, replaces)
    operation = "REPLACE" if replaces and exists else "CREATE"
    return Outcome(None, "CREATE_EXTERNAL_TABLE", operation, path)


def _create_from(
    tables: ExternalTables, path: tuple[str, str, str], tree: exp.Expression, replaces: bool
) -> None:
    config: dict[str, Any] = {}
    csv: dict[str, Any] = {}
    resource: dict[str, Any] = {"externalDataConfiguration": config}
    for name, value in _options(tree):
        if name in OPTIONS:
            config[OPTIONS[name]] = value
        elif name in CSV_OPTIONS:
            csv[CSV_OPTIONS[name]] = value
        elif name in TABLE_OPTIONS:
            resource[TABLE_OPTIONS[name]] = value
        elif name == "labels":
            resource["labels"] = dict(value)
        else:
            raise UnsupportedFeatureError(
                f"Option '{name}' of CREATE EXTERNAL TABLE is not emulated; remove it."
            )
    if "skipLeadingRows" in csv:
        csv["skipLeadingRows"] = str(csv["skipLeadingRows"])
    for required in ("format", "uris"):
        if OPTIONS[required] not in config:
            raise InvalidQueryError(f"Required option '{required}' is missing in OPTIONS.")
    fields = [_field(column) for column in tree.this.find_all(exp.ColumnDef)]
    if fields:
        resource["schema"] = {"fields": fields}
    else:
        config["autodetect"] = True
    if csv:
        config["csvOptions"] = csv
    tables.create(path, resource, replaces=replaces)


def _options(tree: exp.Expression) -> list[tuple[str, Any]]:
    properties = tree.args.get("properties")
    found = []
    for option in properties.expressions if properties else ():
        if isinstance(option, exp.FileFormatProperty):
            found.append(("format", option_value(option.this)))
        elif isinstance(option, exp.Property) and type(option) is exp.Property:
            found.append((option.name.lower(), option_value(option.args["value"])))
        else:
            raise UnsupportedFeatureError(
                f"'{option.sql(dialect='bigquery')}' is not emulated for external tables."
            )
    return found


def _field(column: exp.ColumnDef) -> dict[str, Any]:
    kind = column.kind.sql(dialect="bigquery") if column.kind else "STRING"
    field: dict[str, Any] = {"name": column.name, "type": WIRE_TYPES.get(kind, kind)}
    field["mode"] = "NULLABLE"
    for constraint in column.constraints:
        if isinstance(constraint.kind, exp.NotNullColumnConstraint):
            field["mode"] = "REQUIRED"
        elif isinstance(constraint.kind, exp.Properties):
            for option in constraint.kind.expressions:
                field[option.name.lower()] = option_value(option.args["value"])
    return field


def _drop(tree: exp.Expression, session: Session) -> Outcome:
    path = session.resolve(table_path(tree.this))
    entry = session.context.catalog.get_table(*path)
    if entry is None:
        if tree.args.get("exists"):
            return Outcome(None, "DROP_EXTERNAL_TABLE", "SKIP", path)
        raise resource_not_found(ResourceRef("table", *path))
    if entry.table_type != "EXTERNAL":
        raise _wrong_type(path, entry.table_type, "An external table")
    external_tables(session.context).drop(path)
    return Outcome(None, "DROP_EXTERNAL_TABLE", "DROP", path)


def _check_drop(statement: str, session: Session) -> None:
    """Refuse DROP TABLE and DROP VIEW of an external table, as BigQuery does."""
    match = re.match(r"\s*DROP\s+(TABLE|VIEW)\s+(?:IF\s+EXISTS\s+)?(\S+)", statement, re.IGNORECASE)
    if match is None:
        return
    name = match[2].rstrip(";")
    if len(name.replace("`", "").split(".")) == 1 and session.default_dataset is None:
        return
    path = session.resolve(name)
    if external_tables(session.context).is_external(path):
        raise _wrong_type(path, "EXTERNAL", f"A {match[1].lower()}")


def _wrong_type(path: tuple[str, str, str], found: str, expected: str) -> InvalidQueryError:
    name = f"{path[0]}:{path[1]}.{path[2]}"
    return InvalidQueryError(f"Cannot drop {name} which has type {found}. {expected} was expected.")
