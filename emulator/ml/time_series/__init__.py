"""ARIMA_PLUS: training queries to series, and series to tables; `arima` has the numbers."""
