"""The people behind a figure or a step, and what they are called on screen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from babel.numbers import get_currency_precision

from core.metrics import catalog
from core.metrics.catalog import METRICS
from core.privacy import short_names
from core.work.questions import figures
from core.work.questions.figures import Side
from dashboard.data.ground import KEPT_SECONDS, Ground, stand
from dashboard.filters import Filters
from dashboard.web import wiring


@dataclass(frozen=True, eq=False)
class People:
    """A list of people. ``frame``: ``member_id``, ``value``, the greatest first, and columns of its own beside.

    ``key``: names the list, for widgets and pictures. ``definition``: how to ask for it again, kept with a segment.
    ``total``: what the values add up to. ``figure``: the number that the list stands behind. ``how``: what a value is
    (see ``core.metrics.parts.How``). ``unit``: of a value. ``version``: of the lake.
    """

    key: str
    frame: pd.DataFrame
    definition: dict[str, Any]
    how: str
    unit: str
    total: float | int | None
    figure: float | int | None
    currency: str
    version: int

    @property
    def count(self) -> int:
        return len(self.frame)

    @property
    def is_plain(self) -> bool:
        """Whether they are counted alone, and nobody has a value."""
        return self.how in ("stock_end", "stock_start")

    @property
    def member_ids(self) -> list[int]:
        return self.frame["member_id"].astype("int64").tolist()


def behind(asked: Filters, name: str, side: Side) -> People:
    """The people behind a side of a metric, in the period to date. Raises ``Forbidden`` and ``Unknown``."""
    ground = stand("people.see")
    return _behind(f"{ground.key}|{asked}|{name}|{side}", ground, asked, name, side)


def labels(member_ids: pd.Series) -> list[str]:
    """Short names on screen, ``M-7F3A2C``: the same for the same member everywhere, and nothing about the person.

    One in a thousand million pairs shares a name; exports and segments therefore hold the full number.
    """
    return short_names.labels(member_ids.to_numpy(dtype=np.int64))


def links(member_ids: pd.Series) -> list[str]:
    """Addresses of the pages of members, each with the short name behind it."""
    named = zip(member_ids.tolist(), labels(member_ids), strict=True)
    return [f"{address(one)}#{label}" for one, label in named]


def address(member_id: int) -> str:
    """Of the page of a member, from anywhere."""
    return f"/member?m={int(member_id)}"


def table(found: People, columns: tuple[str, str, str]) -> pd.DataFrame:
    """All the people for an export: short name, full number as text (spreadsheets round long numbers), and where each has one, value.

    Money in major units. A list of people can be made of it again.
    """
    value = (
        found.frame["value"] / 10 ** get_currency_precision(found.currency)
        if found.unit == "money"
        else found.frame["value"]
    )
    shown, full, own = columns
    named = {shown: labels(found.frame["member_id"]), full: found.frame["member_id"].astype(str)}
    return pd.DataFrame(named if found.is_plain else named | {own: value})


def file_name(found: People) -> str:
    """Of an export, without its ending: the figure or the question that the people stand behind, and its days."""
    told = found.definition
    return f"siyu-{told.get('metric') or told['kind']}-{told['from']}-{told['to']}"


def zone() -> str:
    return wiring.house().settings.zone


@st.cache_resource(ttl=KEPT_SECONDS, max_entries=16, show_spinner=False)
def _behind(key: str, _ground: Ground, _asked: Filters, _name: str, _side: Side) -> People:
    metric = catalog.find(_name)
    part = figures.part_of(metric, _side)
    with _ground.open(_asked) as lake:
        frame = figures.behind(lake, _name, _side)
        found = figures.overview(lake, [metric], with_series=False)
        numbers = dict(found[0].numbers) if found else {}
        value = pd.to_numeric(frame["value"]) if len(frame) else frame["value"]
        return People(
            key,
            frame.assign(value=value),
            definition(_asked) | {"kind": "behind", "metric": _name, "side": _side},
            part.how,
            _unit(_name, part.how),
            value.sum() if len(frame) and part.how != "median" else None,
            numbers.get(_side),
            lake.currency,
            _ground.version,
        )


def definition(asked: Filters) -> dict[str, Any]:
    """Filters as JSON."""
    return {
        "from": asked.period.start_on.isoformat(),
        "to": asked.period.last_on.isoformat(),
        "channels": list(asked.channels),
        "units": list(asked.units),
        "segment": asked.segment,
    }


def _unit(name: str, how: str) -> str:
    """What a person's value is: money only where the part adds up money."""
    if how == "sum":
        return "money" if METRICS[name].unit == "money" or name == "refund_share" else "score"
    return {"median": "days", "member_days": "days", "repeating": "orders"}.get(how, "rows")
