"""Forecasts of the official windows with odds, and the replay of history that scores them.

`forecast.forecast_account` makes one, `latest.latest_forecast` is the cheap way to it, `model` has their shapes.
"""
