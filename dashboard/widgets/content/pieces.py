"""Pieces of content, or what they belong to: all together, every one, and the one that is open, each with its people."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.data import content
from dashboard.data.content import BYS, CREDIT_DAYS, TOTAL, Answer, By, Contents, Row, Which
from dashboard.i18n import t
from dashboard.widgets import behind, choice, figures, heading, names, opening
from dashboard.widgets.behind import ALL, ONE, Behind
from dashboard.widgets.content import piece_chart
from dashboard.widgets.figures import Figure, Wall
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked

BY = "content_by"
"""Where the address says what the rows are."""
PLACES = Places("piece", behind.PARAMETER)
FIRST = (
    Figure("reads", "count"),
    Figure("interaction_rate", "share", "readers"),
    Figure("ctr", "share", "delivered"),
    Figure("conversion_rate", "share", "readers"),
    Figure("revenue_minor", "money"),
)
COLUMNS = (
    Figure("reads", "count"),
    Figure("readers", "count"),
    Figure("interaction_rate", "share", "readers"),
    Figure("likes", "count"),
    Figure("comments", "count"),
    Figure("shares", "count"),
    Figure("posts", "count"),
    Figure("delivered", "count"),
    Figure("clicks", "count"),
    Figure("ctr", "share", "delivered"),
    Figure("orders", "count"),
    Figure("conversion_rate", "share", "readers"),
    Figure("revenue_minor", "money"),
)
RESTS = {
    "reads": ("readers",), "interaction_rate": ("interacting", "readers", "likes", "comments", "shares"), "ctr": ("clicks", "delivered"),
    "conversion_rate": ("buyers", "readers"), "revenue_minor": ("orders",),
}  # fmt: skip
WAYS: dict[str, tuple[Which, ...]] = {
    "reads": ("readers",), "interaction_rate": ("interacting",), "ctr": ("clickers",), "conversion_rate": ("buyers",),
}  # fmt: skip
WHICH = tuple(which for some in WAYS.values() for which in some)
WALL = Wall("content", FIRST, RESTS, WAYS, "content.rests", "content.way", 190)


def show(asked: Asked) -> None:
    by = choice.read(BY, BYS)
    answer = content.pieces(asked.filters, by)
    if answer is None or answer.found.rows.empty:
        heading.empty(t("content.nothing"), t("content.nothing_lead"))
        return
    total = answer.rows("total")[0]
    every = sorted(
        answer.rows(),
        key=lambda row: (-(row.get("reads") or 0), -(row.get("delivered") or 0), row["key"]),
    )
    if by == "hour":
        every.sort(key=lambda row: row["key"])
    known = {row["key"]: row for row in every}
    of = addresses.opened(PLACES.of, list(known))
    with st.container(border=True, key="card_content"):
        _head(answer, total, asked)
        st.html(WALL.html(ALL, total, answer.currency) + behind.forbidden(behind.link()))
    if of is not None:
        with st.container(border=True, key="card_piece"):
            _one(known[of], by, answer)
    with st.container(border=True, key="card_pieces"):
        _every(answer, every, by, of)
    behind.open_asked(lambda text: _behind(asked, by, total, known, of, text), asked.in_words)


def _head(answer: Answer[Contents], total: Row, asked: Asked) -> None:
    title = heading.section(t("content.total"), figures.days(answer.found.now, answer.found.before, total))
    names_ = list(dict.fromkeys(figure.name for figure in (*FIRST, *COLUMNS)))
    lines = [
        t("content.means_credit", days=CREDIT_DAYS),
        *behind.meanings("content", names_),
        t("content.means_channel"),
    ]
    behind.head("content", title, answer, lines, asked.in_words)


def called(row: Row, by: By) -> str:
    """What a row is called; what names nothing is "not stated"."""
    key: str = row["key"]
    if not key:
        return t("overview.not_stated")
    if by == "piece":
        return row["name"] or key
    if by == "hour":
        return t("content.hour", hour=key)
    if by == "channel":
        return names.value("channel", key)
    return t(f"format.{key}") if by == "format" and i18n.has(f"format.{key}") else key


def _one(row: Row, by: By, answer: Answer[Contents]) -> None:
    told = (
        [called({"key": row.get("topic") or ""}, "topic"), called({"key": row.get("format") or ""}, "format")]
        if by == "piece"
        else []
    )
    if by == "piece" and row.get("published_at") is not None:
        told.append(t("content.published", at=names.moment(row["published_at"], answer.zone)))
    head = heading.section(called(row, by), t("number.then").join(told), "piece-name")
    back = opening.back("piece", PLACES.of, PLACES.people, words="content.close")
    st.html(f"{head}{WALL.html(ONE, row, answer.currency)}{back}")


def _every(answer: Answer[Contents], every: Sequence[Row], by: By, of: str | None) -> None:
    row = choice.row(choice.among(BY, "content.by", BYS, by), addresses.beside(BY, PLACES.of, PLACES.people))
    st.html(f"<h2>{escape(t('content.every'))}</h2>{row}{heading.line(t(f'content.lead_{by}'))}")
    if by != "piece":
        told = [(called(one, by), one) for one in every]
        charts.show("contents", f"{answer.key}|{by}", lambda: piece_chart.rates(told), alt=t(f"content.by_{by}"))
    words: dict[str, list[str | None]] = {t(f"content.column_{by}"): [called(one, by) for one in every]}
    if by == "piece":
        words[t("content.topic")] = [one.get("topic") for one in every]
        words[t("content.format")] = [called({"key": one.get("format") or ""}, "format") for one in every]
    opening.table(
        f"pieces_{by}", answer.key, every, COLUMNS, words, places=PLACES, of=of, alt=t(f"content.by_{by}"), texts="content",
        currency=answer.currency, width="small",
    )  # fmt: skip


def _behind(asked: Asked, by: By, total: Row, known: dict[str, Row], of: str | None, text: str) -> Behind | None:
    found = behind.pointed(text, WHICH, of)
    if found is None:
        return None
    whose, which = found
    row = total if whose is None else known[whose]
    if not row.get(which):
        return None
    one_by: By = "total" if whose is None else by
    key = TOTAL if whose is None else row["key"]
    title = t("content.total") if whose is None else called(row, by)
    figure = int(row[which])
    return Behind(
        f"{title}{t('number.then')}{t(f'content.figure_{which}')}", t(f"content.means_{which}"),
        lambda: content.people_of(asked.filters, one_by, key, which, figure),
    )  # fmt: skip
