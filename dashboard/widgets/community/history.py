"""历史与核对: since when each source tells of groups, and what callbacks and the archive lost of what the platform counted."""

from html import escape

import pyarrow as pa
import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import history
from dashboard.data.history import BYS, PAIRS, SOURCES, View
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, heading, tables, tiles
from dashboard.widgets.community import words
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

BY = "hi_per"
"""Where the address says what the rows of the table are."""
KEYS = (BY,)
"""Parameters of the address that a saved view keeps."""
WIDTH = 210


def show(asked: Asked) -> None:
    by = choice.read(BY, BYS)
    view = history.read(asked.filters, by)
    if view is None or not view.sources:
        heading.empty(t("history.none"), t("history.none_lead"))
        return
    with st.container(border=True, key="card_history"):
        since_when = heading.section(t("history.since"), t("history.since_lead"))
        behind.head("history", since_when, view, _contract(), asked.in_words)
        st.html(since(key=f"{view.key}|{i18n.language()}", _view=view))
    with st.container(border=True, key="card_reconciled"):
        days = i18n.days(view.now)
        st.html(heading.section(t("history.reconciled"), t("history.reconciled_lead", days=days)))
        if view.total is None:
            key = "no_statistics_here" if "statistics" in view.sources else "no_statistics"
            st.html(
                f'<p class="lead">{escape(t(f"history.{key}"))}</p><a href="/sources">{escape(t("overview.to_sources"))}</a>'
            )
            return
        st.html(_totals(key=f"{view.key}|{i18n.language()}", _row=view.total))
        st.html(choice.row(choice.among(BY, "community.by", BYS, by), addresses.beside()))
        _table(view)


@kept.by_key(32)
def since(key: str, _view: View) -> str:  # noqa: ARG001 - what it is kept by
    """Since when each source tells, side by side; for other parts of the page as well."""
    found = []
    for source in SOURCES:
        one = _view.sources.get(source)
        if one is None:
            value, below = i18n.UNDEFINED, tiles.lines(t(f"history.lacks_{source}"))
        else:
            gaps = (
                t("history.gaps", count=i18n.number(one.missing_days))
                if one.missing_days and source == "statistics"
                else ""
            )
            value = t("history.from", day=i18n.day(one.since_on))
            below = tiles.lines(t("history.until", day=i18n.day(one.until_on), days=i18n.number(one.days)), gaps)
        found.append(
            Tile(f"since-{source}", t(f"history.source_{source}"), value, "", t(f"history.means_{source}"), below)
        )
    return tiles.wall(found, WIDTH)


@kept.by_key(32)
def _totals(key: str, _row: Row) -> str:  # noqa: ARG001 - what it is kept by
    found = [
        Tile("reconciled-days", t("history.figure_days"), i18n.number(_row["days"]), "", t("history.means_days"),
             tiles.lines(f"{i18n.day(_row['first_on'])} – {i18n.day(_row['last_on'])}"))
    ]  # fmt: skip
    for pair in PAIRS:
        lost, whole = _row[f"{pair}_lost"], _row[f"{pair}_told"]
        share = t("history.share", share=i18n.share(lost / whole)) if lost is not None and whole else ""
        sides = {side: i18n.number(_row[f"{pair}_{side}"]) for side in ("told", "counted")}
        found.append(
            Tile(f"reconciled-{pair}", t(f"history.figure_{pair}_lost"), _signed(lost), "", t(f"history.means_{pair}_lost"),
                 tiles.lines(t("history.sides", **sides), share))
        )  # fmt: skip
    return tiles.wall(found, WIDTH)


def _signed(count: int | None) -> str:
    return i18n.number(count) if count is None or count <= 0 else f"+{i18n.number(count)}"


def _table(view: View) -> None:
    def columns() -> dict[str, pa.Array]:
        found = {
            t(f"community.{view.by}"): pa.array([words.called(row, view.by) for row in view.rows], pa.string()),
            t("history.figure_days"): pa.array([row["days"] for row in view.rows], pa.int64()),
        }
        for pair in PAIRS:
            for side in ("told", "counted", "lost"):
                found[t(f"history.figure_{pair}_{side}")] = pa.array(
                    [row[f"{pair}_{side}"] for row in view.rows], pa.int64()
                )
        return found

    if not view.rows:
        st.html(heading.line(t(f"history.none_{view.by}")))
        return
    st.html(heading.line(t("history.order")))
    config: dict[str, object] = {t(f"community.{view.by}"): st.column_config.TextColumn(pinned=True, width="medium")}
    for pair in PAIRS:
        config[t(f"history.figure_{pair}_lost")] = st.column_config.NumberColumn(
            format="localized", help=t(f"history.means_{pair}_lost")
        )
    table = tables.written("history", view.key, columns)
    st.dataframe(
        table,
        hide_index=True,
        placeholder=i18n.UNDEFINED,
        column_config=config,
        alt=t("history.reconciled"),
        key=f"history_{view.by}",
    )


def _contract() -> list[str]:
    lines = [i18n.explained(f"**{t(f'history.source_{source}')}**", t(f"history.means_{source}")) for source in SOURCES]
    lines += [
        i18n.explained(f"**{t(f'history.figure_{pair}_lost')}**", t(f"history.means_{pair}_lost")) for pair in PAIRS
    ]
    return [*lines, t("history.means_days"), t("history.rules"), t("history.scope")]
