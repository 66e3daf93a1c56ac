"""Channels side by side: all together, each in one row, and the one that is open with its people."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import channels, rows
from dashboard.data.channels import CREDIT_DAYS, TOTAL, Answer, Channels, Which
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.widgets import behind, heading, measures, names, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.measures import Listed, Measure
from dashboard.widgets.parts import Asked

OF = "of_channel"
"""Where the address says which channel is open."""
WIDTH = 190
FIGURES = (
    Measure("active", "count"),
    Measure("retention", "share", "was_active"),
    Measure("sent", "count"),
    Measure("reach_rate", "share", "addressed"),
    Measure("delivery_rate", "share", "sent"),
    Measure("click_rate", "share", "delivered"),
    Measure("conversion_rate", "share", "delivered"),
    Measure("revenue_minor", "money"),
    Measure("cost_minor", "money"),
    Measure("roi", "roi"),
    Measure("acquired", "count"),
    Measure("cac_minor", "money"),
    Measure("roi_acquired", "roi"),
    Measure("nps", "score", "nps_answers"),
    Measure("satisfaction", "mark", "satisfaction_answers"),
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


def show(asked: Asked) -> None:
    answer = channels.side(asked.filters)
    every = [] if answer is None else [_told(row) for row in rows.plain(answer.found.rows)]
    known = {row["key"]: row for row in every}
    if answer is None or len(every) < 2:
        heading.empty(t("channels.nothing"), t("channels.nothing_lead"))
        return
    of = addresses.opened(OF, [key for key in known if key != TOTAL])
    with st.container(border=True, key="card_channels"):
        _head(answer, known[TOTAL], asked)
        st.html(tiles.wall(_wall("all", known[TOTAL], answer.currency), WIDTH))
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
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="channels_head"):
        lead = measures.days(answer.found.now, answer.found.before, total)
        st.html(f'<h2>{escape(t("channels.all"))}</h2><p class="lead">{escape(lead)}</p>')
        lines = [
            t("channels.means_credit", days=CREDIT_DAYS),
            t("channels.means_all"),
            *behind.meanings("channels", [one.name for one in FIGURES]),
        ]
        behind.contract("channels", answer, lines, asked.in_words)


def _wall(scope: str, row: Row, currency: str) -> Sequence[tiles.Tile]:
    begins = behind.link()
    found = []
    for measure in FIGURES:
        if measure.name not in row:
            continue
        ways = [
            html
            for which in WAYS.get(measure.name, ())
            for html in behind.way(begins, f"{scope}.{which}", t(f"channels.way_{which}", count=i18n.number(row.get(which))), row.get(which))
        ]  # fmt: skip
        found.append(measures.tile("channels", scope, row, measure, currency, _rests(row, measure), ways))
    return found


def _rests(row: Row, measure: Measure) -> str:
    name = measure.name
    if name not in RESTS:
        return ""
    told = t(f"channels.rests_{name}", **{part: i18n.number(row.get(part)) for part in RESTS[name]})
    if name == "nps" and row.get("nps") is not None and not measures.is_small(row, measure):
        interval = t("channels.interval", low=i18n.number(row["nps_low"], 1), high=i18n.number(row["nps_high"], 1))
        return f"{interval}\n{told}"
    return told


def _one(row: Row, answer: Answer[Channels]) -> None:
    back = f'<a class="box" id="close-channel" href="?{escape(addresses.beside(OF, behind.PARAMETER))}">{escape(t("content.close"))}</a>'
    head = f'<h2 id="channel-name">{escape(called(row["key"]))}</h2>'
    st.html(f'{head}{tiles.wall(_wall("one", row, answer.currency), WIDTH)}<div class="ways">{back}</div>')


def _every(answer: Answer[Channels], every: Sequence[Row], of: str | None) -> None:
    st.html(f'<h2>{escape(t("channels.side"))}</h2><p class="lead">{escape(t("channels.side_lead"))}</p>')
    own = [row for row in every if row["key"] != TOTAL]
    words: dict[str, list[str | None]] = {t("channels.channel"): [called(row["key"]) for row in own]}
    measures.table(
        Listed(
            "channels", "side", answer.key, own, FIGURES, words, answer.currency, OF, (behind.PARAMETER,), t("channels.side")
        ),
        of,
    )  # fmt: skip


def _behind(asked: Asked, known: dict[str, Row], of: str | None, text: str) -> Behind | None:
    scope, _, name = text.partition(".")
    which = next((one for one in WHICH if one == name), None)
    row = known[TOTAL] if scope == "all" else known.get(of or "") if scope == "one" and of is not None else None
    if which is None or row is None or not row.get(which):
        return None
    key, figure = row["key"], int(row[which])
    return Behind(
        f"{called(key)}{t('number.then')}{t(f'channels.who_{which}')}", t(f"channels.means_{which}"),
        lambda: channels.people_of(asked.filters, key, which, figure),
    )  # fmt: skip
