"""KOC 与声音: who carries the conversation, who could take over, what hangs on them, and the board of each month."""

from collections.abc import Callable
from datetime import date
from html import escape
from urllib.parse import quote

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.data import voices
from dashboard.data.rows import Row
from dashboard.data.voices import BOARDS, BYS, CONTACTS, HANGING, PARTS, SMALL, WEIGHTS, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, heading, tables, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.community import opening, told
from dashboard.widgets.community.opening import Places
from dashboard.widgets.community.told import Figure
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile, Way

BY, MONTH = "vo_per", "vo_month"
"""Where the address says what the rows of the table are, and which month's board is shown."""
PLACES = Places("vo_of", "vo_people")
KEYS = (BY, MONTH, PLACES.of)
"""Parameters of the address that a saved view keeps."""
ALL, ONE, OF_MONTH = "all", "one", "month"
WIDTH = 200
WORST = 5
STRONG = 2
"""Parts named as somebody's strong ones."""
FIGURES = (
    Figure("koc_share", "share", "said"),
    Figure("absence", "count"),
    Figure("days_rest", "count"),
    Figure("successors", "count"),
    Figure("answers", "count"),
    Figure("made", "count"),
    Figure("suggested", "count"),
    Figure("adopted", "count"),
)
COLUMNS = (
    Figure("koc_share", "share", "said"), Figure("kocs", "count"), Figure("successors", "count"), Figure("absence", "count"),
    Figure("said", "count"), Figure("said_rest", "count"), Figure("speakers", "count"), Figure("drawing", "count"),
    Figure("answers", "count"), Figure("made", "count"), Figure("suggested", "count"), Figure("adopted", "count"),
)  # fmt: skip
WAYS = {
    "koc_share": "kocs", "absence": "speakers", "days_rest": "drawing", "successors": "successors", "answers": "answering",
    "made": "making", "suggested": "suggesting", "adopted": "adopted",
}  # fmt: skip
RESTS = {
    "koc_share": ("kocs", "koc_said", "said"), "absence": ("speakers",), "days_rest": ("days", "said_rest"), "successors": ("kocs",),
    "answers": ("answering",), "made": ("making",), "suggested": ("suggesting",), "adopted": ("suggested",),
}  # fmt: skip


def show(asked: Asked) -> None:
    by = next(one for one in BYS if one == choice.read(BY, BYS))
    view = voices.read(asked.filters, by)
    if view is None or not view.rows:
        heading.empty(t("voices.none"), t("voices.none_lead") if view is None else t("community.no_groups_here"))
        return
    of = addresses.opened(PLACES.of, view.found)
    with st.container(border=True, key="card_voices"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="voices_head"):
            labels = {one: t(f"community.by_{one}") for one in BYS}
            st.html(choice.row(Choice(BY, t("community.by"), labels, by), addresses.beside(PLACES.of, PLACES.people)))
            _contract(view, asked)
        lead = t("community.total_lead", days=f"{i18n.day(view.now.start_on)} – {i18n.day(view.now.last_on)}")
        _wall(view, None, _titled(t("community.total"), lead))
    if of is not None:
        with st.container(border=True, key="card_voices_one"):
            name = f'<h2 id="voices-name">{escape(called(view, view.found[of]))}</h2><p class="lead">{escape(t("community.detail_lead"))}</p>'
            _wall(view, of, name)
            address = f"?{addresses.beside(PLACES.of, PLACES.people)}"
            close = escape(t("community.close"))
            st.html(f'<div class="ways"><a class="box" id="close-voices" href="{escape(address)}">{close}</a></div>')
    with st.container(border=True, key="card_voices_members"):
        _members(view, asked, of)
    with st.container(border=True, key="card_voices_month"):
        month = _board(view, asked, of)
    with st.container(border=True, key="card_voices_rows"):
        _table(view, of)
    behind.open_asked(lambda text: _whose(view, asked, of, month, text), asked.in_words, PLACES.people)


