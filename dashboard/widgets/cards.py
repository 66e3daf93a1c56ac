"""KPI cards: the figure first, its change in words, its course, and the way to its contract."""

from collections.abc import Callable

import streamlit as st

from dashboard import i18n
from dashboard.data.overview import Figure
from dashboard.i18n import t
from dashboard.widgets import values

Open = Callable[[Figure], None]


def wall(figures: tuple[Figure, ...], currency: str, open_contract: Open, *, large: bool = False) -> None:
    """Cards side by side, as many as fit."""
    with st.grid("auto", min_column_width=240 if large else 162, gap="small", key=f"wall_{figures[0].metric.name}"):
        for figure in figures:
            with st.container(key=f"kpi_{'large_' if large else ''}{figure.metric.name}", height="stretch"):
                _card(figure, currency, large)
                with st.container(key=f"how_{figure.metric.name}", width="content"):
                    if st.button(
                        t("contract.open"),
                        type="tertiary",
                        key=f"open_{figure.metric.name}",
                        help=t("contract.open_help"),
                    ):
                        open_contract(figure)


def _card(figure: Figure, currency: str, large: bool) -> None:
    change = values.change(figure)
    course = [value for _, value, is_partial in whole(figure) if not is_partial and value is not None]
    st.metric(
        t(f"metric.{figure.metric.name}.title"),
        values.card(figure, currency),
        delta=change.text if change else (t("number.small") if figure.is_small else t("number.no_comparison")),
        delta_color=change.tone if change else "gray",
        delta_arrow="off",
        delta_description=values.against(figure) if change and large else None,
        chart_data=course if len(course) > 2 and not figure.is_small else None,
        chart_type="area" if figure.metric.bottom is None else "line",
        help=hint(figure, currency),
        border=True,
        height="stretch",
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
