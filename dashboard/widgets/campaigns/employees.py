"""Messages that employees must send themselves in WeCom: who was asked, who has, what arrived, and reminding those who have not."""

from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import i18n
from dashboard.actions import campaign_runs as actions
from dashboard.actions import guard
from dashboard.data import campaign_runs, campaigns
from dashboard.data.campaigns import Found
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import told, words

CHANNELS = ("wecom", "group_chat")
COUNTS = ("asked", "delivered", "awaited", "failed")


def show(found: Found) -> None:
    """Nothing where nobody was asked."""
    if not set(CHANNELS) & set(found.body.channels):
        return
    view = campaign_runs.confirmations(found.campaign_id)
    if view.tasks.empty:
        return
    with st.container(border=True, key="card_campaign_employees"):
        st.html(heading.section(t("campaign.employees"), t("campaign.employees_lead"), "employees"))
        st.html(_funnel(view.tasks))
        st.html(_employees(view.employees))
        for number, task in enumerate(view.tasks.to_dict("records"), 1):
            _task(number, task)


def _funnel(tasks: pd.DataFrame) -> str:
    people, confirmed = int(tasks["employees"].sum()), int(tasks["confirmed"].sum())
    told_ = t("campaign.confirmed_of", confirmed=i18n.number(confirmed), count=i18n.number(people), share=i18n.share(confirmed / people if people else None))  # fmt: skip
    return f'<p class="told">{told.bars(confirmed / people if people else None)} {escape(told_)}</p>'


def _employees(found: pd.DataFrame) -> str:
    columns = [t(f"campaign.column_{one}") for one in ("employee", "confirmed", "last_sent", *COUNTS)]
    rows = []
    for one in found.to_dict("records"):
        name = one["userid"] if pd.isna(one["name"]) else one["name"]
        called = t("campaign.several_asked") if pd.isna(one["userid"]) else str(name)
        done = t("campaign.confirmed_some", confirmed=i18n.number(one["confirmed"]), count=i18n.number(one["tasks"]))
        if one["untold"]:
            done = i18n.aside(done, t("campaign.untold", count=i18n.number(one["untold"])))
        at = UNDEFINED if pd.isna(one["last_sent_at"]) else words.moment(one["last_sent_at"])
        look = ' class="late"' if one["waiting"] else ""
        rows.append([escape(called), f"<span{look}>{escape(done)}</span>", escape(at), *(escape(i18n.number(one[name])) for name in COUNTS)])  # fmt: skip
    return told.table("employee-rows", t("campaign.employees"), columns, rows, (3, 4, 5, 6))


def _task(number: int, task: dict[str, Any]) -> None:
    """One mass message; who has not sent it is reminded when the platform lets."""
    waiting, next_at = int(task["waiting"]), task["next_reminder_at"]
    if not waiting or pd.isna(next_at):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"ce_task_{task['task_id']}"):
        said = t("campaign.task", number=i18n.number(number), at=words.moment(task["asked_at"]), waiting=i18n.number(waiting), left=i18n.number(task["reminders_left"]))  # fmt: skip
        is_free = next_at <= campaigns.now()
        said += "" if is_free else t("campaign.remind_from", at=words.moment(next_at))
        st.html(heading.line(said), width="stretch")
        if actions.may_write():
            st.button(
                t("campaign.remind"), icon=":material/notifications:", key=f"ce_remind_{task['task_id']}", disabled=not is_free, on_click=_remind, args=(int(task["task_id"]), waiting)
            )  # fmt: skip


@guard.guarded(actions.WRITE)
def _remind(task_id: int, waiting: int) -> None:
    actions.remind(task_id)
    guard.note(t("campaign.reminded", count=i18n.number(waiting)))
