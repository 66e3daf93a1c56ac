"""Targets of notices: all of them, and the one that is open with what can be done to it. A secret is shown once, when it is made."""

from html import escape

import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.actions import guard
from dashboard.actions import notices as actions
from dashboard.data import notices
from dashboard.data.notices import DECIDED, ENDED, Delivery, Target
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading, opening, secret
from dashboard.widgets.notices import fields, words
from dashboard.widgets.risk import form, rows
from dashboard.widgets.risk.rows import Column

OF = "target"
"""Where the address says which target is open."""
TRIED = "_notice_tried"
"""Where the session keeps the messages that tried targets."""
EVERY = "1s"


def show() -> None:
    known = {str(one.target_id): one for one in notices.targets()}
    secret.show("notices")
    opened = addresses.opened(OF, set(known))
    if opened is None:
        _all(list(known.values()))
    else:
        _one(known[opened])


def _all(known: list[Target]) -> None:
    with st.container(border=True, key="card_targets"):
        st.html(heading.section(t("notices.targets"), t("notices.targets_lead"), "notice-targets"))
        if not notices.has_mail():
            st.caption(t("notices.no_mail"))
        _adding()
        if not known:
            st.html(heading.line(t("notices.none")))
            return
        columns = [Column(t(f"notices.column_{name}")) for name in ("name", "kind", "what", "room", "state")]
        others = addresses.beside(OF)
        st.html(rows.table("target-rows", t("notices.targets"), columns, [_row(one, others) for one in known]))


def _row(one: Target, others: str) -> list[str]:
    told, is_wrong = words.standing(one, notices.zone())
    state = f"<em>{escape(told)}</em>" if is_wrong else escape(told)
    what = f"{escape(t(f'notices.urgency_{one.least_urgency}'))}<br><small>{escape(words.kinds(one.kinds))}</small>"
    name = f"{rows.opens(one.name, OF, str(one.target_id), others)}<br><small>{escape(one.address)}</small>"
    kind = f"{escape(t(f'notices.target_{one.kind}'))}<br><small>{escape(i18n.NAMES[one.language])}</small>"  # type: ignore[index]
    return [name, kind, what, escape(words.room(one)), state]


def _one(one: Target) -> None:
    st.html(opening.back("target", OF, words="notices.close"))
    with st.container(border=True, key="card_target"):
        st.html(
            heading.section(
                one.name,
                t("notices.one_lead", kind=t(f"notices.target_{one.kind}"), address=one.address),
                "notice-target",
            )
        )
        told, is_wrong = words.standing(one, notices.zone())
        if is_wrong:
            st.error(markdown.escaped(told))
        st.html(rows.facts(_facts(one, told)))
        with st.container(horizontal=True, gap="small", key="target_deeds"):
            _deeds(one)
        _outcome(one.target_id)


def _facts(one: Target, told: str) -> list[tuple[str, str]]:
    zone = notices.zone()
    names = notices.units() if one.units is not None else {}
    units = t("notices.all_units") if one.units is None else i18n.listed(names.get(unit, unit) for unit in one.units)
    found = [
        (t("notices.column_state"), told), (t("notices.field_language"), i18n.NAMES[one.language]), (t("notices.field_urgency"), t(f"notices.urgency_{one.least_urgency}")),  # type: ignore[index]
        (t("notices.field_kinds"), words.kinds(one.kinds)), (t("notices.field_units"), units), (t("notices.column_room"), words.room(one)),
        (t("notices.column_by"), t("notices.said_by", by=one.by, at=i18n.moment(one.at, zone))),
    ]  # fmt: skip
    if one.kind == "webhook":
        at = i18n.moment(one.rotated_at, zone) if one.rotated_at else UNDEFINED
        found.append((t("notices.rotated_at"), at))
    return [(title, escape(words_)) for title, words_ in found]


def _deeds(one: Target) -> None:
    st.button(
        t("notices.test"),
        key="target_test",
        type="primary",
        icon=":material/send:",
        on_click=_test,
        args=(one,),
        disabled=not one.has_sender,
    )
    if one.paused_until is not None or one.halted is not None:
        st.button(t("notices.resume"), key="target_resume", icon=":material/play_arrow:", on_click=_resume, args=(one,))
    label, icon = ("notices.switch_off", "pause") if one.is_on else ("notices.switch_on", "play_arrow")
    st.button(t(label), key="target_switch", icon=f":material/{icon}:", on_click=_switch, args=(one,))
    with form.box(t("notices.change"), "target_change", ":material/edit:") as is_open:
        if is_open:
            prefix = f"nt_{one.target_id}_{one.revision}"
            with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
                fields.draw(prefix, one.kind, one)
                form.keep(t("notices.save"), _change, prefix, one, key="target_change_do")
    if one.kind == "webhook":
        form.sure(
            t("notices.rotate"),
            "target_rotate",
            ":material/key:",
            t("notices.rotate_sure"),
            t("notices.rotate_do"),
            _rotate,
            one,
        )
    form.sure(
        t("notices.remove"),
        "target_remove",
        ":material/delete:",
        t("notices.remove_sure", name=one.name),
        t("notices.remove"),
        _remove,
        one,
    )


