"""节奏与触达: when a group lives, what the staff sends into it, and whether sends drive people out."""

from html import escape

import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.data import rhythm
from dashboard.data.rhythm import BYS, DAY, SLOTS, SMALL, WEEK, By, Sends, View
from dashboard.i18n import t
from dashboard.widgets import behind, choice, heading, opening
from dashboard.widgets.community import rhythm_chart, rhythm_posts, rhythm_sends, words
from dashboard.widgets.community.rhythm_posts import PLAN_KEY
from dashboard.widgets.community.rhythm_sends import PLACES
from dashboard.widgets.parts import Asked

BY = "rh_by"
"""Where the address says what the rows of the table are."""
KEYS = (BY, PLACES.of, PLAN_KEY)
"""Parameters of the address that a saved view keeps."""
NIGHT = (22, 23, 0, 1, 2, 3, 4, 5)
"""Hours in which people want to be left alone, a rule of thumb."""


def show(asked: Asked) -> None:
    by = choice.read(BY, BYS)
    found = rhythm.sends(asked.filters, by)
    of = addresses.opened(PLACES.of, found.found) if found is not None else None
    view = rhythm.read(asked.filters, by, of)
    if view is None:
        heading.empty(t("rhythm.none"), t("rhythm.none_lead"))
        return
    with st.container(border=True, key="card_rhythm"):
        by_row = choice.row(choice.among(BY, "rhythm.by", BYS, by), PLACES.beside())
        behind.head("rhythm", by_row, view, _contract(), asked.in_words)
        _opened(found, by, of)
        _heat(view)
    with st.container(border=True, key="card_posts"):
        rhythm_posts.show(view, rhythm.read(asked.filters, by, None) if of is not None else None)
    with st.container(border=True, key="card_sends"):
        rhythm_sends.show(asked, found, of)
    if found is not None:
        behind.open_asked(lambda text: rhythm_sends.whose(asked, found, of, text), asked.in_words, PLACES.people)


def _opened(found: Sends | None, by: By, of: str | None) -> None:
    """What the figures of the page are of, and the way back to all."""
    if found is None or of is None:
        return
    name = words.called(found.found[of], by)
    back = opening.back("rhythm", PLACES.of, PLACES.people, words="rhythm.close")
    st.html(f'<h2 id="rhythm-name">{escape(name)}</h2>{back}')


def _heat(view: View) -> None:
    days = i18n.days(view.now)
    st.html(heading.section(t("rhythm.heat"), t("rhythm.heat_lead", days=days)))
    if not view.said:
        st.html(heading.line(t("rhythm.silent")))
        return
    st.html(f'<p id="rhythm-peak">{escape(_peak(view))}</p>')
    charts.show("rhythm_heat", view.key, lambda: rhythm_chart.of_hours(view), alt=_peak(view))


def _peak(view: View) -> str:
    """The liveliest hour, and how much of all talk lies in the slots, of the share of the week that they are."""
    mean, day, hour = max((cell["mean"] or 0, -cell["weekday"], -cell["hour"]) for day in view.heat for cell in day)
    words = t(
        "rhythm.peak", day=t(f"rhythm.day_{-day}"), start=f"{-hour}:00", end=f"{1 - hour}:00", mean=i18n.number(mean, 1)
    )
    night = sum(cell["said"] for day in view.heat for cell in day if cell["hour"] in NIGHT)
    quiet = "" if view.said < SMALL else t("rhythm.night", share=i18n.share(night / view.said))
    return f"{words}{quiet}"


def _contract() -> list[str]:
    slots = i18n.listed(rhythm_posts.hours(slot) for slot in SLOTS)
    return [
        t("rhythm.means_heat", cells=WEEK * DAY),
        t("rhythm.means_posts"),
        t("rhythm.means_mix"),
        t("rhythm.means_plan", plan=rhythm_chart.plan_in_words(rhythm.PLAN)),
        t("rhythm.means_slots", slots=slots),
        t("rhythm.means_sends"),
        t("rhythm.means_after"),
        t("rhythm.means_blocks"),
        t("rhythm.means_interval"),
        t("rhythm.means_flagged"),
        t("rhythm.rules", count=SMALL),
        t("rhythm.scope"),
    ]
