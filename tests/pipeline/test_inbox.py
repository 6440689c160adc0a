import time

import pytest

from ingest.errors import UploadError
from pipeline import inbox as inbox_module
from pipeline.inbox import drop, file_away, take, waiting
from tests.e2e.desk import SAMPLE

RUN = "20261126T000000Z-aaaaaaaa"
PORTUGUESE = (
    "Modelo;Ano;Região;Cor;Combustível;Câmbio;Motor_L;Quilometragem;Preço;Volume_Vendas;"
    "Classificação\nX3;2020;Europe;Red;Petrol;Manual;2,0;1.000;50.000,50;8.000;High\n"
).encode("latin-1")


def names(bucket, prefix=""):
    return sorted(blob.name for blob in bucket.list_blobs(prefix=prefix))


def put(inbox, name, content=PORTUGUESE):
    inbox.blob(name).upload_from_string(content, content_type="text/csv")


def taken(bucket, inbox):
    return take(waiting(inbox), bucket, lambda text: None)


def test_what_waits_comes_in_the_order_of_its_arrival(inbox):
    for name in ("b.csv", "a.csv", "sub folder/março.csv"):
        put(inbox, name)
        time.sleep(0.01)

    assert [blob.name for blob in waiting(inbox)] == ["b.csv", "a.csv", "sub folder/março.csv"]


def test_what_was_filed_away_waits_no_more(inbox):
    for name in (f"taken/{RUN}/a.csv", f"refused/{RUN}/b.csv", "taken.csv"):
        put(inbox, name)

    assert [blob.name for blob in waiting(inbox)] == ["taken.csv"]


def test_a_report_is_taken_and_then_filed_away(bucket, inbox):
    put(inbox, "vendas de março.csv")

    (arrival,) = taken(bucket, inbox)
    assert names(inbox) == ["vendas de março.csv"], "it waits until its run has ended"
    file_away(arrival, RUN)

    assert names(inbox) == [f"taken/{RUN}/vendas de março.csv"]
    assert inbox.blob(names(inbox)[0]).download_as_bytes() == PORTUGUESE
    assert names(bucket) == [arrival.receipt.object_name]
    assert arrival.to_json() == {
        "name": "vendas de março.csv",
        "generation": str(arrival.blob.generation),
        "bytes": len(PORTUGUESE),
        "status": "taken",
        "uri": arrival.receipt.uri,
        "records": 1,
        "new": True,
        "reason": None,
    }


def test_the_same_report_twice_is_one_in_the_bucket(bucket, inbox):
    put(inbox, "a.csv")
    put(inbox, "b.csv", PORTUGUESE.decode("latin-1").encode())

    arrivals = taken(bucket, inbox)

    assert [arrival.receipt.created for arrival in arrivals] == [True, False]
    assert len(names(bucket)) == 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.csv", b"", "empty.csv"),
        ("planilha.xlsx", b"PK\x03\x04rest", "planilha.xlsx: the file is a spreadsheet workbook"),
        (".csv", b"a;b\n1;2\n", ".csv, line 1: no column of the report is in the header"),
        ("n" * 220, b"\x00\x01", "which no text has"),
    ],
    ids=["empty", "workbook", "no name", "long name"],
)
def test_a_refused_report_lies_beside_its_reason(bucket, inbox, name, content, reason):
    put(inbox, name, content)

    (arrival,) = taken(bucket, inbox)
    file_away(arrival, RUN)

    assert arrival.status == "refused"
    assert reason in arrival.reason
    assert "/tmp" not in arrival.reason
    report, explanation = names(inbox)
    assert explanation == f"{report}.txt"
    text = inbox.blob(explanation).download_as_bytes().decode()
    assert arrival.reason in text
    assert "não foi aceito" in text
    assert names(bucket) == []
    assert waiting(inbox) == []


def test_a_report_that_is_too_large_is_refused_unread(bucket, inbox, monkeypatch):
    monkeypatch.setattr(inbox_module, "LARGEST_BYTES", 10)
    put(inbox, "all years.csv")

    (arrival,) = taken(bucket, inbox)

    assert f"all years.csv: the file has {len(PORTUGUESE)} bytes; at most 10" in arrival.reason


def test_a_report_that_was_deleted_before_it_was_read_is_gone(bucket, inbox):
    put(inbox, "a.csv")
    put(inbox, "b.csv", SAMPLE.read_bytes())
    listed = waiting(inbox)
    inbox.blob("a.csv").delete()

    arrivals = take(listed, bucket, lambda text: None)
    for arrival in arrivals:
        file_away(arrival, RUN)

    assert [arrival.status for arrival in arrivals] == ["gone", "taken"]
    assert arrivals[0].reason == "a.csv was deleted or replaced."
    assert names(inbox) == [f"taken/{RUN}/b.csv"]


def test_a_report_that_was_replaced_after_it_was_read_goes_on_waiting(bucket, inbox):
    put(inbox, "a.csv")
    (arrival,) = taken(bucket, inbox)
    put(inbox, "a.csv", SAMPLE.read_bytes())

    file_away(arrival, RUN)

    assert [blob.name for blob in waiting(inbox)] == ["a.csv"]
    assert inbox.blob("a.csv").download_as_bytes() == SAMPLE.read_bytes()


def test_a_run_that_died_while_filing_away_is_finished(bucket, inbox):
    put(inbox, "a.csv")
    (arrival,) = taken(bucket, inbox)
    put(inbox, f"taken/{RUN}/a.csv")

    file_away(arrival, RUN)

    assert names(inbox) == [f"taken/{RUN}/a.csv"]


def test_reports_go_on_waiting_when_the_bucket_does_not_take_them(settings, inbox):
    from cloud import storage_client

    put(inbox, "a.csv")

    with pytest.raises(UploadError, match="does not exist"):
        take(waiting(inbox), storage_client(settings).bucket("not-there"), lambda text: None)

    assert [blob.name for blob in waiting(inbox)] == ["a.csv"]


def test_drop_puts_a_file_there(inbox, tmp_path):
    file = tmp_path / "Relatório 1.csv"
    file.write_bytes(PORTUGUESE)

    assert drop(file, inbox) == f"gs://{inbox.name}/Relatório 1.csv"
    assert [blob.name for blob in waiting(inbox)] == ["Relatório 1.csv"]


def test_long_names_that_end_alike_are_two_reports_on_the_shelf(bucket, inbox):
    for name in ("a/" + "x" * 198 + ".csv", "b/" + "x" * 198 + ".csv"):
        put(inbox, name)

    for arrival in taken(bucket, inbox):
        file_away(arrival, RUN)

    assert len(names(inbox, "taken/")) == 2
    assert waiting(inbox) == []
