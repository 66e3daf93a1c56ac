"""What somebody changes in a campaign: kept on the server with each field that is left, so that a lost connection loses nothing.

The session remembers which revision its fields show. Where somebody else has saved since, theirs is shown, it is told what they changed, and a change of one's own that came too late waits to be made again
or let go.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import i18n
from dashboard.actions import campaigns as actions
from dashboard.actions import guard
from dashboard.data import campaigns
from dashboard.data.campaigns import Found
from dashboard.i18n import t
from dashboard.widgets.campaigns import words

Path = tuple[str | int, ...]
Change = Callable[[dict[str, Any]], object]
"""Changes the document of a campaign in place."""
STEP_OF = {
    "goal": "goal", "metric": "goal", "event": "goal", "window_days": "goal", "purpose": "goal", "note": "goal", "segments": "audience", "without": "audience",
    "places": "audience", "channels": "audience", "mode": "audience", "holdout": "audience", "variants": "content", "missing": "content", "reasons": "content",
    "offer": "offer", "schedule": "schedule", "budget_minor": "schedule",
}  # fmt: skip
"""On which step each part of the document is written."""
NOON = time(10)
"""The hour that a day begins with where none was said."""


@dataclass(frozen=True, slots=True)
class Form:
    """A campaign as its fields show it. ``is_open``: whether they may be changed; ``turn`` grows whenever fields must forget what they hold."""

    found: Found
    document: Mapping[str, Any]
    is_open: bool
    turn: int

    @property
    def campaign_id(self) -> int:
        return self.found.campaign_id

    def key(self, path: Path) -> str:
        return f"{prefix(self.campaign_id, self.turn)}_{'_'.join(map(str, path))}"

    def value(self, path: Path) -> Any:
        """What the document says there; None where it says nothing."""
        return said(self.document, path)


@dataclass(frozen=True, slots=True)
class Late:
    """Somebody else saved meanwhile. ``steps``: on which they changed something; ``path``, ``value``: the change of one's own that came too late; an empty path where there is none that could be made
    again."""

    by: str
    at: datetime
    steps: tuple[str, ...]
    path: Path = ()
    value: Any = None


def prefix(campaign_id: int, turn: int) -> str:
    return f"cp_{campaign_id}_{turn}"


def said(document: Any, path: Path) -> Any:
    for one in path:
        if isinstance(one, int):
            document = document[one] if isinstance(document, list) and one < len(document) else None
        else:
            document = document.get(one) if isinstance(document, Mapping) else None
    return document


def begin(found: Found) -> Form:
    """The fields of this run. What was saved elsewhere since the last one is taken over, and told."""
    state, document = st.session_state, campaigns.document(found.body)
    seen = state.get(_seen(found.campaign_id))
    if seen is None:
        _show(found, document)
    elif seen[0] != found.revision:
        if found.changed_by != campaigns.me():
            state[_late(found.campaign_id)] = _told(found, seen[1], document)
        _turn(found.campaign_id)
        _show(found, document)
    return Form(found, document, is_open(found), state.get(_turns(found.campaign_id), 0))


def editing(found: Found) -> str:
    """Where the session says that somebody edits what was handed in. Of the campaign in this state alone: what was handed in again is read only again."""
    return f"_cp_edit_{found.campaign_id}_{found.state_at.timestamp()}"


def is_open(found: Found) -> bool:
    """A draft, or what somebody has said they edit all the same."""
    is_asked = found.state == "draft" or bool(st.session_state.get(editing(found)))
    return is_asked and found.is_editable and actions.may()


def late(campaign_id: int) -> Late | None:
    """What came between, until somebody has decided about it."""
    found: Late | None = st.session_state.get(_late(campaign_id))
    return found


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Steps on which two documents differ, in their order."""
    differ = {STEP_OF[key] for key in STEP_OF if before.get(key) != after.get(key)}
    return tuple(one for one in campaigns.STEPS if one in differ)


# -- callbacks ---------------------------------------------------------------------------------------------------------


@guard.guarded(actions.WRITE)
def put(campaign_id: int, path: Path, key: str, told: Callable[[Any], Any]) -> None:
    """Keep what a field says. ``told``: makes of it what the document holds."""
    _put(campaign_id, path, told(st.session_state[key]))


@guard.guarded(actions.WRITE)
def put_moment(campaign_id: int, path: Path, key: str) -> None:
    """Keep a day and an hour, in the house's zone; nothing where no day is said."""
    _put(campaign_id, path, moment(st.session_state[f"{key}_on"], st.session_state[f"{key}_at"]))


@guard.guarded(actions.WRITE)
def rename(campaign_id: int, key: str) -> None:
    name = str(st.session_state[key])
    _save(campaign_id, lambda _document: None, name=name)


@guard.guarded(actions.WRITE)
def change(campaign_id: int, make: Change) -> None:
    """Change more than one field at once; fields begin anew."""
    if _save(campaign_id, make):
        _turn(campaign_id)


