"""服务质量: whether the staff answer, how soon, whether it is solved, and what it costs them in hours out of duty."""

from html import escape
from urllib.parse import quote

import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.actions import guard
from dashboard.data import care
from dashboard.data.care import BYS, SMALL, View
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, heading, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.community import care_chart, opening, reach, told
from dashboard.widgets.community.opening import Places
from dashboard.widgets.community.told import Figure
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile, Way

BY = "ca_per"
"""Where the address says what the rows of the table are."""
PLACES = Places("ca_of", "ca_people")
KEYS = (BY, PLACES.of)
"""Parameters of the address that a saved view keeps."""
ALL, ONE = "all", "one"
WIDTH = 230
WORST = 5
FIGURES = (
    Figure("conversations", "count"),
    Figure("wrong_share", "share", "settled"),
    Figure("answered_share", "share", "judged"),
    Figure("first_reply_seconds", "wait"),
    Figure("resolution_rate", "share", "settled"),
    Figure("mean_score", "mark", "scored"),
    Figure("overtime_share", "share", "answered"),
    Figure("overtime_hours", "hours"),
)
COLUMNS = (
    Figure("conversations", "count"),
    Figure("wrong_share", "share", "settled"),
    Figure("answered_share", "share", "judged"),
    Figure("missed", "count"),
    Figure("first_reply_seconds", "wait"),
    Figure("first_reply_p90_seconds", "wait"),
    Figure("resolution_rate", "share", "settled"),
    Figure("unsolved", "count"),
    Figure("mean_score", "mark", "scored"),
    Figure("happy_share", "share", "scored"),
    Figure("overtime", "count"),
    Figure("overtime_share", "share", "answered"),
    Figure("overtime_hours", "hours"),
)
WAYS = {
    "conversations": "conversations", "wrong_share": "wrong", "answered_share": "missed", "first_reply_seconds": "slow",
    "resolution_rate": "unsolved", "mean_score": "low", "overtime_share": "overtime",
}  # fmt: skip
"""Whose list each figure leads to."""
RESTS: dict[str, tuple[Figure, ...]] = {
    "conversations": (Figure("open", "count"),),
    "wrong_share": (Figure("wrong", "count"), Figure("settled", "count")),
    "answered_share": (Figure("judged", "count"), Figure("answered", "count"), Figure("missed", "count")),
    "first_reply_seconds": (Figure("first_reply_p90_seconds", "wait"), Figure("slow", "count")),
    "resolution_rate": (Figure("unsolved", "count"), Figure("resolution_seconds", "wait")),
    "mean_score": (Figure("scored", "count"), Figure("happy_share", "share", "scored")),
    "overtime_share": (Figure("overtime", "count"), Figure("answered", "count")),
    "overtime_hours": (Figure("overtime_hours_a_week", "mean"),),
}
"""What stands below each figure, in its words."""


def show(asked: Asked) -> None:
    by = next(one for one in BYS if one == choice.read(BY, BYS))
    view = care.read(asked.filters, by)
    if view is None:
        heading.empty(t("care.none"), t("care.none_lead"))
        return
    of = addresses.opened(PLACES.of, view.found)
    with st.container(border=True, key="card_care"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="care_head"):
            labels = {one: t(f"care.by_{one}") for one in BYS}
            address = addresses.beside(PLACES.of, PLACES.people)
            st.html(choice.row(Choice(BY, t("care.by"), labels, by), address))
            _contract(view, asked)
        days = f"{i18n.day(view.now.start_on)} – {i18n.day(view.now.last_on)}"
        past = f"{i18n.day(view.before.start_on)} – {i18n.day(view.before.last_on)}"
        lead = t("number.then").join(filter(None, (t("care.total_lead", days=days, before=past), reach.lead(view))))
        _wall(view, None, _titled(t("care.total"), lead))
        _weeks(asked, view, None)
    if of is not None:
        with st.container(border=True, key="card_care_one"):
            back = f'<a class="box" id="close-care" href="?{escape(addresses.beside(PLACES.of, PLACES.people))}">{escape(t("community.close"))}</a>'
            name = f'<h2 id="care-name">{escape(called(view, view.found[of]))}</h2><p class="lead">{escape(t("care.one_lead"))}</p>'
            _wall(view, of, name)
            _weeks(asked, view, of)
            st.html(f'<div class="ways">{back}</div>')
    with st.container(border=True, key="card_care_rows"):
        _table(view, of)
    behind.open_asked(lambda text: _whose(view, asked, of, text), asked.in_words, PLACES.people)


def called(view: View, row: Row) -> str:
    """What an employee or a unit is called; its number where nobody named it."""
    name: str = row["name"] or row["key"] or t(f"care.nobody_{view.by}")
    return name


def _titled(title: str, lead: str) -> str:
    return f'<h2>{escape(title)}</h2><p class="lead">{escape(lead)}</p>'


