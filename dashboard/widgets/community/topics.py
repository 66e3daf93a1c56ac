"""话题: which words a period or a group is about, what is talked about, and who says a word."""

from collections.abc import Sequence
from functools import partial
from html import escape
from urllib.parse import quote

import pandas as pd
import streamlit as st

from dashboard import addresses, charts, i18n, markdown
from dashboard.actions import guard
from dashboard.data import topics
from dashboard.data.topics import AGAINST, LONGEST_WORD, MOST_WORDS, Answer, Mentions, Terms, Topics
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, heading, tables, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.community import reach, topics_chart
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

LOOK, VERSUS, OF, WORDS = "to_look", "to_vs", "to_of", "to_words"
"""Where the address says what is shown, what terms are held against, which group is open, and which words are looked for."""
LOOKS = ("terms", "topics")
PEOPLE = Places(OF, "to_people")
KEYS = (LOOK, VERSUS, OF, WORDS)
"""Parameters of the address that a saved view keeps."""
WIDTH = 200
MOST_PLACES = 200


def show(asked: Asked) -> None:
    look = choice.read(LOOK, LOOKS)
    groups = topics.groups(asked.filters)
    of = addresses.opened(OF, groups)
    versus = AGAINST[0] if of is None else choice.read(VERSUS, AGAINST)
    found = topics.terms(asked.filters, of, versus) if look == "terms" else topics.topics(asked.filters, of)
    if found is None:
        heading.empty(t("topics.none"), t("topics.none_lead"))
        return
    with st.container(border=True, key="card_topics"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="topics_head"):
            st.html(choice.row(choice.among(LOOK, "topics.look", LOOKS, look), addresses.beside(PEOPLE.people)))
            _group_box(groups)
            _contract(found, asked, look)
        if isinstance(found.said, Terms):
            _terms(found.said, found.key, versus, of, groups)
        else:
            _topics(found.said, found.key, of, groups)
    with st.container(border=True, key="card_words"):
        _words(asked, of, groups)
    behind.open_asked(lambda text: _whose(asked, of, groups, text), asked.in_words, PEOPLE.people)


# -- which group -------------------------------------------------------------------------------------------------------


def _group_box(groups: dict[str, str]) -> None:
    def choose() -> None:
        st.query_params.pop(PEOPLE.people, None)
        if st.session_state[OF]:
            st.query_params[OF] = st.session_state[OF]
        else:
            st.query_params.pop(OF, None)

    st.session_state[OF] = st.query_params.get(OF, "")
    st.selectbox(
        t("community.group"), ["", *groups], key=OF, on_change=choose, width=280,
        format_func=lambda key: groups[key] if key else t("community.total"),
    )  # fmt: skip


def _called(of: str | None, groups: dict[str, str]) -> str:
    return t("community.total") if of is None else groups[of]


# -- terms -------------------------------------------------------------------------------------------------------------


def _terms(said: Terms, key: str, versus: str, of: str | None, groups: dict[str, str]) -> None:
    if of is not None:
        st.html(choice.row(choice.among(VERSUS, "topics.vs", AGAINST, versus), addresses.beside(PEOPLE.people)))
    st.html(heading.section(t(f"topics.terms_{versus}", name=_called(of, groups)), _days(said, versus)))
    _sampled(said.read.used, said.read.texts)
    address = addresses.beside(WORDS, PEOPLE.people)
    for column, side in zip(st.columns(2), ("rising", "falling"), strict=True):
        frame: pd.DataFrame = getattr(said, side)
        with column:
            st.markdown(f"**{t(f'topics.{side}_{versus}')}**")
            if frame.empty:
                is_unknown = versus == "before" and not reach.has_before(said.read)
                st.caption(t("topics.no_before" if is_unknown else "topics.no_terms"))
            else:
                st.html(_links(frame, side, address))
                columns = tables.written(f"topics_{side}", key, partial(_columns, frame))
                name = t(f"topics.{side}_{versus}")
                st.dataframe(columns, hide_index=True, key=f"topics_{side}", column_config=_widths(), alt=name)


def _days(said: Terms, versus: str) -> str:
    now, before = said.read.now, said.read.before
    told = i18n.days(now)
    if versus == "others":
        return told
    days = t("topics.days", now=told, before=i18n.days(before))
    return t("number.then").join(filter(None, (days, reach.lead(said.read))))


