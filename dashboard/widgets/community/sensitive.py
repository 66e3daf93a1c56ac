"""合规: messages of members and staff that break advertising law, platform rules or care for people, and which ones."""

from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.data import sensitive
from dashboard.data.sensitive import BYS, MOST, SENDERS, Row, Sender, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, heading, tables, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.community import opening, reach
from dashboard.widgets.community.opening import Places
from dashboard.widgets.community.told import Figure
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile, Way

BY, HITS = "se_per", "se_hits"
"""Where the address says what the rows of the table are, and which messages are listed (``staff.absolute``)."""
PLACES = Places("se_of", "se_people")
KEYS = (BY, PLACES.of)
"""Parameters of the address that a saved view keeps."""
WIDTH = 180


def show(asked: Asked) -> None:
    by = next(one for one in BYS if one == choice.read(BY, BYS))
    view = sensitive.read(asked.filters, by)
    if view is None:
        heading.empty(t("topics.none"), t("topics.none_lead"))
        return
    of = addresses.opened(PLACES.of, view.found)
    with st.container(border=True, key="card_sensitive"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="sensitive_head"):
            labels = {one: t(f"community.by_{one}") for one in BYS}
            address = addresses.beside(PLACES.of, PLACES.people, HITS)
            st.html(choice.row(Choice(BY, t("community.by"), labels, by), address))
            _contract(view, asked)
        name = t("community.total") if of is None else called(view, view.found[of])
        days = f"{i18n.day(view.now.start_on)} – {i18n.day(view.now.last_on)}"
        lead = t("number.then").join(filter(None, (t("sensitive.lead", days=days), reach.lead(view))))
        st.html(_titled(name, lead, "sensitive-name"))
        for sender in reversed(SENDERS):
            _wall(view, of, sender)
        if of is not None:
            close = escape(t("community.close"))
            st.html(
                f'<div class="ways"><a class="box" id="close-sensitive" href="?{escape(address)}">{close}</a></div>'
            )
        if not guard.may("people.see"):
            st.html(f'<p class="lead">{escape(t("sensitive.forbidden"))}</p>')
    _hits(view, asked, of)
    with st.container(border=True, key="card_sensitive_rows"):
        _table(view, of)
    behind.open_asked(lambda text: _whose(view, asked, of, text), asked.in_words, PLACES.people)


def called(view: View, row: Row) -> str:
    name: str = row["name"] or row["key"] or t(f"community.nobody_{view.by}")
    return name


def _titled(title: str, lead: str, name: str = "") -> str:
    mark = f' id="{name}"' if name else ""
    return f'<h2{mark}>{escape(title)}</h2><p class="lead">{escape(lead)}</p>'


def _wall(view: View, of: str | None, sender: Sender) -> None:
    address = f"?{addresses.beside(PLACES.people, HITS)}" if guard.may("people.see") else None
    key = f"{view.key}|{of}|{sender}|{i18n.language()}|{address}"
    st.html(_tiles(key=key, _view=view, _of=of, _sender=sender, _address=address))


@kept.by_key(64)
def _tiles(key: str, _view: View, _of: str | None, _sender: Sender, _address: str | None) -> str:  # noqa: ARG001 - kept by it
    shown = [_tile(_view, _of, _sender, category, _address) for category in sensitive.categories(_sender)]
    lead = t(f"sensitive.checked_{_sender}", count=i18n.number(_view.checked[_sender])) if _of is None else ""
    return _titled(t(f"sensitive.{_sender}"), lead) + tiles.wall(shown, WIDTH)


def _tile(view: View, of: str | None, sender: Sender, category: str, address: str | None) -> Tile:
    one = view.of(of, sender, category)
    below = f"<p>{escape(reach.number(view, one.messages_before))}</p>"
    ways: tuple[str, ...] = ()
    if address is not None:
        listed = f"{address}{HITS}={sender}.{category}" if one.messages else None
        ways = (Way(t("sensitive.way_messages"), listed, "box").html(f"sensitive-{sender}-messages-{category}"),)
        if sender == "member":
            people = f"{address}{PLACES.people}={category}" if one.people else None
            words = t("sensitive.way_people", count=i18n.number(one.people))
            ways = (Way(words, people, "people").html(f"sensitive-people-{category}"), *ways)
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
    whose = t("community.total") if of is None else called(view, view.found[of])
    title = t(
        "sensitive.hits", name=whose, sender=t(f"sensitive.{sender}"), category=t(f"sensitive.category_{category}")
    )
    titles = {rule.name: rule.title[i18n.language()] for rule in sensitive.rules()}
    with st.container(border=True, key="card_sensitive_hits"):
        st.html(_titled(title, t("sensitive.hits_lead"), "sensitive-hits"))
        table = tables.written(
            "sensitive_hits", f"{view.key}|{of}|{text}",
            lambda: {
                t("sensitive.at"): [i18n.moment(one.at, view.zone) for one in found],
                t("community.group"): [one.group for one in found],
                t("sensitive.who"): [one.who or t("sensitive.nobody") for one in found],
                t("sensitive.text"): [one.text for one in found],
                t("sensitive.rules"): [i18n.listed(titles.get(rule, rule) for rule in one.rules) for one in found],
            },
        )  # fmt: skip
        wide = {t("sensitive.text"): st.column_config.TextColumn(width="large")}
        st.dataframe(table, hide_index=True, key="sensitive_hits", column_config=wide, alt=title)
        if every > len(found):
            st.caption(t("sensitive.shown", shown=i18n.number(len(found)), count=i18n.number(every), most=MOST))
        close = f"?{addresses.beside(HITS)}"
        st.html(
            f'<div class="ways"><a class="box" id="close-hits" href="{escape(close)}">{escape(t("community.close"))}</a></div>'
        )


def _table(view: View, of: str | None) -> None:
    st.html(_titled(t(f"community.all_{view.by}"), t("sensitive.order") if view.rows else t("sensitive.nothing")))
    if not view.rows:
        return
    pairs = [(sender, category) for sender in reversed(SENDERS) for category in sensitive.categories(sender)]
    known = [f"{sender}_{category}" for sender, category in pairs]
    figures = [Figure("staff", "count"), Figure("member", "count"), *(Figure(name, "count") for name in known)]
    rows = [dict.fromkeys(known, 0) | dict(row) for row in view.rows]
    first = {t(f"community.{view.by}"): [called(view, row) for row in view.rows]}
    opening.table("sensitive", view.key, rows, figures, first, places=PLACES, of=of, alt=t(f"community.all_{view.by}"))


def _whose(view: View, asked: Asked, of: str | None, text: str) -> Behind | None:
    if text not in sensitive.categories("member") or not view.of(of, "member", text).people:
        return None
    owner = t("community.total") if of is None else called(view, view.found[of])
    title = f"{owner}{t('number.then')}{t('sensitive.member')}{t('number.then')}{t(f'sensitive.category_{text}')}"
    return Behind(title, t(f"sensitive.means_{text}"), lambda: sensitive.people_of(asked.filters, view, of, text))


def _contract(view: View, asked: Asked) -> None:
    language = i18n.language()
    lines = [
        t("sensitive.means"),
        *(
            f"**{rule.title[language]}** ({t(f'sensitive.of_{rule.of}')}): {rule.why[language]} · {rule.source}"
            for rule in sensitive.rules()
        ),
        t("sensitive.editable"),
        t("sensitive.scope"),
    ]
    behind.contract("sensitive", view, lines, asked.in_words)
