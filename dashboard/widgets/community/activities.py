"""群活动: who of the group took part, and what it drew: talk, new speakers, orders."""

import pyarrow as pa
import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import activities
from dashboard.data.activities import DID, ORDER_DAYS, SMALL, WHICH, View
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, figures, heading, opening, tables, tiles
from dashboard.widgets.behind import ALL, ONE, Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.figures import Figure
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

KIND = "ac_kind"
PLACES = Places("ac_of", "ac_people")
KEYS = (KIND, PLACES.of)
"""Parameters of the address that a saved view keeps."""
WIDTH = 230
STATE_WIDTH = 120
"""Pixels in which every state is read whole."""
RATE = Figure("participation_rate", "share", "members")
COLUMNS = (
    Figure("participants", "count"), RATE, Figure("members", "count"), Figure("said", "count"), Figure("said_before", "count"),
    Figure("speakers", "count"), Figure("speakers_before", "count"), Figure("new_speakers", "count"), Figure("orders", "count"),
    Figure("buyers", "count"), Figure("revenue", "mean"),
)  # fmt: skip


def show(asked: Asked) -> None:
    every = activities.read(asked.filters, None)
    if every is None:
        heading.empty(t("activities.none"), t("activities.none_lead"))
        return
    kinds = [row["kind"] for row in every.kinds]
    chosen = choice.read(KIND, (ALL, *kinds))
    view = every if chosen == ALL else activities.read(asked.filters, chosen)
    if view is None or view.total is None:
        with st.container(border=True, key="card_activities"):
            st.html(heading.section(t("activities.total"), t("activities.none_here")))
        return
    of = addresses.opened(PLACES.of, view.found)
    with st.container(border=True, key="card_activities"):
        labels = {ALL: t("activities.every_kind")} | {one: kind_of(one) for one in kinds}
        by_row = choice.row(Choice(KIND, t("activities.kind"), labels, chosen), PLACES.beside())
        behind.head("activities", by_row, view, _contract(), asked.in_words)
        days = i18n.days(view.period.to_date(view.as_of.date()))
        _wall(view, None, heading.section(t("activities.total"), t("activities.total_lead", days=days)))
        if chosen == ALL and len(view.kinds) > 1:
            _kinds(view)
    if of is not None:
        with st.container(border=True, key="card_activity"):
            row = view.found[of]
            _wall(view, of, heading.section(row["name"], _when(row), "activity-name"))
            st.html(opening.back("activity", PLACES.of, PLACES.people))
    with st.container(border=True, key="card_activity_rows"):
        st.html(heading.section(t("activities.rows"), f"{t('activities.order')} {t('activities.open')}"))
        first = {
            t("activities.activity"): [row["name"] for row in view.rows],
            t("activities.kind"): [kind_of(row["kind"]) for row in view.rows],
            t("activities.group"): [row["group"] or row["group_id"] for row in view.rows],
            t("activities.days"): [_days(row) for row in view.rows],
            t("activities.state"): [_state(row, "_short") or None for row in view.rows],
        }
        opening.table(
            "activities", view.key, view.rows, _known(view), first, places=PLACES, of=of, alt=t("activities.rows"),
            widths={t("activities.state"): STATE_WIDTH}, days=ORDER_DAYS,
        )  # fmt: skip
    behind.open_asked(lambda text: _whose(view, asked, of, text), asked.in_words, PLACES.people)


def kind_of(kind: str) -> str:
    key = f"activities.kind_{kind}"
    return t(key) if i18n.has(key) else kind or t("activities.no_kind")


def action(name: str) -> str:
    key = f"activities.did_{name}"
    return t(key) if i18n.has(key) else name


def _days(row: Row) -> str:
    if row["start_on"] is None:
        return i18n.UNDEFINED
    return f"{i18n.day(row['start_on'])} – {i18n.day(row['last_on'], with_year=row['start_on'].year != row['last_on'].year)}"


def _state(row: Row, form: str = "") -> str:
    """Whether figures may still grow. ``form``: ``_short`` for a column."""
    kind = (
        "running"
        if row["is_running"]
        else "buying"
        if row["is_buying"]
        else "undated"
        if row["start_on"] is None
        else ""
    )
    return t(f"activities.{kind}{form}") if kind else ""


def _when(row: Row) -> str:
    parts = (kind_of(row["kind"]), row["group"] or row["group_id"] or t("activities.no_group"), _days(row), _state(row))
    return t("number.then").join(part for part in parts if part)


def _known(view: View) -> list[Figure]:
    """Figures that this lake has."""
    assert view.total is not None
    return [one for one in COLUMNS if view.total.get(one.name) is not None]


def _wall(view: View, of: str | None, head: str) -> None:
    address = behind.link(PLACES.people)
    key = f"{view.key}|{of}|{i18n.language()}|{address}"
    st.html(head + _tiles(key=key, _view=view, _of=of, _address=address))


