"""Forms of the register of risks, for those who may change it. What somebody typed stays where it is refused."""

from datetime import timedelta
from typing import Any, cast

import streamlit as st

from dashboard.actions import guard
from dashboard.actions import register as actions
from dashboard.data import register
from dashboard.data.levels import STEPS
from dashboard.data.register import (
    FIRST_REVIEW_DAYS,
    MOST_DAYS_AHEAD,
    MOVES,
    RISK_KINDS,
    TREATMENTS,
    Described,
    Register,
    Risk,
)
from dashboard.i18n import t
from dashboard.widgets.risk import form
from dashboard.widgets.risk import register_words as words

NEW = "rg_new"


def adding(known: Register) -> None:
    with st.container(horizontal=True, gap="small", key="register_forms"):
        with form.box(t("register.add"), "rg_add", ":material/add:", kind="secondary") as is_open:
            if is_open:
                with st.form(f"{NEW}_form", border=False, enter_to_submit=False):
                    _fields(NEW, None, known)
                    form.keep(t("register.add_do"), _add, key="rg_add_do")
        if known.unadopted:
            st.button(
                t("register.adopt", count=known.unadopted), key="rg_adopt", icon=":material/playlist_add:", help=t("register.adopt_help", days=FIRST_REVIEW_DAYS), on_click=_adopt
            )  # fmt: skip


def of_one(one: Risk, known: Register) -> None:
    """What may be done with a risk as it stands."""
    with st.container(horizontal=True, gap="small", key="risk_forms"):
        if _may(one, "reviewed"):
            _noting(one, known, "reviewed", ":material/event_available:")
        if _may(one, "changed"):
            with form.box(t("register.do_changed"), "rg_changed", ":material/edit:") as is_open:
                if is_open:
                    _changing(one, known)
        for action, icon in (("treated", "verified"), ("closed", "do_not_disturb_on"), ("reopened", "replay")):
            if _may(one, action):
                _noting(one, known, action, f":material/{icon}:")


def _may(one: Risk, action: str) -> bool:
    return one.state in MOVES[action][0]


# -- new ---------------------------------------------------------------------------------------------------------------


@guard.guarded(actions.WRITE)
def _add() -> None:
    done = actions.add(_described(NEW))
    form.close("rg_add")
    guard.note(t("register.added", title=done.described.title))


@guard.guarded(actions.WRITE)
def _adopt() -> None:
    count = actions.adopt()
    guard.note(t("register.adopted", count=count) if count else t("register.adopted_none"))


# -- what is there -----------------------------------------------------------------------------------------------------


def _changing(one: Risk, known: Register) -> None:
    prefix = f"rg_{one.key}"
    with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
        _fields(prefix, one.described, known)
        st.text_input(t("register.note_why"), key=f"{prefix}_note", max_chars=actions.LONGEST)
        form.keep(t("register.change_do"), _change, prefix, one, key="rg_changed_do")


@guard.guarded(actions.WRITE)
def _change(prefix: str, one: Risk) -> None:
    actions.change(one.key, _described(prefix), revision=one.revision, note=form.field(prefix, "note"))
    form.close("rg_changed")
    guard.note(t("register.saved", title=one.described.title))


def _noting(one: Risk, known: Register, action: str, icon: str) -> None:
    prefix = f"rg_{action}_{one.key}"
    with form.box(t(f"register.do_{action}"), f"rg_{action}", icon) as is_open:
        if not is_open:
            return
        st.caption(t(f"register.do_{action}_help"))
        with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
            st.text_area(t(f"register.note_{action}"), key=f"{prefix}_note", max_chars=actions.LONGEST, height=90)
            if action in ("reviewed", "reopened"):
                _day(prefix, t("register.next_on"), known.today + timedelta(days=FIRST_REVIEW_DAYS), known)
            form.keep(t(f"register.do_{action}"), _note, prefix, one, action, key=f"rg_{action}_do")


@guard.guarded(actions.WRITE)
def _note(prefix: str, one: Risk, action: str) -> None:
    note = form.field(prefix, "note")
    if action == "reviewed":
        actions.review(one.key, note=note, next_on=form.field(prefix, "review_on"), revision=one.revision)
    elif action == "reopened":
        actions.reopen(one.key, note=note, next_on=form.field(prefix, "review_on"), revision=one.revision)
    else:
        actions.end(one.key, "treated" if action == "treated" else "closed", note=note, revision=one.revision)
    form.close(f"rg_{action}")
    guard.note(t(f"register.done_{action}", title=one.described.title))


