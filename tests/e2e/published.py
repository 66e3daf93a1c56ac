"""Homes filled with the public data sets whose figures are published. Facts go into the lake directly, so that these tests
stand on the pages alone."""

import json
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from core.app import House
from core.settings import PROJECT, Settings
from core.work.home import Home

DATA = PROJECT.parent / "shared" / "data"
EIGHT_HOURS = pd.Timedelta(hours=8)
"""Naive times of the files are on the clock of the business zone."""


def file(name: str) -> Path:
    found = DATA / name
    if not found.exists():
        pytest.skip(f"the data set {name} is not there")
    return found


def online_retail(home: Path) -> Path:
    """One line per row; C before the number is a refund, a negative quantity without it an adjustment."""
    rows = pd.read_csv(file("online_retail/online_retail_all.csv.gz"), dtype={"CustomerID": str})
    rows = rows[rows.UnitPrice >= 0]
    customer = rows.CustomerID.astype(float).astype("Int64")
    kind = pd.Series("sale", index=rows.index).mask(rows.Quantity < 0, "adjustment")
    kind = kind.mask(rows.InvoiceNo.str.startswith("C"), "refund")
    lines = pa.table(
        {
            "occurred_at": (pd.to_datetime(rows.InvoiceDate) - EIGHT_HOURS).to_numpy(),
            "identity_key": pa.array(customer),
            "order_no": rows.InvoiceNo.to_numpy(),
            "line_kind": kind.to_numpy(),
            "product_id": rows.StockCode.to_numpy(),
            "quantity": rows.Quantity.to_numpy(),
            "unit_price": rows.UnitPrice.to_numpy(),
            "amount_minor": (rows.Quantity * rows.UnitPrice * 100).round().astype("int64").to_numpy(),
            "source": ["online_retail"] * len(rows),
            "row_number": range(1, len(rows) + 1),
        }
    )
    return _filled(home, "order_lines", lines, [int(one) for one in customer.dropna().unique()])


def ecom(home: Path) -> Path:
    rows = pd.read_csv(file("retentioneering_ecom/ecom.csv.gz"))
    person = rows.user_id.str[5:].astype("int64") + 1
    events = pa.table(
        {
            "occurred_at": (pd.to_datetime(rows.timestamp) - EIGHT_HOURS).to_numpy(),
            "identity_key": person.to_numpy(),
            "name": rows.event.to_numpy(),
            "session_id": rows.session_id.to_numpy(),
            "channel": ["web"] * len(rows),
            "properties": [json.dumps({"platform": one}) for one in rows.platform],
            "source": ["ecom"] * len(rows),
            "row_number": range(1, len(rows) + 1),
        }
    )
    return _filled(home, "events", events, [int(one) for one in person.unique()])


def _filled(path: Path, table: str, rows: pa.Table, members: list[int]) -> Path:
    home: Home = House(Settings(home=path)).live
    seen = {
        "identity_key": members,
        "identity_type": ["customer_no"] * len(members),
        "namespace": ["shop"] * len(members),
        "source": ["shop"] * len(members),
        "row_number": range(len(members)),
    }
    with home.writer.change("import", 1) as change:
        change.merge(table, ibis.memtable(rows))
        change.merge("identities", ibis.memtable(pa.table(seen)))
        known = {"identity_key": members, "member_id": members, "is_known": [True] * len(members)}
        change.replace("identity_map", pa.table(known))
    home.store.close()
    return path
