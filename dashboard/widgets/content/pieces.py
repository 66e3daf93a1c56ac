"""Pieces of content, or what they belong to: all together, every one, and the one that is open, each with its people."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.data import content, rows
from dashboard.data.content import BYS, CREDIT_DAYS, TOTAL, Answer, By, Contents, Row, Which
from dashboard.i18n import t
from dashboard.widgets import behind, choice, heading, measures, names, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.content import piece_chart
from dashboard.widgets.measures import Listed, Measure
from dashboard.widgets.parts import Asked

BY, OF = "content_by", "piece"
"""Where the address says what the rows are, and which one is open."""
WIDTH = 190
WALL = (
    Measure("reads", "count"),
    Measure("interaction_rate", "share", "readers"),
    Measure("ctr", "share", "delivered"),
    Measure("conversion_rate", "share", "readers"),
    Measure("revenue_minor", "money"),
)
COLUMNS = (
    Measure("reads", "count"),
    Measure("readers", "count"),
    Measure("interaction_rate", "share", "readers"),
    Measure("likes", "count"),
    Measure("comments", "count"),
    Measure("shares", "count"),
    Measure("posts", "count"),
    Measure("delivered", "count"),
    Measure("clicks", "count"),
    Measure("ctr", "share", "delivered"),
    Measure("orders", "count"),
    Measure("conversion_rate", "share", "readers"),
    Measure("revenue_minor", "money"),
)
RESTS = {
    "reads": ("readers",), "interaction_rate": ("interacting", "readers", "likes", "comments", "shares"), "ctr": ("clicks", "delivered"),
    "conversion_rate": ("buyers", "readers"), "revenue_minor": ("orders",),
}  # fmt: skip
WAYS: dict[str, Which] = {
    "reads": "readers", "interaction_rate": "interacting", "ctr": "clickers", "conversion_rate": "buyers",
}  # fmt: skip
WHICH = tuple(WAYS.values())


def show(asked: Asked) -> None:
    by = next(one for one in BYS if one == choice.read(BY, BYS))
    answer = content.pieces(asked.filters, by)
    if answer is None or answer.found.rows.empty:
        heading.empty(t("content.nothing"), t("content.nothing_lead"))
        return
    total = rows.plain(answer.found.total)[0]
    every = sorted(
        rows.plain(answer.found.rows),
        key=lambda row: (-(row.get("reads") or 0), -(row.get("delivered") or 0), row["key"]),
    )
    if by == "hour":
        every.sort(key=lambda row: row["key"])
    known = {row["key"]: row for row in every}
    of = addresses.opened(OF, list(known))
    with st.container(border=True, key="card_content"):
        _head(answer, total, asked)
        st.html(tiles.wall(_wall("all", total, answer.currency), WIDTH))
        if behind.link() is None:
            st.html(f'<p class="lead">{escape(t("funnel.people_forbidden"))}</p>')
    if of is not None:
        with st.container(border=True, key="card_piece"):
            _one(known[of], by, answer)
    with st.container(border=True, key="card_pieces"):
        _every(answer, every, by, of)
    behind.open_asked(lambda text: _behind(asked, by, total, known, of, text), asked.in_words)


def _head(answer: Answer[Contents], total: Row, asked: Asked) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="content_head"):
        lead = measures.days(answer.found.now, answer.found.before, total)
        st.html(f'<h2>{escape(t("content.total"))}</h2><p class="lead">{escape(lead)}</p>')
        names_ = [measure.name for measure in (*WALL, *COLUMNS)]
        lines = [t("content.means_credit", days=CREDIT_DAYS), *behind.meanings("content", list(dict.fromkeys(names_)))]
        behind.contract("content", answer, [*lines, t("content.means_channel")], asked.in_words)


def _wall(scope: str, row: Row, currency: str) -> Sequence[tiles.Tile]:
    begins = behind.link()
    return [
        measures.tile(
            "content", scope, row, measure, currency, _rests(row, measure.name), _ways(begins, scope, row, measure.name)
        )
        for measure in WALL
        if measure.name in row
    ]  # fmt: skip


def _ways(begins: str | None, scope: str, row: Row, name: str) -> Sequence[str]:
    which = WAYS.get(name)
    if which is None or which not in row:
        return ()
    return behind.way(begins, f"{scope}.{which}", t(f"content.way_{which}", count=i18n.number(row[which])), row[which])


def _rests(row: Row, name: str) -> str:
    counts = {part: i18n.number(row.get(part)) for part in RESTS.get(name, ())}
    return t(f"content.rests_{name}", **counts) if counts else ""


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
        told.append(
            t("content.published", at=i18n.moment(row["published_at"].tz_localize("UTC").to_pydatetime(), answer.zone))
        )
    back = f'<a class="box" id="close-piece" href="?{escape(addresses.beside(OF, behind.PARAMETER))}">{escape(t("content.close"))}</a>'
    head = (
        f'<h2 id="piece-name">{escape(called(row, by))}</h2><p class="lead">{escape(t("number.then").join(told))}</p>'
    )
    st.html(f'{head}{tiles.wall(_wall("one", row, answer.currency), WIDTH)}<div class="ways">{back}</div>')


def _every(answer: Answer[Contents], every: Sequence[Row], by: By, of: str | None) -> None:
    labels = {one: t(f"content.by_{one}") for one in BYS}
    row = choice.row(Choice(BY, t("content.by"), labels, by), addresses.beside(BY, OF, behind.PARAMETER))
    st.html(f'<h2>{escape(t("content.every"))}</h2>{row}<p class="lead">{escape(t(f"content.lead_{by}"))}</p>')
    if by != "piece":
        told = [(called(one, by), one) for one in every]
        charts.show("contents", f"{answer.key}|{by}", lambda: piece_chart.rates(told), alt=t(f"content.by_{by}"))
    words: dict[str, list[str | None]] = {t(f"content.column_{by}"): [called(one, by) for one in every]}
    if by == "piece":
        words[t("content.topic")] = [one.get("topic") for one in every]
        words[t("content.format")] = [called({"key": one.get("format") or ""}, "format") for one in every]
    measures.table(
        Listed(
            "content", f"pieces_{by}", answer.key, every, COLUMNS, words, answer.currency, OF, (behind.PARAMETER,), t(f"content.by_{by}")
        ),
        of,
    )  # fmt: skip


def _behind(asked: Asked, by: By, total: Row, known: dict[str, Row], of: str | None, text: str) -> Behind | None:
    scope, _, name = text.partition(".")
    which = next((one for one in WHICH if one == name), None)
    row = total if scope == "all" else known.get(of or "") if scope == "one" and of is not None else None
    if which is None or row is None or not row.get(which):
        return None
    one_by: By = "total" if scope == "all" else by
    key = TOTAL if scope == "all" else row["key"]
    title = t("content.total") if scope == "all" else called(row, by)
    figure = int(row[which])
    return Behind(
        f"{title}{t('number.then')}{t(f'content.figure_{which}')}", t(f"content.means_{which}"),
        lambda: content.people_of(asked.filters, one_by, key, which, figure),
    )  # fmt: skip
