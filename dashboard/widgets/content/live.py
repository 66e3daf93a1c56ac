"""Live sessions: who watches, follows, looks, buys and comes back."""

from collections.abc import Sequence

import streamlit as st

from dashboard import addresses
from dashboard.data import content
from dashboard.data.content import AFTER_HOURS, CREDIT_DAYS, RETURN_DAYS, TOTAL, Answer, Lives, Row, Viewed
from dashboard.i18n import t
from dashboard.widgets import behind, figures, heading, names, opening
from dashboard.widgets.behind import ALL, ONE, Behind
from dashboard.widgets.figures import Figure, Wall
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked

PLACES = Places("session", behind.PARAMETER)
FIRST = (
    Figure("viewers", "count"),
    Figure("follow_rate", "share", "viewers"),
    Figure("click_rate", "share", "viewers"),
    Figure("live_conversion_rate", "share", "viewers"),
    Figure("return_rate", "share", "returnable"),
    Figure("revenue_minor", "money"),
)
COLUMNS = (
    Figure("viewers", "count"),
    Figure("entries", "count"),
    Figure("followers", "count"),
    Figure("follow_rate", "share", "viewers"),
    Figure("looked", "count"),
    Figure("click_rate", "share", "viewers"),
    Figure("orders", "count"),
    Figure("live_conversion_rate", "share", "viewers"),
    Figure("revenue_minor", "money"),
    Figure("returnable", "count"),
    Figure("return_rate", "share", "returnable"),
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
WALL = Wall("content", FIRST, RESTS, WAYS, "content.rests_live", "content.live_way", 150, lacking="content.no_follows")


def show(asked: Asked) -> None:
    answer = content.sessions(asked.filters)
    if answer is None or len(answer.found.rows) < 2:
        heading.empty(t("content.no_lives"), t("content.no_lives_lead"))
        return
    every = [_told(row) for row in answer.rows()]
    known = {row["key"]: row for row in every}
    of = addresses.opened(PLACES.of, [key for key in known if key != TOTAL])
    with st.container(border=True, key="card_lives"):
        _head(answer, known[TOTAL], asked)
        st.html(WALL.html(ALL, known[TOTAL], answer.currency))
    if of is not None:
        with st.container(border=True, key="card_session"):
            _one(known[of], answer)
    with st.container(border=True, key="card_sessions"):
        _every(answer, every[:-1], of)
    behind.open_asked(lambda text: _behind(asked, known, of, text), asked.in_words)


def _told(row: Row) -> Row:
    """With the names that tell figures of sessions from those of pieces, and those who did not come back."""
    found = dict(row)
    for suffix in ("", figures.BEFORE):
        found[f"live_conversion_rate{suffix}"] = row.get(f"conversion_rate{suffix}")
        found[f"looked{suffix}"] = row.get(f"clickers{suffix}")
    return found | {"stayed_away": row["returnable"] - row["returned"]}


def called(row: Row) -> str:
    if row["key"] == TOTAL:
        return t("content.all_lives")
    return row["name"] or row["key"]


def _head(answer: Answer[Lives], total: Row, asked: Asked) -> None:
    title = heading.section(t("content.all_lives"), figures.days(answer.found.now, answer.found.before, total))
    rule = t("content.live_rule", hours=AFTER_HOURS, days=CREDIT_DAYS, back=RETURN_DAYS)
    names = list(dict.fromkeys(figure.name for figure in (*FIRST, *COLUMNS)))
    behind.head("live", title, answer, [rule, *behind.meanings("content", names)], asked.in_words)


def _one(row: Row, answer: Answer[Lives]) -> None:
    told = [row["topic"] or t("overview.not_stated")]
    if row["published_at"] is not None:
        told.append(t("content.published", at=names.moment(row["published_at"], answer.zone)))
    head = heading.section(called(row), t("number.then").join(told), "session-name")
    back = opening.back("session", PLACES.of, PLACES.people, words="content.close")
    st.html(f"{head}{WALL.html(ONE, row, answer.currency)}{back}")


def _every(answer: Answer[Lives], every: Sequence[Row], of: str | None) -> None:
    lead = t("content.lives_lead", days=RETURN_DAYS)
    st.html(heading.section(t("content.every_live"), lead))
    words: dict[str, list[str | None]] = {
        t("content.session"): [called(row) for row in every],
        t("content.day"): [
            None if row["published_at"] is None else row["published_at"].strftime("%Y-%m-%d") for row in every
        ],
    }
    opening.table(
        "lives", answer.key, every, COLUMNS, words, places=PLACES, of=of, alt=t("content.every_live"), texts="content",
        currency=answer.currency, width="small",
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
        f"{called(row)}{t('number.then')}{t(f'content.live_{which}')}", t(f"content.live_means_{which}", hours=AFTER_HOURS, days=RETURN_DAYS),
        lambda: content.viewers_of(asked.filters, key, which, figure),
    )  # fmt: skip
