"""Which series is looked at: measure, total or part. It stands in the address."""

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import forecast
from dashboard.data.forecast import BYS, By, Line, Lines
from dashboard.i18n import t
from dashboard.widgets import choice
from dashboard.widgets.choice import Choice

MEASURE, BY, OF = "fc_measure", "fc_by", "fc_of"
KEYS = (MEASURE, BY, OF)
TOTAL = "total"
WHOLE_FROM = 100
"""Counts from here on are told without a part: a forecast of 784.7 orders is one of 785."""


def choose(known: Lines) -> Line:
    """Draws the choice. Of a measure that is not told apart, or has no such part, it is the total."""
    measure = choice.read(MEASURE, _usual_first(known))
    ways = [TOTAL, *(by for by in BYS if known.parts[measure, by])]
    by = choice.read(BY, tuple(ways))
    fields = [
        Choice(MEASURE, t("forecast.measure"), {one: t(f"series.name.{one}") for one in known.measures}, measure),
        Choice(BY, t("forecast.by"), {one: t(f"forecast.by_{one}") for one in ways}, by),
    ]
    st.html(choice.fields(fields, addresses.beside(MEASURE, BY, OF)))
    if by == TOTAL:
        return Line(measure)
    way: By = "channel" if by == "channel" else "unit"
    names = list(known.parts[measure, way])
    labels = {one: part(one, way, known) for one in names}
    addresses.read(OF, names[0], names)
    st.selectbox(
        t(f"forecast.by_{by}"), names, format_func=labels.get, key=OF, persist_state="session", width=260
    )  # fmt: skip
    addresses.write(OF, names[0])
    return Line(measure, way, st.session_state[OF])


def _usual_first(known: Lines) -> tuple[str, ...]:
    """Orders, where there are any."""
    return tuple(sorted(known.measures, key=lambda one: one != "orders"))


def part(name: str, by: By, known: Lines) -> str:
    """What a part is called."""
    if name in (forecast.OTHER, forecast.UNKNOWN):
        return t(f"series.part.{name}")
    return t(f"channel.{name}") if by == "channel" else known.units.get(name, name)


def called(line: Line, known: Lines) -> str:
    """``Orders``, ``Orders (WeCom)``."""
    measure = t(f"series.name.{line.measure}")
    return measure if line.by is None or line.part is None else i18n.aside(measure, part(line.part, line.by, known))


def written(value: float | None, line: Line, known: Lines) -> str:
    """A value of the series: money or a count."""
    if line.measure in forecast.MONEY:
        return i18n.compact_money(value if value is None else round(value), known.currency)
    return i18n.compact(value if value is None else round(value, 1 if abs(value) < WHOLE_FROM else None))
