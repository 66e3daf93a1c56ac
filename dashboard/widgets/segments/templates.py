"""Segments that are often wanted, to begin with."""

from collections.abc import Iterator
from html import escape
from typing import Any

from dashboard.data import definitions, vocabulary
from dashboard.i18n import t
from dashboard.widgets.segments import links

ORDER, CART = "order_placed", "add_to_cart"
SPENT = 1000
"""Major units from which a buyer counts as one of high value here *(rule of thumb)*."""


def show(current: str | None) -> str:
    """Links to the builder with each. ``current``: the definition that is open, packed."""
    every = []
    for name, node in _every():
        packed = links.packed(definitions.canonical(definitions.whole(node)))
        mark = ' aria-current="true"' if packed == current else ""
        every.append(
            f'<a href="?part=build&amp;{links.PARAMETER}={packed}"{mark}>{escape(t(f"segments.template_{name}"))}</a>'
        )
    title = escape(t("segments.templates"))
    return f'<nav class="pills" aria-label="{title}"><p>{title}</p>{"".join(every)}</nav>'


def _every() -> Iterator[tuple[str, dict[str, Any]]]:
    """Those that the data of this lake can say anything about."""
    events = vocabulary.events()
    yield "lapsing", _all(_value("net_amount", "at_least", SPENT), _value("days_since_last_order", "between", 60, 180))
    joined = {"profile": "days_since_joined", "op": "at_most", "values": [29]}
    yield "new", _all(joined, _event(ORDER, 0, None))
    if CART in events:
        yield "cart", _all(_event(CART, 1, 7), _event(ORDER, 0, 7))
    yield "once", _all(_value("orders", "between", 1, 1), _value("days_since_last_order", "at_least", 30))
    yield "likely", {"score": "chance_30d", "op": "at_least", "values": [0.5]}
    if ORDER in events:
        top = {"score": "churn_order_90d_top", "op": "at_most", "values": [0.2]}
        yield "leaving", _all(top, _value("net_amount", "at_least", SPENT))
    yield "retain", {"rfm": ["high_retain"]}
    yield "silent", {"lifecycle": ["dormant"]}


def _all(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"all": list(nodes)}


def _value(name: str, op: str, *values: float) -> dict[str, Any]:
    return {"value": name, "op": op, "values": list(values)}


def _event(name: str, times: int, days: int | None) -> dict[str, Any]:
    """At least once, or never, for ``times`` 1 and 0."""
    op, window = "at_least" if times else "at_most", None if days is None else {"days": days}
    return {"event": [name], "measure": "count", "op": op, "values": [times], "window": window, "where": []}
