"""What an external table is: its files, format and columns, as the REST API has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bqemulator.catalog.models import TableMeta
from bqemulator.domain.errors import InvalidQueryError, UnsupportedFeatureError, ValidationError

WIRE_TYPES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
STANDARD_TYPES = {wire: standard for standard, wire in WIRE_TYPES.items()}
COLUMN_TYPES = (
    *("STRING", "BYTES", "INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOL"),
    *("DATE", "DATETIME", "TIME", "TIMESTAMP", "JSON"),
)
ENCODINGS = {
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "ISO-8859-1": "latin-1",
    "ISO_8859_1": "latin-1",
    "UTF-16BE": "utf-16-be",
    "UTF-16LE": "utf-16-le",
    "UTF-32BE": "utf-32-be",
    "UTF-32LE": "utf-32-le",
}
DELIMITERS = {"tab": "\t", "\\t": "\t"}
KNOWN = {
    *("sourceUris", "sourceFormat", "schema", "autodetect", "csvOptions", "maxBadRecords"),
    *("ignoreUnknownValues", "compression"),
}
IGNORED = {
    "kind",
    "connectionId",
    "fileSetSpecType",
    "decimalTargetTypes",
    "referenceFileSchemaUri",
}
KNOWN_CSV = {
    *("fieldDelimiter", "skipLeadingRows", "quote", "allowQuotedNewlines", "allowJaggedRows"),
    *("encoding", "preserveAsciiControlCharacters", "nullMarker", "nullMarkers"),
    *("sourceColumnMatch",),
}


@dataclass(frozen=True)
class Column:
    """A column: standard SQL type (INT64, STRING, …) and whether NULL is refused."""

    name: str
    type: str
    required: bool = False


@dataclass(frozen=True)
class CsvTable:
    """A CSV external table.

    Parameters
    ----------
    path : tuple of (project, dataset, table)
        Its name.
    uris : tuple of str
        gs:// URIs, each with at most one `*` after the bucket.
    columns : tuple of Column
        Empty while `autodetect` has seen no file.
    skip : int or None
        Leading rows that are no data; None leaves it to autodetection.
    by_name : bool
        Match columns by the header row instead of by position.
    """

    path: tuple[str, str, str]
    uris: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    autodetect: bool = False
    delimiter: str | None = None
    quote: str = '"'
    skip: int | None = None
    encoding: str = "utf-8"
    null_markers: tuple[str, ...] = ("",)
    by_name: bool = False
    quoted_newlines: bool = False
    jagged_rows: bool = False
    ignore_unknown: bool = False
    max_bad_records: int = 0
    control_characters: bool = False
    gzip: bool = False

    @property
    def label(self) -> str:
        """dataset.table, as BigQuery's messages name it."""
        return ".".join(self.path[1:])


def parse(path: tuple[str, str, str], resource: dict[str, Any]) -> CsvTable:
    """Read a table resource's `externalDataConfiguration`.

    Raises
    ------
    ValidationError
        If it is malformed.
    UnsupportedFeatureError
        If it asks for a format or option that the emulator does not read.
    """
    config = resource["externalDataConfiguration"]
    csv = config.get("csvOptions") or {}
    _refuse_unknown(config, KNOWN | IGNORED, "externalDataConfiguration")
    _refuse_unknown(csv, KNOWN_CSV, "csvOptions")
    _check_format(config)
    autodetect = bool(config.get("autodetect"))
    columns = _columns(config, resource)
    if not columns and not autodetect:
        raise ValidationError(
            f"No schema specified for external table {'.'.join(path)}: give a schema, or set "
            "autodetect."
        )
    skip = csv.get("skipLeadingRows")
    return CsvTable(
        path=path,
        uris=_uris(config),
        columns=columns,
        autodetect=autodetect,
        delimiter=_delimiter(csv),
        quote=_quote(csv),
        skip=_count(csv, "skipLeadingRows") if skip is not None else (None if autodetect else 0),
        encoding=_encoding(csv),
        null_markers=_null_markers(csv),
        by_name=_by_name(csv, autodetect),
        quoted_newlines=bool(csv.get("allowQuotedNewlines")),
        jagged_rows=bool(csv.get("allowJaggedRows")),
        ignore_unknown=bool(config.get("ignoreUnknownValues")),
        max_bad_records=_count(config, "maxBadRecords"),
        control_characters=bool(csv.get("preserveAsciiControlCharacters")),
        gzip=config.get("compression") == "GZIP",
    )