def _sampled(used: int, texts: int) -> None:
    if used < texts:
        st.html(
            f'<p class="lead" id="topics-sampled">{escape(t("topics.sampled", used=i18n.number(used), texts=i18n.number(texts)))}</p>'
        )


def _links(frame: pd.DataFrame, side: str, address: str) -> str:
    """Terms as links to the messages that hold them."""
    links = "".join(
        f'<a href="?{escape(address)}{WORDS}={quote(term, safe="")}">{escape(term)} {escape(i18n.number(messages))}</a>'
        for term, messages in zip(
            frame["term"], frame["messages" if side == "rising" else "messages_other"], strict=True
        )
    )
    return f'<nav class="pills" aria-label="{escape(t("topics.open_term"))}">{links}</nav>'


def _columns(frame: pd.DataFrame) -> dict[str, Sequence[object]]:
    return {
        t("topics.term"): frame["term"].tolist(),
        t("topics.messages"): frame["messages"].tolist(),
        t("topics.messages_other"): frame["messages_other"].tolist(),
        t("topics.speakers"): frame["speakers"].tolist(),
        t("topics.score"): frame["score"].round(1).tolist(),
    }


def _widths() -> dict[str, object]:
    number = st.column_config.NumberColumn
    return {
        t("topics.term"): st.column_config.TextColumn(pinned=True), t("topics.messages"): number(help=t("topics.means_messages")),
        t("topics.messages_other"): number(help=t("topics.means_messages_other")), t("topics.score"): number(help=t("topics.means_score")),
    }  # fmt: skip


# -- topics ------------------------------------------------------------------------------------------------------------


def _topics(said: Topics, key: str, of: str | None, groups: dict[str, str]) -> None:
    told = sum(one.messages for one in said.topics)
    lead = t("topics.topics_lead", told=i18n.number(told), messages=i18n.number(said.messages))
    st.html(heading.section(t("topics.topics_of", name=_called(of, groups)), lead))
    _sampled(said.read.used, said.read.texts)
    if not said.topics:
        st.html(heading.line(t("topics.no_topics")))
        return
    address = behind.link(PEOPLE.people)
    st.html(_list(key=f"{key}|{address}|{i18n.language()}", _said=said, _address=address))


@kept.by_key(32)
def _list(key: str, _said: Topics, _address: str | None) -> str:  # noqa: ARG001 - what it is kept by
    found = []
    for number, one in enumerate(_said.topics):
        share = i18n.share(one.messages / _said.messages if _said.messages else None)
        examples = "".join(f"<p>“{escape(text)}”</p>" for text in one.examples) if _address else ""
        words = t("topics.way_people", count=i18n.number(one.speakers))
        ways = behind.way(_address, f"topic.{number}", words, one.speakers)
        found.append(
            Tile(
                f"topic-{number}",
                " · ".join(one.labels),
                i18n.number(one.messages),
                t("topics.of_all", share=share),
                "",
                examples,
                ways,
            )
        )
    rest = "" if _address else heading.line(t("topics.examples_forbidden"))
    return tiles.wall(found, 320) + rest


# -- words -------------------------------------------------------------------------------------------------------------


def _words(asked: Asked, of: str | None, groups: dict[str, str]) -> None:
    st.html(heading.section(t("topics.words_of", name=_called(of, groups)), t("topics.words_lead", most=MOST_WORDS)))

    def choose() -> None:
        st.query_params.pop(PEOPLE.people, None)
        if st.session_state[WORDS].strip():
            st.query_params[WORDS] = st.session_state[WORDS].strip()
        else:
            st.query_params.pop(WORDS, None)

    st.session_state[WORDS] = st.query_params.get(WORDS, "")
    st.text_input(t("topics.words"), key=WORDS, on_change=choose, max_chars=160, placeholder=t("topics.words_hint"))
    wanted, others = topics.words(st.query_params.get(WORDS, ""))
    if others:
        st.warning(
            markdown.escaped(
                t("topics.words_left_out", words=i18n.listed(others), most=MOST_WORDS, letters=LONGEST_WORD)
            )
        )
    if not wanted:
        return
    found = topics.mentions(asked.filters, of, wanted)
    if found is None:
        return
    address = behind.link(PEOPLE.people)
    st.html(_figures(found.said, wanted, address))
    if not found.said.messages:
        return
    days = dict(zip(found.said.days["local_date"], found.said.days["messages"].tolist(), strict=True))
    days = {getattr(day, "date", lambda day=day: day)(): count for day, count in days.items()}
    charts.show("topics_days", found.key, lambda: topics_chart.of_days(days, found.said.now), alt=t("topics.by_day"))
    if of is None:
        _places(found)
    if address:
        lines = "".join(f"<p>“{escape(text)}”</p>" for text in found.said.examples)
        st.html(f"<h2>{escape(t('topics.examples'))}</h2>{lines}")


