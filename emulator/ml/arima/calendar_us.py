"""The built-in holidays of region US, by rule, as the manual's table of 2022 and 2023 lists them.

Its Super Bowl of 2023 is a week before the game, and kept. The tables of other regions are only
in a public BigQuery data set, so their holidays are given as custom ones.
"""

from __future__ import annotations

from datetime import date, timedelta

from emulator.ml.arima.options import Holiday

YEARS = range(1970, 2051)
_EPOCH = date(1970, 1, 1)
_FIXED = {
    "Christmas": (12, 25, 10, 1),
    "NewYear": (1, 1, 5, 3),
    "Valentine": (2, 14, 3, 1),
    "Halloween": (10, 31, 1, 1),
    "StPatrickDay": (3, 17, 1, 1),
    "IndependenceDay": (7, 4, 1, 1),
    "Juneteenth": (6, 19, 1, 1),
    "VeteranDay": (11, 11, 1, 1),
}
_MONDAY, _THURSDAY, _SUNDAY = 0, 3, 6
_BY_WEEKDAY = {
    "MothersDay": (5, _SUNDAY, 2, 6, 1),
    "DaylightSavingEnd": (11, _SUNDAY, 1, 1, 1),
    "DaylightSavingStart": (3, _SUNDAY, 2, 1, 1),
    "Thanksgiving": (11, _THURSDAY, 4, 3, 5),
    "ColumbusDay": (10, _MONDAY, 2, 1, 1),
    "LaborDay": (9, _MONDAY, 1, 1, 1),
    "MLKDay": (1, _MONDAY, 3, 1, 1),
    "PresidentDay": (2, _MONDAY, 3, 1, 1),
}


def us_holidays() -> tuple[Holiday, ...]:
    """Return every occurrence in `YEARS`, by day."""
    found = [holiday for year in YEARS for holiday in _of_year(year)]
    return tuple(sorted(found, key=lambda holiday: (holiday.day, holiday.name)))


def _of_year(year: int) -> list[Holiday]:
    days = {name: (date(year, *rule[:2]), *rule[2:]) for name, rule in _FIXED.items()}
    for name, (month, weekday, nth, before, after) in _BY_WEEKDAY.items():
        days[name] = (_nth(year, month, weekday, nth), before, after)
    days["MemorialDay"] = (_nth(year, 6, _MONDAY, 1) - timedelta(7), 1, 1)
    days["EasterMonday"] = (_easter(year) + timedelta(1), 8, 1)
    days["Superbowl"] = (_nth(year, 2, _SUNDAY, 2 if year >= 2022 and year != 2023 else 1), 1, 1)
    return [
        Holiday("US", name, (day - _EPOCH).days, before, after)
        for name, (day, before, after) in days.items()
    ]


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _easter(year: int) -> date:
    """Return Easter Sunday by the anonymous Gregorian computus."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap = century // 4
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - moon + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
