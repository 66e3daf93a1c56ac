"""Writes of the page about sources: all of them guarded. Imports always go into the live world."""

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from core.work import event_names, logins, uploads
from core.work.ingest import library, mapping, rejects
from dashboard.actions import guard
from dashboard.actions.guard import guarded
from dashboard.data import worlds
from dashboard.i18n import number, t
from dashboard.web import wiring

UPLOAD = "_upload"
"""Where the page finds the id of the file that is being prepared."""
BODY = "_mapping"
"""Where the page leaves the mapping that it shows, as JSON: what is started is exactly what was previewed."""
JOB = "_import_job"
"""Where the page finds the import that was started last."""
UPLOADER = "_uploader"
"""Counts up, so that the uploader is empty again and its memory is given back."""
_WRITE = "sources.write"


@guarded(_WRITE)
def receive() -> None:
    """Keep the uploaded file in the inbox of the live world."""
    file = st.session_state.get(uploader())
    if file is None:
        return
    drop()
    saved = uploads.save(wiring.house().live, guard.operator(), file.name, file)
    st.session_state[UPLOAD] = saved.upload_id
    st.session_state[UPLOADER] = st.session_state.get(UPLOADER, 0) + 1


@guarded(_WRITE)
def discard() -> None:
    if UPLOAD in st.session_state:
        uploads.discard(wiring.house().live, st.session_state[UPLOAD])
    drop()


@guarded(_WRITE)
def start() -> None:
    """Queue the import as it was previewed, and save its mapping where a name was given."""
    home, operator, now = wiring.house().live, guard.operator(), wiring.now()
    wanted = mapping.from_json(json.loads(st.session_state[BODY]))
    name = str(st.session_state.get("mapping_name", "")).strip()
    if name:
        library.save(home, name, wanted, operator, now=now)
    chosen = name or st.session_state.get("mapping_chosen") or None
    queued = uploads.queue(
        home, operator, st.session_state[UPLOAD], wanted, mapping_name=chosen, is_named=bool(name or chosen), now=now
    )  # fmt: skip
    drop()
    st.session_state[JOB] = queued.job_id
    guard.note(t("sources.queued", batch=queued.batch_id))


@guarded(_WRITE)
def cancel(job_id: int) -> None:
    uploads.cancel(wiring.house().live, guard.operator(), job_id, now=wiring.now())
    guard.note(t("sources.cancel_asked"))


@guarded(_WRITE)
def roll_back(batch_id: int) -> None:
    gone = uploads.roll_back(
        worlds.home(),
        guard.operator(),
        batch_id,
        reason=str(st.session_state.get("reason_rollback", "")),
        now=wiring.now(),
    )
    guard.note(t("sources.rolled_back_done", batch=batch_id, rows=number(gone)))


@guarded(_WRITE)
def approve_names() -> None:
    names = list(st.session_state.get("held_chosen", []))
    event_names.approve(worlds.home(), guard.operator(), names, now=wiring.now())
    guard.note(t("sources.approved", count=number(len(names))))


@guarded(_WRITE)
def keep_hidden() -> None:
    names = list(st.session_state.get("held_chosen", []))
    event_names.keep_hidden(worlds.home(), guard.operator(), names, now=wiring.now())
    guard.note(t("sources.kept_hidden", count=number(len(names))))


def forget_result() -> None:
    st.session_state.pop(JOB, None)


def rejects_of(batch_id: int, *, in_live: bool = False) -> Callable[[], bytes]:
    """Makes the file when the download is clicked, in the name of whoever is logged in then. Audited.

    The click arrives outside a script run, so world and session are remembered here and the session is asked again there.
    """
    home = wiring.house().live if in_live else worlds.home()
    who = guard.visitor()
    session_id = who.session_id if who else 0

    def make() -> bytes:
        found = logins.visitor_of_session(wiring.accounts_store(), session_id, now=wiring.now())
        if found is None:
            raise guard.LoggedOut("The session is over. Log in again.")
        return rejects.download(home, batch_id, found.operator, now=wiring.now())

    return make


def uploader() -> str:
    """Key of the uploader."""
    return f"upload_{st.session_state.get(UPLOADER, 0)}"


def drop() -> None:
    """Forget the file that was being prepared, and everything chosen for it."""
    keep: tuple[Any, ...] = (UPLOADER, JOB)
    for key in [k for k in st.session_state if str(k).startswith(("map_", "mapping_")) or k in (UPLOAD, BODY)]:
        if key not in keep:
            st.session_state.pop(key, None)