# -- what is done --------------------------------------------------------------------------------------------------------


def _adding() -> None:
    with form.box(t("notices.add"), "target_add", ":material/add:") as is_open:
        if not is_open:
            return
        kinds = {one: t(f"notices.target_{one}") for one in notices.TARGET_KINDS}
        kind = st.radio(t("notices.field_kind"), list(kinds), format_func=kinds.get, key="nt_new_kind", horizontal=True)
        st.caption(t(f"notices.target_{kind}_help"))
        with st.form("nt_new_form", border=False, enter_to_submit=False):
            fields.draw("nt_new", kind, None)
            form.keep(t("notices.add_do"), _add, kind, key="target_add_do")


@guard.guarded(actions.WRITE)
def _add(kind: notices.TargetKind) -> None:
    wanted = fields.wanted("nt_new", is_on=True)
    done = actions.add(kind, form.field("nt_new", "address"), wanted, st.session_state.get("nt_new_secret", ""))
    if done.secret is not None:
        secret.keep("notices", wanted.name, done.secret)
    form.close("target_add")
    st.query_params[OF] = str(done.target_id)
    guard.note(t("notices.added", name=" ".join(wanted.name.split())))


@guard.guarded(actions.WRITE)
def _change(prefix: str, one: Target) -> None:
    actions.change(one.target_id, fields.wanted(prefix, is_on=one.is_on), form.field(prefix, "address"), one.revision)
    form.close("target_change")
    guard.note(t("notices.saved", name=one.name))


@guard.guarded(actions.WRITE)
def _switch(one: Target) -> None:
    actions.change(one.target_id, fields.as_is(one, is_on=not one.is_on), "", one.revision)
    guard.note(t("notices.switched_off" if one.is_on else "notices.switched_on", name=one.name))


@guard.guarded(actions.WRITE)
def _rotate(one: Target) -> None:
    secret.keep("notices", one.name, actions.rotate(one.target_id, one.revision))
    form.close("target_rotate")
    guard.note(t("notices.rotated", name=one.name))


@guard.guarded(actions.WRITE)
def _remove(one: Target) -> None:
    actions.remove(one.target_id, one.revision)
    form.close("target_remove")
    st.query_params.pop(OF, None)
    guard.note(t("notices.removed", name=one.name))


@guard.guarded(actions.WRITE)
def _resume(one: Target) -> None:
    actions.resume(one.target_id)
    guard.note(t("notices.resumed", name=one.name))


@guard.guarded(actions.WRITE)
def _test(one: Target) -> None:
    tried: dict[int, int] = st.session_state.setdefault(TRIED, {})
    tried[one.target_id] = actions.try_out(one.target_id)


# -- what came of it -----------------------------------------------------------------------------------------------------


def _outcome(target_id: int) -> None:
    """Of the test that was asked for in this session."""
    number = st.session_state.get(TRIED, {}).get(target_id)
    if number is None:
        return
    one = _delivery(target_id, number)
    if one is None:
        return
    if one.state not in ENDED:
        _waiting(target_id, number)
        return
    at = i18n.moment(one.ended_at, notices.zone())
    if one.state == "sent":
        if one.error:
            st.warning(markdown.escaped(t("notices.test_partly", at=at, why=words.error(one.error))))
        else:
            st.success(t("notices.test_sent", at=at))
    else:
        why = words.error(one.error) or words.state(one)
        st.error(
            markdown.escaped(t("notices.test_failed" if one.state in DECIDED else "notices.test_gone", at=at, why=why))
        )


def _delivery(target_id: int, number: int) -> Delivery | None:
    return next((one for one in notices.log(target_id) if one.delivery_id == number), None)


@st.fragment(run_every=EVERY)
@guard.guarded(actions.WRITE)
def _waiting(target_id: int, number: int) -> None:
    one = _delivery(target_id, number)
    if one is None or one.state in ENDED:
        st.rerun()
    st.info(t("notices.test_waiting"))
