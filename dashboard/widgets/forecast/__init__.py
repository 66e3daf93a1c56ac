"""Parts of the page of forecasts."""
