"""Whom a piece or a product fits: scores of all members, the best with the parts of theirs, and whether the score can be trusted."""

from collections.abc import Sequence
from html import escape

import pandas as pd
import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.actions import guard
from dashboard.data import matching
from dashboard.data.matching import (
    FAMILIES,
    HALF_LIFE_DAYS,
    KNOWN_DAYS,
    TOP_SHARE,
    TRIAL_DAYS,
    Answer,
    Choice,
    Evaluation,
    Fit,
)
from dashboard.i18n import t
from dashboard.widgets import behind, columns, heading, names, tables, tiles
from dashboard.widgets import people as panel
from dashboard.widgets.behind import Behind
from dashboard.widgets.content import matching_chart
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

OF = "match"
"""Where the address says which piece or product is meant: ``content:C012``, ``product:P001``."""
WIDTH = 200
BEST = 20


def show(asked: Asked) -> None:
    known = matching.choices(asked.filters)
    if known is None or not known.found:
        heading.empty(t("content.nothing_to_match"), t("content.nothing_to_match_lead"))
        return
    every = {f"{one.kind}:{one.key}": one for one in known.found}
    with st.container(border=True, key="card_matching"):
        chosen = _choice(every)
        answer = matching.fit(asked.filters, chosen.kind, chosen.key)
        if answer is None or not answer.found.matched.members:
            st.markdown(f":material/info: {t('content.no_tags')}")
            return
        _head(answer, asked, chosen)
        st.html(_tagged(answer))
        st.html(tiles.wall(_tiles(answer), WIDTH))
        charts.show(
            "matching", answer.key, lambda: matching_chart.spread(answer.found.matched), alt=t("content.spread")
        )
        st.caption(t("content.without_tags", count=i18n.number(answer.found.matched.without_tags)))
    if guard.may("people.see"):
        with st.container(border=True, key="card_best"):
            _best(answer)
    with st.container(border=True, key="card_trial"):
        with st.spinner(t("content.trying")):
            trial = matching.evaluated(asked.filters)
        _trusted(trial)
    behind.open_asked(lambda text: _behind(asked, answer, chosen, text), asked.in_words)


def _choice(every: dict[str, Choice]) -> Choice:
    options = list(every)
    addresses.read(OF, options[0], options)
    labels = {key: _label(one) for key, one in every.items()}
    st.selectbox(
        t("content.match_of"), options, format_func=lambda one: labels.get(one, one), key=OF, persist_state="session", width=520
    )  # fmt: skip
    addresses.write(OF, options[0])
    return every[st.session_state[OF]]


def _label(one: Choice) -> str:
    parts = (t(f"content.kind_{one.kind}"), one.name, one.group)
    return t("number.then").join(part for part in parts if part)


def _head(answer: Answer[Fit], asked: Asked, chosen: Choice) -> None:
    found = answer.found.matched
    lead = t("content.match_lead", day=i18n.day(found.now.last_on), days=KNOWN_DAYS, count=i18n.number(found.members))
    places = {"days": KNOWN_DAYS, "half": i18n.number(HALF_LIFE_DAYS), "trial": TRIAL_DAYS}
    lines = [t(f"content.match_{name}", **places) for name in ("formula", "weights", "source", "test", "caution")]
    behind.head("matching", heading.section(chosen.name, lead, "match-name"), answer, lines, asked.in_words)


def _tagged(answer: Answer[Fit]) -> str:
    told = []
    for family, values in answer.found.matched.tags.items():
        if values:
            said = i18n.listed(_value(family, value) for value in values)
            told.append(t("content.tag", family=t(f"content.family_{family}"), value=said))
    words = t("number.then").join(told) if told else t("content.piece_without_tags")
    return f'<p class="lead" id="match-tags">{escape(words)}</p>'


def _value(family: str, value: str) -> str:
    if family == "channel":
        return names.value("channel", value)
    if family == "hour":
        return t("content.hour", hour=value)
    return t(f"format.{value}") if family == "format" and i18n.has(f"format.{value}") else value


