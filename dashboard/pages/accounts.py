"""权限与审计: who may come in, what they may see, and what they did."""

import pyarrow as pa
import streamlit as st

from core.scope import ROLES
from dashboard import i18n, markdown
from dashboard.actions import accounts as actions
from dashboard.actions import guard
from dashboard.data import accounts as data
from dashboard.data.accounts import Account, LoginSession
from dashboard.i18n import UNDEFINED, has, moment, number, t
from dashboard.pages import Page
from dashboard.widgets import heading, tabs

PAGE = Page("data", 40, "accounts.see", ":material/admin_panel_settings:")
ROWS = 50


def show() -> None:
    heading.plain(t("accounts.title"), t("accounts.lead"))
    people = t("accounts.tab_people")
    tabs.show(
        "accounts_tab",
        {people: _people, t("accounts.tab_sessions"): _sessions, t("accounts.tab_audit"): _audit},
        always=[people],
    )


def _people() -> None:
    accounts = data.listed()
    _first_password()
    with st.container(border=True, key="card_accounts"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            active = sum(account.is_active for account in accounts)
            st.subheader(t("accounts.count", count=number(len(accounts)), active=number(active)), anchor=False)
            if guard.may("accounts.write"):
                st.button(
                    t("accounts.new"),
                    type="primary",
                    icon=":material/person_add:",
                    key="new_account",
                    on_click=_open,
                    args=("new",),
                )
        chosen = _table([_account_row(account) for account in accounts], key="accounts_table")
        if guard.may("accounts.write"):
            if chosen is None:
                st.caption(t("accounts.select"))
            else:
                _account_actions(accounts[chosen])
    if st.session_state.get("_dialog") == "new":
        _new_dialog()


def _account_row(account: Account) -> dict[str, str]:
    units = t("accounts.all_units") if account.units is None else i18n.listed(account.units) or t("accounts.no_units")
    return {
        t("accounts.name"): account.name,
        t("accounts.display_name"): account.display_name,
        t("accounts.role"): t(f"role.{account.role}"),
        t("accounts.units"): units,
        t("accounts.state"): _state(account),
        t("accounts.created"): moment(account.created_at, data.zone()),
    }


def _state(account: Account) -> str:
    if not account.is_active:
        return t("accounts.disabled")
    return t("accounts.first_password") if account.must_change_password else t("accounts.active")


def _account_actions(account: Account) -> None:
    name = markdown.escaped(account.name)
    with st.form(f"edit_{account.id}", border=False):
        st.subheader(f"{t('accounts.edit')} · {name}", anchor=False)
        _fields(f"edit_{account.id}", account)
        st.form_submit_button(
            t("accounts.save"), type="primary", on_click=actions.change, args=(account.id, account.name)
        )
    # Under another name it is another popover, and closed: a done deed leaves no open question behind.
    turn = st.session_state.get(actions.TURN, 0)
    with st.container(horizontal=True):
        with st.popover(t("accounts.reset"), icon=":material/key:", key=f"reset_{account.id}_{turn}"):
            st.write(t("accounts.confirm_reset", name=name))
            st.button(
                t("accounts.confirm"),
                key=f"do_reset_{account.id}",
                on_click=actions.reset,
                args=(account.id, account.name),
            )
        if account.is_active:
            with st.popover(t("accounts.disable"), icon=":material/block:", key=f"disable_{account.id}_{turn}"):
                st.write(t("accounts.confirm_disable", name=name))
                st.button(
                    t("accounts.confirm"),
                    key=f"do_disable_{account.id}",
                    on_click=actions.disable,
                    args=(account.id, account.name),
                )
        else:
            st.button(
                t("accounts.enable"),
                key=f"enable_{account.id}",
                on_click=actions.enable,
                args=(account.id, account.name),
            )


def _fields(key: str, account: Account | None) -> None:
    roles = {role: t(f"role.{role}") for role in ROLES}
    st.text_input(
        t("accounts.display_name"), account.display_name if account else "", max_chars=100, key=f"{key}_display_name"
    )
    st.selectbox(
        t("accounts.role"), ROLES, ROLES.index(account.role) if account else 0, format_func=roles.get, key=f"{key}_role"
    )
    st.checkbox(t("accounts.sees_all"), account is None or account.units is None, key=f"{key}_all")
    units = (account.units or []) if account else []
    st.multiselect(
        t("accounts.units"),
        sorted({*units, *data.units()}),
        units,
        accept_new_options=True,
        help=t("accounts.units_help"),
        placeholder=t("accounts.no_units"),
        key=f"{key}_units",
    )


def _open(dialog: str) -> None:
    st.session_state["_dialog"] = dialog


def _new_dialog() -> None:
    @st.dialog(
        t("accounts.new"), icon=":material/person_add:", on_dismiss=lambda: st.session_state.pop("_dialog", None)
    )
    def dialog() -> None:
        with st.form("new", border=False):
            st.text_input(t("accounts.name"), key="new_name", max_chars=32, help=t("accounts.name_help"))
            _fields("new", None)
            st.form_submit_button(t("accounts.new_submit"), type="primary", on_click=actions.create)

    dialog()


def _first_password() -> None:
    """A generated password, until the admin says that it was noted. It is kept nowhere but in this session."""
    made = st.session_state.get(actions.PASSWORD)
    if made is None:
        return
    with st.container(border=True, key="card_password"):
        st.write(f"{markdown.escaped(made.name)} · {t('accounts.password_once')}")
        st.code(made.password, language=None)
        st.button(t("accounts.password_seen"), key="password_seen", on_click=actions.forget_password)


def _sessions() -> None:
    rows = data.sessions()
    with st.container(border=True, key="card_sessions"):
        st.subheader(t("accounts.sessions_count", count=number(len(rows))), anchor=False)
        chosen = _table([_session_row(login, account) for login, account in rows], key="sessions_table")
        if not guard.may("accounts.write"):
            return
        if chosen is None:
            st.caption(t("accounts.end_select"))
        else:
            login, account = rows[chosen]
            st.button(
                t("accounts.end"),
                icon=":material/logout:",
                key="end_session",
                on_click=actions.end_session,
                args=(login.id, account.name),
            )


def _session_row(login: LoginSession, account: Account) -> dict[str, str]:
    zone = data.zone()
    return {
        t("accounts.name"): account.name,
        t("accounts.device"): data.device(login.user_agent) or t("accounts.unknown_device"),
        t("accounts.seen"): moment(login.seen_at, zone),
        t("accounts.since"): moment(login.created_at, zone),
        t("accounts.until"): moment(login.expires_at, zone),
        t("accounts.this_session"): "●" if data.is_mine(login) else "",
    }


def _audit() -> None:
    actors, kinds = data.audit_names()
    with st.container(border=True, key="card_audit"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            names = {kind: _said(kind) for kind in kinds}
            actor = st.selectbox(
                t("accounts.actor"),
                actors,
                index=None,
                placeholder=t("accounts.all_actors"),
                key="audit_actor",
                persist_state="session",
                width=200,
            )
            action = st.selectbox(
                t("accounts.action"),
                kinds,
                index=None,
                placeholder=t("accounts.all_actions"),
                format_func=lambda kind: names.get(kind, kind),
                key="audit_action",
                persist_state="session",
                width=220,
            )
            if st.button(t("accounts.verify"), icon=":material/verified_user:", key="verify_audit"):
                st.session_state["_verified"] = True
        if st.session_state.pop("_verified", False):
            _verified()
        entries, total = data.audit(actor, action, limit=ROWS, offset=0)
        if not total:
            st.write(t("accounts.no_rows"))
            return
        page = st.pagination(-(-total // ROWS), key="audit_page") if total > ROWS else 1
        if page > 1:
            entries, _ = data.audit(actor, action, limit=ROWS, offset=(page - 1) * ROWS)
        _table([_audit_row(entry) for entry in entries], key=None)
        first = (page - 1) * ROWS + 1
        st.caption(t("accounts.rows", first=number(first), last=number(first + len(entries) - 1), total=number(total)))


def _audit_row(entry: data.AuditEntry) -> dict[str, str]:
    return {
        t("accounts.number"): number(entry.sequence),
        t("accounts.at"): moment(entry.at, data.zone()),
        t("accounts.actor"): entry.actor,
        t("accounts.action"): _said(entry.action),
        t("accounts.object"): entry.object,
        t("accounts.details"): data.in_words(entry.details) or UNDEFINED,
    }


def _said(action: str) -> str:
    key = f"audit.{action.replace('.', '_')}"
    return t(key) if has(key) else action


def _verified() -> None:
    faults, head = data.verified()
    if faults:
        words = i18n.listed(
            (t(f"accounts.fault_{fault.kind}", sequence=number(fault.sequence)) for fault in faults[:20]), long=True
        )
        st.error(t("accounts.broken", faults=words))
    else:
        st.success(t("accounts.verified", count=number(head.sequence)))
    st.caption(t("accounts.head"))
    st.code(f"{head.sequence} {head.mac}", language=None)


def _table(rows: list[dict[str, str]], *, key: str | None) -> int | None:
    """Rows as a table; with a key one of them can be selected, and its number is returned."""
    frame = pa.Table.from_pylist(rows)
    if key is None:
        st.dataframe(frame, hide_index=True)
        return None
    event = st.dataframe(frame, hide_index=True, key=key, on_select="rerun", selection_mode="single-row")
    picked = [row for row in event.selection.rows if row < len(rows)]
    return picked[0] if picked else None
