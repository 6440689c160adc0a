"""Holidays of ARIMA_PLUS: of a region, of the statement's own query, and what is refused."""

import datetime

import pytest
from google.api_core.exceptions import BadRequest

ARIMA = "model_type = 'arima_plus', time_series_timestamp_col = 'day', time_series_data_col = 'y'"
# Three years of days with a week's season and a little noise; sales double on two kinds of days.
FAIRS = "[date '2021-05-20', date '2022-06-09', date '2023-04-27', date '2024-05-16']"
EFFECT = 300
DAYS = (
    "(select day, 200 + if(extract(dayofweek from day) = 1, -60, 10) + mod(n * 7919, 13) "
    f"+ if(day in unnest({FAIRS}), {EFFECT}, 0) "
    f"+ if(format_date('%m-%d', day) = '12-25', -{EFFECT}, 0) as y "
    "from unnest(generate_array(0, 1094)) as n, "
    "unnest([date_add(date '2021-01-01', interval n day)]) as day)"
)
FAIR = (
    "select 'Recife' as region, 'fair' as holiday_name, primary_date "
    f"from unnest({FAIRS}) as primary_date"
)


def create(name, holidays=None, options="", verb="create or replace model", clause=""):
    query = f"select day, y from {DAYS}"
    if holidays is not None:
        query = f"(training_data as ({query}), custom_holiday as ({holidays}))"
    return f"{verb} {name} {clause} options({ARIMA}, horizon = 400 {options}) as {query}"


def explained(ask, name, column):
    rows = ask(f"select * from ml.explain_forecast(model {name}, struct(400 as horizon))")
    return {row["time_series_timestamp"].date(): row[column] for row in rows}


@pytest.fixture(scope="module")
def fair(ask):
    ask(create("fair", FAIR, ", holiday_region = 'US'"))
    return ask


def test_a_custom_holiday_s_effect_is_found_and_forecast(fair):
    effect = explained(fair, "fair", "holiday_effect_fair")

    for day in ("2021-05-20", "2022-06-09", "2023-04-27", "2024-05-16"):
        assert effect[datetime.date.fromisoformat(day)] == pytest.approx(EFFECT, rel=0.1)
    assert effect[datetime.date(2022, 3, 1)] == 0
    forecasts = fair(
        "select date(forecast_timestamp) as day, forecast_value as y "
        "from ml.forecast(model fair, struct(200 as horizon))"
    )
    values = {row["day"]: row["y"] for row in forecasts}
    gain = values[datetime.date(2024, 5, 16)] - values[datetime.date(2024, 5, 23)]
    assert gain == pytest.approx(EFFECT, rel=0.15)


def test_a_region_s_holiday_has_its_effect_beside_it(fair):
    effect = explained(fair, "fair", "holiday_effect_Christmas")

    assert effect[datetime.date(2022, 12, 25)] == pytest.approx(-EFFECT, rel=0.15)
    assert effect[datetime.date(2023, 12, 25)] == pytest.approx(-EFFECT, rel=0.15)
    evaluated = fair("select has_holiday_effect as h from ml.arima_evaluate(model fair) limit 1")
    assert evaluated == [{"h": True}]


def test_holiday_effects_are_parts_of_the_data(fair):
    rows = fair("select * from ml.explain_forecast(model fair, struct(30 as horizon))")
    parts = [name for name in rows[0] if name.startswith("holiday_effect_")]

    assert [*rows[0]][-len(parts) :] == parts
    for row in rows:
        effects = sum(row[name] or 0 for name in parts)
        assert effects == pytest.approx(row["holiday_effect"], abs=1e-9)
        if row["time_series_type"] == "history":
            seasons = sum(row[name] or 0 for name in row if name.startswith("seasonal_"))
            rest = sum(row[name] or 0 for name in ("trend", "spikes_and_dips", "step_changes"))
            whole = effects + seasons + rest + row["residual"]
            assert whole == pytest.approx(row["time_series_data"], abs=1e-6)


def test_holiday_info_lists_what_was_modelled(fair):
    rows = fair("select * from ml.holiday_info(model fair) where region = 'Recife'")

    assert [row["primary_date"].isoformat() for row in rows] == [
        "2021-05-20", "2022-06-09", "2023-04-27", "2024-05-16",
    ]  # fmt: skip
    assert {
        (row["holiday_name"], row["preholiday_days"], row["postholiday_days"]) for row in rows
    } == {("fair", 1, 1)}
    names = fair("select distinct holiday_name as n from ml.holiday_info(model fair)")
    assert {"Christmas", "Thanksgiving", "fair"} <= {row["n"] for row in names}


def test_a_custom_holiday_stands_in_for_the_region_s_of_its_name(ask):
    days = "unnest([date '2022-12-25', date '2023-12-25', date '2024-12-25']) as primary_date"
    ask(
        create(
            "moved",
            "select 'US' as region, 'Christmas' as holiday_name, primary_date, "
            f"2 as preholiday_days, 3 as postholiday_days from {days}",
            ", holiday_region = ['US']",
        )
    )

    rows = ask("select * from ml.holiday_info(model moved) where holiday_name = 'Christmas'")
    assert [(row["primary_date"].year, row["preholiday_days"]) for row in rows] == [
        (2022, 2), (2023, 2), (2024, 2),
    ]  # fmt: skip


