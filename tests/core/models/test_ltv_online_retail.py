"""Online Retail, on which BG/NBD finds nobody who stops: refused with that reason."""

import numpy as np
import pandas as pd

from core.models.ltv import calibration, fitness, worth
from core.models.ltv.purchases import Purchases
from tests.bringing import ONLINE_RETAIL, shared


def test_online_retail_is_refused_because_nobody_stops():
    rows = pd.read_csv(
        shared(ONLINE_RETAIL),
        dtype={"InvoiceNo": str},
        usecols=["InvoiceNo", "CustomerID", "InvoiceDate", "Quantity", "UnitPrice"],
    )
    rows = rows.dropna(subset="CustomerID")
    rows = rows[(rows["Quantity"] > 0) & (rows["UnitPrice"] > 0) & ~rows["InvoiceNo"].str.startswith("C")]
    rows["day"] = pd.to_datetime(rows["InvoiceDate"]).dt.normalize().map(pd.Timestamp.toordinal)
    rows["paid"] = rows["Quantity"] * rows["UnitPrice"]
    days = rows.groupby(["CustomerID", "day"], as_index=False)["paid"].sum()
    who = np.unique(days["CustomerID"], return_inverse=True)[1]
    bought = Purchases(who.astype(np.int64), days["day"].to_numpy(np.int64), days["paid"].to_numpy(float))
    newest, first = int(bought.day.max()), int(bought.day.min())
    people = bought.people(newest)
    assert len(people) == 4338 and fitness.of_data(people, newest - first) == []
    model = worth.fit(people)
    found = fitness.of_purchases(model.purchases)
    assert [(one.reason, one.of_money) for one in found] == [("no_dropout", False)]
    assert model.purchases.law.b > 100 * model.purchases.law.a
    held = calibration.held_out(bought, first, newest, calibration.length(first, newest))
    assert held is not None and np.isfinite([held.predicted, held.mae, held.rmse]).all()
