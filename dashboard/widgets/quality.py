"""Whether the data of a source can be trusted: three scores with their formula, their history, and problems in words."""

import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from dashboard import charts, i18n, markdown
from dashboard.actions import guard
from dashboard.actions import sources as actions
from dashboard.data import sources as data
from dashboard.data.sources import Finding, Held, QualityScore, Rhythm
from dashboard.i18n import UNDEFINED, day, has, moment, number, t
from dashboard.widgets import columns, rejections
from dashboard.widgets.evidence import source as source_name

PARTS = ("accuracy", "completeness", "consistency")
_BADGES = {"error": "red", "warning": "orange", "info": "gray"}


def show() -> None:
    scores, rhythms = data.scores(), data.rhythms()
    _freshness(rhythms)
    if not scores:
        with st.container(border=True, key="card_no_scores"):
            st.write(t("sources.no_scores"))
        return
    with st.container(border=True, key="card_scores"):
        names = list(scores)
        labels = {name: source_name(name) for name in names}
        source = st.selectbox(
            t("sources.source"), names, format_func=labels.get, key=f"quality_source_{names[0]}", width=300
        )  # fmt: skip
        _scores(scores[source])
        if len(scores[source]) > 1:
            charts.show(
                "quality", _key(scores[source]), lambda: _history(scores[source]), alt=t("sources.score_history")
            )
        found = data.open_findings(source)
        st.markdown(f"**{t('sources.findings')}**")
        st.caption(t("sources.findings_lead"))
        if not found:
            st.markdown(f":material/check_circle: {t('sources.no_findings')}")
        for _, finding in found:
            st.markdown(line(finding))


def held(found: list[Held]) -> None:
    """Event names that nobody knew, and the choice to let them count."""
    with st.container(border=True, key="card_held"):
        open_ones = [one for one in found if not one.is_settled]
        st.subheader(t("sources.held", count=number(len(open_ones))), anchor=False)
        st.caption(t("sources.held_lead"))
        labels = {one.name: _held_label(one) for one in found}
        if not guard.may("sources.write"):
            st.write(i18n.listed(markdown.escaped(label) for label in labels.values()))
            return
        with st.form("held_form", border=False):
            st.multiselect(
                t("sources.held_names"),
                list(labels),
                [one.name for one in open_ones],
                format_func=labels.get,
                key="held_chosen",
            )
            with st.container(horizontal=True, gap="small"):
                st.form_submit_button(
                    t("sources.approve"), type="primary", icon=":material/check:", on_click=actions.approve_names
                )
                st.form_submit_button(
                    t("sources.keep_hidden"), icon=":material/visibility_off:", on_click=actions.keep_hidden
                )


def _held_label(one: Held) -> str:
    known = f"{t(f'event.{one.name}')} " if has(f"event.{one.name}") else ""
    return f"{known}{one.name} · {t('sources.held_events', count=number(one.events))}"


def line(finding: Finding) -> str:
    """One problem in a line: how grave, what, how many."""
    badge = f":{_BADGES[finding.severity]}-badge[{t(f'sources.severity_{finding.severity}')}]"
    return f"{badge} {words(finding)}"


def words(finding: Finding) -> str:
    key = f"quality.{finding.check}"
    text = t(key, count=number(finding.count)) if has(key) else finding.check
    details = finding.details
    if finding.check == "rejected":
        reasons = list(details.get("reasons", {}).items())[:3]
        more = i18n.listed((f"{rejections.words(code)} {number(count)}" for code, count in reasons), long=True)
    elif finding.check == "unknown_name":
        more = i18n.listed(details.get("names", [])[:5])
    elif finding.check == "volume":
        more = i18n.listed(
            t("quality.volume_day", day=one["day"], count=number(one["count"]), usual=number(one["usual"]))
            for one in details.get("days", [])[-3:]
        )
    elif finding.check == "burst":
        more = t(
            "quality.burst_more", people=number(details.get("people")), most=number(details.get("most_in_a_minute"))
        )
    elif finding.check == "nameless":
        more = i18n.share(details.get("share"))
    else:
        more = ""
    return f"{text}{t('quality.more', more=markdown.escaped(more))}" if more else text


def _scores(history: list[QualityScore]) -> None:
    newest = history[-1]
    before = history[-2] if len(history) > 1 else None
    st.caption(t("sources.judged", at=moment(newest.at, data.zone()), batch=newest.batch_id or UNDEFINED))
    with st.grid("auto", min_column_width=190, gap="small", key="score_cards"):
        for part in PARTS:
            value, earlier = getattr(newest, f"{part}_share"), getattr(before, f"{part}_share", None)
            moved = None if value is None or earlier is None else round((value - earlier) * 100, 1)
            st.metric(
                t(f"sources.{part}"),
                _points(value),
                delta=None
                if moved is None
                else (f"{'▲ +' if moved > 0 else '▼ −'}{number(abs(moved), 1)}" if moved else t("number.flat")),
                delta_color="gray" if not moved else "green" if moved > 0 else "red",
                delta_arrow="off",
                help=t(f"sources.{part}_help"),
                border=True,
            )


def _points(value: float | None) -> str:
    return UNDEFINED if value is None else number(value * 100, 1)


def _key(history: list[QualityScore]) -> str:
    return f"{history[-1].source}|{history[-1].id}|{len(history)}"


def _history(history: list[QualityScore]) -> go.Figure:
    figure = go.Figure()
    zone = data.zone()
    at = [moment(one.at, zone) for one in history]
    numbers = list(range(1, len(history) + 1))
    for part in PARTS:
        values = [getattr(one, f"{part}_share") for one in history]
        figure.add_scatter(
            x=numbers, y=[None if value is None else value * 100 for value in values], mode="lines+markers", name=t(f"sources.{part}"),
            customdata=at, hovertemplate="%{customdata}<br>%{fullData.name} %{y:.1f}<extra></extra>",
        )  # fmt: skip
    low = min((getattr(one, f"{part}_share") or 0 for one in history for part in PARTS), default=0) * 100
    figure.update_layout(
        height=220, margin={"l": 8, "r": 8, "t": 8, "b": 8}, font={"family": charts.FONT, "size": 12},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", dragmode=False,
        legend={"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top"},
    )  # fmt: skip
    figure.update_yaxes(range=[max(0, low - 5), 101], gridcolor=charts.LINE, zeroline=False)
    figure.update_xaxes(
        showgrid=False, tickvals=numbers[:: max(1, len(numbers) // 6)], ticktext=at[:: max(1, len(numbers) // 6)]
    )
    return figure


def _freshness(rhythms: list[Rhythm]) -> None:
    with st.container(border=True, key="card_fresh"):
        st.subheader(t("sources.freshness"), anchor=False)
        st.caption(t("sources.freshness_lead"))
        if not rhythms:
            st.write(t("sources.no_facts"))
            return
        st.dataframe(
            pa.table(
                {
                    t("sources.source"): [source_name(one.source) for one in rhythms],
                    t("sources.state"): [t(f"sources.fresh_{one.state}") for one in rhythms],
                    t("sources.last_on"): [day(one.last_on) for one in rhythms],
                    t("sources.age"): [one.age_days for one in rhythms],
                    t("sources.usual"): [
                        UNDEFINED if one.usual_days is None else number(one.usual_days, 0) for one in rhythms
                    ],
                }
            ),
            column_config=columns.right(t("sources.usual")),
            hide_index=True,
            height="content" if len(rhythms) < 12 else 420,
            alt=t("sources.freshness"),
        )
