"""All connectors, and the one that is open with what can be done to it. A secret that the house makes is shown once."""

from collections.abc import Callable
from functools import wraps
from html import escape
from typing import Any, ParamSpec

import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.actions import connectors as actions
from dashboard.actions import guard
from dashboard.data import connectors
from dashboard.data.connectors import KINDS, InvalidConnector, Seen
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading, opening, secret
from dashboard.widgets.connectors import fields, words
from dashboard.widgets.risk import form, rows
from dashboard.widgets.risk.rows import Column

OF, NEW = "connector", "cn_new"
"""Where the address says which connector is open; how keys of the form of a new one begin."""
P = ParamSpec("P")


def show() -> None:
    known = {str(one.connector_id): one for one in connectors.listed()}
    secret.show("connectors")
    opened = addresses.opened(OF, set(known))
    if opened is None:
        _all(list(known.values()))
    else:
        _one(known[opened])


def _all(known: list[Seen]) -> None:
    with st.container(border=True, key="card_connectors"):
        st.html(heading.section(t("connectors.all"), t("connectors.all_lead"), "connectors"))
        if connectors.is_demo():
            st.caption(t("connectors.demo"))
        _adding()
        if not known:
            st.html(heading.line(t("connectors.none")))
            return
        columns = [Column(t(f"connectors.column_{name}")) for name in ("name", "kind", "state", "tested", "room")]
        others = addresses.beside(OF)
        st.html(rows.table("connector-rows", t("connectors.all"), columns, [_row(one, others) for one in known]))


def _row(one: Seen, others: str) -> list[str]:
    name = rows.opens(one.name, OF, str(one.connector_id), others)
    if one.address:
        name += f"<br><small>{escape(one.address)}</small>"
    channels = i18n.listed(map(words.channel, one.channels))
    kind = escape(words.kind(one.kind))
    if channels != words.kind(one.kind):
        kind += f"<br><small>{escape(channels)}</small>"
    room = f"{escape(words.rate(one))}<br><small>{escape(t('connectors.quiet_short', hours=words.quiet(one)))}</small>"
    return [name, kind, _marked(*words.standing(one)), _marked(words.tested(one), one.test_error is not None), room]


def _one(one: Seen) -> None:
    st.html(opening.back("connector", OF, words="connectors.close"))
    with st.container(border=True, key="card_connector"):
        lead = i18n.listed(filter(None, (words.kind(one.kind), one.address)))
        st.html(heading.section(one.name, lead, "connector-one"))
        told, is_wrong = words.standing(one)
        if is_wrong:
            st.error(markdown.escaped(told))
        if one.halted is not None:
            st.caption(t("connectors.halted_lead"))
        if one.tested_at is not None:
            (st.success if one.test_error is None else st.error)(markdown.escaped(words.tested(one)))
        st.html(rows.facts(_facts(one, None if is_wrong else told)))
        with st.container(horizontal=True, gap="small", key="connector_deeds"):
            _deeds(one)


def _facts(one: Seen, told: str | None) -> list[tuple[str, str]]:
    """``told``: how it stands, where that is not said already."""
    said = one.settings
    quota = said.get("quota")
    found = [
        *([] if told is None else [(t("connectors.column_state"), told)]),
        (t("connectors.channels"), i18n.listed(map(words.channel, one.channels))),
        (t("connectors.column_tested"), words.tested(one) if one.tested_at is None else i18n.moment(one.tested_at, connectors.zone())),
        (t("connectors.pace"), words.rate(one)),
        (t("connectors.quiet"), words.quiet(one)),
        *([(t("connectors.group_quiet"), words.quiet(one, "group_quiet"))] if "group_quiet_start" in said else []),
        (t("connectors.field_price_minor"), i18n.number(said["price_minor"])),
        (t("connectors.secrets"), i18n.listed(words.secret(one.kind, name) for name in one.told) or UNDEFINED),
        (t("connectors.column_by"), t("connectors.said_by", by=one.by, at=i18n.moment(one.at, connectors.zone()))),
    ]  # fmt: skip
    if quota is not None:
        found.insert(4, (t("connectors.field_quota"), t(f"connectors.quota_{quota}")))
    own = [field for field in KINDS[one.kind].fields if field.name not in fields.RULES and field.form != "forms"]
    found[2:2] = [(words.field(field.name), _shown(field.name, said.get(field.name))) for field in own]
    return [(title, escape(words_)) for title, words_ in found]


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return UNDEFINED
    if name == "stands_for":
        return words.channel(str(value))
    return t(f"connectors.security_{value}") if name == "security" else str(value)


