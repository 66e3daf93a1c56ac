"""Which market situation holds, what it unlocks, and which one the figures look like."""

from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.actions import situations as actions
from dashboard.data import situations
from dashboard.data.situations import DAYS, MOVED, Answer, Situations, Suggestion
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.risk import rows, situation_forms
from dashboard.widgets.risk import situation_words as words
from dashboard.widgets.risk.rows import Column


def show() -> None:
    known = situations.read()
    _holds(known)
    _suggested(known)
    _matrix(known)
    if known.turns:
        _history(known)


def _holds(known: Situations) -> None:
    with st.container(border=True, key="card_situation"):
        st.html(heading.section(t("situations.title"), t("situations.lead"), "situation"))
        turn = known.holds
        if turn is None:
            st.html(heading.line(t("situations.none")))
        else:
            days = (known.today - turn.since_on).days
            facts = [
                (t("situations.now"), f"<b>{escape(words.called(turn.situation))}</b>"),
                (
                    t("situations.since"),
                    escape(i18n.aside(i18n.day(turn.since_on), t("situations.for_days", days=days))),
                ),
                (t("situations.by"), escape(turn.by)),
                (t("situations.reason"), escape(turn.reason)),
            ]
            st.html(rows.facts(facts))
            row = next((one for one in known.rows if one.situation == turn.situation), None)
            if row is not None:
                st.html(
                    f'<p class="told"><b>{escape(t("situations.order"))}</b><br>{escape(words.order(row.order))}</p>'
                )
            st.html(f'<p class="told"><b>{escape(t("situations.unlocks"))}</b></p>')
            _measures(known, turn.situation, is_kept=row is not None)
        if actions.may():
            situation_forms.declaring(known)


# -- what the figures look like ----------------------------------------------------------------------------------------


def _suggested(known: Situations) -> None:
    with st.container(border=True, key="card_situation_suggested"):
        answer = situations.suggestion()
        lead = t("situations.suggested_lead", days=DAYS, share=i18n.share(MOVED, 0))
        st.html(heading.section(t("situations.suggested"), lead, "situation-suggested"))
        if answer is None:
            st.html(heading.line(t("situations.suggested_short", days=2 * DAYS)))
            return
        found = answer.found
        st.html(f'<p class="sentence">{escape(_verdict(found, known))}</p>')
        st.html(_signs(answer))
        st.caption(t("situations.suggested_days", now=i18n.days(found.period), before=i18n.days(found.compared), at=i18n.moment(answer.as_of, answer.zone)))  # fmt: skip
        with st.expander(t("situations.rule"), icon=":material/info:", key="situation_rule"):
            for name in ("competition", "growth", "window"):
                st.write(i18n.explained(words.called(name), t(f"situations.rule_{name}")))
            st.write(t("situations.rule_thumb"))


def _verdict(found: Suggestion, known: Situations) -> str:
    if found.situation is None:
        return t("situations.looks_like_none")
    told = t("situations.looks_like", situation=words.called(found.situation))
    turn = known.holds
    if turn is None:
        return told
    return told + t("situations.as_declared" if turn.situation == found.situation else "situations.unlike_declared")


def _signs(answer: Answer[Suggestion]) -> str:
    columns = [
        Column(t("situations.figure")), Column(t("situations.value"), "number"), Column(t("situations.before"), "number"),
        Column(t("situations.change"), "number"), Column(t("situations.course"), "short"),
    ]  # fmt: skip
    told = [
        [
            escape(t(f"situations.sign_{one.name}")), escape(words.value(one, one.value, answer.currency)), escape(words.value(one, one.before, answer.currency)),
            escape(i18n.change(one.change_share)), escape(words.course(one)),
        ]
        for one in answer.found.signs
    ]  # fmt: skip
    return rows.table("situation-signs", t("situations.suggested"), columns, told)


# -- every one, and what was -------------------------------------------------------------------------------------------


def _matrix(known: Situations) -> None:
    with st.container(border=True, key="card_situation_rows"):
        st.html(
            heading.section(
                t("situations.every" if known.holds is None else "situations.others"),
                t("situations.every_lead"),
                "situation-rows",
            )
        )
        st.html(f'<a href="/forecast?part=strategy">{escape(t("situations.to_matrix"))}</a>')
        for row in known.rows:
            if known.holds is not None and known.holds.situation == row.situation:
                continue  # it stands above
            st.html(
                f'<section class="situation"><h3>{escape(words.called(row.situation))}</h3>'
                f'<p class="lead">{escape(words.order(row.order))}</p></section>'
            )
            _measures(known, row.situation, is_kept=True)


def _measures(known: Situations, situation: str, *, is_kept: bool) -> None:
    """``is_kept``: whether the strategy matrix has a row of the situation; of what it has no more of nothing is changed."""
    unlocked = known.of(situation)
    st.html(words.measures(unlocked) if unlocked else heading.line(t("situations.unlocks_none")))
    if is_kept and actions.may():
        situation_forms.measures(situation, unlocked, [row.situation for row in known.rows].index(situation))


def _history(known: Situations) -> None:
    with st.container(border=True, key="card_situation_history"):
        st.html(heading.section(t("situations.history"), "", "situation-history"))
        items = "".join(
            f"<li><b>{escape(i18n.explained(i18n.day(one.since_on), words.called(one.situation)))}</b> "
            f"<span>{escape(t('register.history_line', at=i18n.moment(one.at, known.zone), by=one.by))}</span><br><small>{escape(one.reason)}</small></li>"
            for one in known.turns
        )
        st.html(f'<ol class="events">{items}</ol>')
