"""Files that are hard to read, behind external tables of both kinds, on both sides."""

from __future__ import annotations

from collections.abc import Iterator

from google.cloud import bigquery

from tests.verification.expressions import answer
from tests.verification.findings import Finding, compared
from tests.verification.sides import Side

HEADER = "name,year,price\n"
FILES = {
    "plain": HEADER + "X3,2020,1.5\n",
    "columns in another order": "price,name,year\n1.5,X3,2020\n",
    "quoted newline": HEADER + '"X\n3",2020,1.5\n',
    "doubled quote": HEADER + '"X""3",2020,1.5\n',
    "CRLF": HEADER.replace("\n", "\r\n") + "X3,2020,1.5\r\n",
    "no newline at the end": HEADER + "X3,2020,1.5",
    "blank line": HEADER + "\nX3,2020,1.5\n\n",
    "empty fields": HEADER + ",,\n",
    "quoted empty field": HEADER + '"",2020,1.5\n',
    "byte order mark": "\ufeff" + HEADER + "X3,2020,1.5\n",
    "too few fields": HEADER + "X3,2020\n",
    "too many fields": HEADER + "X3,2020,1.5,more\n",
    "header alone": HEADER,
    "empty": "",
    "missing column": "name,year\nX3,2020\n",
    "unknown column": "name,year,price,more\nX3,2020,1.5,x\n",
    "header in capitals": HEADER.upper() + "X3,2020,1.5\n",
    "spaces": HEADER + " X3 , 2020 ,1.5\n",
    "not a number": HEADER + "X3,MMXX,1.5\n",
    "no UTF-8": b"name,year,price\nS\xe3o,2020,1.5\n",
    "open quote": HEADER + '"X3,2020,1.5\n',
}
COLUMNS = ("name", "year", "price")


def compare_external_files(google: Side, local: Side) -> Iterator[Finding]:
    """Read each file as text and with detected types."""
    for number, (name, content) in enumerate(FILES.items()):
        for detected in (False, True):
            answers = [_read(side, f"file_{number}", content, detected) for side in (google, local)]
            kind = "types detected" if detected else "all text"
            yield compared("external files", f"{name}, {kind}", *answers)


def _read(side: Side, name: str, content: str | bytes, detected: bool) -> str:
    blob = side.storage.bucket(side.bucket).blob(f"{name}/a.csv")
    blob.upload_from_string(content, content_type="text/csv")
    configuration = bigquery.ExternalConfig("CSV")
    configuration.source_uris = [f"gs://{side.bucket}/{name}/*.csv"]
    configuration.autodetect = detected
    if not detected:
        configuration.schema = [bigquery.SchemaField(column, "STRING") for column in COLUMNS]
    configuration.options.skip_leading_rows = 1
    configuration.options.allow_quoted_newlines = True
    configuration.options.source_column_match = "NAME"
    table = f"{name}_{'typed' if detected else 'text'}"
    made = bigquery.Table(f"{side.bigquery.project}.{side.dataset}.{table}")
    made.external_data_configuration = configuration
    try:
        side.bigquery.create_table(made)
    except Exception as error:
        return f"refused: {type(error).__name__}"
    rows = f"select to_json_string(t) from (select * from {table}) as t order by 1"
    return answer(side, rows)