def keep(campaign_id: int, make: Change) -> bool:
    """Change more than one field at once; what other fields hold stays. For guarded callbacks."""
    return _save(campaign_id, make)


@guard.guarded(actions.WRITE)
def again(campaign_id: int) -> None:
    """Make the change that came too late upon what stands now."""
    found = late(campaign_id)
    st.session_state.pop(_late(campaign_id), None)
    if found is not None and found.path:
        _put(campaign_id, found.path, found.value)
        _turn(campaign_id)


@guard.guarded(actions.SEE)
def leave(campaign_id: int) -> None:
    """What stands now stays."""
    st.session_state.pop(_late(campaign_id), None)


def moment(on: date | None, at: time | None) -> str | None:
    return None if on is None else datetime.combine(on, at or NOON, tzinfo=ZoneInfo(campaigns.zone())).isoformat()


def write(document: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value where a path leads; a blank reason is none."""
    *before, last = path
    here: Any = document
    for one in before:
        if isinstance(one, str) and here.get(one) is None:
            here[one] = {}
        here = here[one]
    if before == ["reasons"] and not str(value).strip():
        here.pop(last, None)
    else:
        here[last] = value


def _put(campaign_id: int, path: Path, value: Any) -> None:
    _save(campaign_id, lambda document: write(document, path, value), path=path, value=value)


def _save(campaign_id: int, make: Change, *, name: str | None = None, path: Path = (), value: Any = None) -> bool:
    """Raises what the write refuses, but for somebody else's newer save, which is kept to be told. True: saved."""
    state, found = st.session_state, campaigns.find(campaign_id)
    if found is None:
        guard.note(t("campaigns.gone"), is_error=True)
        return False
    if not is_open(found):  # handed in, approved or begun meanwhile: nobody voids that by a field that was still open
        guard.note(t("campaigns.closed_meanwhile", state=t(f"campaigns.state_{found.state}")), is_error=True)
        _turn(campaign_id)
        return False
    before = campaigns.document(found.body)
    revision, seen = state.get(_seen(campaign_id), (found.revision, before))
    if revision == found.revision or _is_own(found, seen, before, path):
        document = campaigns.document(found.body)
        try:
            make(document)
            kept = actions.save(campaign_id, document, revision=found.revision, name=name)
        except actions.CampaignChanged:
            found = campaigns.find(campaign_id) or found
        else:
            now = campaigns.find(campaign_id)
            state[_seen(campaign_id)] = kept, before if now is None else campaigns.document(now.body)
            return True
    after = campaigns.document(found.body)
    state[_late(campaign_id)] = _told(found, seen, after, path, value)
    _turn(campaign_id)
    _show(found, after)
    return False


def _is_own(found: Found, seen: Mapping[str, Any], now: Mapping[str, Any], path: Path) -> bool:
    """Whether what came between is a field of one's own that was still being saved when the page was left, and another one than this."""
    return bool(path) and found.changed_by == campaigns.me() and said(seen, path) == said(now, path)


def _told(
    found: Found, before: Mapping[str, Any], after: Mapping[str, Any], path: Path = (), value: Any = None
) -> Late:
    return Late(found.changed_by, found.changed_at, changed(before, after), path, value)


def _show(found: Found, document: Mapping[str, Any]) -> None:
    st.session_state[_seen(found.campaign_id)] = found.revision, document


def _turn(campaign_id: int) -> None:
    name = _turns(campaign_id)
    st.session_state[name] = st.session_state.get(name, 0) + 1


def _seen(campaign_id: int) -> str:
    return f"_cp_seen_{campaign_id}"


def _late(campaign_id: int) -> str:
    return f"_cp_late_{campaign_id}"


def _turns(campaign_id: int) -> str:
    return f"_cp_turn_{campaign_id}"


# -- told above the form -----------------------------------------------------------------------------------------------


def show_late(form: Form) -> None:
    """Who saved meanwhile, what they changed, and what becomes of one's own change."""
    found = late(form.campaign_id)
    if found is None:
        return
    steps = i18n.listed(t(f"campaigns.step_{one}") for one in found.steps) or t("campaigns.late_name")
    with st.container(border=True, key="card_campaign_late"):
        st.warning(
            t("campaigns.late", by=found.by, at=words.moment(found.at), steps=steps), icon=":material/sync_problem:"
        )
        if found.path and form.is_open:
            st.write(t("campaigns.late_own"))
            st.code(_shown(found.value), language=None, wrap_lines=True)
        with st.container(horizontal=True, gap="small"):
            if found.path and form.is_open:
                st.button(t("campaigns.late_again"), key="cp_late_again", on_click=again, args=(form.campaign_id,))
            st.button(
                t("campaigns.late_leave"), key="cp_late_leave", type="primary", on_click=leave, args=(form.campaign_id,)
            )


def _shown(value: Any) -> str:
    return i18n.listed(map(str, value)) if isinstance(value, list) else str(value)
