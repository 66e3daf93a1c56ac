"""Figures that no data tells: public opinion, changes of a platform's policy, how many are likely to leave, and the house's own."""

from html import escape
from urllib.parse import urlencode

import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.actions import readings as actions
from dashboard.data import readings
from dashboard.data.readings import BUILT_IN, Kind, Readings, Told
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import choice, heading, opening, tables, tiles
from dashboard.widgets.choice import Choice
from dashboard.widgets.opening import Places
from dashboard.widgets.risk import reading_forms, readings_chart, rows
from dashboard.widgets.risk import reading_words as words
from dashboard.widgets.tiles import Tile, Way

KIND, OF = "rd_kind", "reading"
"""Where the address says which readings are shown, and which one is open."""


def show() -> None:
    if not readings.sees_all():
        with st.container(border=True, key="card_readings"):
            st.html(heading.section(t("readings.title"), t("readings.house_only"), "readings"))
        return
    every = readings.kinds()
    kinds = {one.key: one for one in every if not one.is_archived}
    chosen = kinds[choice.read(KIND, tuple(kinds))]
    found = readings.read(chosen)
    with st.container(border=True, key="card_readings"):
        st.html(heading.section(t("readings.title"), t("readings.lead"), "readings"))
        labels = {key: i18n.cut(words.called(one), 40) for key, one in kinds.items()}
        st.html(choice.row(Choice(KIND, t("readings.kind"), labels, chosen.key), addresses.beside(KIND, OF)))
        st.html(heading.line(_meaning(chosen)))
        if actions.may():
            reading_forms.show(found, every)
        if not found.told:
            st.html(heading.line(t("readings.none" if actions.may() else "readings.none_read")))
            return
        st.html(tiles.wall(_tiles(found), 150))
        charts.show("readings", found.key, lambda: readings_chart.picture(found), alt=t("readings.picture_alt", name=words.called(chosen)))  # fmt: skip
        st.caption(t("readings.picture_lead" if found.limits else "readings.no_limit"))
    opened = addresses.opened(OF, {one.key for one in found.told})
    one = None if opened is None else found.one(opened)
    if one is not None:
        _one(found, one)
    _table(found, opened)


def _meaning(kind: Kind) -> str:
    return t(f"readings.means_{kind.key}") if kind.key in BUILT_IN else t(f"readings.unit_{kind.unit}_of_house")


def _tiles(found: Readings) -> list[Tile]:
    newest = found.told[-1]
    age = (found.today - newest.day_on).days
    broken = [one for one in found.told if found.broken(one.value)]
    limits = i18n.listed(words.limit(found.kind, one) for one in found.limits) or UNDEFINED
    return [
        Tile("newest", t("readings.tile_newest"), words.value(found.kind, newest.value), beside=i18n.day(newest.day_on), below=tiles.lines(t("readings.age", days=age))),
        Tile("limit", t("readings.tile_limit"), limits, meaning=t("readings.limit_meaning"), ways=_way(found)),
        Tile("broken", t("readings.tile_broken"), i18n.number(len({one.day_on for one in broken})) if found.limits else UNDEFINED, beside=t("readings.last", on=i18n.day(broken[-1].day_on)) if broken else ""),
        Tile("count", t("readings.tile_count"), i18n.number(len(found.told))),
    ]  # fmt: skip


def _way(found: Readings) -> tuple[str, ...]:
    """To the rule that the line is of; of several to the first."""
    if not found.limits:
        return ()
    address = f"?{urlencode({'part': 'rules', 'rule': found.limits[0].rule})}"
    return (Way(t("readings.to_rule"), address, "box").html("to-rule"),)


def _table(found: Readings, opened: str | None) -> None:
    with st.container(border=True, key="card_reading_rows"):
        st.html(heading.section(t("readings.rows"), t("readings.rows_lead"), "reading-rows"))
        shown = list(reversed(found.told))

        def columns() -> dict[str, list[str]]:
            return {
                t("readings.day"): [i18n.day(one.day_on) for one in shown],
                t("readings.value"): [words.value(found.kind, one.value) for one in shown],
                t("readings.mark"): [t("readings.over") if found.broken(one.value) else "" for one in shown],
                t("readings.note"): [one.note for one in shown],
                t("readings.source"): [t(f"readings.source_{one.source}") for one in shown],
                t("readings.by"): [_by(one) for one in shown],
                t("readings.at"): [i18n.moment(one.at, found.zone) for one in shown],
            }

        opening.show(
            tables.written("readings", found.key, columns), f"rd_rows_{abs(hash((found.key, opened)))}", [one.key for one in shown],
            places=Places(OF, OF), of=opened, alt=t("readings.rows"),
            config={
                t("readings.day"): st.column_config.TextColumn(pinned=True), t("readings.value"): st.column_config.TextColumn(alignment="right"),
                t("readings.note"): st.column_config.TextColumn(width="medium"),
            },
        )  # fmt: skip


def _by(one: Told) -> str:
    return t("role.system") if one.source == "worker" else one.by


def _one(found: Readings, one: Told) -> None:
    with st.container(border=True, key="card_reading"):
        title = i18n.explained(i18n.day(one.day_on), words.value(found.kind, one.value))
        st.html(heading.section(title, words.called(found.kind), "reading-one"))
        if one.note:
            st.html(f'<p class="told"><b>{escape(t("readings.note"))}</b><br>{rows.text(one.note)}</p>')
        if actions.may():
            reading_forms.of_one(found, one)
        items = "".join(_revision(found, each) for each in readings.history(one.kind, one.key))
        st.html(f'<ol class="events">{items}</ol>' + opening.back("reading", OF, words="readings.close_one"))


def _revision(found: Readings, one: Told) -> str:
    told = t("readings.removed_line") if one.is_removed else f"{i18n.day(one.day_on)} · {words.value(found.kind, one.value)}"  # fmt: skip
    who = t("register.history_line", at=i18n.moment(one.at, found.zone), by=_by(one))
    source = t(f"readings.source_{one.source}")
    note = f"<br><small>{escape(one.note)}</small>" if one.note else ""
    return f"<li><b>{escape(told)}</b> <span>{escape(who)} · {escape(source)}</span>{note}</li>"
