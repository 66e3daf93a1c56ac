"""今日待办: what needs me now."""

import streamlit as st

from dashboard import markdown
from dashboard.actions import guard
from dashboard.data import today
from dashboard.data.today import Item, ItemKind, State
from dashboard.i18n import UNDEFINED, day, has, moment, number, t
from dashboard.pages import Page
from dashboard.widgets import heading
from dashboard.widgets.evidence import source

PAGE = Page("today", 0, "today.see", ":material/today:", is_start=True)
ICONS: dict[ItemKind, str] = {
    "late": ":material/schedule:",
    "failed": ":material/error:",
    "jobs": ":material/error:",
    "quality": ":material/rule:",
    "held": ":material/pause_circle:",
    "shared": ":material/call_split:",
    "running": ":material/progress_activity:",
    "worker": ":material/power_off:",
    "forecast_drift": ":material/trending_up:",
    "score_drift": ":material/model_training:",
    "warning_critical": ":material/crisis_alert:",
    "warning_high": ":material/warning:",
    "incident_late": ":material/alarm:",
    "incident_open": ":material/emergency:",
    "incident_tasks": ":material/assignment_ind:",
    "risk_review": ":material/event_available:",
    "drill_late": ":material/event_busy:",
    "sending_stopped": ":material/front_hand:",
    "connector_halted": ":material/link_off:",
    "campaign_paused": ":material/pause_circle:",
    "campaign_unknown": ":material/help:",
    "campaign_review": ":material/fact_check:",
    "campaign_returned": ":material/undo:",
    "campaign_approved": ":material/rocket_launch:",
    "campaign_sending": ":material/campaign:",
}
_TONES = {"error": "red", "warning": "orange", "info": "blue"}


def show() -> None:
    state = today.state()
    lead = t("today.as_of", at=moment(state.as_of, state.zone)) if state.as_of else t("today.lead")
    heading.plain(t("today.title"), lead)
    if state.as_of is None and not state.has_batches:
        _nothing()
    elif state.items:
        urgent = sum(item.urgency != "info" for item in state.items)
        st.markdown(t("today.count", count=number(urgent)) if urgent else t("today.only_info"))
    else:
        with st.container(border=True, key="card_calm"):
            st.markdown(f":material/check_circle: **{t('today.calm')}**")
            st.caption(t("today.calm_lead"))
    for place, item in enumerate(state.items):
        _item(item, place)
    if state.sources is not None and state.as_of is not None:
        _glance(state)


def _nothing() -> None:
    with st.container(border=True, key="card_empty"):
        st.subheader(t("today.nothing"), anchor=False)
        st.write(t("today.nothing_lead") if guard.may("sources.write") else t("today.nothing_wait"))
        if guard.may("sources.write"):
            st.html(f'<a href="/sources">{t("overview.to_sources")}</a>')


def _item(item: Item, place: int) -> None:
    with st.container(border=True, key=f"card_item_{item.urgency}_{place}", gap="xsmall"):
        badge = f":{_TONES[item.urgency]}-badge[{t(f'today.urgency_{item.urgency}')}]"
        st.markdown(f"{ICONS[item.kind]} **{_headline(item)}** {badge}")
        st.caption(_advice(item))
        if guard.may(today.NEEDS[item.page]):
            address = f"/{item.page}?part={item.part}" if item.part else f"/{item.page}"
            st.html(f'<a href="{address}">{t(f"today.go_{item.page}")}</a>')


def _headline(item: Item) -> str:
    if item.kind == "quality":
        key = f"quality.{item.check}"
        words = t(key, count=number(item.count)) if has(key) else item.check
        return t("today.quality", source=markdown.escaped(source(item.source)), problem=words)
    if item.kind == "worker":
        return t("today.worker_waiting", count=number(item.count)) if item.count else t("today.worker")
    return t(f"today.{item.kind}", count=number(item.count), source=markdown.escaped(source(item.source)))


def _advice(item: Item) -> str:
    usual = number(item.usual_days, 0) if item.usual_days is not None else UNDEFINED
    return t(f"today.{item.kind}_do", file=markdown.escaped(item.file), day=day(item.on), usual=usual)


def _glance(state: State) -> None:
    """How things stand, in four figures."""
    assert state.sources is not None
    delivering = [one for one in state.sources if one.state != "silent"]
    fresh = sum(one.state == "fresh" for one in delivering)
    with st.grid(4 if state.world == "live" else 3, min_column_width=150, gap="small", key="glance"):
        st.metric(t("today.newest"), day(state.as_of_on, with_year=False), help=t("today.newest_help"), border=True)
        if state.world == "live":
            words = f"{number(fresh)} / {number(len(delivering))}" if delivering else UNDEFINED
            st.metric(t("today.fresh"), words, help=t("today.fresh_help"), border=True)
        st.metric(t("today.imports"), number(state.imports), border=True)
        st.metric(t("today.background"), t("today.on" if state.has_worker else "today.off"), border=True)