def _tiles(answer: Answer[Fit]) -> Sequence[Tile]:
    begins = behind.link()
    found = []
    for which, count in answer.found.counts.items():
        words = _list(which)
        share = count / answer.found.matched.members
        ways = behind.way(begins, which, t("content.way_exposed", count=i18n.number(count)), count)
        below = f"<p>{escape(t('content.of_tagged', share=i18n.share(share)))}</p>"
        found.append(Tile(f"match-{which}", words, i18n.number(count), "", t("content.match_list"), below, ways))
    return found


def _list(which: str) -> str:
    if which == "top":
        return t("content.match_top", share=i18n.share(TOP_SHARE, 0))
    return t("content.match_from", score=which.removeprefix("from_"))


def _best(answer: Answer[Fit]) -> None:
    """The best with what each family of tags adds to their score."""
    frame = answer.found.matched.frame.head(BEST)
    st.html(heading.section(t("content.best"), t("content.best_lead", count=len(frame))))
    table = {
        t("people.member"): matching.links(frame["member_id"]),
        t("content.ms"): [_hundredths(score) for score in frame["score"]],
    }
    for family in FAMILIES:
        table[t(f"content.family_{family}")] = [_hundredths(part) for part in frame[family]]
    figures = columns.right(*list(table)[1:]) | panel.column()
    with tables.of_people("best"):
        st.dataframe(
            pd.DataFrame(table),
            hide_index=True,
            column_config=figures,
            alt=t("content.best"),
            key=f"best_{abs(hash(answer.key))}",
        )


def _hundredths(score: float) -> str:
    return i18n.number(100 * score, 1)


def _trusted(answer: Answer[Evaluation] | None) -> None:
    """What the score is worth, said before anybody sends by it."""
    st.html(f"<h2>{escape(t('content.trusted'))}</h2>")
    if answer is None:
        st.html(heading.line(t("content.no_trial", days=TRIAL_DAYS)))
        return
    found = answer.found
    lead = t(
        "content.trial_lead", days=TRIAL_DAYS, looked_at=i18n.number(found.looked_at), readers=i18n.number(found.readers),
        pieces=i18n.number(found.pieces),
    )  # fmt: skip
    shown = [
        Tile("trial-people", t("content.trial_people"), _lift(found.score.lift), "", t("content.trial_people_means"),
             f"<p>{escape(t('content.trial_people_against', lively=_lift(found.lively.lift)))}</p>"),
        Tile("trial-pieces", t("content.trial_pieces"), _auc(found.score.auc), "", t("content.trial_pieces_means"),
             f"<p>{escape(t('content.trial_pieces_against', popular=_auc(found.popular.auc), newest=_auc(found.newest.auc)))}</p>"),
    ]  # fmt: skip
    people = t("content.people_better" if found.score.finds_people_better(found.lively) else "content.people_worse")
    finds = found.score.finds_pieces_better(found.popular, found.newest)
    pieces = t("content.pieces_better" if finds else "content.pieces_worse")
    said = "".join(f"<li>{escape(words)}</li>" for words in (people, pieces))
    st.html(f'<p class="lead">{escape(lead)}</p>{tiles.wall(shown, 260)}<ul id="match-verdict">{said}</ul>')


def _lift(value: float | None) -> str:
    return i18n.UNDEFINED if value is None else t("content.times", count=i18n.number(value, 2))


def _auc(value: float | None) -> str:
    return i18n.UNDEFINED if value is None else i18n.number(value, 3)


def _behind(asked: Asked, answer: Answer[Fit], chosen: Choice, text: str) -> Behind | None:
    if not answer.found.counts.get(text):
        return None
    title = f"{chosen.name}{t('number.then')}{_list(text)}"
    return Behind(title, t("content.match_list"), lambda: matching.fitting(asked.filters, answer, text))
