import numpy as np
import pytest

from emulator.ml import arima
from emulator.ml.arima.options import Holiday
from tests.emulator.ml.arima.daily_visits import DAY, START, TIMES, VISITS

FIRST = START // DAY
DAYS = np.arange(1000)
TIMES_1000 = DAY * (FIRST + DAYS.astype(np.int64))


def day(text):
    return int(np.datetime64(text, "D").astype(np.int64))


def party(*days, name="party", before=1, after=1):
    return tuple(Holiday("here", name, FIRST + at, before, after) for at in days)


def series(*peaks, seed=2):
    values = 100 + np.array([8.0, 4, 2, 0, -3, -9, -2])[DAYS % 7]
    values += np.random.default_rng(seed).normal(0, 2, len(DAYS))
    for at, size in peaks:
        values[at] += size
    return values


# The table of the manual, "Holiday data": 2022 and 2023, in pairs.
MANUAL = """
Christmas 2022-12-25 2023-12-25 10 1
MothersDay 2022-05-08 2023-05-14 6 1
NewYear 2022-01-01 2023-01-01 5 3
DaylightSavingEnd 2022-11-06 2023-11-05 1 1
DaylightSavingStart 2022-03-13 2023-03-12 1 1
Thanksgiving 2022-11-24 2023-11-23 3 5
Valentine 2022-02-14 2023-02-14 3 1
EasterMonday 2022-04-18 2023-04-10 8 1
Halloween 2022-10-31 2023-10-31 1 1
StPatrickDay 2022-03-17 2023-03-17 1 1
ColumbusDay 2022-10-10 2023-10-09 1 1
IndependenceDay 2022-07-04 2023-07-04 1 1
Juneteenth 2022-06-19 2023-06-19 1 1
LaborDay 2022-09-05 2023-09-04 1 1
MemorialDay 2022-05-30 2023-05-29 1 1
MLKDay 2022-01-17 2023-01-16 1 1
PresidentDay 2022-02-21 2023-02-20 1 1
Superbowl 2022-02-13 2023-02-05 1 1
VeteranDay 2022-11-11 2023-11-11 1 1
"""


def test_the_holidays_of_the_united_states_are_those_of_the_manual():
    wanted = set()
    for line in MANUAL.split("\n")[1:-1]:
        name, first, second, before, after = line.split()
        for text in (first, second):
            wanted.add(Holiday("US", name, day(text), int(before), int(after)))

    years = range(day("2022-01-01"), day("2024-01-01"))
    assert {one for one in arima.us_holidays() if one.day in years} == wanted


@pytest.mark.parametrize(
    "easter_monday", ["1999-04-05", "2000-04-24", "2008-03-24", "2011-04-25", "2024-04-01"]
)
def test_easter_is_where_it_was(easter_monday):
    found = {one.day for one in arima.us_holidays() if one.name == "EasterMonday"}

    assert day(easter_monday) in found


def test_the_effect_of_a_holiday_is_found_and_repeated():
    peaks = [(at, 60.0) for at in (100, 465, 830)] + [(at + 1, -25.0) for at in (100, 465, 830)]
    options = arima.Options(holidays=party(100, 465, 830, 1005), seasonalities=("WEEKLY",))

    fitted = arima.fit_series(TIMES_1000, series(*peaks), options)
    told = arima.explain(fitted, 10, 0.9)

    assert arima.candidates(fitted)[0].has_holiday_effect is True
    assert fitted.has_spikes is False
    effect = told.holiday_effect
    np.testing.assert_allclose(effect[[100, 465, 830, 1005]], 60, atol=5)
    np.testing.assert_allclose(effect[[101, 466, 831, 1006]], -25, atol=5)
    days = [at + offset for at in (100, 465, 830, 1005) for offset in (-1, 0, 1)]
    assert not np.delete(effect, days).any()
    np.testing.assert_array_equal(told.holidays["party"], effect)
    past = told.is_history
    parts = told.trend + told.seasons["WEEKLY"] + effect
    np.testing.assert_allclose((parts + told.residual)[past], series(*peaks), rtol=1e-9)
    np.testing.assert_allclose(parts[~past], told.data[~past], rtol=1e-12)