def test_without_holidays_there_is_no_column_of_one(ask):
    ask(create("plain"))
    rows = ask("select * from ml.explain_forecast(model plain, struct(1 as horizon))")

    assert [name for name in rows[0] if name.startswith("holiday_effect")] == ["holiday_effect"]
    assert ask("select * from ml.holiday_info(model plain)") == []


ONE = "select 'X' as region, 'x' as holiday_name, date '2022-01-05' as primary_date"
OTHER = ONE.replace("'x'", "'y'")
ELSEWHERE = ONE.replace("'X'", "'Y'")


@pytest.mark.parametrize(
    ("holidays", "message"),
    [
        ("select 'X' as region, 'x' as holiday_name", 'no column "primary_date" .DATE.'),
        (ONE.replace("date '2022-01-05'", "'2022-01-05'"), "type STRING; expected DATE"),
        (ONE.replace("'X'", "cast(null as string)"), 'NULL in column "region"'),
        (ONE.replace("'x'", "'two words'"), "'two words'; expected letters"),
        (f"{ONE}, 0 as preholiday_days", "preholiday_days 0"),
        (f"{ONE}, 20 as preholiday_days, 20 as postholiday_days", "at most 30 days"),
        (f"{ONE}, 1.5 as preholiday_days", "type FLOAT64; expected INT64"),
        (
            f"{ONE}, 1 as preholiday_days union all {ONE.replace('2022', '2023')}, 2",
            "different windows",
        ),
        (
            "select 'X' as region, concat('h', n) as holiday_name, date '2022-01-05' as "
            "primary_date from unnest(generate_array(1, 501)) as n",
            "more than 500",
        ),
        (f"{ONE} from unnest(generate_array(1, 50001))", "returned 50001 rows"),
        (f"{ONE} union all {ONE.replace('-05', '-07')}", "'x' of 2022-01-05 and of 2022-01-07"),
        (f"{ONE} union all {ONE}", "share no day"),
        (f"{ONE} union all {OTHER}", "'y' of 2022-01-05 overlaps fully with 'x' of 2022-01-05"),
        (
            f"{ONE}, 4 as preholiday_days, 1 as postholiday_days union all {OTHER}, 1, 1",
            "'y' of 2022-01-05 overlaps fully with 'x'",
        ),
        (
            f"{ONE}, 1 as preholiday_days, 1 as postholiday_days union all {OTHER}, 1, 2",
            "'x' of 2022-01-05 overlaps fully with 'y'",
        ),
    ],
)
def test_a_wrong_custom_holiday_is_refused(ask, holidays, message):
    with pytest.raises(BadRequest, match=message):
        ask(create("refused", holidays))


def test_a_wrong_statement_is_refused(ask):
    series = f"select day, y from {DAYS}"
    line = "options(model_type = 'linear_reg', input_label_cols = ['y'])"
    weekly = f"options({ARIMA}, data_frequency = 'weekly')"
    parts = f"(training_data as ({series}), custom_holiday as ({ONE}))"
    for statement, message in (
        (f"create model m {line} as {parts}", "custom_holiday is not supported for LINEAR_REG"),
        (f"create model m {weekly} as {parts}", "DATA_FREQUENCY 'DAILY'"),
        (f"create model m options({ARIMA}) as (custom_holiday as ({ONE}))", "needs training_data"),
        (
            f"create model m options({ARIMA}) as {parts[:-1]}, holidays as ({ONE}))",
            "Unexpected hol",
        ),
        (f"create model m options({ARIMA}) as {parts} limit 5", "Syntax error"),
        (create("m", options=", holiday_region = 'Mars'"), "HOLIDAY_REGION"),
        (create("m", options=", holiday_region = []"), "HOLIDAY_REGION"),
        (create("m", options=", holiday_region = 'DE'"), "'DE' is not emulated.*custom_holiday"),
    ):
        with pytest.raises(BadRequest, match=message):
            ask(statement)


def test_training_data_may_stand_alone_in_brackets(ask):
    ask(
        "create or replace model named options(model_type = 'linear_reg', input_label_cols = "
        "['price']) as (training_data as (select year, price from cars))"
    )

    assert ask("select count(*) as n from ml.weights(model named)") == [{"n": 2}]


def test_two_holidays_may_overlap_in_part(ask):
    ask(create("partly_holidays", f"{ONE} union all {OTHER.replace('-05', '-06')}"))

    rows = ask("select holiday_name as n from ml.holiday_info(model partly_holidays) order by n")
    assert [row["n"] for row in rows] == ["x", "y"]


def test_one_name_in_two_regions_is_no_overlap(ask):
    ask(create("regions", f"{ONE} union all {ELSEWHERE}"))

    assert len(ask("select * from ml.holiday_info(model regions)")) == 2


def test_custom_holidays_need_data_that_are_daily(ask):
    weeks = f"select date_trunc(day, week) as day, avg(y) as y from {DAYS} group by 1"

    with pytest.raises(BadRequest, match=r"needs daily data; the frequency found is WEEKLY"):
        ask(
            f"create model m options({ARIMA}) as (training_data as ({weeks}), "
            f"custom_holiday as ({ONE}))"
        )
