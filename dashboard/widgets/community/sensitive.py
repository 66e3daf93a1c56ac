"""合规: messages of members and staff that break advertising law, platform rules or care for people, and which ones."""

import pyarrow as pa
import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.data import sensitive
from dashboard.data.sensitive import BYS, MOST, SENDERS, Sender, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, heading, opening, tables, tiles
from dashboard.widgets import people as panel
from dashboard.widgets.behind import Behind
from dashboard.widgets.community import reach, words
from dashboard.widgets.figures import Figure
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile, Way

BY, HITS = "se_per", "se_hits"
"""Where the address says what the rows of the table are, and which messages are listed (``staff.absolute``)."""
PLACES = Places("se_of", "se_people")
KEYS = (BY, PLACES.of)
"""Parameters of the address that a saved view keeps."""
WIDTH = 180


def show(asked: Asked) -> None:
    by = choice.read(BY, BYS)
    view = sensitive.read(asked.filters, by)
    if view is None:
        heading.empty(t("topics.none"), t("topics.none_lead"))
        return
    of = addresses.opened(PLACES.of, view.found)
    with st.container(border=True, key="card_sensitive"):
        by_row = choice.row(choice.among(BY, "community.by", BYS, by), addresses.beside(PLACES.of, PLACES.people, HITS))
        behind.head("sensitive", by_row, view, _contract(), asked.in_words)
        name = t("community.total") if of is None else words.called(view.found[of], view.by)
        lead = t("number.then").join(filter(None, (t("sensitive.lead", days=i18n.days(view.now)), reach.lead(view))))
        st.html(heading.section(name, lead, "sensitive-name"))
        for sender in reversed(SENDERS):
            _wall(view, of, sender)
        if of is not None:
            st.html(opening.back("sensitive", PLACES.of, PLACES.people, HITS))
        if not guard.may("people.see"):
            st.html(heading.line(t("sensitive.forbidden")))
    _hits(view, asked, of)
    with st.container(border=True, key="card_sensitive_rows"):
        _table(view, of)
    behind.open_asked(lambda text: _whose(view, asked, of, text), asked.in_words, PLACES.people)


def _wall(view: View, of: str | None, sender: Sender) -> None:
    address = f"?{addresses.beside(PLACES.people, HITS)}" if guard.may("people.see") else None
    key = f"{view.key}|{of}|{sender}|{i18n.language()}|{address}"
    st.html(_tiles(key=key, _view=view, _of=of, _sender=sender, _address=address))


@kept.by_key(64)
def _tiles(key: str, _view: View, _of: str | None, _sender: Sender, _address: str | None) -> str:  # noqa: ARG001 - kept by it
    shown = [_tile(_view, _of, _sender, category, _address) for category in sensitive.categories(_sender)]
    lead = t(f"sensitive.checked_{_sender}", count=i18n.number(_view.checked[_sender])) if _of is None else ""
    return heading.section(t(f"sensitive.{_sender}"), lead) + tiles.wall(shown, WIDTH)


def _tile(view: View, of: str | None, sender: Sender, category: str, address: str | None) -> Tile:
    one = view.of(of, sender, category)
    below = tiles.lines(reach.number(view, one.messages_before))
    ways: tuple[str, ...] = ()
    if address is not None:
        listed = f"{address}{HITS}={sender}.{category}" if one.messages else None
        ways = (Way(t("sensitive.way_messages"), listed, "box").html(f"sensitive-{sender}-messages-{category}"),)
        if sender == "member":
            words = t("sensitive.way_people", count=i18n.number(one.people))
            ways = (*behind.way(f"{address}{PLACES.people}=", category, words, one.people), *ways)
    title, meaning = t(f"sensitive.category_{category}"), t(f"sensitive.means_{category}")
    return Tile(f"sensitive-{sender}-{category}", title, i18n.number(one.messages), "", meaning, below, ways)


