"""The same topic again: how the answer falls from the first message to the fourth and later ones, and who got so many."""

from collections.abc import Sequence
from html import escape

import pandas as pd
import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.data import content
from dashboard.data.content import ANSWER_DAYS, TOTAL, WINDOWS, Answer, Exposed, Fatigue, Row
from dashboard.data.rows import SMALL
from dashboard.i18n import t
from dashboard.widgets import behind, choice, columns, heading, opening, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.content import fatigue_chart
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

WINDOW = "again"
"""Where the address says within how many days the same topic counts as again."""
PLACES = Places("topic", behind.PARAMETER)
EXPOSED: tuple[Exposed, ...] = ("first", "second", "third", "fourth")
LAST: Exposed = "fourth"
TIRED: Exposed = "unanswered"
WIDTH = 200


def show(asked: Asked) -> None:
    options = tuple(str(days) for days in WINDOWS)
    days = int(choice.read(WINDOW, options))
    answer = content.fatigue(asked.filters, days)
    if answer is None or not sum(answer.found.rows[f"sent_{n}"].iloc[0] for n in range(1, 5)):
        heading.empty(t("content.nothing_sent"), t("content.nothing_sent_lead", days=ANSWER_DAYS))
        return
    every = answer.rows()
    known = {row["key"]: row for row in every}
    topic = addresses.opened(PLACES.of, [key for key in known if key != TOTAL])
    row = known[topic or TOTAL]
    with st.container(border=True, key="card_fatigue"):
        _head(answer, asked, topic)
        labels = {str(one): t("number.days", count=one) for one in sorted(WINDOWS)}
        st.html(
            choice.fields(
                [Choice(WINDOW, t("content.again"), labels, str(days))], addresses.beside(WINDOW, behind.PARAMETER)
            )
        )
        st.html(f'<p id="fatigue-verdict">{escape(verdict(row))}</p>')
        charts.show("fatigue", f"{answer.key}|{topic}", lambda: fatigue_chart.falling(row), alt=t("content.falling"))
        st.html(tiles.wall(_tiles(row), WIDTH))
        if answer.found.still_open:
            st.caption(t("content.still_open", count=i18n.number(answer.found.still_open), days=ANSWER_DAYS))
    with st.container(border=True, key="card_topics"):
        _topics(answer, every[1:], topic)
    behind.open_asked(lambda text: _behind(asked, row, days, text), asked.in_words)


def called(key: str) -> str:
    return t("content.all_topics") if key == TOTAL else key


def _head(answer: Answer[Fatigue], asked: Asked, topic: str | None) -> None:
    now = answer.found.now
    lead = t("content.fatigue_lead", days=i18n.days(now), again=answer.found.window_days, within=ANSWER_DAYS)
    back = "" if topic is None else opening.back("topic", PLACES.of, PLACES.people, words="content.close")
    title = heading.section(t("content.fatigue_of", topic=called(topic or TOTAL)), lead, "fatigue-of")
    lines = [t(f"content.fatigue_{name}", days=ANSWER_DAYS) for name in ("rule", "interval", "within", "caution")]
    behind.head("fatigue", title + back, answer, lines, asked.in_words)


def verdict(row: Row) -> str:
    """What may be said of it, and no more."""
    people = row["within_people"]
    if people < SMALL or row["change"] is None:
        return t("content.too_few", count=i18n.number(people))
    told = {
        "first": i18n.share(row["within_first"]), "last": i18n.share(row["within_last"]), "count": i18n.number(people),
        "low": i18n.number(row["change_low"] * 100, 1), "high": i18n.number(row["change_high"] * 100, 1),
    }  # fmt: skip
    kind = "falls" if row["change_high"] < 0 else "rises" if row["change_low"] > 0 else "level"
    return t(f"content.verdict_{kind}", **told)


def _tiles(row: Row) -> Sequence[Tile]:
    begins = behind.link()
    found = []
    for place, name in enumerate(EXPOSED, start=1):
        sent = row[f"sent_{place}"]
        if sent >= SMALL:
            figure = i18n.share(row[f"share_{place}"])
            interval = t("content.interval", low=i18n.share(row[f"low_{place}"]), high=i18n.share(row[f"high_{place}"]))
        else:
            figure, interval = t("number.only", count=i18n.number(sent)) if sent else i18n.UNDEFINED, ""
        counts = t("content.answered", answered=i18n.number(row[f"answered_{place}"]), sent=i18n.number(sent))
        people = row[f"people_{place}"]
        ways = behind.way(begins, name, t("content.way_exposed", count=i18n.number(people)), people)
        if name == LAST:
            tired = row[TIRED]
            ways += behind.way(begins, TIRED, t("content.way_unanswered", count=i18n.number(tired)), tired)
        below = tiles.lines(interval, counts)
        found.append(Tile(name, t(f"content.exposed_{name}"), figure, "", t("content.means_exposed"), below, ways))
    return found


def _topics(answer: Answer[Fatigue], every: Sequence[Row], topic: str | None) -> None:
    st.html(heading.section(t("content.topics"), t("content.topics_lead")))
    columns_ = {t("content.topic"): [called(row["key"]) for row in every]}
    for place, name in enumerate(EXPOSED, start=1):
        columns_[t(f"content.exposed_{name}")] = [_share(row, place) for row in every]
    columns_[t("content.within_people")] = [i18n.number(row["within_people"]) for row in every]
    columns_[t("content.change")] = [_change(row) for row in every]
    name = f"topics_{abs(hash((answer.key, topic)))}"
    opening.show(
        pd.DataFrame(columns_), name, [row["key"] for row in every], places=PLACES, of=topic, alt=t("content.topics"),
        config=columns.right(*list(columns_)[1:]),
    )  # fmt: skip


def _share(row: Row, place: int) -> str:
    sent = row[f"sent_{place}"]
    if not sent:
        return i18n.UNDEFINED
    return i18n.share(row[f"share_{place}"]) if sent >= SMALL else t("number.only", count=i18n.number(sent))


def _change(row: Row) -> str:
    if row["change"] is None or row["within_people"] < SMALL:
        return i18n.UNDEFINED
    points = [i18n.number(row[name] * 100, 1) for name in ("change", "change_low", "change_high")]
    return t("content.change_points", change=points[0], low=points[1], high=points[2])


def _behind(asked: Asked, row: Row, days: int, text: str) -> Behind | None:
    which = next((one for one in (*EXPOSED, TIRED) if one == text), None)
    if which is None:
        return None
    figure = row[TIRED] if which == TIRED else row[f"people_{EXPOSED.index(which) + 1}"]
    if not figure:
        return None
    key = row["key"]
    title = f"{called(key)}{t('number.then')}{t(f'content.exposed_{which}')}"
    return Behind(
        title, t("content.means_exposed"), lambda: content.exposed_to(asked.filters, key, which, days, figure)
    )  # fmt: skip
