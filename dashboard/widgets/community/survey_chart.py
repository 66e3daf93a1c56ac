"""Pictures of surveys: results over time with their intervals, answers by score, complaints by category over time."""

from collections.abc import Callable

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.rows import SMALL, Number, Row
from dashboard.data.surveys import Detail
from dashboard.i18n import t

HUES = ("#d1490c", "#c98a1b", "#0e7c66", "#4c78a8", "#9467bd", "#7a878e", "#b5651d", "#2f9e8f")
"""Of categories, the most frequent first; apart for the colour-blind by lightness as well."""
Words = Callable[[Number], str]


def of_results(detail: Detail, write: Words, span: tuple[float, float]) -> go.Figure:
    """Result per week or month with its 95 % interval; hollow where the bucket is not complete, none of fewer than 30 answers, whose number
    stands below all the same."""
    look = charts.theme()
    color = charts.BRAND[look]
    shown = [row for row in detail.buckets if row["answers"] >= SMALL]
    names = [_name(row, detail) for row in shown]
    figure = go.Figure()
    figure.add_bar(
        x=[_name(row, detail) for row in detail.buckets],
        y=[row["answers"] for row in detail.buckets],
        yaxis="y2",
        marker={"color": charts.FAINT},
        name=t("surveys.answers"),
        customdata=[_told(row, detail, write) for row in detail.buckets],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_scatter(
        x=names,
        y=[row["value"] for row in shown],
        mode="lines+markers",
        name=t("surveys.value"),
        line={"color": color, "width": 2.4},
        marker={
            "size": 8, "line": {"color": color, "width": 2},
            "color": [color if row["is_whole"] else "rgba(0,0,0,0)" for row in shown],
        },
        error_y={
            "type": "data", "symmetric": False, "thickness": 1.2, "width": 4, "color": charts.GREY,
            "array": [(row["value_high"] or row["value"]) - row["value"] for row in shown],
            "arrayminus": [row["value"] - (row["value_low"] or row["value"]) for row in shown],
        },
        customdata=[_told(row, detail, write) for row in shown],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(**charts.layout(280), bargap=0.45)
    low = min([row["value_low"] if row["value_low"] is not None else row["value"] for row in shown], default=span[0])
    high = max([row["value_high"] if row["value_high"] is not None else row["value"] for row in shown], default=span[1])
    room = max(high - low, 0.05 * (span[1] - span[0])) * 0.25
    figure.update_yaxes(**charts.ticks(max(low - room * 1.8, span[0]), min(high + room, span[1]), write))
    most = max([row["answers"] for row in detail.buckets], default=1)
    figure.update_layout(
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "visible": False,
            "range": [0, max(most, 1) * 4],
            "fixedrange": True,
        }
    )
    order = [_name(row, detail) for row in detail.buckets]
    figure.update_xaxes(showgrid=False, type="category", categoryorder="array", categoryarray=order, nticks=12)
    return figure


def of_scores(detail: Detail, standing: Callable[[int], str]) -> go.Figure:
    """Answers by score, coloured by what they count as."""
    look = charts.theme()
    colors = {"up": charts.BRAND[look], "middle": charts.GREY, "down": charts.BAD[look]}
    scores = [score for score, _ in detail.distribution]
    counts = [count for _, count in detail.distribution]
    whole = sum(counts)
    figure = go.Figure(
        go.Bar(
            x=[str(score) for score in scores],
            y=counts,
            marker={"color": [colors[standing(score)] for score in scores], "cornerradius": 4},
            text=[i18n.number(count) if count else "" for count in counts],
            textposition="outside",
            textfont={"color": charts.SOFT[look]},
            cliponaxis=False,
            customdata=[
                f"{t('surveys.score', score=score)} · {i18n.number(count)} · {i18n.share(count / whole if whole else None)}"
                for score, count in detail.distribution
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    figure.update_layout(**charts.layout(220), showlegend=False, bargap=0.3)
    figure.update_yaxes(visible=False, range=[0, max(counts, default=1) * 1.2 or 1])
    figure.update_xaxes(showgrid=False, type="category")
    return figure


def of_troubles(detail: Detail, called: Callable[[str], str]) -> go.Figure:
    """Complaints per week or month, stacked by category, the most frequent at the bottom; buckets that are not complete fainter."""
    totals: dict[str, int] = {}
    for row in detail.buckets:
        totals[row["category"]] = totals.get(row["category"], 0) + row["count"]
    figure, order = go.Figure(), [_name({"on": on}, detail) for on in detail.days]
    for place, category in enumerate(sorted(totals, key=lambda one: (-totals[one], one))):
        rows = [row for row in detail.buckets if row["category"] == category]
        figure.add_bar(
            x=[_name(row, detail) for row in rows],
            y=[row["count"] for row in rows],
            name=charts.cut(called(category), 18),
            marker={"color": HUES[place % len(HUES)], "opacity": [1 if row["is_whole"] else 0.45 for row in rows]},
            customdata=[
                f"<b>{_head(row, detail)}</b><br>{charts.cut(called(category), 40)} {i18n.number(row['count'])}"
                for row in rows
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    sums = [sum(row["count"] for row in detail.buckets if row["on"] == on) for on in detail.days]
    figure.update_layout(**charts.layout(260), barmode="stack", bargap=0.35)
    figure.update_yaxes(**charts.ticks(0, max([*sums, 1]) * 1.08, i18n.number, whole=True))
    figure.update_xaxes(showgrid=False, type="category", categoryorder="array", categoryarray=order, nticks=12)
    return figure


def _name(row: Row, detail: Detail) -> str:
    return i18n.month(row["on"]) if detail.grain == "month" else i18n.day(row["on"], with_year=False)


def _head(row: Row, detail: Detail) -> str:
    name = i18n.month(row["on"]) if detail.grain == "month" else t("care.week_of", day=i18n.day(row["on"]))
    return name if row["is_whole"] else f"{name} {t('told.cut')}"


def _told(row: Row, detail: Detail, write: Words) -> str:
    value = t("number.only", count=i18n.number(row["answers"])) if row["answers"] < SMALL else write(row["value"])
    words = f"<b>{_head(row, detail)}</b><br>{value} · {t('surveys.answers_of', count=i18n.number(row['answers']))}"
    if row["answers"] < SMALL or row["value_low"] is None:
        return words
    bounds = f"{write(row['value_low'])} – {write(row['value_high'])}"
    return f"{words}<br>{t('told.interval', bounds=bounds)}"
