"""One risk of the register: what is known of it, what may be done with it, and how it came about."""

from datetime import date
from html import escape
from itertools import zip_longest

import streamlit as st

from dashboard import i18n
from dashboard.actions import register as actions
from dashboard.data import register
from dashboard.data.register import Register, Risk
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading, opening
from dashboard.widgets.risk import levels, register_forms, rows
from dashboard.widgets.risk import register_words as words

OF = "risk"
"""Where the address says which one is open."""


def show(one: Risk, known: Register) -> None:
    told = one.described
    with st.container(border=True, key="card_risk"):
        lead = " · ".join((t(f"register.kind_{told.kind}"), t(f"register.state_{one.state}")))
        st.html(heading.section(told.title, lead, "risk-one"))
        if actions.may():
            register_forms.of_one(one, known)
        st.html(rows.facts(_facts(one, known)))
        for name in ("description", "plan"):
            st.html(_text(t(f"register.{name}"), getattr(told, name)))
        st.html(opening.back("risk", OF, words="register.close_one"))
    with st.container(border=True, key="card_risk_history"):
        st.html(
            heading.section(t("register.history"), t("register.history_lead"), "risk-history") + _history(one, known)
        )


def after(one: Risk) -> str:
    """HTML: level after treatment."""
    if one.described.residual_likelihood is None:
        return f"<small>{escape(t('register.not_judged'))}</small>"
    return levels.of_cell(one.cell("after"))


def review(one: Risk, today: date) -> str:
    """HTML: when it is looked at again, marked where that is overdue."""
    if one.state == "closed":
        return UNDEFINED
    on = escape(i18n.day(one.described.review_on))
    days = (today - one.described.review_on).days
    if not one.is_due(today):
        return on
    late = t("register.overdue", days=i18n.number(days)) if days else t("register.due_today")
    return f'{on}<br><em class="late">{escape(late)}</em>'


def _facts(one: Risk, known: Register) -> list[tuple[str, str]]:
    told = one.described
    rules = ", ".join(rows.opens(words.rule(key, known), "rule", key, "part=rules&") for key in told.rules)
    links = ", ".join(
        f'<a href="/incidents?incident={number}">{escape(words.incident(number, known))}</a>'
        for number in told.incidents
    )
    facts = [
        (t("register.before"), levels.of_cell(one.cell("before"))),
        (t("register.after"), after(one)),
        (t("register.stage_now"), levels.of_cell(one.cell())),
        (t("register.treatment"), escape(t(f"register.treatment_{told.treatment}"))),
        (t("register.owner"), escape(told.owner)),
        (t("register.review_on"), review(one, known.today)),
    ]
    if rules:
        facts.append((t("register.rules"), rules))
    if links:
        facts.append((t("register.incidents"), links))
    return facts


def _text(title: str, text: str) -> str:
    shown = rows.text(text) if text else UNDEFINED
    return f'<p class="told"><b>{escape(title)}</b><br>{shown}</p>'


def _history(one: Risk, known: Register) -> str:
    every = register.history(one.key)
    items = []
    for now, before in zip_longest(every, every[1:]):
        who = t("register.history_line", at=i18n.moment(now.at, known.zone), by=now.by)
        what = [] if before is None else list(words.changes(now, before))
        lines = "".join(f"<br><small>{escape(line)}</small>" for line in ([now.note] if now.note else []) + what)
        items.append(f"<li><b>{escape(t(f'register.action_{now.action}'))}</b> <span>{escape(who)}</span>{lines}</li>")
    return f'<ol class="events">{"".join(items)}</ol>'
