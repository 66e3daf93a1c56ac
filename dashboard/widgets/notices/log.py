"""The log of messages: what went where, how often it was tried, why it was not taken, and what a person decides of it."""

from html import escape

import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.actions import guard
from dashboard.actions import notices as actions
from dashboard.data import notices
from dashboard.data.notices import DECIDED, LOGGED, Delivery
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import choice, heading
from dashboard.widgets.choice import Choice
from dashboard.widgets.notices import words
from dashboard.widgets.notices.targets import OF
from dashboard.widgets.risk import rows
from dashboard.widgets.risk.rows import Column

SHOWN, MESSAGE = "nl_shown", "message"
"""Where the address says which messages are listed, and which one is open."""
SHOWS = ("all", "trouble", "waiting", "sent")
STATES = {"trouble": DECIDED, "waiting": ("queued", "held", "sending"), "sent": ("sent", "joined")}


def show() -> None:
    opened = st.query_params.get(OF)
    found = notices.log(int(opened) if opened is not None and opened.isdecimal() else None)
    with st.container(border=True, key="card_notice_log"):
        st.html(heading.section(t("notices.log"), t("notices.log_lead"), "notice-log"))
        shown = choice.read(SHOWN, SHOWS)
        labels = {one: t(f"notices.show_{one}") for one in SHOWS}
        st.html(choice.row(Choice(SHOWN, t("notices.show"), labels, shown), addresses.beside(SHOWN, MESSAGE)))
        listed = [one for one in found if shown == "all" or one.state in STATES[shown]]
        _open({str(one.delivery_id): one for one in found})
        if not listed:
            st.html(heading.line(t("notices.log_none")))
            return
        names = ("at", "notice", "target", "state", "attempts", "error")
        kinds = {"at": "short", "attempts": "number"}
        columns = [Column(t(f"notices.log_{name}"), kinds.get(name, "")) for name in names]
        others = addresses.beside(MESSAGE)
        st.html(rows.table("log-rows", t("notices.log"), columns, [_row(one, others) for one in listed]))
        if len(found) == LOGGED:
            st.caption(t("notices.log_newest", count=LOGGED))


def _row(one: Delivery, others: str) -> list[str]:
    at = rows.opens(i18n.moment(one.created_at, notices.zone()), MESSAGE, str(one.delivery_id), others)
    notice = f"{escape(words.kind(one.notice))}<br><small>{escape(t(f'notices.urgency_of_{one.urgency}'))}</small>"
    state = escape(words.state(one))
    if one.state in DECIDED:
        state = f"<em>{state}</em>"
    when = one.ended_at or (one.next_at if one.state == "queued" and one.attempts else None)
    if when is not None:
        text = "notices.ended" if one.ended_at else "notices.next"
        state += f"<br><small>{escape(t(text, at=i18n.moment(when, notices.zone())))}</small>"
    return [
        at,
        notice,
        escape(one.target),
        state,
        i18n.number(one.attempts),
        escape(words.error(one.error) or UNDEFINED),
    ]


def _open(known: dict[str, Delivery]) -> None:
    """The message that is open, and what can be decided of it."""
    number = addresses.opened(MESSAGE, set(known))
    if number is None:
        return
    one = known[number]
    with st.container(border=True, key="card_message"):
        told = t(
            "notices.message", number=number, notice=words.kind(one.notice), target=one.target, state=words.state(one)
        )
        st.write(markdown.escaped(told))
        why = words.error(one.error)
        if why:
            st.caption(markdown.escaped(why))
        if one.state == "unknown":
            st.write(t("notices.unknown_lead"))
        if one.digest_id is not None:
            st.caption(t("notices.in_digest", number=one.digest_id))
        if one.state in DECIDED:
            with st.container(horizontal=True, gap="small"):
                st.button(
                    t("notices.again"),
                    key="message_again",
                    type="primary",
                    icon=":material/replay:",
                    on_click=_again,
                    args=(one,),
                )
                if one.state == "unknown":
                    st.button(
                        t("notices.arrived"),
                        key="message_arrived",
                        icon=":material/check:",
                        on_click=_arrived,
                        args=(one,),
                    )


@guard.guarded(actions.WRITE)
def _again(one: Delivery) -> None:
    actions.again(one.delivery_id)
    guard.note(t("notices.sent_again", target=one.target))


@guard.guarded(actions.WRITE)
def _arrived(one: Delivery) -> None:
    actions.arrived(one.delivery_id)
    guard.note(t("notices.noted"))
