"""Sessions in figures: how often members come, for how long, and how much they do."""

import streamlit as st

from dashboard import i18n
from dashboard.actions import guard
from dashboard.data import paths
from dashboard.data.paths import Sessions
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import people as panel
from dashboard.widgets.path_words import SMALL
from dashboard.widgets.steps import lasting


def show(found: Sessions, asked: Filters, filters: str) -> None:
    told = found.statistics
    st.subheader(t("path.sessions"), anchor=False)
    if not told.sessions:
        st.caption(t("path.no_sessions"))
        return
    is_small = told.sessions < SMALL
    per, length, depth = told.per_subject, told.length_seconds, told.depth_events
    with st.grid("auto", min_column_width=150, gap="small", key="session_summary"):
        st.metric(t("path.session_count"), i18n.number(told.sessions))
        st.metric(t("path.session_members"), i18n.number(told.subjects), help=t("path.session_members_help"))
        st.metric(
            t("path.session_each"),
            i18n.number(per.mean, 1),
            help=_spread(i18n.number(per.median, 1), i18n.number(per.p90, 1)),
        )
        st.metric(
            t("path.session_length"), lasting(length.median), help=_spread(lasting(length.median), lasting(length.p90))
        )
        st.metric(
            t("path.session_depth"),
            i18n.number(depth.mean, 1),
            help=_spread(i18n.number(depth.median, 1), i18n.number(depth.p90, 1)),
        )
        st.metric(
            t("path.session_bounces"),
            i18n.UNDEFINED if is_small else i18n.share(told.bounce_share),
            help=t("path.session_bounces_help", count=i18n.number(told.bounces)),
        )
    minutes = i18n.number(found.gap.total_seconds() // 60)
    rest = i18n.number(told.sessions - found.told)
    st.caption(t("path.session_meaning", told=i18n.number(found.told), rest=rest, minutes=minutes))
    if guard.may("people.see"):
        label = t("path.people", count=i18n.number(told.subjects))
        if st.button(label, icon=":material/group:", key="session_people", disabled=not told.subjects):
            _people(asked, filters)


def _people(asked: Filters, filters: str) -> None:
    def body() -> None:
        panel.show(paths.people_of_sessions(asked), t("path.session_people"), filters)

    st.dialog(t("people.title"), width="large", icon=":material/group:")(body)()


def _spread(median: str, p90: str) -> str:
    return t("path.session_spread", median=median, p90=p90)
