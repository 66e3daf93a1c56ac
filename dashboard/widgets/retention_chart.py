"""Curves of retention: every cohort and their mean, or the means of a breakdown's groups."""

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, i18n
from dashboard.data.retention import View
from dashboard.i18n import t
from dashboard.widgets import retention_words as words
from dashboard.widgets.retention_words import SMALL, Shown

LONGEST_NAME = 24


def of_cohorts(view: View, shown: Shown) -> go.Figure:
    """A thin line per cohort, dotted where it is not complete, newer ones stronger; the mean thick above them."""
    table, figure, places = shown.table(view), go.Figure(), shown.telling(view)
    shares, complete = shown.shares(table).share, view.answer.summary.is_complete
    drawn = [number for number in range(len(table.size)) if table.size[number] >= SMALL]
    names = [words.interval(view.asked, place) for place in range(view.intervals)]
    for order, number in enumerate(drawn):
        color = f"rgba(122,135,142,{0.30 + 0.55 * (order + 1) / len(drawn):.2f})"
        begun = int(view.answer.summary.is_begun[number].sum())
        whole = int(complete[number].sum())
        said = [
            _told(words.cohort(view, number), name, share) for name, share in zip(names, shares[number], strict=False)
        ]
        _line(figure, range(places.start, whole), shares[number], said, color, 1.2)
        _line(figure, range(max(whole - 1, places.start), begun), shares[number], said, color, 1.2, dash="dot")
    means = [shown.mean_of(table, place) for place in range(view.intervals)]
    mean = t(f"retention.mean_{shown.mean}")
    said = [_told(mean, name, value) for name, value in zip(names, means, strict=True)]
    _line(figure, places, means, said, charts.BRAND[charts.theme()], 3.2, name=mean, has_marks=True)
    top = max(
        [
            *(float(v) for v in shares[drawn][:, list(places)].ravel() if not np.isnan(v)),
            *(means[place] or 0 for place in places),
            0.01,
        ]
    )
    return _laid_out(figure, view, places, top)


def of_groups(view: View, shown: Shown) -> go.Figure:
    """The mean of each group, one colour each, the most entered first."""
    figure, top, places = go.Figure(), 0.01, shown.telling(view)
    names = [words.interval(view.asked, place) for place in range(view.intervals)]
    for group in view.groups:
        table = view.table(group)
        means = [shown.mean_of(table, place) for place in range(view.intervals)]
        if not any(mean is not None for mean in means):
            continue
        called = _cut(words.group(view, group))
        said = [_told(called, name, mean) for name, mean in zip(names, means, strict=True)]
        _line(figure, places, means, said, None, 2.2, name=called, has_marks=True)
        top = max(top, *(means[place] or 0 for place in places))
    return _laid_out(figure, view, places, top)


def left_out(view: View, shown: Shown) -> None:
    """Says how many cohorts are too small to be drawn."""
    small = int(((shown.table(view).size < SMALL) & (shown.table(view).size > 0)).sum())
    if small:
        st.caption(t("retention.small_cohorts", count=i18n.number(small)))


def _line(
    figure: go.Figure, places: range, shares: Sequence[float | None], said: list[str], color: str | None, width: float, *,
    dash: str = "solid", name: str = "", has_marks: bool = False,
) -> None:  # fmt: skip
    if not len(places):
        return
    line: dict[str, object] = {"width": width, "dash": dash} | ({"color": color} if color else {})
    figure.add_scatter(
        x=list(places),
        y=[None if shares[place] is None or np.isnan(shares[place]) else float(shares[place]) for place in places],
        mode="lines+markers" if has_marks or len(places) == 1 else "lines",
        line=line,
        marker={"size": 6 if has_marks else 3} | ({"color": color} if color else {}),
        name=name,
        showlegend=bool(name),
        customdata=[said[place] for place in places],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _told(name: str, interval: str, share: float | None) -> str:
    return i18n.explained(
        f"{escape(name, quote=False)} · {escape(interval, quote=False)}", f"<b>{i18n.share(share)}</b>"
    )


def _cut(name: str) -> str:
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    return escape(short, quote=False)


def _laid_out(figure: go.Figure, view: View, places: range, top: float) -> go.Figure:
    soft = {"color": charts.SOFT[charts.theme()]}
    figure.update_layout(
        height=320,
        margin={"l": 8, "r": 12, "t": 10, "b": 8},
        font={"family": charts.FONT, "size": 12},
        hoverlabel={"font": {"family": charts.FONT, "size": 12}},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "title": None},
        dragmode=False,
        hovermode="closest",
    )
    every = max(1, -(-len(places) // 13))
    figure.update_xaxes(
        showgrid=False, tickfont=soft, title={"text": t(f"retention.since_{view.asked.unit}"), "font": soft},
        tickvals=list(places[::every]), ticktext=[words.short(view.asked, place) for place in places[::every]],
        range=[places.start - 0.25, max(places.stop - 0.75, 0.5)],
    )  # fmt: skip
    figure.update_yaxes(
        **charts.ticks(0, top * 1.08, lambda value: i18n.share(value, 0 if top > 0.04 else 1)), tickfont=soft
    )
    return figure
