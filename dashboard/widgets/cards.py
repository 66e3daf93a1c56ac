"""KPI cards: the figure first, its change in words, its course, and the way to its contract."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Literal

import streamlit as st

from dashboard import i18n
from dashboard.data.overview import Figure, Overview
from dashboard.i18n import t
from dashboard.widgets import values
from dashboard.widgets.values import Tone

KEPT_SECONDS = 3600
MOST_IN_A_ROW = 6
NARROWEST = 162
"""Pixels of a card: two stand side by side on a phone."""
Open = Callable[[Figure], None]


@dataclass(frozen=True, slots=True)
class Card:
    """All that a card says, in one language."""

    name: str
    title: str
    value: str
    delta: str
    tone: Tone
    against: str | None
    course: tuple[float | int, ...] | None
    shape: Literal["area", "line"]
    hint: str


def wall(figures: tuple[Figure, ...], view: Overview, open_contract: Open, *, large: bool = False) -> None:
    """Cards side by side, as many as fit. ``view``: the answer that the figures are of."""
    names = ",".join(figure.metric.name for figure in figures)
    key = f"{view.key}|{i18n.language()}|{names}|{large}"
    words = _words(key=key, _figures=figures, _currency=view.currency, _large=large)
    opening, hint = t("contract.open"), t("contract.open_help")
    columns = ceil(len(figures) / ceil(len(figures) / MOST_IN_A_ROW))  # rows of one length, as far as that goes
    with st.grid(columns, min_column_width=NARROWEST, gap="small", key=f"wall_{figures[0].metric.name}"):
        for figure, card in zip(figures, words, strict=True):
            with st.container(key=f"kpi_{'large_' if large else ''}{card.name}", height="stretch"):
                _draw(card)
                if st.button(opening, type="tertiary", key=f"open_{card.name}", help=hint):
                    open_contract(figure)


def _draw(card: Card) -> None:
    st.metric(
        card.title,
        card.value,
        delta=card.delta,
        delta_color=card.tone,
        delta_arrow="off",
        delta_description=card.against,
        chart_data=card.course,
        chart_type=card.shape,
        help=card.hint,
        border=True,
        height="stretch",
    )


@st.cache_resource(ttl=KEPT_SECONDS, max_entries=64, show_spinner=False)
def _words(key: str, _figures: tuple[Figure, ...], _currency: str, _large: bool) -> tuple[Card, ...]:  # noqa: ARG001
    """Made once per answer and language, which ``key`` names: writing numbers costs more than drawing them."""
    return tuple(_card(figure, _currency, _large) for figure in _figures)


def _card(figure: Figure, currency: str, large: bool) -> Card:
    change = values.change(figure)
    course = tuple(value for _, value, is_partial in whole(figure) if not is_partial and value is not None)
    return Card(
        figure.metric.name,
        t(f"metric.{figure.metric.name}.title"),
        values.card(figure, currency),
        change.text if change else (t("number.small") if figure.is_small else t("number.no_comparison")),
        change.tone if change else "gray",
        values.against(figure) if change and large else None,
        course if len(course) > 2 and not figure.is_small else None,
        "area" if figure.metric.bottom is None else "line",
        hint(figure, currency),
    )


def whole(figure: Figure) -> tuple[tuple[object, float | int | None, bool], ...]:
    """The course without its last day, which may still run when the data ends on it."""
    return figure.series[:-1] if len(figure.series) > 1 else figure.series


def hint(figure: Figure, currency: str) -> str:
    """What is held against what, and the exact values."""
    return t(
        "number.hint",
        now=i18n.day(figure.period.start_on),
        now_last=i18n.day(figure.period.last_on),
        value=values.exact(figure.metric, figure.value, currency),
        before=i18n.day(figure.compared.start_on),
        before_last=i18n.day(figure.compared.last_on),
        previous=values.exact(figure.metric, figure.previous, currency),
    )
