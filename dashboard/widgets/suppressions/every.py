"""How many are not written to and why, the list of them a page at a time, and the one that is open."""

from collections.abc import Callable
from html import escape

import pandas as pd
import streamlit as st

from core.errors import Unknown
from dashboard import addresses, i18n, markdown
from dashboard.actions import exports, guard
from dashboard.actions import suppressions as actions
from dashboard.data import member
from dashboard.data import suppressions as data
from dashboard.data.ground import stand
from dashboard.data.suppressions import EVERY, Page, Seen
from dashboard.i18n import t
from dashboard.widgets import choice, heading, opening
from dashboard.widgets.choice import Choice
from dashboard.widgets.risk import form, rows
from dashboard.widgets.risk.rows import Column
from dashboard.widgets.suppressions import adding, words

OF, STATE, KIND, CHANNEL, WHO = "sp", "sp_state", "sp_kind", "sp_channel", "sp_who"
STATES = ("standing", "lifted")
ALL = "all"
CHANNELS = (EVERY, *data.ON, "group_chat", "robot")
ROWS = 50


def show() -> None:
    text = st.query_params.get(OF)
    found = data.one(int(text)) if text and text.isdecimal() and len(text) < 10 else None
    if found is not None:
        _one(found)
        return
    if text is not None:
        addresses.leave_out(OF, text)
        st.query_params.pop(OF, None)
    adding.show()
    _all()


