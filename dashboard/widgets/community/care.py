"""服务质量: whether the staff answer, how soon, whether it is solved, and what it costs them in hours out of duty."""

import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.data import care
from dashboard.data.care import BYS, SMALL, View
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, figures, heading, names, opening, tiles
from dashboard.widgets.behind import ALL, ONE, Behind
from dashboard.widgets.community import care_chart, reach
from dashboard.widgets.figures import Figure
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

BY = "ca_per"
"""Where the address says what the rows of the table are."""
PLACES = Places("ca_of", "ca_people")
KEYS = (BY, PLACES.of)
"""Parameters of the address that a saved view keeps."""
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
    "conversations": (Figure("settled", "count"), Figure("running", "count"), Figure("open", "count")),
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
    by = choice.read(BY, BYS)
    view = care.read(asked.filters, by)
    if view is None:
        heading.empty(t("care.none"), t("care.none_lead"))
        return
    of = addresses.opened(PLACES.of, view.found)
    with st.container(border=True, key="card_care"):
        by_row = choice.row(choice.among(BY, "care.by", BYS, by), PLACES.beside())
        behind.head("care", by_row, view, _rules(), asked.in_words)
        lead = t("care.total_lead", days=i18n.days(view.now), before=i18n.days(view.before))
        lead = t("number.then").join(filter(None, (lead, reach.lead(view))))
        _wall(view, None, heading.section(t("care.total"), lead))
        _weeks(asked, view, None)
    if of is not None:
        with st.container(border=True, key="card_care_one"):
            _wall(view, of, heading.section(called(view, view.found[of]), t("care.one_lead"), "care-name"))
            _weeks(asked, view, of)
            st.html(opening.back("care", PLACES.of, PLACES.people))
    with st.container(border=True, key="card_care_rows"):
        _table(view, of)
    behind.open_asked(lambda text: _whose(view, asked, of, text), asked.in_words, PLACES.people)


def called(view: View, row: Row) -> str:
    """What an employee or a unit is called; its number where nobody named it."""
    return names.row(row, f"care.nobody_{view.by}")


def _wall(view: View, of: str | None, head: str) -> None:
    address = behind.link(PLACES.people)
    key = f"{view.key}|{of}|{i18n.language()}|{address}"
    st.html(head + _tiles(key=key, _view=view, _of=of, _address=address))


@kept.by_key(64)
def _tiles(key: str, _view: View, _of: str | None, _address: str | None) -> str:  # noqa: ARG001 - what it is kept by
    scope, row = (ALL, _view.total) if _of is None else (ONE, _view.found[_of])
    found = [_tile(_view, scope, row, figure, _address) for figure in FIGURES]
    return tiles.wall(found, WIDTH) + behind.forbidden(_address)


def _tile(view: View, scope: str, row: Row, figure: Figure, address: str | None) -> Tile:
    parts = {one.name: figures.value(row, one) for one in RESTS[figure.name]}
    beside = "" if scope == ALL else t("community.against", value=figures.value(view.total, figure))
    below = (t(f"care.rests_{figure.name}", **parts), figures.interval(row, figure), reach.before(view, row, figure))
    which = WAYS.get(figure.name)
    count = row[which] if which else None
    words = t(f"care.way_{which}", count=i18n.number(count)) if which else ""
    ways = behind.way(address, f"{scope}.{which}", words, count or 0) if which else ()
    return figures.tile("care", f"care-{scope}", row, figure, beside=beside, below=below, ways=ways)


def _weeks(asked: Asked, view: View, of: str | None) -> None:
    weeks = care.weeks(asked.filters, view, of)
    if len(weeks) < 2 or not any(week.conversations or week.overtime_hours for week in weeks):
        return
    st.html(heading.section(t("care.weeks"), t("care.weeks_lead")))
    name = "care_weeks" if of is None else "care_weeks_one"
    charts.show(name, f"{view.key}|{of}", lambda: care_chart.of_weeks(weeks), alt=t("care.weeks"))


def _table(view: View, of: str | None) -> None:
    others = PLACES.beside()
    st.html(_head(key=f"{view.key}|{of}|{others}|{i18n.language()}", _view=view, _of=of, _others=others))
    first = {t(f"care.{view.by}"): [called(view, row) for row in view.rows]}
    opening.table(
        "care", view.key, view.rows, COLUMNS, first, places=PLACES, of=of, alt=t(f"care.all_{view.by}")
    )  # fmt: skip


@kept.by_key(64)
def _head(key: str, _view: View, _of: str | None, _others: str) -> str:  # noqa: ARG001 - what it is kept by
    first = [
        (row["key"], called(_view, row), f"{i18n.number(row['wrong'])}/{i18n.number(row['settled'])}")
        for row in _view.rows[:WORST]
        if row["wrong"]
    ]
    lead = f"{t('care.order', count=SMALL)} {t(f'care.open_{_view.by}')}"
    pills = opening.pills(t("care.urgent"), first, PLACES, _of, _others)
    return heading.section(t(f"care.all_{_view.by}"), lead) + pills


def _whose(view: View, asked: Asked, of: str | None, text: str) -> Behind | None:
    asked_for = behind.pointed(text, care.WHICH, of)
    if asked_for is None:
        return None
    whose, which = asked_for
    row = view.total if whose is None else view.found[whose]
    if not row[which]:
        return None
    owner = t("care.total") if whose is None else called(view, row)
    title = f"{owner}{t('number.then')}{t(f'care.figure_{which}')}"
    return Behind(title, t(f"care.means_{which}"), lambda: care.people_of(asked.filters, view, whose, which))


def _rules() -> list[str]:
    names = [*(figure.name for figure in FIGURES), "slow", "unsolved", "happy_share"]
    return [
        t("care.means_duty"), *behind.meanings("care", names), t("care.order", count=SMALL), t("told.rules", count=SMALL), t("care.scope"),
    ]  # fmt: skip