def _hits(view: View, asked: Asked, of: str | None) -> None:
    text = st.query_params.get(HITS)
    if text is None:
        return
    name, _, category = text.partition(".")
    sender = next((one for one in SENDERS if one == name), None)
    if sender is None or category not in sensitive.categories(sender) or not guard.may("people.see"):
        addresses.leave_out(HITS, text)
        st.query_params.pop(HITS, None)
        return
    every = view.of(of, sender, category).messages
    if not every:
        return
    found = sensitive.hits(asked.filters, view, of, sender, category)
    whose = t("community.total") if of is None else words.called(view.found[of], view.by)
    title = t(
        "sensitive.hits", name=whose, sender=t(f"sensitive.{sender}"), category=t(f"sensitive.category_{category}")
    )
    titles = {rule.name: rule.title[i18n.language()] for rule in sensitive.rules()}
    with st.container(border=True, key="card_sensitive_hits"):
        st.html(heading.section(title, t("sensitive.hits_lead"), "sensitive-hits"))
        table = tables.written(
            "sensitive_hits", f"{view.key}|{of}|{text}",
            lambda: {
                t("sensitive.at"): [i18n.moment(one.at, view.zone) for one in found],
                t("community.group"): [one.group for one in found],
                t("sensitive.who"): pa.array([one.who for one in found], pa.string()),
                t("sensitive.text"): [one.text for one in found],
                t("sensitive.rules"): [i18n.listed(titles.get(rule, rule) for rule in one.rules) for one in found],
            },
        )  # fmt: skip
        config: dict[str, object] = {t("sensitive.text"): st.column_config.TextColumn(width="large")}
        if sender == "member":
            config |= panel.column(t("sensitive.who"))
        with tables.of_people("sensitive_hits"):
            st.dataframe(
                table,
                hide_index=True,
                key="sensitive_hits",
                column_config=config,
                placeholder=t("sensitive.nobody"),
                alt=title,
            )
        if every > len(found):
            st.caption(t("sensitive.shown", shown=i18n.number(len(found)), count=i18n.number(every), most=MOST))
        st.html(opening.back("hits", HITS))


def _table(view: View, of: str | None) -> None:
    st.html(
        heading.section(t(f"community.all_{view.by}"), t("sensitive.order") if view.rows else t("sensitive.nothing"))
    )
    if not view.rows:
        return
    pairs = [(sender, category) for sender in reversed(SENDERS) for category in sensitive.categories(sender)]
    known = [f"{sender}_{category}" for sender, category in pairs]
    every = [Figure("staff", "count"), Figure("member", "count"), *(Figure(name, "count") for name in known)]
    rows = [dict.fromkeys(known, 0) | dict(row) for row in view.rows]
    first = {t(f"community.{view.by}"): [words.called(row, view.by) for row in view.rows]}
    opening.table("sensitive", view.key, rows, every, first, places=PLACES, of=of, alt=t(f"community.all_{view.by}"))


def _whose(view: View, asked: Asked, of: str | None, text: str) -> Behind | None:
    if text not in sensitive.categories("member") or not view.of(of, "member", text).people:
        return None
    owner = t("community.total") if of is None else words.called(view.found[of], view.by)
    title = f"{owner}{t('number.then')}{t('sensitive.member')}{t('number.then')}{t(f'sensitive.category_{text}')}"
    return Behind(title, t(f"sensitive.means_{text}"), lambda: sensitive.people_of(asked.filters, view, of, text))


def _contract() -> list[str]:
    language = i18n.language()
    return [
        t("sensitive.means"),
        *(
            i18n.explained(
                i18n.aside(f"**{rule.title[language]}**", t(f"sensitive.of_{rule.of}")),
                f"{rule.why[language]} · {rule.source}",
            )
            for rule in sensitive.rules()
        ),
        t("sensitive.editable"),
        t("sensitive.scope"),
    ]
