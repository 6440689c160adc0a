"""The numeric core of ARIMA_PLUS: `fit_series`, and what is read off a fitted series.

NumPy arrays in, NumPy arrays and frozen dataclasses out; it knows no SQL and no tables.
"""

from emulator.ml.arima.calendar_us import us_holidays
from emulator.ml.arima.detect import Anomalies, detect
from emulator.ml.arima.evaluate import (
    Accuracy,
    CandidateRow,
    Coefficients,
    accuracy,
    candidates,
    coefficients,
)
from emulator.ml.arima.explain import Explanation, explain
from emulator.ml.arima.fit import fit_series
from emulator.ml.arima.forecast import Forecast, forecast
from emulator.ml.arima.holidays import replaced as replaced_holidays
from emulator.ml.arima.holidays import wrong as wrong_holidays
from emulator.ml.arima.options import RULES, Holiday, Options, broken_rule
from emulator.ml.arima.series import FittedSeries, History

__all__ = [
    "RULES",
    "Accuracy",
    "Anomalies",
    "CandidateRow",
    "Coefficients",
    "Explanation",
    "FittedSeries",
    "Forecast",
    "History",
    "Holiday",
    "Options",
    "accuracy",
    "broken_rule",
    "candidates",
    "coefficients",
    "detect",
    "explain",
    "fit_series",
    "forecast",
    "replaced_holidays",
    "us_holidays",
    "wrong_holidays",
]