# -- fields ------------------------------------------------------------------------------------------------------------


def _fields(prefix: str, was: Described | None, known: Register) -> None:
    st.text_input(
        t("register.field_title"), was.title if was else "", key=f"{prefix}_title", max_chars=actions.LONGEST_TITLE
    )
    left, right = st.columns(2)
    with left:
        _select(prefix, "kind", RISK_KINDS, was.kind if was else RISK_KINDS[0])
    with right:
        _select(prefix, "treatment", TREATMENTS, was.treatment if was else "reduce", help=t("register.treatment_help"))
    _text(prefix, "description", was.description if was else "")
    left, right = st.columns(2)
    with left:
        _step(prefix, "likelihood", was.likelihood if was else 3)
    with right:
        _step(prefix, "impact", was.impact if was else 3)
    _text(prefix, "plan", was.plan if was else "")
    left, right = st.columns(2)
    with left:
        _step(prefix, "residual_likelihood", was.residual_likelihood if was else None, is_needed=False)
    with right:
        _step(prefix, "residual_impact", was.residual_impact if was else None, is_needed=False)
    left, right = st.columns(2)
    with left:
        owner = was.owner if was else guard.operator().name
        st.text_input(t("register.owner"), owner, key=f"{prefix}_owner", max_chars=actions.LONGEST_TITLE)
    with right:
        usual = known.today + timedelta(days=FIRST_REVIEW_DAYS)
        _day(prefix, t("register.review_on"), was.review_on if was else usual, known)
    _links(prefix, was, known)


def _links(prefix: str, was: Described | None, known: Register) -> None:
    rules = {one: words.rule(one, known) for one in (*known.rules, *(was.rules if was else ()))}
    cases = {one: words.incident(one, known) for one in (*known.incidents, *(was.incidents if was else ()))}
    st.multiselect(
        t("register.rules"), list(rules), list(was.rules) if was else [], format_func=rules.get, key=f"{prefix}_rules",
        max_selections=actions.MOST_LINKS, placeholder=t("register.none_chosen"),
    )  # fmt: skip
    if cases:
        st.multiselect(
            t("register.incidents"), list(cases), list(was.incidents) if was else [], format_func=cases.get,
            key=f"{prefix}_incidents", max_selections=actions.MOST_LINKS, placeholder=t("register.none_chosen"),
        )  # fmt: skip


def _select(prefix: str, name: str, options: tuple[str, ...], chosen: str, help: str | None = None) -> None:  # noqa: A002 - as Streamlit calls it
    labels = {one: t(f"register.{name}_{one}") for one in options}
    st.selectbox(
        t(f"register.{name}"), options, options.index(chosen), format_func=labels.get, key=f"{prefix}_{name}", help=help
    )


def _text(prefix: str, name: str, was: str) -> None:
    st.text_area(t(f"register.{name}"), was, key=f"{prefix}_{name}", max_chars=actions.LONGEST, height=90)


def _step(prefix: str, name: str, was: int | None, *, is_needed: bool = True) -> None:
    words_of = name.removeprefix("residual_")
    labels: dict[int | None, str] = {one: f"{one} {t(f'risk.{words_of}_{one}')}" for one in STEPS}
    if not is_needed:
        labels = {None: t("register.not_judged")} | labels
    options = list(labels)
    st.selectbox(
        t(f"register.field_{name}"), options, options.index(was), format_func=labels.get, key=f"{prefix}_{name}"
    )


def _day(prefix: str, label: str, was: Any, known: Register) -> None:
    first = min(was, known.today)
    last = max(was, known.today + timedelta(days=MOST_DAYS_AHEAD))
    st.date_input(label, was, first, last, key=f"{prefix}_review_on", format="YYYY-MM-DD")


def _described(prefix: str) -> Described:
    told = {name: form.field(prefix, name) for name in (
        "title", "description", "likelihood", "impact", "owner", "plan", "residual_likelihood", "residual_impact", "review_on",
    )}  # fmt: skip
    return Described(
        **told, kind=cast("register.Kind", form.field(prefix, "kind")), treatment=cast("register.Treatment", form.field(prefix, "treatment")),
        rules=tuple(form.field(prefix, "rules")), incidents=tuple(st.session_state.get(f"{prefix}_incidents", ())),
    )  # fmt: skip