def _figures(said: Mentions, wanted: tuple[str, ...], address: str | None) -> str:
    parts = (("messages", said.messages, said.messages_before), ("speakers", said.speakers, said.speakers_before))
    found = []
    for name, value, before in parts:
        words = t("topics.way_people", count=i18n.number(value))
        ways = behind.way(address, "words", words, value) if name == "speakers" else ()
        below = tiles.lines(reach.number(said, before))
        found.append(
            Tile(
                f"words-{name}",
                t(f"topics.words_{name}"),
                i18n.number(value),
                "",
                t(f"topics.means_words_{name}"),
                below,
                ways,
            )
        )
    forbidden = "" if address else heading.line(t("topics.examples_forbidden"))
    return f'<p class="lead">{escape(i18n.listed(wanted))}</p>{tiles.wall(found, WIDTH)}{forbidden}'


def _places(found: Answer[Mentions]) -> None:
    rows = found.said.places[:MOST_PLACES]

    def columns() -> dict[str, Sequence[object]]:
        names = rows["name"].where(rows["name"].notna(), rows["key"])
        return {
            t("community.group"): names.tolist(), t("topics.messages"): rows["messages"].tolist(),
            t("topics.speakers"): rows["speakers"].tolist(),
        }  # fmt: skip

    st.dataframe(
        tables.written("topics_places", found.key, columns),
        hide_index=True,
        key="topics_places",
        alt=t("topics.by_group"),
    )
    if len(found.said.places) > MOST_PLACES:
        st.caption(t("topics.places_shown", shown=i18n.number(MOST_PLACES), count=i18n.number(len(found.said.places))))


# -- people and rules --------------------------------------------------------------------------------------------------


def _whose(asked: Asked, of: str | None, groups: dict[str, str], text: str) -> Behind | None:
    if not guard.may("people.see"):
        return None
    then, owner = t("number.then"), _called(of, groups)
    if text == "words":
        wanted, _ = topics.words(st.query_params.get(WORDS, ""))
        found = topics.mentions(asked.filters, of, wanted) if wanted else None
        if found is None or not found.said.speakers:
            return None
        title = f"{owner}{then}{t('topics.people_words', words=i18n.listed(wanted))}"
        figure = found.said.speakers
        return Behind(
            title, t("topics.means_words_speakers"), lambda: topics.people_of_words(asked.filters, of, wanted, figure)
        )
    scope, _, number = text.partition(".")
    about = topics.topics(asked.filters, of) if scope == "topic" and number.isdecimal() and len(number) < 3 else None
    if about is None or int(number) >= len(about.said.topics):
        return None
    one = about.said.topics[int(number)]
    title = f"{owner}{then}{t('topics.people_topic', labels=' · '.join(one.labels))}"
    return Behind(
        title, t("topics.means_topics"), lambda: topics.people_of_topic(asked.filters, of, int(number), one.labels, one.speakers)
    )  # fmt: skip


def _contract(found: Answer[Terms] | Answer[Topics], asked: Asked, which: str) -> None:
    lines = [
        t("topics.means_said"), t("topics.means_cut"), t(f"topics.means_{which}"), t("topics.means_messages"),
        t("topics.means_words_messages"), t("topics.means_read", used=i18n.number(found.said.read.used), texts=i18n.number(found.said.read.texts)),
        t("topics.means_feelings"), t("topics.scope"),
    ]  # fmt: skip
    behind.contract("topics", found, lines, asked.in_words)
