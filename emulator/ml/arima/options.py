"""What a series is modelled with: the values of the manual's options and the rules between them.

Reading SQL is the caller's; a rule is a predicate that is true of wrong options, and its message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

FREQUENCIES = ("PER_MINUTE", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "QUARTERLY", "YEARLY")
SEASONS = ("DAILY", "WEEKLY", "MONTHLY", "QUARTERLY", "YEARLY")
MAX_HORIZON = 10_000


@dataclass(frozen=True)
class Holiday:
    """One occurrence of a holiday: a row of `holiday_statement`."""

    region: str
    name: str
    day: int
    """Days since 1970-01-01."""
    before: int = 1
    after: int = 1


@dataclass(frozen=True)
class Options:
    """The options of one ARIMA_PLUS model that reach a series, with the manual's defaults."""

    horizon: int = 1000
    auto_arima: bool = True
    auto_arima_max_order: int = 2
    auto_arima_min_order: int = 0
    non_seasonal_order: tuple[int, int, int] | None = None
    include_drift: bool = False
    data_frequency: str = "AUTO_FREQUENCY"
    seasonalities: tuple[str, ...] = ("AUTO",)
    holidays: tuple[Holiday, ...] = ()
    clean_spikes_and_dips: bool = True
    adjust_step_changes: bool = True
    decompose_time_series: bool = True
    time_series_length_fraction: float | None = None
    min_time_series_length: int | None = None
    max_time_series_length: int | None = None
    trend_smoothing_window_size: int | None = None
    forecast_limit_lower_bound: float | None = None
    forecast_limit_upper_bound: float | None = None


Rule = tuple[Callable[[Options], bool], str]


def _order_is_impossible(given: Options) -> bool:
    if given.non_seasonal_order is None:
        return False
    p, d, q = given.non_seasonal_order
    return not (0 <= p <= 5 and 0 <= d <= 2 and 0 <= q <= 5)


def _limits_cross(given: Options) -> bool:
    low, high = given.forecast_limit_lower_bound, given.forecast_limit_upper_bound
    return low is not None and high is not None and low >= high


RULES: tuple[Rule, ...] = (
    (
        lambda o: not 1 <= o.horizon <= MAX_HORIZON,
        "HORIZON must be between 1 and 10000.",
    ),
    (
        lambda o: o.auto_arima and o.non_seasonal_order is not None,
        "NON_SEASONAL_ORDER can only be set when AUTO_ARIMA is FALSE.",
    ),
    (
        lambda o: not o.auto_arima and o.non_seasonal_order is None,
        "NON_SEASONAL_ORDER must be set when AUTO_ARIMA is FALSE.",
    ),
    (
        _order_is_impossible,
        "NON_SEASONAL_ORDER needs p and q between 0 and 5 and d between 0 and 2.",
    ),
    (
        lambda o: o.auto_arima and not 1 <= o.auto_arima_max_order <= 5,
        "AUTO_ARIMA_MAX_ORDER must be between 1 and 5.",
    ),
    (
        lambda o: o.auto_arima and not 0 <= o.auto_arima_min_order < o.auto_arima_max_order,
        "AUTO_ARIMA_MIN_ORDER must be at least 0 and less than AUTO_ARIMA_MAX_ORDER.",
    ),
    (
        lambda o: o.auto_arima and o.include_drift,
        "INCLUDE_DRIFT can only be set when AUTO_ARIMA is FALSE.",
    ),
    (
        lambda o: o.include_drift and (o.non_seasonal_order or (0, 1, 0))[1] != 1,
        "INCLUDE_DRIFT can only be TRUE when non-seasonal d is 1.",
    ),
    (
        lambda o: o.data_frequency not in ("AUTO_FREQUENCY", *FREQUENCIES),
        "DATA_FREQUENCY must be AUTO_FREQUENCY or one of " + ", ".join(FREQUENCIES) + ".",
    ),
    (
        lambda o: (
            not o.seasonalities or not set(o.seasonalities) <= {"AUTO", "NO_SEASONALITY", *SEASONS}
        ),
        "SEASONALITIES must be AUTO, NO_SEASONALITY or some of " + ", ".join(SEASONS) + ".",
    ),
    (
        lambda o: (
            len(o.seasonalities) > 1 and bool({"AUTO", "NO_SEASONALITY"} & {*o.seasonalities})
        ),
        "In SEASONALITIES, AUTO and NO_SEASONALITY can only stand alone.",
    ),
    (
        lambda o: (
            o.time_series_length_fraction is not None and not 0 < o.time_series_length_fraction < 1
        ),
        "TIME_SERIES_LENGTH_FRACTION must be greater than 0 and less than 1.",
    ),
    (
        lambda o: o.min_time_series_length is not None and o.min_time_series_length < 4,
        "MIN_TIME_SERIES_LENGTH must be at least 4.",
    ),
    (
        lambda o: o.max_time_series_length is not None and o.max_time_series_length < 4,
        "MAX_TIME_SERIES_LENGTH must be at least 4.",
    ),
    (
        lambda o: o.min_time_series_length is not None and o.time_series_length_fraction is None,
        "MIN_TIME_SERIES_LENGTH can only be set together with TIME_SERIES_LENGTH_FRACTION.",
    ),
    (
        lambda o: (
            o.max_time_series_length is not None
            and (o.time_series_length_fraction, o.min_time_series_length) != (None, None)
        ),
        "MAX_TIME_SERIES_LENGTH cannot be set together with TIME_SERIES_LENGTH_FRACTION or "
        "MIN_TIME_SERIES_LENGTH.",
    ),
    (
        lambda o: o.trend_smoothing_window_size is not None and o.trend_smoothing_window_size < 1,
        "TREND_SMOOTHING_WINDOW_SIZE must be positive.",
    ),
    (
        _limits_cross,
        "FORECAST_LIMIT_LOWER_BOUND must be less than FORECAST_LIMIT_UPPER_BOUND.",
    ),
)


def broken_rule(options: Options) -> str | None:
    """Return the message of the first rule that `options` break."""
    return next((message for wrong, message in RULES if wrong(options)), None)


def trend_points(options: Options, count: int) -> int:
    """Return how many of the last `count` points model the trend."""
    if options.max_time_series_length is not None:
        return min(count, options.max_time_series_length)
    if options.time_series_length_fraction is None:
        return count
    least = options.min_time_series_length or 20
    return min(count, max(least, int(count * options.time_series_length_fraction)))
