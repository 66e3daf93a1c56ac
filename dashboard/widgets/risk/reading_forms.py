"""Forms of readings, for those who may write them: typing one, bringing in a file, correcting, and naming kinds."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.periods import EARLIEST
from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.actions import readings as actions
from dashboard.actions.readings import Imported
from dashboard.data.readings import UNITS, Kind, Readings, Told
from dashboard.i18n import t
from dashboard.widgets import choice, tables
from dashboard.widgets.risk import form
from dashboard.widgets.risk import reading_words as words

NEW = "rd_new"
FILE, CAME = "rd_file", "rd_came"
"""The field of a file, and what became of the last one: kind, file name, what was taken."""
NEW_KIND, SHOWN_KIND = "", "rd_kind"


def show(found: Readings, every: Sequence[Kind]) -> None:
    with st.container(horizontal=True, gap="small", key="reading_forms"):
        with form.box(t("readings.type"), "rd_put", ":material/edit:") as is_open:
            if is_open:
                _typing(found)
        with form.box(t("readings.bring_in"), "rd_import", ":material/upload_file:") as is_open:
            if is_open:
                _bringing_in(found)
        with form.box(t("readings.kinds"), "rd_kinds", ":material/category:", kind="tertiary") as is_open:
            if is_open:
                _kinds(every)
    came = st.session_state.get(CAME)
    if came is not None and came[0] == found.kind.key:
        _came(came[1], came[2])


# -- one ---------------------------------------------------------------------------------------------------------------


def _typing(found: Readings) -> None:
    prefix = f"{NEW}_{found.kind.key}"
    with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
        _fields(prefix, found, None)
        form.keep(t("readings.put_do"), _put, prefix, found, key="rd_put_do")


@guard.guarded(actions.WRITE)
def _put(prefix: str, found: Readings) -> None:
    on = form.field(prefix, "on")
    seen = found.one(on.isoformat()) if found.kind.is_of_days else None
    done = actions.put(found.kind, on, _value(prefix, found.kind), form.field(prefix, "note"), seen=seen)
    form.close("rd_put")
    told = {"day": i18n.day(on), "value": words.value(found.kind, done.value)}
    if seen is None:
        guard.note(t("readings.kept", **told))
    else:
        guard.note(t("readings.corrected", before=words.value(found.kind, seen.value), **told))


def of_one(found: Readings, one: Told) -> None:
    """Correcting what stands, and taking it away."""
    prefix = f"rd_one_{one.key}"
    with st.container(horizontal=True, gap="small", key="reading_one_forms"):
        with form.box(t("readings.correct"), "rd_correct", ":material/edit:") as is_open:
            if is_open:
                with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
                    _fields(prefix, found, one)
                    form.keep(t("readings.correct_do"), _correct, prefix, found, one, key="rd_correct_do")
        with form.box(t("readings.remove"), "rd_remove", ":material/delete:") as is_open:
            if is_open:
                st.caption(t("readings.remove_help"))
                st.button(t("readings.remove"), key="rd_remove_do", type="primary", on_click=_remove, args=(one,))


@guard.guarded(actions.WRITE)
def _correct(prefix: str, found: Readings, one: Told) -> None:
    on = one.day_on if found.kind.is_of_days else form.field(prefix, "on")
    done = actions.correct(one, on, _value(prefix, found.kind), form.field(prefix, "note"))
    form.close("rd_correct")
    told = {"day": i18n.day(on), "value": words.value(found.kind, done.value)}
    guard.note(t("readings.corrected", before=words.value(found.kind, one.value), **told))


@guard.guarded(actions.WRITE)
def _remove(one: Told) -> None:
    actions.remove(one)
    form.close("rd_remove")
    st.query_params.pop("reading", None)
    guard.note(t("readings.removed", day=i18n.day(one.day_on)))


def _fields(prefix: str, found: Readings, was: Told | None) -> None:
    kind = found.kind
    if was is None or not kind.is_of_days:
        on = was.day_on if was else found.today
        st.date_input(t("readings.day"), on, EARLIEST, found.today, key=f"{prefix}_on", format="YYYY-MM-DD")
    if not kind.is_of_days:
        steps = {n: t("readings.weight", n=n, words=t(f"risk.impact_{n}")) for n in range(1, 6)}
        at = int(was.value) - 1 if was else 2
        st.selectbox(t("readings.weight_of"), list(steps), at, format_func=steps.get, key=f"{prefix}_value")
    else:
        scale = 100.0 if kind.unit == "share" else 1.0
        low = None if kind.low is None else kind.low * scale
        high = None if kind.high is None else kind.high * scale
        value = None if was is None else round(was.value * scale, 6)
        name = t("readings.value_percent") if kind.unit == "share" else t("readings.value")
        st.number_input(name, low, high, value, key=f"{prefix}_value", format="%.10g")
    help_text = t("readings.note_help" if kind.is_of_days else "readings.policy_help")
    st.text_input(t("readings.note"), was.note if was else "", key=f"{prefix}_note", max_chars=actions.LONGEST_NOTE, help=help_text)  # fmt: skip


def _value(prefix: str, kind: Kind) -> float:
    """Of nothing typed what no figure is, which is refused in words."""
    typed = form.field(prefix, "value")
    if typed is None:
        return float("nan")
    return float(typed) / 100 if kind.unit == "share" else float(typed)


# -- a file ------------------------------------------------------------------------------------------------------------


def _bringing_in(found: Readings) -> None:
    st.caption(t("readings.file_help" if found.kind.is_of_days else "readings.file_help_policy", lines=i18n.number(actions.MOST_LINES)))  # fmt: skip
    st.code("date,value,note\n2026-11-02,640,\n" if found.kind.is_of_days else "date,value,note\n2026-11-02,4,…\n", language=None)  # fmt: skip
    file = st.file_uploader(
        t("readings.file"),
        type=["csv", "txt", "tsv"],
        key=f"{FILE}_{found.kind.key}",
        max_upload_size=actions.MOST_BYTES >> 20,
    )
    st.button(t("readings.bring_in_do"), key="rd_import_do", type="primary", disabled=file is None, on_click=_bring_in, args=(found.kind,))  # fmt: skip


@guard.guarded(actions.WRITE)
def _bring_in(kind: Kind) -> None:
    file = st.session_state.get(f"{FILE}_{kind.key}")
    if file is None:
        return
    st.session_state[CAME] = (kind.key, file.name, actions.bring_in(kind.key, file.getvalue()))
    form.close("rd_import")


def _came(name: str, done: Imported) -> None:
    with st.container(border=True, key="rd_came_card"):
        told = t("readings.came", name=i18n.cut(name, 40), added=done.added, corrected=done.corrected, unchanged=done.unchanged, bad=len(done.bad))  # fmt: skip
        (st.warning if done.bad else st.success)(markdown.escaped(told))
        if done.bad:
            st.dataframe(
                tables.written("readings_bad", str(hash(done)), partial(_bad, done)), hide_index=True, alt=t("readings.bad")
            )  # fmt: skip
        st.button(t("readings.came_seen"), key="rd_came_seen", type="tertiary", on_click=_seen)


def _bad(done: Imported) -> dict[str, list[object]]:
    return {
        t("readings.bad_line"): [one.line for one in done.bad],
        t("readings.bad_text"): [one.text for one in done.bad],
        t("readings.bad_why"): [t(f"readings.why_{one.reason}") for one in done.bad],
    }


def _seen() -> None:
    st.session_state.pop(CAME, None)


# -- kinds of the house ------------------------------------------------------------------------------------------------


def _kinds(every: Sequence[Kind]) -> None:
    st.caption(t("readings.kinds_help"))
    own = {one.key: one for one in every if one.is_own}
    labels = {NEW_KIND: t("readings.kind_new")} | {
        key: i18n.aside(words.called(one), t("readings.archived")) if one.is_archived else words.called(one)
        for key, one in own.items()
    }
    which = st.selectbox(t("readings.kind"), list(labels), format_func=labels.get, key="rd_kind_which") if own else NEW_KIND  # fmt: skip
    was = own.get(which)
    prefix = f"rd_kind_{which}"
    with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
        st.text_input(t("readings.name"), words.called(was) if was else "", key=f"{prefix}_name", max_chars=actions.LONGEST_NAME)  # fmt: skip
        if was is None:
            units = {one: t(f"readings.unit_{one}") for one in UNITS}
            st.selectbox(t("readings.unit"), list(units), format_func=units.get, key=f"{prefix}_unit")
        else:
            st.toggle(t("readings.archive"), was.is_archived, key=f"{prefix}_archived", help=t("readings.archive_help"))
        form.keep(t("readings.kind_do"), _keep_kind, prefix, was, key="rd_kind_do")


@guard.guarded(actions.WRITE)
def _keep_kind(prefix: str, was: Kind | None) -> None:
    name = form.field(prefix, "name")
    if was is None:
        done = actions.add_kind(name, form.field(prefix, "unit"))
        choice.choose(SHOWN_KIND, done.key)
    else:
        done = actions.change_kind(was.key, name, is_archived=form.field(prefix, "archived"))
    form.close("rd_kinds")
    guard.note(t("readings.kind_kept", name=words.called(done)))
