"""How far a campaign has come, counted from rows: its state, how many messages stand where, how fast they go and until when, what is held back and why, what went wrong and what to do about it.

While messages go out it draws itself anew every few seconds, and nothing else of the page.
"""

from collections.abc import Iterator
from html import escape
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.actions import campaign_runs as actions
from dashboard.actions import connectors, guard
from dashboard.data import campaign_runs
from dashboard.data.campaign_runs import Moving
from dashboard.data.campaigns import Found
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import behind, heading
from dashboard.widgets.campaigns import check, employees, told, words
from dashboard.widgets.campaigns.findings import LONGEST
from dashboard.widgets.connectors import every
from dashboard.widgets.risk import form as forms
from dashboard.widgets.tiles import Tile, lines, wall

EVERY = "3s"
LIVE = ("scheduled", "materialising", "sending")
ORDER = (
    "delivered", "accepted", "sending", "reserved", "planned", "held", "unknown", "dead", "failed", "skipped", "cancelled",
)  # fmt: skip
"""Of states in the bar, from what has arrived to who never was to get any."""
STATES = {
    "planned": "wait", "held": "wait", "reserved": "go", "sending": "go", "accepted": "go", "delivered": "done", "failed": "bad", "skipped": "off", "cancelled": "off",
    "unknown": "odd", "dead": "bad",
}  # fmt: skip
NEVER = frozenset({"skipped", "cancelled"})
FATES = ("arrived", "failed", "again")


def show(found: Found) -> None:
    _dealing(found)
    if found.state in LIVE:
        _live(found)
    else:
        _drawn(found)
    _undecided(found)
    employees.show(found)


@st.fragment(run_every=EVERY)
@guard.guarded(campaign_runs.SEE)
def _live(found: Found) -> None:
    """Redrawn by itself; the whole page once its state is another one, for then other things can be done."""
    if campaign_runs.progress(found.campaign_id).found.state != found.state:
        st.rerun()
    _drawn(found)


def _drawn(found: Found) -> None:
    view = campaign_runs.progress(found.campaign_id)
    with st.container(border=True, key="card_campaign_progress"):
        title = heading.section(t("campaign.progress"), _lead(found, view), "progress")
        behind.head("campaign_progress", title, view, _contract(), lambda: i18n.aside(found.name, found.code))
        _shut(view)
        if not view.found.tally.rows:
            st.html(heading.line(t(f"campaign.no_rows_{found.state}", at=words.moment(found.starts_at))))
            return
        st.html(_tiles(view) + (_bar(view) if _messages(view) else ""))
        left, right = st.columns(2, gap="large")
        if _messages(view):
            left.html(_states(view))
        with right:
            told.put(_waiting(view) + _by(view, "channel") + _by(view, "variant"))
        told.put(_skipped(view) + _troubles(view))
        if view.found.is_limited:
            st.html(heading.line(t("campaign.limited")))
        told.put(behind.forbidden(behind.link(told.WHO)))


def _shut(view: Moving) -> None:
    """Channels on which nothing goes out, why, and where that is mended."""
    for one in view.found.shut:
        why = t(
            f"campaign.shut_{one.why}", connector=one.connector, why=told.error(one.code), until=words.moment(one.until)
        )
        st.warning(markdown.escaped(i18n.explained(words.channel(one.channel), why)), icon=":material/link_off:")
        if one.connector_id is not None:
            st.html(_way_out(one.connector_id, one.connector))


def _contract() -> list[str]:
    names = ("state", "rate", "ends", "waiting", "errors")
    return [i18n.explained(f"**{t(f'campaign.about_{one}')}**", t(f"campaign.about_{one}_means")) for one in names]


def _lead(found: Found, view: Moving) -> str:
    key = "campaign.now_shut" if view.found.shut else f"campaigns.now_{view.found.state}"
    said = t(key, at=words.moment(found.starts_at if view.found.state == "scheduled" else found.state_at))
    counted = t("campaign.counted_at", at=words.moment(view.as_of))
    return told.sentences([said, counted])


