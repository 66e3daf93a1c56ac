"""Live sessions: who watches, follows, looks, buys and comes back."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import content, rows
from dashboard.data.content import AFTER_HOURS, CREDIT_DAYS, RETURN_DAYS, TOTAL, Answer, Lives, Row, Viewed
from dashboard.i18n import t
from dashboard.widgets import behind, heading, measures, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.measures import Listed, Measure
from dashboard.widgets.parts import Asked

OF = "session"
"""Where the address says which session is open."""
WIDTH = 150
WALL = (
    Measure("viewers", "count"),
    Measure("follow_rate", "share", "viewers"),
    Measure("click_rate", "share", "viewers"),
    Measure("live_conversion_rate", "share", "viewers"),
    Measure("return_rate", "share", "returnable"),
    Measure("revenue_minor", "money"),
)
COLUMNS = (
    Measure("viewers", "count"),
    Measure("entries", "count"),
    Measure("followers", "count"),
    Measure("follow_rate", "share", "viewers"),
    Measure("looked", "count"),
    Measure("click_rate", "share", "viewers"),
    Measure("orders", "count"),
    Measure("live_conversion_rate", "share", "viewers"),
    Measure("revenue_minor", "money"),
    Measure("returnable", "count"),
    Measure("return_rate", "share", "returnable"),
)
RESTS = {
    "viewers": ("entries",), "follow_rate": ("followers", "viewers"), "click_rate": ("looked", "viewers"),
    "live_conversion_rate": ("buyers", "viewers"), "return_rate": ("returned", "returnable"), "revenue_minor": ("orders",),
}  # fmt: skip
WAYS: dict[str, tuple[Viewed, ...]] = {
    "viewers": ("viewers",), "follow_rate": ("followers",), "click_rate": ("clickers",), "live_conversion_rate": ("buyers",),
    "return_rate": ("returned", "stayed_away"),
}  # fmt: skip
WHICH = tuple(which for some in WAYS.values() for which in some)


def show(asked: Asked) -> None:
    answer = content.sessions(asked.filters)
    if answer is None or len(answer.found.rows) < 2:
        heading.empty(t("content.no_lives"), t("content.no_lives_lead"))
        return
    every = [_told(row) for row in rows.plain(answer.found.rows)]
    known = {row["key"]: row for row in every}
    of = addresses.opened(OF, [key for key in known if key != TOTAL])
    with st.container(border=True, key="card_lives"):
        _head(answer, known[TOTAL], asked)
        st.html(tiles.wall(_wall("all", known[TOTAL], answer.currency), WIDTH))
    if of is not None:
        with st.container(border=True, key="card_session"):
            _one(known[of], answer)
    with st.container(border=True, key="card_sessions"):
        _every(answer, every[:-1], of)
    behind.open_asked(lambda text: _behind(asked, known, of, text), asked.in_words)


def _told(row: Row) -> Row:
    """With the names that tell figures of sessions from those of pieces, and those who did not come back."""
    found = dict(row)
    for suffix in ("", measures.BEFORE):
        found[f"live_conversion_rate{suffix}"] = row.get(f"conversion_rate{suffix}")
        found[f"looked{suffix}"] = row.get(f"clickers{suffix}")
    return found | {"stayed_away": row["returnable"] - row["returned"]}


def called(row: Row) -> str:
    if row["key"] == TOTAL:
        return t("content.all_lives")
    return row["name"] or row["key"]


def _head(answer: Answer[Lives], total: Row, asked: Asked) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="live_head"):
        lead = measures.days(answer.found.now, answer.found.before, total)
        st.html(f'<h2>{escape(t("content.all_lives"))}</h2><p class="lead">{escape(lead)}</p>')
        rule = t("content.live_rule", hours=AFTER_HOURS, days=CREDIT_DAYS, back=RETURN_DAYS)
        names = list(dict.fromkeys(measure.name for measure in (*WALL, *COLUMNS)))
        behind.contract("live", answer, [rule, *behind.meanings("content", names)], asked.in_words)


def _wall(scope: str, row: Row, currency: str) -> Sequence[tiles.Tile]:
    begins = behind.link()
    found = []
    for measure in WALL:
        if measure.name not in row:
            name, means = (t(f"content.{part}_{measure.name}") for part in ("figure", "means"))
            below = f"<p>{escape(t('content.no_follows'))}</p>"
            found.append(tiles.Tile(f"{scope}-{measure.name}", name, i18n.UNDEFINED, "", means, below))
            continue
        counts = {part: i18n.number(row.get(part)) for part in RESTS[measure.name]}
        ways = [
            html
            for which in WAYS.get(measure.name, ())
            for html in behind.way(begins, f"{scope}.{which}", t(f"content.live_way_{which}", count=i18n.number(_count(row, which))), _count(row, which))
        ]  # fmt: skip
        below = t(f"content.rests_live_{measure.name}", **counts)
        found.append(measures.tile("content", scope, row, measure, currency, below, ways))
    return found


def _count(row: Row, which: str) -> int:
    count: int = row[which]
    return count


def _one(row: Row, answer: Answer[Lives]) -> None:
    told = [row["topic"] or t("overview.not_stated")]
    if row["published_at"] is not None:
        told.append(
            t("content.published", at=i18n.moment(row["published_at"].tz_localize("UTC").to_pydatetime(), answer.zone))
        )
    back = f'<a class="box" id="close-session" href="?{escape(addresses.beside(OF, behind.PARAMETER))}">{escape(t("content.close"))}</a>'
    head = f'<h2 id="session-name">{escape(called(row))}</h2><p class="lead">{escape(t("number.then").join(told))}</p>'
    st.html(f'{head}{tiles.wall(_wall("one", row, answer.currency), WIDTH)}<div class="ways">{back}</div>')


def _every(answer: Answer[Lives], every: Sequence[Row], of: str | None) -> None:
    lead = t("content.lives_lead", days=RETURN_DAYS)
    st.html(f'<h2>{escape(t("content.every_live"))}</h2><p class="lead">{escape(lead)}</p>')
    words: dict[str, list[str | None]] = {
        t("content.session"): [called(row) for row in every],
        t("content.day"): [
            None if row["published_at"] is None else row["published_at"].strftime("%Y-%m-%d") for row in every
        ],
    }
    measures.table(
        Listed(
            "content", "lives", answer.key, every, COLUMNS, words, answer.currency, OF, (behind.PARAMETER,), t("content.every_live")
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
        f"{called(row)}{t('number.then')}{t(f'content.live_{which}')}", t(f"content.live_means_{which}", hours=AFTER_HOURS, days=RETURN_DAYS),
        lambda: content.viewers_of(asked.filters, key, which, figure),
    )  # fmt: skip
