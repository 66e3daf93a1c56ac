"""Channels side by side: all together, each in one row, and the one that is open with its people."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import channels
from dashboard.data.channels import CREDIT_DAYS, TOTAL, Answer, Channels, Which
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.widgets import behind, figures, heading, names, opening
from dashboard.widgets.behind import ALL, ONE, Behind
from dashboard.widgets.figures import Figure, Wall
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked

PLACES = Places("of_channel", behind.PARAMETER)
FIGURES = (
    Figure("active", "count"),
    Figure("retention", "share", "was_active"),
    Figure("sent", "count"),
    Figure("reach_rate", "share", "addressed"),
    Figure("delivery_rate", "share", "sent"),
    Figure("click_rate", "share", "delivered"),
    Figure("conversion_rate", "share", "delivered"),
    Figure("revenue_minor", "money"),
    Figure("cost_minor", "money"),
    Figure("roi", "roi"),
    Figure("acquired", "count"),
    Figure("cac_minor", "money"),
    Figure("roi_acquired", "roi"),
    Figure("nps", "score", "nps_answers"),
    Figure("satisfaction", "mark", "satisfaction_answers"),
)
RESTS = {
    "retention": ("came_back", "was_active"), "sent": ("delivered", "failed"), "reach_rate": ("reached", "addressed"),
    "delivery_rate": ("delivered", "sent"), "click_rate": ("clicked", "delivered"), "conversion_rate": ("converted", "delivered"),
    "revenue_minor": ("orders", "buyers"), "nps": ("nps_answers",), "satisfaction": ("satisfaction_answers",),
}  # fmt: skip
WAYS: dict[str, tuple[Which, ...]] = {
    "active": ("active",), "retention": ("came_back", "gone"), "reach_rate": ("reached",), "click_rate": ("clickers",),
    "revenue_minor": ("buyers",), "acquired": ("acquired",),
}  # fmt: skip
WHICH: tuple[Which, ...] = tuple(which for some in WAYS.values() for which in some)


def _interval(row: Row, figure: Figure) -> str:
    if figure.name != "nps" or row.get("nps") is None or figures.is_small(row, figure):
        return ""
    return t("channels.interval", low=i18n.number(row["nps_low"], 1), high=i18n.number(row["nps_high"], 1))


WALL = Wall("channels", FIGURES, RESTS, WAYS, "channels.rests", "channels.way", 190, _interval)


def show(asked: Asked) -> None:
    answer = channels.side(asked.filters)
    every = [] if answer is None else [_told(row) for row in answer.rows()]
    known = {row["key"]: row for row in every}
    if answer is None or len(every) < 2:
        heading.empty(t("channels.nothing"), t("channels.nothing_lead"))
        return
    of = addresses.opened(PLACES.of, [key for key in known if key != TOTAL])
    with st.container(border=True, key="card_channels"):
        _head(answer, known[TOTAL], asked)
        st.html(WALL.html(ALL, known[TOTAL], answer.currency))
        if "cost_minor" not in known[TOTAL]:
            st.caption(t("channels.no_cost"))
    if of is not None:
        with st.container(border=True, key="card_channel"):
            _one(known[of], answer)
    with st.container(border=True, key="card_side"):
        _every(answer, every, of)
    behind.open_asked(lambda text: _behind(asked, known, of, text), asked.in_words)


def _told(row: Row) -> Row:
    """With those who are gone."""
    return dict(row) | {"gone": row["was_active"] - row["came_back"] if "was_active" in row else None}


def called(key: str) -> str:
    return t("channels.all") if key == TOTAL else names.value("channel", key)


def _head(answer: Answer[Channels], total: Row, asked: Asked) -> None:
    title = heading.section(t("channels.all"), figures.days(answer.found.now, answer.found.before, total))
    lines = [
        t("channels.means_credit", days=CREDIT_DAYS), t("channels.means_all"), *behind.meanings("channels", [one.name for one in FIGURES]),
    ]  # fmt: skip
    behind.head("channels", title, answer, lines, asked.in_words)


def _one(row: Row, answer: Answer[Channels]) -> None:
    head = f'<h2 id="channel-name">{escape(called(row["key"]))}</h2>'
    back = opening.back("channel", PLACES.of, PLACES.people, words="content.close")
    st.html(f"{head}{WALL.html(ONE, row, answer.currency)}{back}")


def _every(answer: Answer[Channels], every: Sequence[Row], of: str | None) -> None:
    st.html(heading.section(t("channels.side"), t("channels.side_lead")))
    own = [row for row in every if row["key"] != TOTAL]
    opening.table(
        "side", answer.key, own, FIGURES, {t("channels.channel"): [called(row["key"]) for row in own]}, places=PLACES, of=of,
        alt=t("channels.side"), texts="channels", currency=answer.currency, width="small",
    )  # fmt: skip


def _behind(asked: Asked, known: dict[str, Row], of: str | None, text: str) -> Behind | None:
    found = behind.pointed(text, WHICH, of)
    if found is None:
        return None
    whose, which = found
    row = known[whose or TOTAL]
    if not row.get(which):
        return None
    key, figure = row["key"], int(row[which])
    return Behind(
        f"{called(key)}{t('number.then')}{t(f'channels.who_{which}')}", t(f"channels.means_{which}"),
        lambda: channels.people_of(asked.filters, key, which, figure),
    )  # fmt: skip
