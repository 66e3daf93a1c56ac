"""The people behind a figure of the lifecycle, opened by the address over the page."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import lifecycle
from dashboard.data.lifecycle import FLOWS, STATES, Base, Behind, Stage, StageView, View
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import lifecycle_chart as pictures
from dashboard.widgets import lifecycle_choices as choices
from dashboard.widgets import lifecycle_stages as stages
from dashboard.widgets import lifecycle_who as who
from dashboard.widgets import people as panel


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on the page. ``staged``: None where stages were refused. ``filters``: what all of it is cut to, in words."""

    view: View
    staged: StageView | None
    period: int
    base: Base
    asked: Filters
    filters: Callable[[], str]


@dataclass(frozen=True, slots=True)
class _List:
    """Who they are in words, and how they are read."""

    title: str
    read: Callable[[], People]


def open_asked(shown: Shown) -> None:
    """Open the people whom the address names, if anybody is behind that figure and the reader may see people."""
    text = st.query_params.get(who.PARAMETER, "")
    if not text:
        return
    found = _figure(shown, text) or _stage(shown, text)
    if found is None or who.link() is None:
        addresses.leave_out(who.PARAMETER, text)
        _close()
        return
    st.dialog(t("people.title"), width="large", icon=":material/group:", on_dismiss=_close)(_body)(found, shown.filters)


def _close() -> None:
    st.query_params.pop(who.PARAMETER, None)


def _body(found: _List, filters: Callable[[], str]) -> None:
    st.caption(found.title)
    panel.show(found.read(), found.title, filters())


def _figure(shown: Shown, text: str) -> _List | None:
    """Those whom a state, a term of the identity or a move counts; None where nobody is."""
    view, period = shown.view, shown.period
    behind, words = _figures(period, shown.base).get(text, (None, ""))
    if behind is None or not view.answer.count(behind):
        return None
    asked = view.answer.asked
    title = t(
        "lifecycle.who", who=f"{choices.words(view.answer, period)} · {words}", count=i18n.number(asked.silence),
        unit=t(f"lifecycle.periods_{asked.unit}"),
    )  # fmt: skip
    return _List(title, lambda: lifecycle.people_of(shown.asked, asked, behind))


def _figures(period: int, base: Base) -> dict[str, tuple[Behind, str]]:
    """All figures of a period by what the address calls them: whom each counts, in words too."""
    states = {who.of_state(state): (Behind(period, (state,)), pictures.name(state)) for state in STATES}
    terms = {
        who.of_flow(term): (
            lifecycle.in_flow(period, term, base),
            f"{t(f'lifecycle.base_{base}')} · {t(f'lifecycle.flow_{term}')}",
        )
        for term in FLOWS
    }
    moves = {
        who.of_move(before, now): (Behind(period, (now,), (before,)), pictures.arrow(before, now))
        for before in pictures.BEFORE
        for now in STATES
    }
    return states | terms | moves


def _stage(shown: Shown, text: str) -> _List | None:
    """Those who stand in a stage; None where nobody does, and where stages were refused."""
    staged = shown.staged
    stage = {who.of_stage(one): one for one in Stage}.get(text)
    if staged is None or stage is None or not staged.counts[stage]:
        return None
    limits = staged.stages.limits
    words = t("lifecycle.who_stage", stage=t(f"lifecycle.{text.replace('.', '_')}"), day=i18n.day(staged.stages.on))
    title = f"{words}{t('number.then')}{stages.means(stage, limits)}"
    return _List(title, lambda: lifecycle.people_in(shown.asked, limits, stage))
