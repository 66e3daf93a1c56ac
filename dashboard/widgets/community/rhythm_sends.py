"""Leaves after sends: all together, a picture of the highest rates, all rows, and every send of the group that is open."""

from html import escape

import pyarrow as pa
import streamlit as st

from dashboard import charts, i18n
from dashboard.data import people, rhythm
from dashboard.data.rhythm import Row, Sends
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, heading, opening, tables, tiles
from dashboard.widgets.behind import ALL, ONE, Behind
from dashboard.widgets.community import rhythm_chart, words
from dashboard.widgets.figures import Figure
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

PLACES = Places("rh_of", "rh_people")
LEFT = "left"
WIDTH = 200
WORST = 5
COLUMNS = (
    Figure("sends", "count"),
    Figure("usual_load", "count"),
    Figure("left", "count"),
    Figure("expected", "mean"),
    Figure("excess", "mean"),
    Figure("low", "mean"),
    Figure("times", "mean"),
    Figure("usual_left", "count"),
)


def show(asked: Asked, found: Sends | None, of: str | None) -> None:
    st.html(heading.section(t("rhythm.sends"), t("rhythm.sends_lead")))
    if found is None:
        st.html(heading.line(t("rhythm.no_moves")))
        return
    st.html(f'<p class="lead" id="rhythm-baseline">{escape(_baseline(found))}</p>')
    _wall(found, of)
    called = dict(zip((row["key"] for row in found.rows), _called(found), strict=True))
    if rhythm_chart.drawn(found):
        st.html(heading.section(t("rhythm.rates"), t("rhythm.rates_lead")))
        charts.show(
            "rhythm_rates", f"{found.key}|{of}", lambda: rhythm_chart.of_rates(found, called, of), alt=t("rhythm.rates")
        )  # fmt: skip
    if of is not None and found.by == "group":
        _each(asked, of)
    _table(found, of)


def _wall(found: Sends, of: str | None) -> None:
    scope, row = (ALL, found.total) if of is None else (ONE, found.found[of])
    link = behind.link(PLACES.people)
    words = t("rhythm.way_left", count=i18n.number(row["left"]))
    ways = behind.way(link, f"{scope}.{LEFT}", words, row["left"] or 0)
    beside = "" if of is None else t("community.against", value=rhythm_chart.times(found.total))
    reason = t(f"rhythm.reason_{row['reason']}") if row["reason"] else ""
    rests = t(
        "rhythm.rests_left",
        days=i18n.number(row["member_days"]),
        usual=i18n.number(row["usual_left"]),
        usual_days=i18n.number(row["usual_member_days"]),
    )
    shown = [
        Tile(f"rhythm-{scope}-sends", t("rhythm.figure_sends"), i18n.number(row["sends"]), "", t("rhythm.means_figure_sends"), tiles.lines(_usual(row))),
        Tile(f"rhythm-{scope}-left", t("rhythm.figure_left"), i18n.number(row["left"]), "", t("rhythm.means_left"), tiles.lines(rests), ways),
        Tile(
            f"rhythm-{scope}-times", t("rhythm.figure_times"), rhythm_chart.times(row), beside, t("rhythm.means_times"),
            tiles.lines(t("told.interval", bounds=rhythm_chart.interval(row)) if row["excess"] is not None else "", reason),
        ),
        Tile(
            f"rhythm-{scope}-excess", t("rhythm.figure_excess"), i18n.signed(row["excess"], 1), "", t("rhythm.means_excess"),
            tiles.lines(*_bounds(row), verdict(row)),
        ),
    ]  # fmt: skip
    if of is None:
        below = tiles.lines(
            t("rhythm.rests_flagged", judged=i18n.number(found.judged), rows=i18n.number(len(found.rows)))
        )
        name = t(f"rhythm.flagged_{found.by}")
        shown.append(Tile("rhythm-flagged", name, i18n.number(found.flagged), "", t("rhythm.means_flagged"), below))
    st.html(tiles.wall(shown, WIDTH) + behind.forbidden(link))


