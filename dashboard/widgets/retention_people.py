"""The people of a cell, opened by the address: who came back, who did not, and keeping them as a segment."""

from collections.abc import Callable

import streamlit as st

from dashboard import addresses
from dashboard.actions import guard
from dashboard.data import retention
from dashboard.data.retention import Cell, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import people as panel
from dashboard.widgets import retention_words as words
from dashboard.widgets.retention_words import PARAMETER, Shown

SIDES = ("returned", "gone")


def open_asked(view: View, asked: Filters, shown: Shown, filters: Callable[[], str]) -> None:
    """Open the people of the cell in the address, if this answer has it and the reader may see people."""
    text = st.query_params.get(PARAMETER, "")
    cell = Cell.of(text)
    if cell is None or view.place(cell) is None or not guard.may("people.see"):
        if text:
            addresses.leave_out(PARAMETER, text)
        st.query_params.pop(PARAMETER, None)
        return
    title = t("people.title")
    st.dialog(title, width="large", icon=":material/group:", on_dismiss=_close)(_body)(
        view, asked, shown, cell, filters
    )


def _close() -> None:
    st.query_params.pop(PARAMETER, None)


def _body(view: View, asked: Filters, shown: Shown, cell: Cell, filters: Callable[[], str]) -> None:
    guard.require("people.see")
    place = view.place(cell)
    assert place is not None
    number, interval = place
    said = [words.sentence(view.asked), t("retention.cohort_of", days=words.cohort_days(view, number))]
    if shown.group != retention.WHOLE:
        said.append(words.group(view, shown.group))
    has_returned = True
    if interval is not None:
        labels = {side: t(f"retention.side_{side}") for side in SIDES}
        side = st.segmented_control(
            t("retention.side"), SIDES, format_func=labels.get, required=True, default=SIDES[0], key=f"side_{cell.text}",
            label_visibility="collapsed",
        )  # fmt: skip
        has_returned = side != "gone"
        said.append(f"{words.interval(view.asked, interval)} {labels[side or SIDES[0]]}")
        if not view.answer.summary.is_complete[number, interval]:
            st.caption(t("retention.incomplete_people"))
    st.caption(t("number.then").join(said[1:]))
    found = retention.people_of(asked, view, cell, has_returned=has_returned, group=shown.group)
    panel.show(found, t("number.then").join(said), filters())
