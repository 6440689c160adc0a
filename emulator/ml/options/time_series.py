"""The options of ARIMA_PLUS."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from emulator.ml import arima
from emulator.ml.errors import NotEmulated
from emulator.ml.options.base import KEY, OptionSet, Rule, TrainingOptions
from emulator.ml.options.values import boolean, finite, integer, invalid, number, one_of, text

REGIONS = frozenset(
    "GLOBAL NA JAPAC EMEA LAC AE AR AT AU BE BR CA CH CL CN CO CZ DE DK DZ EC EE EG ES FI FR GB GR"
    " HK HU ID IE IL IN IR IT JP KR LV MA MX MY NG NL NO NZ PE PH PK PL PT RO RS RU SA SE SG SI SK"
    " TH TR TW UA US VE VN ZA".split()
)
EMULATED_REGIONS = frozenset({"US"})


@dataclass(frozen=True, kw_only=True)
class TimeSeriesOptions(TrainingOptions):
    """Options of a time series model; what is not given has the manual's default."""

    time_series_timestamp_col: str | None = None
    time_series_data_col: str | None = None
    time_series_id_col: tuple[str, ...] = ()
    holiday_region: tuple[str, ...] = ()
    horizon: int = 1000
    auto_arima: bool = True
    auto_arima_max_order: int | None = None
    auto_arima_min_order: int | None = None
    non_seasonal_order: tuple[int, int, int] | None = None
    include_drift: bool = False
    data_frequency: str = "AUTO_FREQUENCY"
    seasonalities: tuple[str, ...] = ("AUTO",)
    clean_spikes_and_dips: bool = True
    adjust_step_changes: bool = True
    decompose_time_series: bool = True
    time_series_length_fraction: float | None = None
    min_time_series_length: int | None = None
    max_time_series_length: int | None = None
    trend_smoothing_window_size: int | None = None
    forecast_limit_lower_bound: float | None = None
    forecast_limit_upper_bound: float | None = None

    @property
    def settings(self) -> arima.Options:
        """What models each series."""
        default = arima.Options()
        found: dict[str, Any] = {}
        for field in fields(arima.Options):
            given = getattr(self, field.name, None)
            found[field.name] = getattr(default, field.name) if given is None else given
        return arima.Options(**found)


def _columns(name: str, value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise invalid(name, value, "the name of a column or an ARRAY of names")
    if len({one.lower() for one in names}) != len(names):
        raise invalid(name, value, "each column once")
    return tuple(names)


def _regions(name: str, value: Any) -> tuple[str, ...]:
    regions = [value] if isinstance(value, str) else value
    if not isinstance(regions, list) or not regions:
        raise invalid(name, value, "a region such as 'US' or an ARRAY of regions")
    for region in regions:
        if region not in REGIONS:
            raise invalid(name, region, f"one of {', '.join(sorted(REGIONS))}")
        if region not in EMULATED_REGIONS:
            raise NotEmulated(
                f"HOLIDAY_REGION = '{region}'",
                "Its holidays are only in a public data set of Google's: name them in "
                "custom_holiday (region, holiday_name, primary_date).",
            )
    return tuple(regions)


def _order(name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, tuple) or [type(one) for one in value] != [int] * 3:
        raise invalid(name, value, "three INT64 in brackets, such as (1, 1, 0)")
    return value


def _seasons(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise invalid(name, value, "an ARRAY of STRING")
    return tuple(one.upper() for one in value)


def _core(rule: arima.options.Rule) -> Rule:
    """Return a rule of the numeric core as a rule of the statement."""
    breaks, message = rule
    return (lambda o: breaks(o.settings)), message


OPTION_SET = OptionSet(
    model_types=("ARIMA_PLUS",),
    make=TimeSeriesOptions,
    options={
        "time_series_timestamp_col": text,
        "time_series_data_col": text,
        "time_series_id_col": _columns,
        "holiday_region": _regions,
        "horizon": integer(),
        "auto_arima": boolean,
        "auto_arima_max_order": integer(),
        "auto_arima_min_order": integer(0),
        "non_seasonal_order": _order,
        "include_drift": boolean,
        "data_frequency": one_of("AUTO_FREQUENCY", *arima.options.FREQUENCIES),
        "seasonalities": _seasons,
        "clean_spikes_and_dips": boolean,
        "adjust_step_changes": boolean,
        "decompose_time_series": boolean,
        "time_series_length_fraction": number(0, above=True, below=1),
        "min_time_series_length": integer(),
        "max_time_series_length": integer(),
        "trend_smoothing_window_size": integer(),
        "forecast_limit_lower_bound": finite,
        "forecast_limit_upper_bound": finite,
    },
    rules=(
        (
            lambda o: o.time_series_timestamp_col is None or o.time_series_data_col is None,
            "TIME_SERIES_TIMESTAMP_COL and TIME_SERIES_DATA_COL are required.",
        ),
        (
            lambda o: (
                bool(o.time_series_id_col)
                and (not o.auto_arima or o.non_seasonal_order is not None)
            ),
            "TIME_SERIES_ID_COL needs AUTO_ARIMA = TRUE and no NON_SEASONAL_ORDER: the order of "
            "each of several time series is found by auto.ARIMA.",
        ),
        *map(_core, arima.RULES),
    ),
    refused=("hierarchical_time_series_cols", *KEY),
)
