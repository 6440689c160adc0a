"""One report in any spelling is one object."""

import pytest

from ingest.columns import contract
from ingest.dialect import recognise
from ingest.normalise import normalise

HEADER = [column.name for column in contract()]
PORTUGUESE = [
    "Modelo", "Ano", "Região", "Cor", "Combustível", "Câmbio", "Motor_L", "Quilometragem",
    "Preço", "Volume_Vendas", "Classificação",
]  # fmt: skip
ROWS = [
    ["X3", "2020", "Asia", "Red", "Petrol", "Automatic", "2.5", "11000", "98740", "8300", "High"],
    ["X5 \"M\"", "2021", "Europe", "Blue", "Hybrid", "Manual", "3", "900", "60971.5", "12", "Low"],
]  # fmt: skip
IN_PORTUGUESE = {"Asia": "Ásia", "Europe": "Europa", "Red": "Vermelho", "Blue": "Azul"}
IN_PORTUGUESE |= {"Petrol": "Gasolina", "Hybrid": "Híbrido", "Automatic": "Automático"}
IN_PORTUGUESE |= {"High": "Alta", "Low": "Baixa"}


def grouped(value, thousands, decimal):
    whole, _, fraction = value.partition(".")
    whole = f"{int(whole):,}".replace(",", thousands)
    return f"{whole}{decimal}{fraction}" if fraction else whole


def spelled(*, delimiter=",", end="\n", header=HEADER, thousands="", decimal=".", words=None):
    def cell(at, value):
        if at in (7, 8, 9):
            value = grouped(value, thousands, decimal)
        elif at == 6:
            value = value.replace(".", decimal)
        value = (words or {}).get(value, value).replace('"', '""')
        return f'"{value}"' if delimiter in value or '"' in value else value

    lines = [delimiter.join(header)]
    lines += [delimiter.join(cell(at, value) for at, value in enumerate(row)) for row in ROWS]
    return end.join(lines) + end


def normal_form(tmp_path, content):
    report, target = tmp_path / "report.csv", tmp_path / "normal.csv"
    report.write_bytes(content)
    outcome = normalise(report, recognise(report), target)
    return outcome, target.read_text(encoding="utf-8")


BRAZILIAN = {"delimiter": ";", "header": PORTUGUESE, "thousands": ".", "decimal": ","}
SPELLINGS = {
    "as the schema": spelled().encode(),
    "semicolon": spelled(delimiter=";").encode(),
    "tab and CRLF": spelled(delimiter="\t", end="\r\n").encode(),
    "old line ends": spelled(end="\r").encode(),
    "byte order mark": b"\xef\xbb\xbf" + spelled().encode(),
    "sep line": b"sep=;\r\n" + spelled(delimiter=";", end="\r\n").encode(),
    "thousands comma": spelled(thousands=",").encode(),
    "Brazilian": spelled(**BRAZILIAN).encode(),
    "Brazilian, Latin-1, words": spelled(**BRAZILIAN, words=IN_PORTUGUESE).encode("latin-1"),
    "thousands blank": spelled(delimiter=";", thousands="\u00a0", decimal=",").encode(),
    "blank lines": spelled().replace("\n", "\n\n").encode(),
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_has_the_same_normal_form(tmp_path, content):
    wanted = normal_form(tmp_path, spelled().encode())

    assert normal_form(tmp_path, content) == wanted


def test_columns_may_stand_in_any_order(tmp_path):
    shuffled = ["Year", "Model", *HEADER[2:]]
    content = (
        spelled(header=shuffled)
        .replace("X3,2020", "2020,X3")
        .replace('"X5 ""M""",2021', '2021,"X5 ""M"""')
    )

    assert normal_form(tmp_path, content.encode()) == normal_form(tmp_path, spelled().encode())


def test_every_record_is_numbered_and_a_malformed_one_keeps_its_text(tmp_path):
    content = spelled() + "TOTAL,8312\n" + '"a"b,1\n'

    outcome, text = normal_form(tmp_path, content.encode())

    assert (outcome.records, outcome.malformed) == (4, 2)
    assert text.splitlines()[3:] == [',,,,,,,,,,,3,"TOTAL,8312"', ',,,,,,,,,,,4,"""a""b,1"']


def test_a_quoted_line_break_belongs_to_its_record(tmp_path):
    content = spelled().replace("X3,", '"X\n3",')

    outcome, text = normal_form(tmp_path, content.encode())

    assert outcome.records == 2
    assert '"X\n3",2020' in text


@pytest.mark.parametrize("end", ["\r", "\r\n"], ids=["CR", "CRLF"])
def test_a_quoted_line_break_is_spelled_one_way(tmp_path, end):
    content = spelled().replace("X3,", '"X\n3",')
    wanted = normal_form(tmp_path, content.encode())

    assert normal_form(tmp_path, content.replace("\n", end).encode()) == wanted


def test_a_columns_own_unit_is_dropped_and_another_currency_is_not(tmp_path):
    units = spelled().replace("2.5,11000,98740", "2.5 L,11000 km,US$ 98740")

    assert normal_form(tmp_path, units.encode()) == normal_form(tmp_path, spelled().encode())
    assert "R$ 98740" in normal_form(tmp_path, spelled().replace("98740", "R$ 98740").encode())[1]


def test_a_bad_value_is_left_for_the_sql_to_reject(tmp_path):
    content = spelled().replace("98740", "on request").replace("2021", "3010")

    _, text = normal_form(tmp_path, content.encode())

    assert "on request" in text
    assert "3010" in text