def test_a_holiday_without_effect_has_none():
    options = arima.Options(holidays=party(100, 465, 830), horizon=20)

    told = arima.explain(arima.fit_series(TIMES_1000, series(), options), 5, 0.9)

    assert told.holiday_effect is None or np.abs(np.nan_to_num(told.holiday_effect)).max() < 6


def test_where_holidays_overlap_the_strongest_of_each_sign_counts():
    peaks = [(at + shift, 50.0) for at in (100, 465, 830) for shift in (0, 1)]
    both = party(100, 465, 830) + party(101, 466, 831, name="feast")

    fitted = arima.fit_series(TIMES_1000, series(*peaks), arima.Options(holidays=both))
    told = arima.explain(fitted, 5, 0.9)

    np.testing.assert_allclose(told.holiday_effect[[100, 101]], 50, atol=6)
    np.testing.assert_allclose(
        told.holidays["party"] + told.holidays["feast"], told.holiday_effect, atol=1e-12
    )


@pytest.mark.parametrize("count", [300, 1000])
def test_holidays_are_modelled_in_series_longer_than_a_year_only(count):
    options = arima.Options(holidays=arima.us_holidays(), horizon=50)

    fitted = arima.fit_series(TIMES_1000[:count], series()[:count], options)

    names = {one.name for one in fitted.holidays}
    assert ("Christmas" in names) is (count == 1000)
    days = [one.day - FIRST for one in fitted.holidays]
    assert all(-10 <= at <= count + 60 for at in days)


def test_weekly_series_have_holidays_too():
    weeks = np.arange(200)
    christmas = [day(f"{year}-12-25") for year in range(2016, 2022)]
    values = 50 + np.random.default_rng(1).normal(0, 1, 200)
    for at in christmas[:4]:
        values[(at - FIRST) // 7] += 30
    holidays = tuple(Holiday("US", "Christmas", at, 10, 1) for at in christmas)
    options = arima.Options(holidays=holidays, seasonalities=("NO_SEASONALITY",))

    fitted = arima.fit_series(START + 7 * DAY * weeks.astype(np.int64), values, options)
    told = arima.forecast(fitted, 60, 0.9)

    assert told.values[(christmas[4] - FIRST) // 7 - 200] == pytest.approx(80, abs=4)


def test_the_daily_visits_are_modelled_with_the_holidays_of_the_united_states():
    options = arima.Options(holidays=arima.us_holidays())

    fitted = arima.fit_series(TIMES, VISITS, options)

    assert fitted.error_message is None and fitted.holiday_effects
    assert arima.forecast(fitted, 3, 0.9).values == pytest.approx([2635, 2621, 2396], rel=0.05)


def test_custom_holidays_replace_built_in_ones_of_their_name():
    builtin = (Holiday("US", "A", 1), Holiday("US", "B", 2))
    custom = (Holiday("US", "A", 5, 2, 2), Holiday("here", "B", 6))

    assert set(arima.replaced_holidays(builtin, custom)) == {*custom, builtin[1]}


@pytest.mark.parametrize(
    ("holidays", "part"),
    [
        (party(1, before=0), "each at least 1"),
        (party(1, before=20, after=20), "at most 30 days"),
        (party(1) + party(400, before=2), "different windows"),
        (sum((party(1, name=f"h{at}") for at in range(501)), ()), "more than 500"),
        (party(1, 400) + party(3, name="other"), None),
        (party(1, 400) + party(3, name="other", before=3), "overlaps fully"),
    ],
)
def test_impossible_custom_holidays_are_named(holidays, part):
    message = arima.wrong_holidays(holidays)

    assert message is None if part is None else part in message