def of_entry(entry: TableMeta) -> dict[str, Any] | None:
    """Return the resource kept in an external table's catalogue entry."""
    if entry.table_type != "EXTERNAL" or not entry.base_table:
        return None
    resource: dict[str, Any] = json.loads(entry.base_table)
    return resource


def _refuse_unknown(given: dict[str, Any], known: set[str], where: str) -> None:
    for name, value in given.items():
        if name not in known and value not in (None, "", [], {}, False):
            raise UnsupportedFeatureError(
                f"{where}.{name} is not emulated; remove it from the external table's definition."
            )


def _check_format(config: dict[str, Any]) -> None:
    source_format = config.get("sourceFormat")
    if source_format != "CSV":
        raise UnsupportedFeatureError(
            f"External tables of format '{source_format}' are not emulated; expected 'CSV'."
        )
    if config.get("compression") not in (None, "NONE", "GZIP"):
        raise ValidationError(f"Invalid value for compression: '{config['compression']}'")


def _columns(config: dict[str, Any], resource: dict[str, Any]) -> tuple[Column, ...]:
    schema = config.get("schema") or resource.get("schema") or {}
    columns = tuple(_column(field) for field in schema.get("fields") or ())
    names = [column.name.lower() for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise ValidationError(f"Field {name} already exists in schema")
    return columns


def _column(field: dict[str, Any]) -> Column:
    kind = str(field.get("type", "STRING")).upper()
    kind = STANDARD_TYPES.get(kind, kind)
    mode = str(field.get("mode") or "NULLABLE").upper()
    if kind not in COLUMN_TYPES or mode == "REPEATED":
        raise ValidationError(
            f"Field {field.get('name')} of type {mode if mode == 'REPEATED' else kind} cannot be "
            f"read from CSV; expected one of {', '.join(COLUMN_TYPES)}."
        )
    return Column(str(field["name"]), kind, mode == "REQUIRED")


def _uris(config: dict[str, Any]) -> tuple[str, ...]:
    uris = tuple(config.get("sourceUris") or ())
    if not uris:
        raise ValidationError("Required parameter is missing: sourceUris")
    for uri in uris:
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        if not uri.startswith("gs://") or not bucket or not name:
            raise ValidationError(f"Invalid source URI: '{uri}'; expected gs://bucket/object")
        if "*" in bucket or name.count("*") > 1:
            raise ValidationError(
                f"Invalid source URI: '{uri}'; one '*' is allowed, after the bucket name"
            )
        if ".." in name.split("/"):
            raise ValidationError(f"Invalid source URI: '{uri}'")
    return uris


def _delimiter(csv: dict[str, Any]) -> str | None:
    delimiter = csv.get("fieldDelimiter") or None
    if delimiter is None:
        return None
    delimiter = DELIMITERS.get(delimiter, delimiter)
    if len(delimiter) != 1:
        raise ValidationError(f"Invalid field delimiter: '{delimiter}'; expected one character")
    return str(delimiter)


def _quote(csv: dict[str, Any]) -> str:
    quote = csv.get("quote")
    if quote is None:
        return '"'
    if len(quote) > 1:
        raise ValidationError(f"Invalid quote: '{quote}'; expected one character or none")
    return str(quote)


def _encoding(csv: dict[str, Any]) -> str:
    encoding = str(csv.get("encoding") or "UTF-8").upper()
    if encoding not in ENCODINGS:
        raise ValidationError(
            f"Invalid encoding: '{encoding}'; expected one of {', '.join(ENCODINGS)}"
        )
    return ENCODINGS[encoding]


def _null_markers(csv: dict[str, Any]) -> tuple[str, ...]:
    marker, markers = csv.get("nullMarker"), csv.get("nullMarkers")
    if marker and markers:
        raise ValidationError("null_marker and null_markers cannot be used together")
    if markers:
        return tuple(markers)
    return (marker or "",)


def _by_name(csv: dict[str, Any], autodetect: bool) -> bool:
    match = str(csv.get("sourceColumnMatch") or "").upper()
    if match in ("", "SOURCE_COLUMN_MATCH_UNSPECIFIED"):
        return autodetect
    if match not in ("NAME", "POSITION"):
        raise ValidationError(
            f"Invalid source_column_match: '{match}'; expected 'NAME' or 'POSITION'"
        )
    return match == "NAME"


def _count(options: dict[str, Any], name: str) -> int:
    value = options.get(name)
    try:
        count = int(value or 0)
    except (TypeError, ValueError):
        count = -1
    if count < 0:
        raise InvalidQueryError(f"Invalid value for {name}: '{value}'; expected 0 or more")
    return count
