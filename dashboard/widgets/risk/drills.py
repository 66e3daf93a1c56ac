"""Drills: what is planned and late on a calendar of a year, and what came of those carried out."""

from datetime import date
from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import drills as actions
from dashboard.data import drills
from dashboard.data.drills import Drills, Held
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import choice, heading, tiles
from dashboard.widgets.choice import Choice
from dashboard.widgets.risk import drill_forms, drill_one, rows
from dashboard.widgets.risk.drill_one import OF
from dashboard.widgets.risk.rows import Column
from dashboard.widgets.tiles import Tile

SHOWN = "dr_show"
"""Where the address says which drills are listed."""
LISTS = ("planned", "done", "cancelled")
MONTHS = 12
MOST_IN_MONTH = 6


def show() -> None:
    known = drills.read()
    opened = addresses.opened(OF, {str(one.drill_id) for one in known.every})
    if opened is not None:
        one = known.one(opened)
        assert one is not None
        drill_one.show(one, known)
        return
    with st.container(border=True, key="card_drills"):
        st.html(heading.section(t("drills.title"), t("drills.lead"), "drills"))
        if actions.may():
            drill_forms.planning(known)
        if not known.every:
            st.html(heading.line(t("drills.none" if actions.may() else "drills.none_read")))
            return
        st.html(tiles.wall(_tiles(known), 150))
    _calendar(known)
    _list(known)
    _to_do(known)


def _tiles(known: Drills) -> list[Tile]:
    late, done = known.late(), known.done()
    coming = [one for one in known.planned() if not one.is_late(known.today)]
    return [
        Tile("late", t("drills.tile_late"), i18n.number(len(late)), beside=_on("drills.since", late[0].planned.planned_on) if late else ""),
        Tile("coming", t("drills.tile_coming"), i18n.number(len(coming)), beside=_on("drills.next", coming[0].planned.planned_on) if coming else ""),
        Tile("done", t("drills.tile_done"), i18n.number(known.done_within_year()), beside=_on("drills.last", done[0].record.done_on) if done and done[0].record else ""),
    ]  # fmt: skip


def _on(text: str, on: date) -> str:
    return t(text, on=i18n.day(on))


# -- a year ------------------------------------------------------------------------------------------------------------


def _calendar(known: Drills) -> None:
    with st.container(border=True, key="card_drill_calendar"):
        st.html(heading.section(t("drills.calendar"), t("drills.calendar_lead"), "drill-calendar"))
        months = [_month(known.today, ahead) for ahead in range(MONTHS)]
        by_month: dict[date, list[Held]] = {month: [] for month in months}
        for one in known.planned():
            month = max(one.planned.planned_on.replace(day=1), months[0])  # late ones wait in the month that runs
            if month in by_month:
                by_month[month].append(one)
        others = addresses.beside(OF)
        st.html(
            f'<ol class="months">{"".join(_of_month(month, ones, known.today, others) for month, ones in by_month.items())}</ol>'
        )


def _month(on: date, ahead: int) -> date:
    year, month = divmod(on.year * 12 + on.month - 1 + ahead, 12)
    return date(year, month + 1, 1)


def _of_month(month: date, ones: list[Held], today: date, others: str) -> str:
    shown = "".join(_chip(one, today, others) for one in ones[:MOST_IN_MONTH])
    more = len(ones) - MOST_IN_MONTH
    if more > 0:
        shown += f"<small>{escape(t('drills.more', count=more))}</small>"
    return f"<li><b>{escape(i18n.month(month))}</b>{shown or f'<small>{UNDEFINED}</small>'}</li>"


def _chip(one: Held, today: date, others: str) -> str:
    late = ' class="late"' if one.is_late(today) else ""
    words = f"{i18n.day(one.planned.planned_on, with_year=False)} {i18n.cut(one.planned.scenario, 40)}"
    if late:
        words = i18n.aside(words, t("drills.state_late"))
    return f'<a href="?{escape(others)}{OF}={one.drill_id}"{late}>{escape(words)}</a>'


# -- lists -------------------------------------------------------------------------------------------------------------


def _list(known: Drills) -> None:
    with st.container(border=True, key="card_drill_rows"):
        shown = choice.read(SHOWN, LISTS)
        st.html(heading.section(t("drills.rows"), "", "drill-rows"))
        labels = {one: t(f"drills.list_{one}") for one in LISTS}
        st.html(choice.row(Choice(SHOWN, t("drills.rows"), labels, shown), addresses.beside(SHOWN)))
        mine = known.planned() if shown == "planned" else known.done() if shown == "done" else known.cancelled()
        if not mine:
            st.html(heading.line(t(f"drills.none_{shown}")))
            return
        columns = [Column(t("drills.scenario")), Column(t("drills.column_day"), "short"), Column(t("drills.field"), "short"), Column(t("drills.people"))]  # fmt: skip
        last = {"planned": Column(t("drills.repeats"), "short"), "done": Column(t("drills.minutes"), "number"), "cancelled": Column(t("drills.note"))}  # fmt: skip
        others = addresses.beside(OF)
        told = [_row(one, shown, known.today, others) for one in mine]
        st.html(rows.table("drill-table", t("drills.rows"), [*columns, last[shown]], told))


def _row(one: Held, shown: str, today: date, others: str) -> list[str]:
    told = one.planned
    if shown == "done" and one.record is not None:
        when, last = escape(i18n.day(one.record.done_on)), escape(drill_one.whole_minutes(one))
    elif shown == "cancelled":
        when, last = escape(i18n.day(told.planned_on)), escape(one.note)
    else:
        when, last = drill_one.when(one, today), escape(drill_one.repeats(one))
    name = rows.opens(told.scenario, OF, str(one.drill_id), others)
    return [name, when, escape(drill_one.playbook(told.field)), escape(i18n.listed(told.people) or UNDEFINED), last]


def _to_do(known: Drills) -> None:
    found = drills.to_do(known.every)
    if not found:
        return
    with st.container(border=True, key="card_drill_actions"):
        st.html(heading.section(t("drills.actions"), t("drills.actions_lead"), "drill-actions"))
        columns = [Column(t("drills.action")), Column(t("drills.action_owner")), Column(t("drills.action_due"), "short"), Column(t("drills.scenario"))]  # fmt: skip
        others = addresses.beside(OF)
        told = [
            [escape(one.told), escape(one.owner), drill_one.due(one, known.today), rows.opens(held.planned.scenario, OF, str(held.drill_id), others)]
            for held, one in found
        ]  # fmt: skip
        st.html(rows.table("drill-action-table", t("drills.actions"), columns, told))
