"""Stages of a member's life: how many stand where, the goal there, and what to do next."""

import streamlit as st

from core.errors import InvalidLifecycle
from dashboard import i18n
from dashboard.data import lifecycle
from dashboard.data.lifecycle import Limits, Stage, StageView
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import lifecycle_chart as pictures
from dashboard.widgets import lifecycle_choices as choices
from dashboard.widgets import lifecycle_people as behind_it
from dashboard.widgets.lifecycle_states import SMALL


def show(asked: Filters, filters: str) -> None:
    st.subheader(t("lifecycle.stages"), anchor=False)
    new_days, lost_days = _limits()
    try:
        limits = Limits(new_days, lost_days)
        view = lifecycle.stages(asked, limits)
    except InvalidLifecycle as error:
        refused(error)
        return
    stages = view.stages
    st.caption(t("lifecycle.stages_lead", day=i18n.day(stages.on), count=i18n.number(len(stages.ids))))
    may_open = behind_it.may_open()
    with st.grid(5, min_column_width=190, gap="small", key="life_stages"):
        for stage in Stage:
            with st.container(border=True, key=f"stage_{stage.name.lower()}", height="stretch", gap="small"):
                _card(view, asked, limits, stage, filters, may_open=may_open)
    if not may_open:
        st.caption(t("funnel.people_forbidden"))


def _limits() -> tuple[int, int]:
    longest = lifecycle.LONGEST_STAGE_DAYS
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="life_limits"):
        new_days = choices.number(choices.NEW_DAYS, 30, 1, longest, t("lifecycle.new_days"))
        lost_days = choices.number(
            choices.LOST_DAYS, 90, 1, longest, t("lifecycle.lost_days"), help_text=t("lifecycle.stages_help")
        )  # fmt: skip
    return new_days, lost_days


def _card(view: StageView, asked: Filters, limits: Limits, stage: Stage, filters: str, *, may_open: bool) -> None:
    name = stage.name.lower()
    count, total = view.stages.counts[stage], len(view.stages.ids)
    share = i18n.share(count / total) if total >= SMALL else t("number.only", count=i18n.number(total))
    st.metric(
        t(f"lifecycle.stage_{name}"), pictures.figure_of(count), delta=share, delta_color="gray", delta_arrow="off",
        help=_means(stage, limits),
    )  # fmt: skip
    st.markdown(f"**{t('lifecycle.goal')}** {t(f'lifecycle.goal_{name}')}")
    st.markdown(f"**{t('lifecycle.action')}** {t(f'lifecycle.action_{name}')}")
    if may_open and st.button(
        t("lifecycle.list_of", count=i18n.number(count)), icon=":material/group_add:", key=f"open_stage_{name}", disabled=not count
    ):  # fmt: skip
        words = t("lifecycle.who_stage", stage=t(f"lifecycle.stage_{name}"), day=i18n.day(view.stages.on))
        behind_it.open_stage(asked, limits, stage, f"{words}{t('number.then')}{_means(stage, limits)}", filters)
    _way_on(view, asked, stage)


def _way_on(view: StageView, asked: Filters, stage: Stage) -> None:
    """The way to where the next step can be looked into: buying again for buyers, the stage's journey for others."""
    if stage == Stage.BUYING and view.has_orders:
        _link(lifecycle.to_repurchase(asked), t("lifecycle.to_repurchase"))
    journey = view.journey(stage)
    if journey:
        _link(lifecycle.to_funnel(asked, journey), t("lifecycle.to_funnel"))


def _link(address: str, words: str) -> None:
    st.html(f'<a href="{address.replace("&", "&amp;")}">{words}</a>')


def _means(stage: Stage, limits: Limits) -> str:
    return t(f"lifecycle.stage_means_{stage.name.lower()}", new=limits.new_days, lost=limits.lost_days)


def refused(error: InvalidLifecycle) -> None:
    """Says what is wrong with the question and what to do."""
    key = f"lifecycle.problem_{error.details.get('problem')}"
    words = t(key) if i18n.has(key) else i18n.refusal(error)
    st.markdown(f":material/info: {words}")