def _wall(view: View, of: str | None, head: str) -> None:
    address = f"?{addresses.beside(PLACES.people)}{PLACES.people}=" if guard.may("people.see") else None
    key = f"{view.key}|{of}|{i18n.language()}|{address}"
    st.html(head + _tiles(key=key, _view=view, _of=of, _address=address))


@kept.by_key(64)
def _tiles(key: str, _view: View, _of: str | None, _address: str | None) -> str:  # noqa: ARG001 - what it is kept by
    scope, row = (ALL, _view.total) if _of is None else (ONE, _view.found[_of])
    found = [_tile(_view, scope, row, figure, _address) for figure in FIGURES]
    forbidden = "" if _address is not None else f'<p class="lead">{escape(t("funnel.people_forbidden"))}</p>'
    return tiles.wall(found, WIDTH) + forbidden


def _tile(view: View, scope: str, row: Row, figure: Figure, address: str | None) -> Tile:
    parts = {one.name: told.value(row, one) for one in RESTS[figure.name]}
    beside = "" if scope == ALL else t("community.against", value=told.value(view.total, figure))
    below = told.lines(
        t(f"care.rests_{figure.name}", **parts), told.interval(row, figure), reach.before(view, row, figure)
    )  # fmt: skip
    which = WAYS.get(figure.name)
    ways = ()
    if which and address is not None:
        link = f"{address}{scope}.{which}" if row[which] else None
        words = t(f"care.way_{which}", count=i18n.number(row[which]))
        ways = (Way(words, link, "people").html(f"care-{scope}-people-{which}"),)
    name, meaning = t(f"care.figure_{figure.name}"), t(f"care.means_{figure.name}")
    return Tile(f"care-{scope}-{figure.name}", name, told.value(row, figure), beside, meaning, below, ways)


def _weeks(asked: Asked, view: View, of: str | None) -> None:
    weeks = care.weeks(asked.filters, view, of)
    if len(weeks) < 2 or not any(week.conversations or week.overtime_hours for week in weeks):
        return
    st.html(_titled(t("care.weeks"), t("care.weeks_lead")))
    name = "care_weeks" if of is None else "care_weeks_one"
    charts.show(name, f"{view.key}|{of}", lambda: care_chart.of_weeks(weeks), alt=t("care.weeks"))


def _table(view: View, of: str | None) -> None:
    others = addresses.beside(PLACES.of, PLACES.people)
    st.html(_head(key=f"{view.key}|{of}|{others}|{i18n.language()}", _view=view, _of=of, _others=others))
    first = {t(f"care.{view.by}"): [called(view, row) for row in view.rows]}
    opening.table(
        "care", view.key, view.rows, COLUMNS, first, places=PLACES, of=of, alt=t(f"care.all_{view.by}")
    )  # fmt: skip


@kept.by_key(64)
def _head(key: str, _view: View, _of: str | None, _others: str) -> str:  # noqa: ARG001 - what it is kept by
    links = "".join(_link(_view, row, _of, _others) for row in _view.rows[:WORST] if row["wrong"])
    first = f'<nav class="pills" aria-label="{escape(t("care.urgent"))}"><p>{escape(t("care.urgent"))}</p>{links}</nav>'
    lead = f"{t('care.order')} {t(f'care.open_{_view.by}')}"
    return _titled(t(f"care.all_{_view.by}"), lead) + (first if links else "")


def _link(view: View, row: Row, of: str | None, others: str) -> str:
    current = ' aria-current="true"' if row["key"] == of else ""
    words = f"{i18n.cut(called(view, row), 30)} {i18n.number(row['wrong'])}/{i18n.number(row['settled'])}"
    return f'<a href="?{escape(others)}{PLACES.of}={quote(row["key"], safe="")}"{current}>{escape(words)}</a>'


def _whose(view: View, asked: Asked, of: str | None, text: str) -> Behind | None:
    scope, _, name = text.partition(".")
    which = next((one for one in care.WHICH if one == name), None)
    whose = of if scope == ONE else None
    if which is None or scope not in (ALL, ONE) or (scope == ONE and of is None):
        return None
    row = view.total if whose is None else view.found[whose]
    if not row[which]:
        return None
    owner = t("care.total") if whose is None else called(view, row)
    title = f"{owner}{t('number.then')}{t(f'care.figure_{which}')}"
    return Behind(title, t(f"care.means_{which}"), lambda: care.people_of(asked.filters, view, whose, which))


def _contract(view: View, asked: Asked) -> None:
    names = [*(figure.name for figure in FIGURES), "slow", "unsolved", "happy_share"]
    lines = [
        t("care.means_duty"),
        *behind.meanings("care", names),
        t("care.order"),
        t("told.rules", count=SMALL),
        t("care.scope"),
    ]
    behind.contract("care", view, lines, asked.in_words)