def _all() -> None:
    state = choice.read(STATE, STATES)
    kind, channel = choice.read(KIND, (ALL, *data.KINDS)), choice.read(CHANNEL, (ALL, *CHANNELS))
    member_id, is_found = _whom()
    asked = (None if kind == ALL else kind, None if channel == ALL else channel, member_id)
    found = data.page(*asked, is_lifted=state == "lifted", limit=ROWS, offset=0)
    with st.container(border=True, key="card_suppressions"):
        st.html(heading.section(t("suppressions.counts"), t(f"suppressions.counts_{state}"), "suppressions"))
        st.html(choice.row(choice.among(STATE, "suppressions.state", STATES, state), addresses.beside(STATE)))
        st.html(_counts(found) if found.counts else heading.line(t("suppressions.nobody")))
    with st.container(border=True, key="card_suppression_rows"):
        _filters(kind, channel, is_found)
        if not is_found or not found.total:
            st.html(heading.line(t("suppressions.none_like_that")))
            return
        pages = -(-found.total // ROWS)
        page = st.pagination(pages, key=f"sp_page_{abs(hash((asked, state)))}") if pages > 1 else 1
        if page > 1:
            found = data.page(*asked, is_lifted=state == "lifted", limit=ROWS, offset=(page - 1) * ROWS)
        st.html(_table(found, state))
        first = (page - 1) * ROWS + 1
        shown = {"first": i18n.number(first), "last": i18n.number(first + len(found.rows) - 1)}
        st.caption(t("suppressions.rows", **shown, total=i18n.number(found.total)))
        _exports(asked, state, found.total)


def _whom() -> tuple[int | None, bool]:
    """The member who is asked for, and whether there is one where one is."""
    text = str(st.session_state.get(WHO, st.query_params.get(WHO, ""))).strip()
    if not text:
        return None, True
    try:
        found = member.named(text)
    except Unknown:
        return None, False
    return (found[0], True) if len(found) == 1 else (None, False)


def _filters(kind: str, channel: str, is_found: bool) -> None:
    st.html(heading.section(t("suppressions.list"), t("suppressions.list_lead"), "suppression-list"))
    kinds = {ALL: t("suppressions.all")} | {one: words.kind(one) for one in data.KINDS}
    channels = {ALL: t("suppressions.all")} | {one: words.channel(None if one == EVERY else one) for one in CHANNELS}
    address = addresses.beside(OF)
    fields = [Choice(KIND, t("suppressions.kind"), kinds, kind), Choice(CHANNEL, t("suppressions.channel"), channels, channel)]  # fmt: skip
    st.html(choice.fields(fields, address))
    st.session_state.setdefault(WHO, st.query_params.get(WHO, ""))
    st.text_input(t("suppressions.who"), key=WHO, placeholder=t("suppressions.who_hint"), icon=":material/search:", width=320, max_chars=40)  # fmt: skip
    addresses.write(WHO, "")
    if not is_found:
        st.caption(t("member.not_found"))


def _counts(found: Page) -> str:
    """Channels and reasons, each figure the way to its people."""
    kinds = [one for one in data.KINDS if any(each.kind == one for each in found.counts)]
    told = {(one.channel, one.kind): one.entries for one in found.counts}
    others = addresses.only("world", STATE, WHO)
    channels = sorted({one.channel for one in found.counts}, key=lambda one: (one is not None, one or ""))
    columns = [Column(t("suppressions.channel")), *(Column(words.kind(one), "number") for one in kinds), Column(t("suppressions.total"), "number")]  # fmt: skip
    body = [
        [
            _to(words.channel(channel), others, {CHANNEL: channel or EVERY}),
            *(_count(told.get((channel, kind), 0), others, {KIND: kind, CHANNEL: channel or EVERY}) for kind in kinds),
            escape(i18n.number(sum(told.get((channel, kind), 0) for kind in kinds))),
        ]
        for channel in channels
    ]
    if len(body) > 1:
        sums = [sum(told.get((channel, kind), 0) for channel in channels) for kind in kinds]
        body.append([escape(t("suppressions.total")), *(_count(one, others, {KIND: kind}) for one, kind in zip(sums, kinds, strict=True)), escape(i18n.number(sum(sums)))])  # fmt: skip
    return rows.table("suppression-counts", t("suppressions.counts"), columns, body)


def _count(count: int, others: str, asked: dict[str, str]) -> str:
    return _to(i18n.number(count), others, asked) if count else escape(i18n.number(0))


def _to(told: str, others: str, asked: dict[str, str]) -> str:
    chosen = {KIND: ALL, CHANNEL: ALL} | asked
    *before, (name, value) = chosen.items()
    return rows.opens(told, name, value, others + "".join(f"{key}={one}&" for key, one in before))


def _table(found: Page, state: str) -> str:
    titles = ("who", "where", "why", "since", "campaign", "by" if state == "standing" else "lifted")
    others = addresses.beside(OF)
    columns = [Column(t(f"suppressions.column_{one}"), "short" if one == "since" else "") for one in titles]
    return rows.table("suppression-rows", t("suppressions.list"), columns, [_row(one, state, others) for one in found.rows])  # fmt: skip


def _row(one: Seen, state: str, others: str) -> list[str]:
    entry = one.entry
    return [
        rows.opens(words.who(one), OF, str(entry.suppression_id), others),
        f"{escape(words.channel(entry.channel))}<br><small>{escape(words.purpose(entry.purpose))}</small>",
        escape(i18n.cut(words.why(entry), 60)),
        escape(words.moment(entry)),
        words.campaign(one),
        escape(words.by(entry.by) if state == "standing" else i18n.cut(words.lifted(entry))),
    ]


def _exports(asked: tuple[str | None, str | None, int | None], state: str, total: int) -> None:
    """Buttons for those who may take people out of the house."""
    if not guard.may("people.export"):
        return
    details = {"kind": asked[0], "channel": asked[1], "state": state}
    with st.container(horizontal=True, gap="small"):
        for file in ("csv", "xlsx"):
            st.download_button(
                t(f"people.export_{file}", count=i18n.number(total)), data=exports.deferred(_written(asked, state), "suppressions", file, details),
                file_name=f"siyu-suppressions.{file}", mime=exports.MIME[file], icon=":material/download:", key=f"sp_export_{file}", on_click="ignore",
            )  # fmt: skip


def _written(asked: tuple[str | None, str | None, int | None], state: str) -> Callable[[], pd.DataFrame]:
    """Makes the whole list in the language of whoever sees the button."""
    ground = stand(data.SEE)
    titles = {name: t(f"suppressions.column_{name}") for name in ("member", "number", "where", "why", "since", "by", "lifted")}  # fmt: skip

    def write() -> pd.DataFrame:
        table, found = data.table(ground, *asked, is_lifted=state == "lifted")
        told = {
            titles["member"]: table["label"], titles["number"]: table["number"], titles["where"]: [words.where(one.entry) for one in found],
            titles["why"]: [words.why(one.entry) for one in found], titles["since"]: [words.moment(one.entry) for one in found],
            titles["by"]: [words.by(one.entry.by) for one in found],
        }  # fmt: skip
        if state == "lifted":
            told[titles["lifted"]] = [words.lifted(one.entry) for one in found]
        return pd.DataFrame(told)

    return write


# -- one ---------------------------------------------------------------------------------------------------------------


def _one(one: Seen) -> None:
    st.html(opening.back("suppression", OF, words="suppressions.close"))
    entry = one.entry
    with st.container(border=True, key="card_suppression"):
        st.html(heading.section(words.who(one), words.where(entry), "suppression-one"))
        if entry.lifted_at is not None:
            st.info(markdown.escaped(words.lifted(entry)))
        facts = [
            (t("suppressions.column_why"), escape(words.why(entry))), (t("suppressions.column_member"), words.member(one)),
            (t("suppressions.column_since"), escape(words.moment(entry))), (t("suppressions.column_by"), escape(words.by(entry.by))),
            (t("suppressions.column_campaign"), words.campaign(one)),
        ]  # fmt: skip
        st.html(rows.facts(facts))
        if entry.lifted_at is None and actions.may():
            _lifting(one)


def _lifting(one: Seen) -> None:
    refused = one.entry.kind in data.REFUSED
    prefix = f"sp_lift_{one.entry.suppression_id}"
    with form.box(t("suppressions.lift"), "sp_lift", ":material/undo:") as is_open:
        if not is_open:
            return
        st.caption(t("suppressions.lift_refused" if refused else "suppressions.lift_lead"))
        with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
            st.text_input(t("suppressions.lift_reason"), key=f"{prefix}_reason", max_chars=data.LONGEST)
            if refused:
                first, last = data.days(one.entry)
                st.date_input(t("suppressions.consent_on"), None, first, last, key=f"{prefix}_on", format="YYYY-MM-DD")
                st.text_input(
                    t("suppressions.consent_how"), key=f"{prefix}_how", max_chars=data.LONGEST, placeholder=t("suppressions.consent_hint")
                )  # fmt: skip
            form.keep(t("suppressions.lift_do"), _lift, prefix, one, key="sp_lift_do")


@guard.guarded(actions.WRITE)
def _lift(prefix: str, one: Seen) -> None:
    consent = None
    if one.entry.kind in data.REFUSED and form.field(prefix, "on") is not None:
        consent = actions.Consent(form.field(prefix, "on"), form.field(prefix, "how"))
    actions.lift(one.entry.suppression_id, form.field(prefix, "reason"), consent)
    form.close("sp_lift")
    guard.note(t("suppressions.lifted", who=words.who(one)))
