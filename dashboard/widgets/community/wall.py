"""Figures of all groups, or of one against all, as tiles: in all, who spoke, and the ladder up to it."""

from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.data import community
from dashboard.data.community import SMALL, Row, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, heading, opening, tiles
from dashboard.widgets.behind import ALL, ONE
from dashboard.widgets.community import health, words
from dashboard.widgets.opening import Places
from dashboard.widgets.tiles import Tile

PLACES = Places("of", "people")
"""Where the address says whose people are open (``all.members``, ``one.new_speakers``), and which group is."""
WIDTH = 150
"""Pixels that a tile takes at least."""
FIRST = 6
"""Figures of the first wall: health, members and talk; the others tell on whom it hangs and who answers."""
WAYS: dict[str, tuple[str, ...]] = {
    "members": ("members", "joined", "left"), "speaking_rate": ("speaking",), "said": ("speakers",),
}  # fmt: skip


def total(view: View) -> None:
    lead = t("community.total_lead", days=i18n.days(view.spans.now))
    _show(view, ALL, heading.section(t("community.total"), lead))


def one(view: View, of: str) -> None:
    """What is open, against all together."""
    row = view.row(of)
    hints = words.hints(view)[view.place[of]]
    told = f"{t('community.detail_lead')}{t('number.then')}{hints}" if hints else t("community.detail_lead")
    why = f'<p id="group-health" class="lead">{escape(health.sentence(row))}</p>'
    head = f'<h2 id="group-name">{escape(words.called(row, view.by))}</h2>{why}<p class="lead">{escape(told)}</p>'
    _show(view, of, head, opening.back("group", PLACES.of, PLACES.people))


def _show(view: View, of: str, head: str, foot: str = "") -> None:
    is_one = foot != ""
    link = behind.link(PLACES.people)
    row = view.row(of) if is_one else view.total
    key = f"{view.key}|{is_one}|{of}|{i18n.language()}|{link}"
    st.html(
        f"{head}{_walls(key=key, _row=row, _all=view.total if is_one else None, _link=link, _has_before=view.has_before)}{foot}"
    )


@kept.by_key(64)
def _walls(key: str, _row: Row, _all: Row | None, _link: str | None, _has_before: bool) -> str:  # noqa: ARG001 - what it is kept by
    """Made once per answer, language and address, which ``key`` names."""
    scope = ALL if _all is None else ONE
    figures = [
        _figure(scope, _row, _all, figure, _link, _has_before) for figure in words.FIGURES if figure.name in _row
    ]
    parts = [tiles.wall(some, WIDTH) for some in (figures[:FIRST], figures[FIRST:]) if some]
    parts.append(f'<details class="parts"><summary>{escape(t("health.parts"))}</summary>{health.parts(_row)}</details>')
    if "speakers" in _row:
        count = {name: i18n.number(_row[name]) for name in words.TURNOVER}
        is_known = _row["new_speakers"] is not None
        lead = t("community.turnover_sum" if is_known else "community.turnover_unknown", **count)
        parts.append(heading.section(t("community.turnover"), lead))
        parts.append(tiles.wall([_count(scope, _row, _all, name, _link, "speakers") for name in words.TURNOVER], WIDTH))
    if "ever_spoke" in _row:
        parts.append(
            heading.section(t("community.ladder"), t("community.ladder_lead", count=i18n.number(_row["members"])))
        )
        rungs = [_count(scope, _row, _all, name, _link, "members") for name in words.LADDER if name in _row]
        if "buying" in _row:
            bases = zip(words.BUYING, ("speaking", "lurkers"), strict=True)
            rungs += [_count(scope, _row, _all, name, _link, base) for name, base in bases]
        parts.append(tiles.wall(rungs, WIDTH))
    return "".join(parts) + behind.forbidden(_link)


def _figure(scope: str, row: Row, whole: Row | None, figure: words.Figure, link: str | None, has_before: bool) -> Tile:
    beside = "" if whole is None else t("community.against", value=words.value(whole, figure))
    is_known = has_before or figure.name != "said"
    rests = words.rests_on(row, figure.name) if is_known else t("community.said_before_unknown", value=i18n.UNDEFINED)
    rests = health.change(row) if figure.name == "health" else rests
    ways = [html for which in WAYS.get(figure.name, ()) if which in row for html in _way(scope, row, which, link)]
    return Tile(
        f"{scope}-{figure.name}", words.title(figure.name), words.value(row, figure), beside, words.means(figure.name),
        tiles.lines(rests), tuple(ways),
    )  # fmt: skip


def _count(scope: str, row: Row, whole: Row | None, name: str, link: str | None, of: str) -> Tile:
    """A number of people with its share of ``of``, that of all together beside it."""
    found = community.number(row, name)
    if found is None:
        why = t("community.told_apart_unknown") if name in words.TURNOVER else ""
        return Tile(f"{scope}-{name}", words.title(name), i18n.UNDEFINED, "", words.means(name), tiles.lines(why))
    below = "" if name in (of, "lost_speakers") else _share(row, name, of)
    if below:
        against = "" if whole is None else t("community.against", value=_share(whole, name, of))
        below = tiles.lines(t("number.then").join(filter(None, (below, against))))
    return Tile(
        f"{scope}-{name}", words.title(name), i18n.number(found), "", words.means(name), below,
        _way(scope, row, name, link),
    )  # fmt: skip


def _share(row: Row, name: str, of: str) -> str:
    """Of fewer than 30 there is none."""
    found, base = community.number(row, name), row.get(of) or 0
    return i18n.UNDEFINED if found is None or base < SMALL else i18n.share(found / base)


def _way(scope: str, row: Row, which: str, link: str | None) -> tuple[str, ...]:
    count = community.number(row, which)
    return behind.way(link, f"{scope}.{which}", t(f"community.way_{which}", count=i18n.number(count)), int(count or 0))
