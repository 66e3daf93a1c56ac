"""A page of parts: filters, the choice of a part and what all parts are asked for."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from dashboard import addresses, filters
from dashboard.data import freshness
from dashboard.filters import Choices, Filters
from dashboard.i18n import t
from dashboard.widgets import choice, contract, heading, saved
from dashboard.widgets.choice import Choice

NARROW = 330
"""Pixels of the saved views beside the parts."""
PART = "part"
"""Where the address says which part of the page is shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``days``: those that the part looks at, in words; None: of the period that was chosen."""

    filters: Filters
    known: Choices
    days: str | None = None

    def in_words(self) -> str:
        """What the filters cut to, for contracts and lists."""
        return contract.in_words(self.filters, self.known, with_period=True, days=self.days)

    def in_every_channel(self) -> "Asked":
        """For a part that looks at all channels, whatever was chosen."""
        return replace(self, filters=replace(self.filters, channels=()))

    def over(self, days: str) -> "Asked":
        """For a part that looks at all channels and at days of its own, whatever was chosen. ``days``: which, in words."""
        whole = filters.period_of("all", as_of_on=self.known.as_of_on, first_on=self.known.first_on)
        return Asked(replace(self.filters, period=whole, channels=()), self.known, days)


def show(
    page: str,
    permission: str,
    parts: Mapping[str, Callable[[Asked], None]],
    keys: Sequence[str],
    *,
    periods: bool = True,
    channels: bool = True,
) -> None:
    """``keys``: parameters of the address that a saved view keeps, those of the filters and the part beside. ``periods``, ``channels``: whether the page is cut by them.

    No part is asked of a period that begins after the newest data: nothing can be told of it, least of all that nobody was there."""
    if addresses.went():
        _forget(keys)
    fresh = freshness.read(permission)
    heading.show(t(f"{page}.title"), fresh)
    known = fresh.choices
    if known is None:
        heading.empty(t(f"{page}.empty"), t(f"{page}.empty_lead"))
        return
    asked = filters.bar(known, periods=periods, channels=channels)
    part = choice.read(PART, tuple(parts))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="parts_head"):
        labels = {one: t(f"{page}.part_{one}") for one in parts}
        st.html(choice.row(Choice(PART, t(f"{page}.parts"), labels, part), addresses.only(*filters.KEYS)))
        with st.container(width=NARROW):
            saved.bar(page, (PART, *keys, *filters.KEYS), lambda: _forget(keys))
    if asked.period is not None and asked.period.start_on > known.as_of_on:
        heading.empty(t("told.ahead"), t("told.ahead_lead"))
        return
    parts[part](Asked(asked, known))


def plain(
    page: str, permission: str, parts: Mapping[str, Callable[[], None]], *, without_data: Collection[str] = ()
) -> None:
    """A page of parts that no filter cuts: what it shows is the same in every period. ``without_data``: parts that say something while nothing has been imported."""
    fresh = freshness.read(permission)
    heading.show(t(f"{page}.title"), fresh)
    if fresh.choices is None and not without_data:
        heading.empty(t(f"{page}.empty"), t(f"{page}.empty_lead"))
        return
    part = choice.read(PART, tuple(parts))
    labels = {one: t(f"{page}.part_{one}") for one in parts}
    with st.container(key="parts_head"):
        st.html(choice.row(Choice(PART, t(f"{page}.parts"), labels, part), ""))
    if fresh.choices is None and part not in without_data:
        heading.empty(t(f"{page}.empty"), t(f"{page}.empty_lead"))
        return
    parts[part]()


def _forget(keys: Sequence[str]) -> None:
    """What was chosen in this session makes room for what the address says."""
    filters.forget()
    for key in (PART, *keys):
        st.session_state.pop(key, None)
