"""KOC 与声音: who carries the conversation, who could take over, what hangs on them, and the board of each month."""

from collections.abc import Callable
from datetime import date
from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.data import voices
from dashboard.data.rows import Row
from dashboard.data.voices import BOARDS, BYS, CONTACTS, HANGING, PARTS, SMALL, WEIGHTS, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, figures, heading, opening, tables, tiles
from dashboard.widgets import people as panel
from dashboard.widgets.behind import ALL, ONE, Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.community import words
from dashboard.widgets.figures import Figure
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

BY, MONTH = "vo_per", "vo_month"
"""Where the address says what the rows of the table are, and which month's board is shown."""
PLACES = Places("vo_of", "vo_people")
KEYS = (BY, MONTH, PLACES.of)
"""Parameters of the address that a saved view keeps."""
OF_MONTH = "month"
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
    by = choice.read(BY, BYS)
    view = voices.read(asked.filters, by)
    if view is None or not view.rows:
        heading.empty(t("voices.none"), t("voices.none_lead") if view is None else t("community.no_groups_here"))
        return
    of = addresses.opened(PLACES.of, view.found)
    with st.container(border=True, key="card_voices"):
        by_row = choice.row(choice.among(BY, "community.by", BYS, by), PLACES.beside())
        behind.head("voices", by_row, view, _contract(), asked.in_words)
        lead = t("community.total_lead", days=i18n.days(view.now))
        _wall(view, None, heading.section(t("community.total"), lead))
    if of is not None:
        with st.container(border=True, key="card_voices_one"):
            _wall(
                view,
                of,
                heading.section(words.called(view.found[of], view.by), t("community.detail_lead"), "voices-name"),
            )
            st.html(opening.back("voices", PLACES.of, PLACES.people))
    with st.container(border=True, key="card_voices_members"):
        _members(view, asked, of)
    with st.container(border=True, key="card_voices_month"):
        month = _board(view, asked, of)
    with st.container(border=True, key="card_voices_rows"):
        _table(view, of)
    behind.open_asked(lambda text: _whose(view, asked, of, month, text), asked.in_words, PLACES.people)


# -- figures -----------------------------------------------------------------------------------------------------------


def _wall(view: View, of: str | None, head: str) -> None:
    address = behind.link(PLACES.people)
    key = f"{view.key}|{of}|{i18n.language()}|{address}"
    st.html(head + _tiles(key=key, _view=view, _of=of, _address=address))


@kept.by_key(64)
def _tiles(key: str, _view: View, _of: str | None, _address: str | None) -> str:  # noqa: ARG001 - what it is kept by
    scope, row = (ALL, _view.total) if _of is None else (ONE, _view.found[_of])
    found = [_tile(scope, row, None if _of is None else _view.total, figure, _address) for figure in FIGURES]
    words = hints(row)
    told_hints = heading.line(words) if words else ""
    return tiles.wall(found, WIDTH) + told_hints + behind.forbidden(_address)


def _tile(scope: str, row: Row, whole: Row | None, figure: Figure, address: str | None) -> Tile:
    parts = {name: i18n.number(row[name]) for name in RESTS[figure.name]}
    beside = "" if whole is None else t("community.against", value=figures.value(whole, figure))
    is_unknown = row[figure.name] is None and figure.name == "successors"
    below = t("voices.no_moves") if is_unknown else t(f"voices.rests_{figure.name}", **parts)
    which = WAYS[figure.name]
    count = row[voices.figure_of(which)]
    ways = behind.way(address, f"{scope}.{which}", t(f"voices.way_{which}", count=i18n.number(count)), count or 0)
    return figures.tile("voices", f"voices-{scope}", row, figure, beside=beside, below=[below], ways=ways, **_rules())


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
    whose = t("community.total") if of is None else words.called(row, view.by)
    for which, count in (("kocs", row["kocs"]), ("successors", row["successors"])):
        st.html(heading.section(t(f"voices.{which}_of", name=whose), t(f"voices.{which}_lead", **_rules())))
        if not guard.may("people.see"):
            st.html(heading.line(t("funnel.people_forbidden")))
        elif not count:
            st.html(heading.line(t("voices.no_moves" if count is None else f"voices.no_{which}")))
        else:
            listed = voices.members(asked.filters, view, of, which)
            reason = _strong if which == "kocs" else _rising
            key = f"{view.key}|{of}|{which}"
            written = tables.written(f"voices_{which}", key, _columns_of(listed, reason))
            with tables.of_people(f"voices_{which}"):
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
            t("people.member"): list(listed.links),
            t("voices.score"): [round(row["score"], 1) for row in rows],
        }
        found |= {title(f"part_{part}"): [row[part] for row in rows] for part in PARTS}
        return found | {t("voices.why"): [reason(row) for row in rows]}

    return columns