def _tiles(view: Moving) -> str:
    moving = view.found
    tally = moving.tally
    reached = tally.of(frozenset({"delivered"}))
    rate = UNDEFINED if moving.per_minute is None else i18n.number(moving.per_minute, 1 if moving.per_minute < 10 else 0)  # fmt: skip
    throttle = t("campaign.throttled", count=i18n.number(moving.throttle)) if moving.throttle else ""
    launched = (moving.launched or {}).get("will_send")
    planned = t("campaign.of_launched", count=i18n.number(launched)) if launched is not None else ""
    dropped = tally.of(NEVER)
    tiles = [
        Tile("rows", t("campaign.rows"), i18n.number(_messages(view) - dropped), meaning=t("campaign.rows_means"), below=lines(planned)),
        *([Tile("never", t("campaign.never"), i18n.number(dropped), below=lines(t("campaign.never_why")))] if dropped else []),
        *_held_out(view),
        Tile("left", t("campaign.left_to_send"), i18n.number(moving.left), below=lines(t("campaign.in_flight", count=i18n.number(moving.in_flight)))),
        Tile("arrived", t("campaign.arrived"), i18n.number(reached), below=lines(t("campaign.awaited", count=i18n.number(moving.awaited)))),
        Tile("rate", t("campaign.rate"), rate, meaning=t("campaign.about_rate_means"), below=lines(throttle)),
        Tile("ends", t("campaign.ends"), _end(view), meaning=t("campaign.about_ends_means")),
    ]  # fmt: skip
    return wall(tiles, 125)


def _messages(view: Moving) -> int:
    """Rows without those who are held out, to whom nothing is ever to be sent."""
    tally = view.found.tally
    return tally.rows - tally.of(frozenset({"holdout"}))


def _held_out(view: Moving) -> list[Tile]:
    count = view.found.tally.of(frozenset({"holdout"}))
    if not count:
        return []
    ways = told.to_people("rows/state=holdout", t("campaign.whose"), count)
    return [Tile("held", t("campaign.held_out"), i18n.number(count), "", t("campaign.about_holdout_means"), lines(t("campaign.held_out_get")), ways)]  # fmt: skip


def _end(view: Moving) -> str:
    if view.found.left == 0:
        return t("campaign.through")
    return UNDEFINED if view.found.ends_at is None else words.moment(view.found.ends_at)


def _counts(view: Moving) -> list[tuple[str, int]]:
    """Messages by state."""
    counts = dict(zip(*(view.found.by("state")[name].tolist() for name in ("state", "rows")), strict=True))
    return [(name, int(counts[name])) for name in ORDER if counts.get(name)]


def _bar(view: Moving) -> str:
    """All messages as one bar; said in words in the table below it."""
    counts = _counts(view)
    parts = "".join(
        f'<i class="{STATES[name]} {name}" style="flex-grow:{count}" title="{escape(i18n.explained(told.state(name), i18n.number(count)))}"></i>'
        for name, count in counts
    )
    said = i18n.listed(i18n.explained(told.state(name), i18n.number(count)) for name, count in counts)
    return f'<div class="rows-bar" role="img" aria-label="{escape(said)}">{parts}</div>'


def _states(view: Moving) -> str:
    begins, rows = behind.link(told.WHO), _messages(view)
    cells = [
        [
            f'<i class="dot {STATES[name]} {name}" aria-hidden="true"></i>{escape(told.state(name))}<small>{escape(t(f"campaign.message_{name}_means"))}</small>',
            told.figure(begins, f"rows/state={name}", i18n.number(count), count),
            escape(i18n.share(count / rows)),
        ]
        for name, count in _counts(view)
    ]
    columns = [t(f"campaign.column_{one}") for one in ("state", "messages", "share")]
    return told.table("rows-states", t("campaign.progress"), columns, cells, (1, 2))


def _waiting(view: Moving) -> str:
    """What is held, until when and why."""
    waits = view.found.waiting
    if waits.empty:
        return ""
    begins = behind.link(told.WHO)
    rows = []
    for one in waits.to_dict("records"):
        reason = None if pd.isna(one["reason"]) else str(one["reason"])
        why = told.reason(reason) if reason else t("campaign.not_due")
        name = f"rows/state={one['state']}" + (f"/reason={reason}" if reason else "")
        count = told.figure(begins, name, i18n.number(one["rows"]), int(one["rows"]))
        rows.append([escape(why), count, escape(words.moment(one["next_due_at"].to_pydatetime()))])
    columns = [t(f"campaign.column_{one}") for one in ("held_why", "messages", "next_at")]
    return _part("waiting", t("campaign.waiting"), columns, rows, (1,))


