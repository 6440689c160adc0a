import numpy as np
import pytest

from emulator.ml import arima
from emulator.ml.arima.frequency import Grid, infer


def stamps(*texts):
    return np.array(texts, dtype="datetime64[us]").astype(np.int64)


def months(first, count, step=1):
    start = np.datetime64(first, "M")
    return (start + step * np.arange(count)).astype("datetime64[us]").astype(np.int64)


@pytest.mark.parametrize(
    ("gap", "frequency"),
    [
        ("1m", "PER_MINUTE"),
        ("5m", "PER_MINUTE"),
        ("1h", "HOURLY"),
        ("2h", "HOURLY"),
        ("1D", "DAILY"),
        ("7D", "WEEKLY"),
    ],
)
def test_the_frequency_is_that_of_the_commonest_gap(gap, frequency):
    step = np.timedelta64(int(gap[:-1]), gap[-1]).astype("timedelta64[us]").astype(np.int64)
    times = step * np.delete(np.arange(40, dtype=np.int64), [3, 4, 17])

    assert infer(times) == frequency


@pytest.mark.parametrize(("step", "frequency"), [(1, "MONTHLY"), (3, "QUARTERLY"), (12, "YEARLY")])
def test_calendar_steps_are_inferred_though_their_lengths_differ(step, frequency):
    assert infer(months("2015-02", 30, step)) == frequency


@pytest.mark.parametrize(
    ("first", "frequency", "wanted"),
    [
        ("2020-11-01", "MONTHLY", ["2020-11-01", "2020-12-01", "2021-01-01", "2021-02-01"]),
        ("2020-12-15", "MONTHLY", ["2020-12-15", "2021-01-15", "2021-02-15", "2021-03-15"]),
        ("2019-11-30", "QUARTERLY", ["2019-11-30", "2020-02-29", "2020-05-30", "2020-08-30"]),
        ("2020-02-28", "YEARLY", ["2020-02-28", "2021-02-28", "2022-02-28", "2023-02-28"]),
        ("1968-12-30", "DAILY", ["1968-12-30", "1968-12-31", "1969-01-01", "1969-01-02"]),
        ("1969-12-24", "WEEKLY", ["1969-12-24", "1969-12-31", "1970-01-07", "1970-01-14"]),
    ],
)
def test_timestamps_follow_the_calendar(first, frequency, wanted):
    grid = Grid(frequency, int(stamps(first)[0]))

    assert grid.times(0, 4).tolist() == stamps(*wanted).tolist()
    assert grid.places(stamps(*wanted)).tolist() == [0, 1, 2, 3]


def test_last_days_of_months_stay_last_days():
    ends = stamps("2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31")
    grid = Grid.over(ends, "MONTHLY")

    assert grid.times(0, 6).tolist() == [*ends.tolist(), *stamps("2024-04-30").tolist()]


def test_a_monthly_series_is_forecast_at_the_starts_of_months():
    times = months("2018-01", 60)
    values = 100 + 10 * np.sin(2 * np.pi * np.arange(60) / 12) + np.arange(60)

    fitted = arima.fit_series(times, values, arima.Options())
    told = arima.forecast(fitted, 14, 0.95)

    assert told.times.tolist() == months("2023-01", 14).tolist()
    assert fitted.seasonal_periods == ("YEARLY",)


def test_values_of_one_interval_are_averaged_and_gaps_are_filled_by_lines():
    times = stamps(
        "2024-01-05", "2024-01-01", "2024-01-02T06:00", "2024-01-02", "2024-01-03", "2024-01-06"
    )
    values = np.array([50.0, 10.0, 30.0, 20.0, 30.0, np.nan])

    fitted = arima.fit_series(times, values, arima.Options())

    assert fitted.grid.frequency == "DAILY"
    assert fitted.history.data == (10.0, 25.0, 30.0, 40.0, 50.0)
    assert arima.forecast(fitted, 1, 0.9).times[0] == stamps("2024-01-06")[0]


def test_a_coarser_frequency_averages_and_a_finer_one_interpolates():
    times = stamps("2024-01-01") + 86_400_000_000 * np.arange(21)
    values = np.arange(21.0)

    weekly = arima.fit_series(times, values, arima.Options(data_frequency="WEEKLY"))
    hourly = arima.fit_series(times[:4], values[:4], arima.Options(data_frequency="HOURLY"))

    assert weekly.history.data == (3.0, 10.0, 17.0)
    assert hourly.count == 73
    assert hourly.history.data[:3] == pytest.approx((0, 1 / 24, 2 / 24))
