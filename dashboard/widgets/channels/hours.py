"""The hour at which a channel is answered best, where that can be told from chance."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import charts, i18n
from dashboard.data import channels
from dashboard.data.channels import ANSWER_DAYS, LEVEL, Answer, Hours
from dashboard.data.rows import SMALL, Row
from dashboard.i18n import t
from dashboard.widgets import behind, heading, names
from dashboard.widgets.channels import hours_chart
from dashboard.widgets.parts import Asked


def show(asked: Asked) -> None:
    answer = channels.hours(asked.filters)
    if answer is None or answer.found.rows.empty:
        heading.empty(t("channels.no_sends"), t("channels.no_sends_lead", days=ANSWER_DAYS))
        return
    every = answer.rows()
    seen = list(dict.fromkeys(row["channel"] for row in every))
    with st.container(border=True, key="card_hours"):
        _head(answer, asked)
        told = [(one, [row for row in every if row["channel"] == one]) for one in seen]
        st.html(f'<ul class="verdicts">{"".join(_verdict(one, own) for one, own in told)}</ul>')
        if answer.found.still_open:
            st.caption(t("content.still_open", count=i18n.number(answer.found.still_open), days=ANSWER_DAYS))
    for one, own in told:
        with st.container(border=True, key=f"card_hours_{one or 'none'}"):
            st.html(f"<h2>{escape(_called(one))}</h2>")
            charts.show(
                f"hours_{one}", f"{answer.key}|{one}", lambda own=own: hours_chart.answered(own), alt=_called(one)
            )


def _called(channel: str) -> str:
    return names.value("channel", channel) if channel else t("overview.not_stated")


def _head(answer: Answer[Hours], asked: Asked) -> None:
    lead = t("channels.hours_lead", days=i18n.days(answer.found.now), within=ANSWER_DAYS)
    lines = [
        t(f"channels.hours_{name}", days=ANSWER_DAYS, count=SMALL, level=i18n.share(LEVEL, 0)) for name in ("rule", "best", "caution")
    ]  # fmt: skip
    behind.head("hours", heading.section(t("channels.hours"), lead), answer, lines, asked.in_words)


def _verdict(channel: str, own: Sequence[Row]) -> str:
    """What to do about a channel, and no more than the numbers carry."""
    best = sorted((row for row in own if row["is_best"]), key=lambda row: -row["low"])
    judged = [row for row in own if row["sent"] >= SMALL]
    if best:
        hours = i18n.listed(hours_chart.hour(row["hour"]) for row in sorted(best, key=lambda row: row["hour"]))
        top = best[0]
        words = t(
            "channels.verdict_best", hours=hours, hour=hours_chart.hour(top["hour"]), share=i18n.share(top["share"]), low=i18n.share(top["low"]),
            high=i18n.share(top["high"]),
        )  # fmt: skip
    elif len(judged) < 2:
        words = t("channels.verdict_one", count=len(judged))
    else:
        words = t("channels.verdict_level", count=len(judged))
    mark = ' class="best"' if best else ""
    return f'<li id="verdict-{escape(channel)}"{mark}><b>{escape(_called(channel))}</b> {escape(words)}</li>'