def _widths() -> dict[str, object]:
    score = st.column_config.ProgressColumn(format="%.1f", min_value=0, max_value=100, help=means("score"))
    config: dict[str, object] = {
        **panel.column(is_pinned=True), t("voices.score"): score,
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
    whose = t("community.total") if of is None else words.called(view.found[of], view.by)
    st.html(heading.section(t("voices.board_of", name=whose), t("voices.board_lead")))
    labels = {text: i18n.month(on) for text, on in known.items()}
    st.html(choice.row(Choice(MONTH, t("voices.month"), labels, chosen), addresses.beside(PLACES.people)))
    if not guard.may("people.see"):
        st.html(heading.line(t("funnel.people_forbidden")))
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
    with tables.of_people(f"voices_board_{name}"):
        st.dataframe(
            table, hide_index=True, key=f"voices_board_{name}", alt=t(f"voices.board_{name}"),
            column_config=panel.column(),
        )  # fmt: skip
    words = t("voices.board_all", count=i18n.number(count))
    st.html("".join(behind.way(behind.link(PLACES.people), f"{OF_MONTH}.{name}", words, count)))


# -- rows and people ---------------------------------------------------------------------------------------------------


def _table(view: View, of: str | None) -> None:
    others = PLACES.beside()
    st.html(_head(key=f"{view.key}|{of}|{others}|{i18n.language()}", _view=view, _of=of, _others=others))
    first = {
        t(f"community.{view.by}"): [words.called(row, view.by) for row in view.rows],
        t("community.hints"): [hints(row) or None for row in view.rows],
    }
    opening.table(
        "voices", view.key, view.rows, COLUMNS, first, places=PLACES, of=of, alt=t(f"community.all_{view.by}")
    )


@kept.by_key(64)
def _head(key: str, _view: View, _of: str | None, _others: str) -> str:  # noqa: ARG001 - what it is kept by
    first = [
        (row["key"], words.called(row, _view.by), i18n.share(row["koc_share"])) for row in _view.rows[:WORST] if row["said"] >= SMALL
    ]  # fmt: skip
    pills = opening.pills(t("voices.urgent"), first, PLACES, _of, _others)
    return heading.section(t(f"community.all_{_view.by}"), t("voices.order", **_rules())) + pills


def _whose(view: View, asked: Asked, of: str | None, month: date | None, text: str) -> Behind | None:
    scope, _, name = text.partition(".")
    if scope == OF_MONTH and month is not None and name in BOARDS:
        return _of_month(view, asked, of, month, name)
    found = behind.pointed(text, voices.WHICH, of)
    if found is None:
        return None
    whose, which = found
    row = view.total if whose is None else view.found[whose]
    if not row[voices.figure_of(which)]:
        return None
    owner = t("community.total") if whose is None else words.called(row, view.by)
    told = f"{owner}{t('number.then')}{t(f'voices.people_{which}')}"
    return Behind(
        told,
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
    owner = t("community.total") if of is None else words.called(view.found[of], view.by)
    then = t("number.then")
    told = f"{owner}{then}{i18n.month(month)}{then}{t(f'voices.board_{name}')}"
    meaning = means("score" if name == "score" else f"part_{name}")
    return Behind(told, meaning, lambda: voices.people_of_month(asked.filters, view, of, month, name))


def _contract() -> list[str]:
    weights = i18n.listed(f"{title(f'part_{part}')} {WEIGHTS[part]}" for part in PARTS)
    return [
        t("community.means_activity"),
        *(i18n.explained(f"**{title(f'part_{part}')}**", means(f"part_{part}")) for part in PARTS),
        t("voices.means_score_weights", weights=weights),
        *(
            i18n.explained(f"**{title(name)}**", means(name))
            for name in ("kocs", "koc_share", "absence", "days_rest", "successors")
        ),
        t("voices.rules", **_rules()),
        t("voices.scope"),
    ]
