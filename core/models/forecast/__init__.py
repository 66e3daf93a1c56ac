"""Forecasts of daily series: models behind one interface, held against each other on days that they have not seen."""
