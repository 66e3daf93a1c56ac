"""Real daily series of ``../shared/data`` (sources and licences: SOURCES.md there), each with the public holidays of its country."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import holidays
import numpy as np
import pandas as pd

from core.models.forecast.history import Event, History, Known

FOLDER = Path(__file__).parents[2].parent / "shared" / "data"
PROPHET, TRAFFIC, RETAIL = "prophet_examples", "daily_traffic_skforecast", "online_retail"


@dataclass(frozen=True)
class Real:
    name: str
    history: History
    known: Known


def every() -> Iterator[Real]:
    """Days that no row tells are NaN, except shop days: without an order they are 0."""
    for name, file in (("page views Manning", "wp_log_peyton_manning"), ("page views R", "wp_log_R")):
        rows = _read(PROPHET, f"example_{file}")
        yield _real(name, pd.to_datetime(rows.ds), np.exp(rows.y), "US")
    rows = _read(PROPHET, "example_pedestrians_covid")
    yield _real("pedestrians Melbourne", pd.to_datetime(rows.ds), rows.y, "AU", "VIC")
    rows = _read(TRAFFIC, "bicimad_users")
    yield _real("bike hire Madrid", pd.to_datetime(rows.date), rows.users, "ES", "MD")
    rows = _read(TRAFFIC, "public-transport-madrid")
    for line in ("metro", "bus"):
        yield _real(f"{line} Madrid", pd.to_datetime(rows.date), rows[line], "ES", "MD")
    rows = _read(TRAFFIC, "bike_sharing_dataset_clean")
    by_day = rows.users.groupby(pd.to_datetime(rows.date_time).dt.normalize()).sum()
    yield _real("bike share Washington", by_day.index.to_series(), by_day, "US")
    rows = _read(TRAFFIC, "uk_daily_flights")
    yield _real("flights UK", pd.to_datetime(rows.iloc[:, 0], dayfirst=True), rows.iloc[:, 1], "GB")
    rows = _read(TRAFFIC, "visitas_por_dia_web_cienciadedatos_2020_2021")
    yield _real("web visits", pd.to_datetime(rows.date, dayfirst=True, format="mixed"), rows.users, "ES")
    yield from _shop()


def _shop() -> Iterator[Real]:
    rows = _read(RETAIL, "online_retail_all", dtype={"InvoiceNo": str, "CustomerID": str})
    sold = (rows.Quantity > 0) & (rows.UnitPrice > 0) & ~rows.InvoiceNo.str.startswith("C") & rows.CustomerID.notna()
    rows = rows[sold]
    on = pd.to_datetime(rows.InvoiceDate).dt.normalize()
    by_day = {
        "orders Online Retail": rows.groupby(on).InvoiceNo.nunique(),
        "revenue Online Retail": (rows.Quantity * rows.UnitPrice).groupby(on).sum(),
    }
    for name, told in by_day.items():
        whole = told.reindex(pd.date_range(told.index[0], told.index[-1]), fill_value=0)
        yield _real(name, whole.index.to_series(), whole, "GB", "ENG")


def _read(folder: str, name: str, **options: object) -> pd.DataFrame:
    with gzip.open(FOLDER / folder / f"{name}.csv.gz", "rt", encoding="utf-8-sig") as file:
        return pd.read_csv(file, **options)  # type: ignore[call-overload]


def _real(name: str, on: pd.Series, told: pd.Series, country: str, part: str | None = None) -> Real:
    by_day = pd.Series(told.to_numpy(float), pd.DatetimeIndex(on)).sort_index()
    by_day = by_day[~by_day.index.duplicated()]
    whole = by_day.reindex(pd.date_range(by_day.index[0], by_day.index[-1]))
    start = whole.index[0].date()
    years = range(start.year, whole.index[-1].year + 2)
    feasts = holidays.country_holidays(country, subdiv=part, years=years)
    events = tuple(sorted(Event(title.split(";")[0], day) for day, title in feasts.items()))
    return Real(name, History(start, whole.to_numpy(float)), Known(start, events))
