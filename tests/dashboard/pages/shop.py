"""A shop small enough to count by hand, in the home of the test: orders, refunds, events, units."""

import json
from datetime import datetime

import ibis
import pyarrow as pa

from core.work.home import Home
from dashboard.web import wiring

AT = pa.timestamp("us")


def fill(*, orders: bool = True, events: bool = True, units: bool = False) -> Home:
    """Forty members. In October everybody buys for 10; in November members 1 to 35 buy for 20 twice, member 1 returns 5,
    and nobody knows who bought for 99. All of them look, members 1 to 30 put into the cart, members 1 to 10 order."""
    home = wiring.house().live
    members = list(range(1, 41))
    with home.writer.change("import", 1) as change:
        if orders:
            change.merge("order_lines", ibis.memtable(_orders(members)))
        if events:
            change.merge("events", ibis.memtable(_events(members)))
        if units:
            _add_units(change, members)
        change.merge("identities", ibis.memtable(_identities(members)))
        known = {"identity_key": members, "member_id": members, "is_known": [True] * len(members)}
        change.replace("identity_map", pa.table(known))
    return home


def _orders(members):
    lines = [(f"2026-10-{1 + m % 28:02}", f"O{m}", m, 1000, "store", "sale") for m in members]
    lines += [(f"2026-11-{1 + m % 20:02}", f"N{m}", m, 2000, "web", "sale") for m in members[:35]]
    lines += [(f"2026-11-{2 + m % 20:02}", f"P{m}", m, 2000, "store", "sale") for m in members[:35]]
    lines += [("2026-11-20", "N1", 1, -500, "web", "refund"), ("2026-11-28", "X1", None, 9900, "store", "sale")]
    return pa.table(
        {
            "occurred_at": pa.array([datetime.fromisoformat(f"{on}T04:00:00") for on, *_ in lines], AT),
            "order_no": [line[1] for line in lines],
            "identity_key": pa.array([line[2] for line in lines], pa.int64()),
            "amount_minor": pa.array([line[3] for line in lines], pa.int64()),
            "channel": [line[4] for line in lines],
            "line_kind": [line[5] for line in lines],
            "quantity": [1 if line[3] > 0 else -1 for line in lines],
            "unit_price": [abs(line[3]) / 100 for line in lines],
            "source": ["till"] * len(lines),
            "row_number": list(range(1, len(lines) + 1)),
        }
    )


def _events(members):
    rows = [(m, "product_view", f"2026-11-10T02:{m:02}:00") for m in members]
    rows += [(m, "add_to_cart", f"2026-11-10T03:{m:02}:00") for m in members[:30]]
    rows += [(m, "checkout", f"2026-11-11T03:{m:02}:00") for m in members[:20]]
    rows += [(m, "purchase", f"2026-11-12T03:{m:02}:00") for m in members[:10]]
    return pa.table(
        {
            "occurred_at": pa.array([datetime.fromisoformat(at) for *_, at in rows], AT),
            "identity_key": pa.array([m for m, *_ in rows], pa.int64()),
            "name": [name for _, name, _ in rows],
            "channel": ["web"] * len(rows),
            "properties": [json.dumps({"platform": "phone"} if m <= 32 else {}) for m, *_ in rows],
            "source": ["shop"] * len(rows),
            "row_number": list(range(1, len(rows) + 1)),
        }
    )


def _identities(members):
    return pa.table(
        {
            "identity_key": members,
            "identity_type": ["phone"] * len(members),
            "namespace": [""] * len(members),
            "source": ["till"] * len(members),
            "row_number": members,
        }
    )


def _add_units(change, members):
    """Members 1 to 5 belong to unit east, the others to west."""
    units = {"unit_id": ["east", "west"], "name": ["东区", "西区"], "source": ["hr"] * 2, "row_number": [1, 2]}
    change.merge("units", ibis.memtable(pa.table(units)))
    profiles = {
        "identity_key": members,
        "unit_id": ["east" if m <= 5 else "west" for m in members],
        "source": ["hr"] * len(members),
        "row_number": members,
    }
    change.merge("member_profiles", ibis.memtable(pa.table(profiles)))