@kept.by_key(64)
def _tiles(key: str, _view: View, _of: str | None, _address: str | None) -> str:  # noqa: ARG001 - what it is kept by
    row = _view.total if _of is None else _view.found[_of]
    assert row is not None
    found = []
    if _of is None:
        running = t("activities.rests_activities", running=i18n.number(row["running"]))
        found.append(_tile(_view, _of, "activities", i18n.number(row["activities"]), (running,), (), _address))
    joined = (
        t("activities.rests_participants", outside=i18n.number(row["outside"])) if row["outside"] is not None else ""
    )
    found.append(
        _tile(_view, _of, "participants", i18n.number(row["participants"]), (joined,), ("participants",), _address)
    )
    if row["members"] is not None:
        rests = t(
            "activities.rests_participation_rate", came=i18n.number(row["came"]), members=i18n.number(row["members"])
        )
        found.append(_tile(_view, _of, "participation_rate", figures.value(row, RATE), (rests,), ("absent",), _address))
    if row["said"] is not None:
        for name in ("said", "speakers"):
            before = figures.before(row, Figure(name, "count"), "activities.before")
            found.append(_tile(_view, _of, name, i18n.number(row[name]), (before,), (), _address))
        found.append(
            _tile(_view, _of, "new_speakers", i18n.number(row["new_speakers"]), (), ("new_speakers",), _address)
        )
    if row["orders"] is not None:
        money = i18n.money(row["revenue_minor"], _view.currency)
        rests = t("activities.rests_orders", buyers=i18n.number(row["buyers"]), revenue=money)
        open_ = t("activities.buying") if row.get("is_buying") or row.get("buying") else ""
        found.append(_tile(_view, _of, "orders", i18n.number(row["orders"]), (rests, open_), ("buyers",), _address))
    walls = tiles.wall(found, WIDTH)
    did = sorted(_view.actions.get(_of, {}).items(), key=lambda one: (-one[1], one[0]))
    if did and (_of is not None or _view.kind is not None):  # of all kinds together they say nothing
        walls += heading.section(t("activities.did"), t("activities.did_lead"))
        walls += tiles.wall(
            [_did(_view, _of, name, count, row["participants"], _address) for name, count in did], WIDTH
        )
    return walls + behind.forbidden(_address)


def _tile(
    view: View, of: str | None, name: str, value: str, below: tuple[str, ...], ways: tuple[str, ...], address: str | None
) -> Tile:  # fmt: skip
    scope = ALL if of is None else ONE
    links = tuple(html for which in ways for html in _way(view, of, which, address))
    return Tile(
        f"activity-{scope}-{name}", t(f"activities.figure_{name}"), value, "", t(f"activities.means_{name}", days=ORDER_DAYS), tiles.lines(*below), links
    )  # fmt: skip


def _did(view: View, of: str | None, name: str, count: int, participants: int, address: str | None) -> Tile:
    scope = ALL if of is None else ONE
    share = i18n.share(count / participants) if (participants or 0) >= SMALL else ""
    ways = _way(view, of, f"{DID}{name}", address)
    return Tile(f"activity-{scope}-did-{name}", action(name), i18n.number(count), "", "", tiles.lines(share), ways)


def _way(view: View, of: str | None, which: str, address: str | None) -> tuple[str, ...]:
    scope, count = (ALL if of is None else ONE), activities.figure(view, of, "orders" if which == "buyers" else which)
    shown = i18n.number(activities.figure(view, of, which))
    words = t("activities.way_absent" if which == "absent" else "activities.way", count=shown)
    return behind.way(address, f"{scope}.{which}", words, count or 0)


def _kinds(view: View) -> None:
    st.html(heading.section(t("activities.by_kind"), t("activities.by_kind_lead")))

    def columns() -> dict[str, pa.Array]:
        rows = view.kinds
        found = {
            t("activities.kind"): pa.array([kind_of(row["kind"]) for row in rows], pa.string()),
            t("activities.figure_activities"): pa.array([row["activities"] for row in rows], pa.int64()),
        }
        for figure in _known(view):
            kind = pa.int64() if figure.kind == "count" else pa.float64()
            found[t(f"activities.figure_{figure.name}")] = pa.array([figures.cell(row, figure) for row in rows], kind)
        return found

    config = {
        t(f"activities.figure_{one.name}"): st.column_config.NumberColumn(
            format=figures.STYLES.get(one.kind, "localized"), help=t(f"activities.means_{one.name}", days=ORDER_DAYS)
        )
        for one in _known(view)
    }
    table = tables.written("activity_kinds", view.key, columns)
    st.dataframe(
        table,
        hide_index=True,
        placeholder=i18n.UNDEFINED,
        column_config=config,
        alt=t("activities.by_kind"),
        key="activity_kinds",
    )


def _whose(view: View, asked: Asked, of: str | None, text: str) -> Behind | None:
    named = [*WHICH, *(f"{DID}{name}" for did in view.actions.values() for name in did)]
    found = behind.pointed(text, named, of)
    if found is None:
        return None
    whose, which = found
    if not activities.figure(view, whose, "orders" if which == "buyers" else which):
        return None
    owner = t("activities.total") if whose is None else view.found[whose]["name"]
    what = action(which.removeprefix(DID)) if which.startswith(DID) else t(f"activities.figure_{which}")
    means = t("activities.did_lead") if which.startswith(DID) else t(f"activities.means_{which}", days=ORDER_DAYS)
    return Behind(
        f"{owner}{t('number.then')}{what}", means, lambda: activities.people_of(asked.filters, view, whose, which)
    )  # fmt: skip


def _contract() -> list[str]:
    names = (
        "activities", "participants", "participation_rate", "absent", "said", "speakers", "new_speakers", "orders", "buyers", "revenue",
    )  # fmt: skip
    return [
        *behind.meanings("activities", names, days=ORDER_DAYS),
        t("activities.rules", count=SMALL),
        t("activities.scope"),
    ]