def called(view: View, row: Row) -> str:
    """What a group, owner or unit is called; its number where nobody named it."""
    name: str = row["name"] or row["key"] or t(f"community.nobody_{view.by}")
    return name


def _titled(title: str, lead: str) -> str:
    return f'<h2>{escape(title)}</h2><p class="lead">{escape(lead)}</p>'


# -- figures -----------------------------------------------------------------------------------------------------------


def _wall(view: View, of: str | None, head: str) -> None:
    address = f"?{addresses.beside(PLACES.people)}{PLACES.people}=" if guard.may("people.see") else None
    key = f"{view.key}|{of}|{i18n.language()}|{address}"
    st.html(head + _tiles(key=key, _view=view, _of=of, _address=address))


@kept.by_key(64)
def _tiles(key: str, _view: View, _of: str | None, _address: str | None) -> str:  # noqa: ARG001 - what it is kept by
    scope, row = (ALL, _view.total) if _of is None else (ONE, _view.found[_of])
    found = [_tile(scope, row, None if _of is None else _view.total, figure, _address) for figure in FIGURES]
    words = hints(row)
    told_hints = f'<p class="lead">{escape(words)}</p>' if words else ""
    forbidden = "" if _address is not None else f'<p class="lead">{escape(t("funnel.people_forbidden"))}</p>'
    return tiles.wall(found, WIDTH) + told_hints + forbidden


def _tile(scope: str, row: Row, whole: Row | None, figure: Figure, address: str | None) -> Tile:
    parts = {name: i18n.number(row[name]) for name in RESTS[figure.name]}
    beside = "" if whole is None else t("community.against", value=told.value(whole, figure))
    is_unknown = row[figure.name] is None and figure.name == "successors"
    below = told.lines(t("voices.no_moves") if is_unknown else t(f"voices.rests_{figure.name}", **parts))
    which = WAYS[figure.name]
    ways = ()
    if address is not None:
        count = row[voices.figure_of(which)]
        words = t(f"voices.way_{which}", count=i18n.number(count))
        ways = (
            Way(words, f"{address}{scope}.{which}" if count else None, "people").html(f"voices-{scope}-people-{which}"),
        )
    return Tile(
        f"voices-{scope}-{figure.name}", title(figure.name), told.value(row, figure), beside, means(figure.name), below, ways,
    )  # fmt: skip


def title(name: str) -> str:
    return t(f"voices.figure_{name}")


def means(name: str) -> str:
    return t(f"voices.means_{name}", **_rules())


def _rules() -> dict[str, object]:
    return {**voices.LIMITS, "contacts": i18n.share(CONTACTS, 0), "hanging": i18n.share(HANGING, 0), "count": SMALL}


def hints(row: Row) -> str:
    """Rules of thumb that a row breaks, in words."""
    found = []
    if voices.hangs(row):
        found.append(t("voices.hint_hangs"))
    if row["kocs"] and row["successors"] == 0:
        found.append(t("voices.hint_no_successor"))
    return i18n.listed(found)


# -- members -----------------------------------------------------------------------------------------------------------


def _members(view: View, asked: Asked, of: str | None) -> None:
    row = view.total if of is None else view.found[of]
    whose = t("community.total") if of is None else called(view, row)
    for which, count in (("kocs", row["kocs"]), ("successors", row["successors"])):
        st.html(_titled(t(f"voices.{which}_of", name=whose), t(f"voices.{which}_lead", **_rules())))
        if not guard.may("people.see"):
            st.html(f'<p class="lead">{escape(t("funnel.people_forbidden"))}</p>')
        elif not count:
            st.html(f'<p class="lead">{escape(t("voices.no_moves" if count is None else f"voices.no_{which}"))}</p>')
        else:
            listed = voices.members(asked.filters, view, of, which)
            reason = _strong if which == "kocs" else _rising
            key = f"{view.key}|{of}|{which}"
            written = tables.written(f"voices_{which}", key, _columns_of(listed, reason))
            st.dataframe(
                written,
                hide_index=True,
                key=f"voices_{which}",
                column_config=_widths(),
                alt=t(f"voices.{which}_of", name=whose),
            )
            if count > len(listed.rows):
                st.caption(t("voices.shown", shown=i18n.number(len(listed.rows)), count=i18n.number(count)))