def _by(view: Moving, name: str) -> str:
    """Channels, or variants, beside each other; nothing where there is one only."""
    found = view.found.by(name, "state")
    found = found[found["state"] != "holdout"]
    if found[name].nunique() < 2:
        return ""
    begins = behind.link(told.WHO)
    rows = []
    for key, part in found.groupby(name):
        counts = dict(zip(part["state"].tolist(), part["rows"].tolist(), strict=True))
        whole = sum(counts.values())
        came = sum(counts.get(one, 0) for one in ("accepted", "delivered"))
        wrong = sum(counts.get(one, 0) for one in ("failed", "dead", "unknown"))
        rows.append(
            [
                escape(told.group(name, str(key))), told.figure(begins, f"rows/{name}={key}", i18n.number(whole), whole), escape(i18n.number(came)),
                escape(i18n.number(wrong)),
            ]
        )  # fmt: skip
    columns = [t(f"campaign.column_{one}") for one in (name, "messages", "went", "wrong")]
    return _part(f"by-{name}", t(f"campaign.by_{name}"), columns, rows, (1, 2, 3))


def _skipped(view: Moving) -> str:
    found = view.found.by("state", "reason")
    found = found[found["state"].isin(NEVER)].sort_values("rows", ascending=False)
    if found.empty:
        return ""
    begins = behind.link(told.WHO)
    rows = []
    for one in found.to_dict("records"):
        reason = None if pd.isna(one["reason"]) else str(one["reason"])
        name = f"rows/state={one['state']}" + (f"/reason={reason}" if reason else "")
        rows.append([escape(told.reason(reason)), escape(told.state(one["state"])), told.figure(begins, name, i18n.number(one["rows"]), int(one["rows"]))])  # fmt: skip
    columns = [t(f"campaign.column_{one}") for one in ("skipped_why", "state", "messages")]
    return _part("skipped", t("campaign.skipped"), columns, rows, (2,))


def _troubles(view: Moving) -> str:
    if view.troubles.empty:
        return ""
    columns = [t(f"campaign.column_{one}") for one in ("error", "state", "channel", "messages")]
    return _part("errors", t("campaign.errors"), columns, _trouble_rows(view), (3,))


def _trouble_rows(view: Moving) -> Iterator[list[str]]:
    begins = behind.link(told.WHO)
    for one in view.troubles.to_dict("records"):
        code = "" if pd.isna(one["error"]) else str(one["error"])
        count = told.figure(begins, f"code/{one['state']}/{code}", i18n.number(one["rows"]), int(one["rows"]))
        yield [escape(told.error(code)), escape(told.state(one["state"])), escape(words.channel(one["channel"])), count]


def _part(name: str, title: str, columns: list[str], rows: object, numbers: tuple[int, ...]) -> str:
    return f"<h3>{escape(title)}</h3>{told.table(name, title, columns, rows, numbers)}"  # type: ignore[arg-type]


# -- what can be done --------------------------------------------------------------------------------------------------


def _dealing(found: Found) -> None:
    """Pause, resume, cancel: with a reason, which is kept."""
    review = campaign_runs.review_of(found.campaign_id)
    if review.error and found.state in ("paused", "failed"):
        st.error(f"{t(f'campaign.why_{found.state}')} {told.error(review.error)}", icon=":material/error:")
        if review.way_out is not None and found.state == "paused":
            st.html(_way_out(*review.way_out))
    if not actions.may_write() or found.state not in ("scheduled", "materialising", "sending", "paused"):
        return
    with st.container(horizontal=True, gap="small", key="campaign_dealing"):
        if found.state == "scheduled":
            check.taking_back(found)
        if found.state == "sending":
            _asked(found, "pause", ":material/pause:")
        if found.state == "paused":
            st.button(
                t("campaign.resume"), type="primary", icon=":material/play_arrow:", key="cr_resume", on_click=_resume, args=(found,)
            )  # fmt: skip
        _asked(found, "cancel", ":material/cancel:")


