"""Texts that nobody wants to read again are refused alike at every door, and told shortened."""

import pytest

from api.inference.cells import LONGEST_TEXT
from tests.api.doors.asking import ALL, ask
from tests.api.publishing import TYPICAL

LONG = "Z" * (LONGEST_TEXT + 1)


@pytest.mark.parametrize("rows", [2, 40], ids=["few", "many"])
@pytest.mark.parametrize("way", ALL)
def test_a_text_that_is_too_long_is_told_with_row_column_and_length(api, way, rows):
    last = TYPICAL | {"fuel_type": LONG}

    response = ask(api, way, [TYPICAL] * (rows - 1) + [last])

    assert response.status_code in (400, 422)
    words = f"fuel_type of row {rows - 1} has 257 characters; expected a text of at most 256"
    assert words in response.text
    assert LONG not in response.text


@pytest.mark.parametrize("way", ALL)
def test_a_text_that_is_just_short_enough_is_told_as_it_was_sent(api, way):
    response = ask(api, way, [TYPICAL | {"fuel_type": LONG[1:]}])

    assert response.status_code == 200
    assert LONG[1:] in response.text


def test_a_report_s_record_with_such_a_text_comes_back_with_the_reason(api):
    header = "Model,Year,Region,Color,Fuel_Type,Transmission,Engine_Size_L,Mileage_KM,Price_USD,"
    header += "Sales_Volume,Sales_Classification"
    line = "X5,2021,Europe,Black,{},Automatic,3.0,42000,90000,8000,High"
    content = "\n".join([header, line.format("Diesel"), line.format(LONG), ""])

    answer = api.post("/models/price/report", content=content)

    assert '"predicted": 1, "rejected_in_all": 1' in answer.text
    assert "fuel_type of row 0 has 257 characters" in answer.text