def _columns_of(listed: voices.Listed, reason: Callable[[Row], str]) -> Callable[[], tables.Columns]:
    def columns() -> tables.Columns:
        rows = listed.rows
        found: dict[str, list[object]] = {
            t("people.member"): list(listed.names),
            t("voices.score"): [round(row["score"], 1) for row in rows],
        }
        found |= {title(f"part_{part}"): [row[part] for row in rows] for part in PARTS}
        return found | {t("voices.why"): [reason(row) for row in rows]}

    return columns


def _widths() -> dict[str, object]:
    score = st.column_config.ProgressColumn(format="%.1f", min_value=0, max_value=100, help=means("score"))
    config: dict[str, object] = {
        t("people.member"): st.column_config.TextColumn(pinned=True), t("voices.score"): score,
        t("voices.why"): st.column_config.TextColumn(width="large"),
    }  # fmt: skip
    return config | {title(f"part_{part}"): st.column_config.NumberColumn(help=means(f"part_{part}")) for part in PARTS}


def _strong(row: Row) -> str:
    """The parts that weigh most in a score, each with the share of others who have less."""
    parts = sorted((part for part in PARTS if row[part]), key=lambda part: -WEIGHTS[part] * row[f"rank_{part}"])
    return i18n.listed(
        t(
            "voices.strong",
            part=title(f"part_{part}"),
            value=i18n.number(row[part]),
            share=i18n.share(row[f"rank_{part}"], 0),
        )
        for part in parts[:STRONG]
    )


def _rising(row: Row) -> str:
    return t(
        "voices.rising", before=i18n.number(row["said_before"]), said=i18n.number(row["said"]), drawn=i18n.number(row["drawn"]),
        place=i18n.number(row["place"]),
    )  # fmt: skip


# -- the board of a month ----------------------------------------------------------------------------------------------


def _board(view: View, asked: Asked, of: str | None) -> date | None:
    """Draws it, and returns its month."""
    known = {month.strftime("%Y-%m"): month for month in voices.months(asked.filters)}
    if not known:
        return None
    chosen = choice.read(MONTH, tuple(known))
    month = known[chosen]
    whose = t("community.total") if of is None else called(view, view.found[of])
    st.html(_titled(t("voices.board_of", name=whose), t("voices.board_lead")))
    labels = {text: i18n.month(on) for text, on in known.items()}
    st.html(choice.row(Choice(MONTH, t("voices.month"), labels, chosen), addresses.beside(PLACES.people)))
    if not guard.may("people.see"):
        st.html(f'<p class="lead">{escape(t("funnel.people_forbidden"))}</p>')
        return month
    board = voices.board(asked.filters, view, of, month)
    if board.is_running:
        st.html(f'<p class="lead" id="month-running">{escape(t("voices.running", month=i18n.month(month)))}</p>')
    for column, name in zip(st.columns(len(BOARDS)), BOARDS, strict=True):
        with column:
            _list(board, name, f"{view.key}|{of}|{chosen}")
    return month


def _list(board: voices.Month, name: str, key: str) -> None:
    st.markdown(f"**{t(f'voices.board_{name}')}**")
    first, count = board.first[name], board.count[name]
    if not first:
        st.caption(t(f"voices.board_no_{name}"))
        return
    unit = t("voices.score") if name == "score" else title(f"part_{name}")
    table = tables.written(
        f"voices_board_{name}", key,
        lambda: {t("people.member"): [who for who, _ in first], unit: [round(value, 1) for _, value in first]},
    )  # fmt: skip
    st.dataframe(table, hide_index=True, key=f"voices_board_{name}", alt=t(f"voices.board_{name}"))
    link = f"?{addresses.beside(PLACES.people)}{PLACES.people}={OF_MONTH}.{name}"
    words = t("voices.board_all", count=i18n.number(count))
    st.html(Way(words, link, "people").html(f"voices-month-people-{name}"))