def _way_out(connector_id: int, name: str) -> str:
    """HTML: the connector on which it went wrong; opened by whoever may see it."""
    said = t("campaign.paused_on", name=name)
    if not guard.may(connectors.WRITE):
        return heading.line(said)
    address = f"/connectors?{addresses.only('world')}{urlencode({every.OF: connector_id})}"
    return f'<div class="ways">{told.box("to-connector", said, address)}</div>'


def _asked(found: Found, deed: str, icon: str) -> None:
    with forms.box(t(f"campaign.{deed}"), f"cr_{deed}", icon) as is_open:
        if is_open:
            st.caption(t(f"campaign.{deed}_means"))
            with st.form(f"cr_{deed}_form", border=False, enter_to_submit=False):
                st.text_area(t("campaign.why"), max_chars=LONGEST, key=f"cr_{deed}_why", height=80)
                st.form_submit_button(
                    t(f"campaign.{deed}_do"), type="primary", key=f"cr_{deed}_do", on_click=_pause if deed == "pause" else _cancel, args=(found,)
                )  # fmt: skip


@guard.guarded(actions.WRITE)
def _pause(found: Found) -> None:
    actions.pause(found.campaign_id, str(st.session_state["cr_pause_why"]))
    forms.close("cr_pause")
    guard.note(t("campaign.paused", name=found.name))


@guard.guarded(actions.WRITE)
def _resume(found: Found) -> None:
    actions.resume(found.campaign_id)
    guard.note(t("campaign.resumed", name=found.name))


@guard.guarded(actions.WRITE)
def _cancel(found: Found) -> None:
    count = actions.cancel(found.campaign_id, str(st.session_state["cr_cancel_why"]))
    forms.close("cr_cancel")
    guard.note(t("campaign.cancelled", name=found.name, count=i18n.number(count)))


# -- what a person decides ---------------------------------------------------------------------------------------------


def _undecided(found: Found) -> None:
    """Messages of which nobody knows what became of them, and those that were given up."""
    tally = campaign_runs.progress(found.campaign_id).found.tally
    waiting = {one: tally.of(frozenset({one})) for one in ("unknown", "dead")}
    if not any(waiting.values()):
        return
    with st.container(border=True, key="card_campaign_undecided"):
        st.html(heading.section(t("campaign.undecided"), t("campaign.undecided_lead"), "undecided"))
        for state, count in waiting.items():
            if count:
                _deciding(found, state, count)


def _deciding(found: Found, state: str, count: int) -> None:
    begins = behind.link(told.WHO)
    shown = told.figure(begins, f"rows/state={state}", i18n.number(count), count)
    st.html(f"<p><b>{escape(told.state(state))}</b> {shown}</p>{heading.line(t(f'campaign.undecided_{state}'))}")
    over = found.state in ("cancelled", "failed")
    fates = [one for one in FATES if (one == "again" or state == "unknown") and not (one == "again" and over)]
    if not actions.may_approve() or not fates:
        st.html(heading.line(t("campaign.undecided_forbidden" if fates else "campaign.undecided_over")))
        return
    with forms.box(t("campaign.decide"), f"cr_decide_{state}", ":material/rule:") as is_open:
        if is_open:
            labels = {one: t(f"campaign.fate_{one}") for one in fates}
            with st.form(f"cr_decide_{state}_form", border=False, enter_to_submit=False):
                st.radio(
                    t("campaign.fate"), fates, None, format_func=labels.get, key=f"cr_fate_{state}", captions=[t(f"campaign.fate_{one}_means") for one in fates]
                )  # fmt: skip
                st.text_area(t("campaign.why"), max_chars=LONGEST, key=f"cr_decide_why_{state}", height=80)
                st.form_submit_button(
                    t("campaign.decide_do", count=i18n.number(count)), type="primary", key=f"cr_decide_do_{state}", on_click=_decide, args=(found, state)
                )  # fmt: skip


@guard.guarded(actions.APPROVE)
def _decide(found: Found, state: str) -> None:
    fate = st.session_state[f"cr_fate_{state}"]
    if fate is None:
        guard.note(t("campaign.fate_first"), is_error=True)
        return
    count = actions.decide(found.campaign_id, fate, str(st.session_state[f"cr_decide_why_{state}"]), before=state)
    forms.close(f"cr_decide_{state}")
    guard.note(t("campaign.decided", count=i18n.number(count), fate=t(f"campaign.fate_{fate}")))
