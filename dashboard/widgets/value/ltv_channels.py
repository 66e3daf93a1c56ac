"""What members of each channel are worth against what it cost to win them."""

from collections.abc import Sequence

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import ltv
from dashboard.data.ltv import AGE_DAYS, SMALL, TOTAL, UNTOLD, Acquired, Answer, Row
from dashboard.i18n import t
from dashboard.widgets import behind, heading, names, opening
from dashboard.widgets.behind import Behind
from dashboard.widgets.figures import Figure
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked

MARGIN = "ltv_margin"
"""Where the address says which part of revenue is margin, in percent; 0 where nobody said."""
PLACES = Places("ltv_channel", behind.PARAMETER)
WHO = "channel."
FIGURES = (
    Figure("acquired", "count"),
    Figure("buyers", "count"),
    Figure("net_minor", "money"),
    Figure("predicted_minor", "money"),
    Figure("ltv_minor", "money"),
    Figure("ltv_minor_low", "money"),
    Figure("ltv_minor_high", "money"),
    Figure("spend_minor", "money"),
    Figure("cac_minor", "money"),
    Figure("ltv_to_cac", "mark"),
    Figure("payback_age", "count"),
)


def show(asked: Asked) -> int:
    """The margin in percent that was said; 0 where none was."""
    addresses.read(MARGIN, 0, range(101))
    margin = int(st.session_state[MARGIN])
    answer = ltv.acquired(asked.filters, margin)
    if answer is None:
        return 0
    with st.container(border=True, key="card_ltv_channels"):
        _head(answer, asked)
        with st.container(width=280):
            st.number_input(t("ltv.margin"), 0, 100, key=MARGIN, help=t("ltv.means_margin"))
        addresses.write(MARGIN, 0)
        every = answer.rows()
        of = addresses.opened(PLACES.of, [row["key"] for row in every])
        opening.table(
            "channels", answer.key, every, FIGURES, {t("ltv.channel"): [called(row["key"]) for row in every]}, places=PLACES, of=of,
            alt=t("ltv.channels"), texts="ltv", currency=answer.currency, width="small", days=AGE_DAYS,
        )  # fmt: skip
        st.html(_opened(every, of))
        if not answer.found.has_cost:
            st.caption(t("ltv.no_cost"))
        st.caption(t("ltv.channels_caption", days=AGE_DAYS, count=SMALL))
    return margin


def called(key: str) -> str:
    return (
        t("ltv.all_channels") if key == TOTAL else t("ltv.no_channel") if key == UNTOLD else names.value("channel", key)
    )


def _head(answer: Answer[Acquired], asked: Asked) -> None:
    found = answer.found
    measure = (
        t("ltv.measure_margin", share=i18n.share(found.margin_share, 0))
        if found.margin_share
        else t("ltv.measure_revenue")
    )
    lead = t("ltv.channels_lead", since=i18n.day(found.since_on), measure=measure)
    shown = [one.name for one in FIGURES if not one.name.endswith(("_low", "_high"))]
    lines = [*behind.meanings("ltv", shown, days=AGE_DAYS), t("ltv.means_margin")]
    since = asked.over(t("told.since", since=i18n.day(found.since_on), on=i18n.day(asked.known.as_of_on)))
    behind.head("ltv_channels", heading.section(t("ltv.channels"), lead, "ltv-channels"), answer, lines, since.in_words)


def _opened(every: Sequence[Row], of: str | None) -> str:
    """The way to the people of the row that is open, or what opens one."""
    row = next((one for one in every if one["key"] == of), None)
    if row is None:
        return heading.line(t("ltv.open_channel"))
    words = t("ltv.way_acquired", channel=called(row["key"]), count=i18n.number(row["acquired"]))
    ways = "".join(behind.way(behind.link(), f"{WHO}{row['key']}", words, row["acquired"]))
    return f'<div class="ways">{ways}</div>'


def behind_row(asked: Asked, text: str) -> Behind | None:
    """Who came through the channel that an address names."""
    answer = ltv.acquired(asked.filters, int(st.session_state.get(MARGIN, 0)))
    row = None if answer is None else next((one for one in answer.rows() if f"{WHO}{one['key']}" == text), None)
    if row is None or not row["acquired"]:
        return None
    key, figure = row["key"], int(row["acquired"])
    title = t("ltv.who_channel", channel=called(key))
    return Behind(title, t("ltv.means_acquired"), lambda: ltv.acquired_people(asked.filters, key, figure))