# -- rows and people ---------------------------------------------------------------------------------------------------


def _table(view: View, of: str | None) -> None:
    others = addresses.beside(PLACES.of, PLACES.people)
    st.html(_head(key=f"{view.key}|{of}|{others}|{i18n.language()}", _view=view, _of=of, _others=others))
    first = {
        t(f"community.{view.by}"): [called(view, row) for row in view.rows],
        t("community.hints"): [hints(row) or None for row in view.rows],
    }
    opening.table(
        "voices", view.key, view.rows, COLUMNS, first, places=PLACES, of=of, alt=t(f"community.all_{view.by}")
    )


@kept.by_key(64)
def _head(key: str, _view: View, _of: str | None, _others: str) -> str:  # noqa: ARG001 - what it is kept by
    links = "".join(_link(_view, row, _of, _others) for row in _view.rows[:WORST] if row["said"] >= SMALL)
    first = (
        f'<nav class="pills" aria-label="{escape(t("voices.urgent"))}"><p>{escape(t("voices.urgent"))}</p>{links}</nav>'
    )
    return _titled(t(f"community.all_{_view.by}"), t("voices.order", **_rules())) + (first if links else "")


def _link(view: View, row: Row, of: str | None, others: str) -> str:
    current = ' aria-current="true"' if row["key"] == of else ""
    words = f"{i18n.cut(called(view, row), 30)} {i18n.share(row['koc_share'])}"
    return f'<a href="?{escape(others)}{PLACES.of}={quote(row["key"], safe="")}"{current}>{escape(words)}</a>'


def _whose(view: View, asked: Asked, of: str | None, month: date | None, text: str) -> Behind | None:
    scope, _, name = text.partition(".")
    if scope == OF_MONTH and month is not None and name in BOARDS:
        return _of_month(view, asked, of, month, name)
    which = next((one for one in voices.WHICH if one == name), None)
    whose = of if scope == ONE else None
    if which is None or scope not in (ALL, ONE) or (scope == ONE and of is None):
        return None
    row = view.total if whose is None else view.found[whose]
    if not row[voices.figure_of(which)]:
        return None
    owner = t("community.total") if whose is None else called(view, row)
    words = f"{owner}{t('number.then')}{t(f'voices.people_{which}')}"
    return Behind(
        words,
        t(f"voices.means_{_MEANT.get(which, which)}", **_rules()),
        lambda: voices.people_of(asked.filters, view, whose, which),
    )


_MEANT = {
    "drawing": "part_drawn",
    "answering": "part_answers",
    "making": "part_made",
    "suggesting": "part_suggested",
    "adopted": "part_adopted",
}


def _of_month(view: View, asked: Asked, of: str | None, month: date, name: str) -> Behind | None:
    if not guard.may("people.see") or not voices.board(asked.filters, view, of, month).count[name]:
        return None
    owner = t("community.total") if of is None else called(view, view.found[of])
    then = t("number.then")
    words = f"{owner}{then}{i18n.month(month)}{then}{t(f'voices.board_{name}')}"
    meaning = means("score" if name == "score" else f"part_{name}")
    return Behind(words, meaning, lambda: voices.people_of_month(asked.filters, view, of, month, name))


def _contract(view: View, asked: Asked) -> None:
    weights = i18n.listed(f"{title(f'part_{part}')} {WEIGHTS[part]}" for part in PARTS)
    lines = [
        t("community.means_activity"),
        *(f"**{title(f'part_{part}')}**: {means(f'part_{part}')}" for part in PARTS),
        t("voices.means_score_weights", weights=weights),
        *(f"**{title(name)}**: {means(name)}" for name in ("kocs", "koc_share", "absence", "days_rest", "successors")),
        t("voices.rules", **_rules()),
        t("voices.scope"),
    ]
    behind.contract("voices", view, lines, asked.in_words)
