"""What `make verify-cloud` does, with a second local cloud in Google's place."""

from dataclasses import replace

import pytest
from rich.console import Console

from cloud import bigquery_client, storage_client
from tests.conformance.cases import LEDGER
from tests.verification.__main__ import main, verify
from tests.verification.findings import DIFFERS, GAP, SAME, Finding, compared, show
from tests.verification.sides import scratch


@pytest.fixture
def stand_in(local_cloud):
    return replace(local_cloud.settings, project="stands-for-google")


@pytest.mark.soak
def test_all_checks_run_and_leave_nothing_behind(stand_in, tmp_path):
    console = Console(record=True, width=120, force_terminal=False)

    code = verify(stand_in, console)

    text = console.export_text()
    table = {
        line[1:17].strip(): line[17:].split() for line in text.splitlines() if line[17:].split()
    }
    assert int(table["expressions"][0]) > 150 and table["expressions"][1:] == ["0", "0", "0"], text
    assert table["external files"][1:] == ["0", "0", "0"]
    assert table["parity gate"] == ["3", "0", "0", "0"]
    # What the local engine is known not to do, its stand-in for Google does not do either.
    assert table["recorded cases"] == [str(52 - len(LEDGER)), str(len(LEDGER)), "0", "0"]
    assert code == 1
    assert list(bigquery_client(stand_in).list_datasets()) == []
    buckets = [bucket.name for bucket in storage_client(stand_in).list_buckets()]
    assert not [name for name in buckets if name.startswith(stand_in.project)]


def test_scratch_is_gone_after_a_failure(stand_in):
    with pytest.raises(RuntimeError), scratch("Google", stand_in) as side:
        side.rows("create table t as select 1 as one")
        side.storage.bucket(side.bucket).blob("a").upload_from_string("a")
        raise RuntimeError

    assert list(side.bigquery.list_datasets()) == []
    assert side.storage.lookup_bucket(side.bucket) is None


def test_differences_are_told_with_both_answers():
    console = Console(record=True, width=120, force_terminal=False)
    findings = [
        compared("expressions", "1", "[1]", "[1]"),
        compared("expressions", "round(2.5)", "[3.0]", "[2.0]"),
        Finding("recorded cases", "077", GAP, "", "refused"),
    ]

    assert show(findings, console) is False

    text = console.export_text()
    assert "round(2.5)" in text and "Google: '[3.0]'" in text and "local:  '[2.0]'" in text
    assert "077" not in text, "a known gap is counted, not told again"
    assert [finding.status for finding in findings] == [SAME, DIFFERS, GAP]


def test_it_wants_a_project(capsys):
    with pytest.raises(SystemExit):
        main(["--project", ""])

    assert "make verify-cloud PROJECT=my-project" in capsys.readouterr().err