def _deeds(one: Seen) -> None:
    st.button(t("connectors.test"), key="connector_test", type="primary", icon=":material/network_check:", on_click=_test, args=(one,))  # fmt: skip
    if one.paused_until is not None or one.halted is not None:
        st.button(t("connectors.resume"), key="connector_resume", icon=":material/replay:", on_click=_resume, args=(one,))  # fmt: skip
    label, icon = ("connectors.switch_off", "pause") if one.is_on else ("connectors.switch_on", "play_arrow")
    st.button(t(label), key="connector_switch", icon=f":material/{icon}:", on_click=_switch, args=(one,))
    with form.box(t("connectors.change"), "connector_change", ":material/edit:") as is_open:
        if is_open:
            prefix = f"cn_{one.connector_id}_{one.revision}"
            with st.container(key="connector_fields"), st.form(f"{prefix}_form", border=False, enter_to_submit=False):
                fields.draw(prefix, one.kind, one)
                form.keep(t("connectors.save"), _change, prefix, one, key="connector_change_do")
    _heard(one)
    if one.kind == "webhook":
        form.sure(
            t("connectors.rotate"),
            "connector_rotate",
            ":material/key:",
            t("connectors.rotate_sure"),
            t("connectors.rotate_do"),
            _rotate,
            one,
        )
    if not one.is_on and not one.is_used:
        form.sure(
            t("connectors.remove"),
            "connector_remove",
            ":material/delete:",
            t("connectors.remove_sure", name=one.name),
            t("connectors.remove"),
            _remove,
            one,
        )


def _heard(one: Seen) -> None:
    """Where its platform tells what came of messages."""
    found = connectors.heard_at(one)
    if found == {}:
        return
    with form.box(t("connectors.heard"), "connector_heard", ":material/call_received:") as is_open:
        if not is_open:
            return
        if found is None:
            st.write(t("connectors.heard_nowhere"))
            return
        st.write(t("connectors.heard_lead"))
        for name, address in found.items():
            st.caption(t(f"connectors.heard_{name}"))
            st.code(address, language=None, wrap_lines=True)


# -- what is done --------------------------------------------------------------------------------------------------------


def _named(function: Callable[P, None]) -> Callable[P, None]:
    """A field that is refused is told by the name that it has on the page."""

    @wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except InvalidConnector as error:
            key = f"error.connector.invalid_{error.reason}"
            guard.note(t(key, field=words.field(error.field), most=error.details["most"]), is_error=True)

    return told


def _adding() -> None:
    with form.box(t("connectors.add"), "connector_add", ":material/add:") as is_open:
        if not is_open:
            return
        kinds = {one: words.kind(one) for one in KINDS}
        kind = st.selectbox(t("connectors.field_kind"), list(kinds), format_func=kinds.get, key=f"{NEW}_kind")
        st.caption(t(f"connectors.kind_{kind}_help"))
        prefix = f"{NEW}_{kind}"
        with st.container(key="connector_fields"), st.form(f"{prefix}_form", border=False, enter_to_submit=False):
            fields.draw(prefix, kind, None)
            form.keep(t("connectors.add_do"), _add, prefix, kind, key="connector_add_do")


@guard.guarded(actions.WRITE)
@_named
def _add(prefix: str, kind: str) -> None:
    name, settings, secrets = fields.said(prefix, kind)
    done = actions.add(kind, name, settings, secrets)
    if done.secret is not None:
        secret.keep("connectors", name, done.secret)
    form.close("connector_add")
    st.query_params[OF] = str(done.connector_id)
    guard.note(t("connectors.added", name=" ".join(name.split())))


@guard.guarded(actions.WRITE)
@_named
def _change(prefix: str, one: Seen) -> None:
    name, settings, secrets = fields.said(prefix, one.kind)
    actions.change(one.connector_id, name, settings, secrets, one.revision)
    form.close("connector_change")
    guard.note(t("connectors.saved", name=" ".join(name.split())))


@guard.guarded(actions.WRITE)
def _switch(one: Seen) -> None:
    actions.switch(one.connector_id, one.revision, is_on=not one.is_on)
    guard.note(t("connectors.switched_off" if one.is_on else "connectors.switched_on", name=one.name))


@guard.guarded(actions.WRITE)
def _rotate(one: Seen) -> None:
    secret.keep("connectors", one.name, actions.rotate(one.connector_id, one.revision))
    form.close("connector_rotate")
    guard.note(t("connectors.rotated", name=one.name))


@guard.guarded(actions.WRITE)
def _remove(one: Seen) -> None:
    actions.remove(one.connector_id, one.revision)
    form.close("connector_remove")
    st.query_params.pop(OF, None)
    guard.note(t("connectors.removed", name=one.name))


@guard.guarded(actions.WRITE)
def _resume(one: Seen) -> None:
    actions.resume(one.connector_id)
    guard.note(t("connectors.resumed", name=one.name))


@guard.guarded(actions.WRITE)
def _test(one: Seen) -> None:
    actions.try_out(one.connector_id)


def _marked(told: str, is_wrong: bool) -> str:
    return f"<em>{escape(told)}</em>" if is_wrong else escape(told)