def _baseline(found: Sends) -> str:
    days = {"start": i18n.day(found.baseline.start_on), "end": i18n.day(found.baseline.last_on)}
    return t("rhythm.baseline", weeks=i18n.number(found.baseline.days // 7), **days)


def _bounds(row: Row) -> tuple[str, ...]:
    """What was expected, and the interval of what is in excess of it."""
    if row["excess"] is None:
        return ("",)
    bounds = f"{i18n.signed(row['low'], 1)} – {i18n.signed(row['high'], 1)}"
    return t("rhythm.rests_excess", expected=i18n.number(row["expected"], 1)), t("told.interval", bounds=bounds)


def _usual(row: Row) -> str:
    return t("rhythm.usual", load=i18n.number(row["usual_load"])) if row.get("usual_load") is not None else ""


def verdict(row: Row) -> str:
    """What can be said of a row: more than by chance, or why not."""
    if row["reason"]:
        return t(f"rhythm.reason_{row['reason']}")
    if row["is_flagged"]:
        return t("rhythm.verdict_flagged")
    if row["times_low"] > 1:
        return t("rhythm.verdict_perhaps")
    return t(
        "rhythm.verdict_fewer" if row["times_high"] is not None and row["times_high"] < 1 else "rhythm.verdict_none"
    )


# -- one group's sends -------------------------------------------------------------------------------------------------


def _each(asked: Asked, group: str) -> None:
    rows = rhythm.each(asked.filters, group)
    st.html(heading.section(t("rhythm.each"), t("rhythm.each_lead")))
    if not rows:
        st.html(heading.line(t("rhythm.reason_no_sends")))
        return

    def columns() -> dict[str, pa.Array]:
        return {
            t("rhythm.sent_at"): pa.array([_when(row) for row in rows], pa.string()),
            t("rhythm.sent_what"): pa.array([_what(row) for row in rows], pa.string()),
            t("rhythm.sent_left"): pa.array([row["left"] for row in rows], pa.int64()),
            t("rhythm.sent_expected"): pa.array([row["expected"] for row in rows], pa.float64()),
        }

    key = f"{group}|{asked.filters}|{len(rows)}|{rows[0]['sent_at']}"
    st.dataframe(
        tables.written("rhythm_each", key, columns), hide_index=True, placeholder=i18n.UNDEFINED, alt=t("rhythm.each"), key="rhythm_each",
        column_config={
            t("rhythm.sent_what"): st.column_config.TextColumn(width="large"),
            t("rhythm.sent_expected"): st.column_config.NumberColumn(format="%.2f", help=t("rhythm.means_sent_expected")),
        },
    )  # fmt: skip


def _when(row: Row) -> str:
    told_at = i18n.moment(row["sent_at"].to_pydatetime(), people.zone())
    return told_at if row["is_over"] else f"{told_at} {t('rhythm.not_over')}"


def _what(row: Row) -> str:
    """The piece of content, else what kind of message it was."""
    kind = row["message_kind"] or "text"
    key = f"rhythm.kind_{kind}"
    named = t(key) if i18n.has(key) else kind
    title = row["title"] or row["content_id"]
    return f"{named}{t('number.then')}{title}" if title else named


# -- all rows ----------------------------------------------------------------------------------------------------------


def _table(found: Sends, of: str | None) -> None:
    first = [
        (row["key"], name, rhythm_chart.times(row))
        for row, name in zip(found.rows[:WORST], _called(found), strict=False)
    ]
    pills = opening.pills(t("rhythm.urgent"), first, PLACES, of, PLACES.beside())
    st.html(heading.section(t(f"rhythm.all_{found.by}"), t("rhythm.order")) + pills)
    opening.table(
        "rhythm", found.key, found.rows, COLUMNS, _first(key=f"{found.key}|{i18n.language()}", _found=found), places=PLACES, of=of,
        alt=t(f"rhythm.all_{found.by}"),
    )  # fmt: skip


@kept.by_key(16)
def _first(key: str, _found: Sends) -> dict[str, list[str | None]]:  # noqa: ARG001 - what it is kept by
    """What stands in words before the figures."""
    return {
        t(f"rhythm.{_found.by}"): _called(_found),
        t("rhythm.verdict"): [verdict(row) for row in _found.rows],
        t("rhythm.interval"): [rhythm_chart.interval(row) or None for row in _found.rows],
    }


def _called(found: Sends) -> list[str]:
    return [words.called(row, found.by) for row in found.rows]


def whose(asked: Asked, found: Sends, of: str | None, text: str) -> Behind | None:
    """The people that the address names; None where it names nobody."""
    pointed = behind.pointed(text, (LEFT,), of)
    if pointed is None:
        return None
    one, _ = pointed
    row = found.total if one is None else found.found[one]
    if not row["left"]:
        return None
    owner = t("rhythm.total") if one is None else words.called(row, found.by)
    title = f"{owner}{t('number.then')}{t('rhythm.figure_left')}"
    return Behind(title, t("rhythm.means_left"), lambda: rhythm.people_of(asked.filters, found, one))
