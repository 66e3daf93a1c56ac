"""KPI cards: the figure first, its change in words, its course, and the way to its contract.

A wall of them is one piece of HTML. Every card is a link to the page as it is with its contract open, which ``chrome.js``
follows without loading the page anew; colours stand in ``look.css``.
"""

from collections.abc import Sequence
from html import escape
from math import ceil
from urllib.parse import quote

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data.overview import Figure, Overview
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import values

MOST_IN_A_ROW = 6
WIDTH, HEIGHT, ROOM = 100, 30, 2
"""Of the picture of a course, in its own units: it is as wide as its card. ``ROOM``: for the line's own width."""


def wall(
    figures: tuple[Figure, ...], view: Overview, parameter: str, *, lead: str, above: str = "", large: bool = False
) -> None:
    """Cards side by side, as many as fit. ``view``: the answer that the figures are of; ``parameter``: where the address says
    whose contract is open; ``lead``: a line above them; ``above``: HTML above that.
    """
    names = ",".join(figure.metric.name for figure in figures)
    others = addresses.beside(parameter)
    key = f"{view.key}|{i18n.language()}|{names}|{large}|{others}"
    written = _wall(key=key, _figures=figures, _currency=view.currency, _link=f"?{others}{parameter}=", _large=large)
    st.html(f'{above}<p class="lead">{escape(lead)}</p>{written}')


@kept.by_key(64)
def _wall(key: str, _figures: tuple[Figure, ...], _currency: str, _link: str, _large: bool) -> str:  # noqa: ARG001
    """Made once per answer, language and address, which ``key`` names: writing numbers costs more than sending them."""
    columns = ceil(len(_figures) / ceil(len(_figures) / MOST_IN_A_ROW))  # rows of one length, as far as that goes
    cards = "".join(_card(figure, _currency, f"{_link}{figure.metric.name}", _large) for figure in _figures)
    return f'<ul class="kpis{" large" if _large else ""}" style="--columns:{columns}">{cards}</ul>'


def _card(figure: Figure, currency: str, address: str, large: bool) -> str:
    change = values.change(figure)
    delta = change.text if change else t("number.small" if figure.is_small else "number.no_comparison")
    tone = change.tone if change else "gray"
    against = f"<small>{escape(values.against(figure))}</small>" if change and large else ""
    return (
        f'<li><a id="kpi-{figure.metric.name}" class="{tone}" href="{escape(address)}" title="{escape(hint(figure, currency))}">'
        f'<span class="name">{escape(t(f"metric.{figure.metric.name}.title"))}</span>'
        f'<span class="value">{escape(values.card(figure, currency))}</span>'
        f'<span class="change"><b>{escape(delta)}</b>{against}</span>'
        f'{course(figure)}<span class="more">{escape(t("contract.open"))}</span></a></li>'
    )


def course(figure: Figure) -> str:
    """The figure over time as a line without axes, filled where it is an amount; nothing where there is too little of it."""
    known = [value for _, value, is_partial in _whole(figure) if not is_partial and value is not None]
    if len(known) < 3 or figure.is_small:
        return ""
    line = " ".join(f"{x:.4g},{y:.4g}" for x, y in _places(known))
    area = f'<path d="M0,{HEIGHT} L{line} L{WIDTH},{HEIGHT}z" opacity=".11"/>' if figure.metric.bottom is None else ""
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{area}<polyline '
        f'points="{line}" fill="none" stroke="#000" stroke-width="1.8" stroke-linejoin="round" vector-effect="non-scaling-stroke"/></svg>'
    )
    # A mask, which the card colours: Streamlit lets no drawing into a piece of HTML.
    return f"""<span class="course" style="--course:url('data:image/svg+xml,{quote(drawn, safe=" ,./:=-")}')"></span>"""


def _places(values: Sequence[float | int]) -> list[tuple[float, float]]:
    """From the lowest value at the bottom to the highest at the top."""
    low, span = min(values), max(values) - min(values)
    high = HEIGHT - 2 * ROOM
    return [
        (WIDTH * place / (len(values) - 1), ROOM + high * (1 - (value - low) / span if span else 0.5))
        for place, value in enumerate(values)
    ]


def _whole(figure: Figure) -> tuple[tuple[object, float | int | None, bool], ...]:
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
