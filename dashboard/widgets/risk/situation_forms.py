"""Forms of market situations, for those who may declare them and say what each unlocks."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import i18n
from dashboard.actions import guard
from dashboard.actions import situations as actions
from dashboard.data.situations import EARLIEST, FIELDS, Measure, Situations, written
from dashboard.i18n import t
from dashboard.widgets.risk import form
from dashboard.widgets.risk import situation_words as words

NEW = "si_new"


def declaring(known: Situations) -> None:
    turn = known.holds
    with form.box(t("situations.declare"), "si_declare", ":material/flag:") as is_open:
        if not is_open:
            return
        names = {one.situation: words.called(one.situation) for one in known.rows if turn is None or one.situation != turn.situation}  # fmt: skip
        with st.form(f"{NEW}_form", border=False, enter_to_submit=False):
            st.selectbox(t("situations.situation"), list(names), format_func=names.get, key=f"{NEW}_situation")
            first = turn.since_on if turn else EARLIEST
            st.date_input(t("situations.since"), known.today, first, known.today, key=f"{NEW}_since", format="YYYY-MM-DD")  # fmt: skip
            st.text_area(t("situations.reason"), key=f"{NEW}_reason", max_chars=actions.LONGEST_REASON, height=90, help=t("situations.reason_help"))  # fmt: skip
            form.keep(t("situations.declare_do"), _declare, turn.number if turn else 0, key="si_declare_do")


@guard.guarded(actions.WRITE)
def _declare(after: int) -> None:
    reason = " ".join(form.field(NEW, "reason").split())
    done = actions.declare(form.field(NEW, "situation"), reason=reason, since_on=form.field(NEW, "since"), after=after)
    form.close("si_declare")
    guard.note(t("situations.declared", situation=words.called(done.situation), on=i18n.day(done.since_on)))


def measures(situation: str, was: tuple[Measure, ...], place: int) -> None:
    """What a situation unlocks, a row each. ``place``: of the situation in the matrix."""
    box = f"si_edit_{place}"
    with form.box(t("situations.edit"), box, ":material/edit:", kind="tertiary") as is_open:
        if not is_open:
            return
        st.caption(t("situations.edit_help", most=actions.MOST_MEASURES))
        pages = {"": i18n.UNDEFINED} | words.every_page()
        fields = {"": i18n.UNDEFINED} | {one: t(f"watched.field_{one}") for one in FIELDS}
        prefix = f"si_{place}"
        with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
            rows = [{"place": n, "told": words.told(one), "page": one.page, "field": one.field} for n, one in enumerate(was)]  # fmt: skip
            st.data_editor(
                pd.DataFrame(rows, columns=["place", "told", "page", "field"]).astype({"told": "object", "page": "object", "field": "object"}),
                num_rows="dynamic", hide_index=True, key=f"{prefix}_rows",
                column_config={
                    "place": None,
                    "told": st.column_config.TextColumn(t("situations.measure"), max_chars=actions.LONGEST, width="large", required=True),
                    "page": st.column_config.SelectboxColumn(t("situations.page"), options=list(pages), format_func=pages.get),
                    "field": st.column_config.SelectboxColumn(t("situations.field"), options=list(fields), format_func=fields.get),
                },
            )  # fmt: skip
            with st.container(horizontal=True, gap="small"):
                form.keep(t("situations.edit_do"), _keep, prefix, box, situation, was, rows, key=f"{prefix}_do")
                st.form_submit_button(t("situations.usual"), type="tertiary", key=f"{prefix}_usual", on_click=_usual, args=(box, situation, was))  # fmt: skip


@guard.guarded(actions.WRITE)
def _keep(prefix: str, box: str, situation: str, was: tuple[Measure, ...], before: list[dict[str, Any]]) -> None:
    edits = st.session_state.get(f"{prefix}_rows") or {}
    actions.keep_measures(situation, edited(was, form.edited_rows(before, edits), i18n.language()), was=was)
    form.close(box)
    guard.note(t("situations.edited", situation=words.called(situation)))


@guard.guarded(actions.WRITE)
def _usual(box: str, situation: str, was: tuple[Measure, ...]) -> None:
    actions.keep_measures(situation, None, was=was)
    form.close(box)
    guard.note(t("situations.edited", situation=words.called(situation)))


def edited(was: Sequence[Measure], rows: Sequence[dict[str, Any]], language: str) -> list[Measure]:
    """Measures as the table's editor left them: those whose words stayed keep them in every language, those whose page stayed its part. Rows without words are left out."""
    found = []
    for row in rows:
        place = row.get("place")
        before = was[int(place)] if place is not None and place == place else None
        text, page, field = (form.said(row.get(name)) for name in ("told", "page", "field"))
        if not text:
            continue
        part = before.part if before is not None and before.page == page else ""
        fresh = written(text, page, part, field)
        if before is not None and before.told.get(language) == text:
            fresh = Measure(before.told, page, part, field)
        found.append(fresh)
    return found
