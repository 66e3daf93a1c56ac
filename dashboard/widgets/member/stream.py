"""The timeline of a member: everything in one stream, by days, the newest first, of all kinds or of one."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data.member import Member, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import choice
from dashboard.widgets.choice import Choice
from dashboard.widgets.member import words

KIND, PAGE = "mk", "mp"
EVERY, ROWS = "all", 40
Row = Mapping[Any, Any]


def show(view: View) -> None:
    counts = view.counts
    kind = choice.read(KIND, (EVERY, *counts))
    labels = {EVERY: t("member.kind_all", count=i18n.number(len(view.stream)))}
    labels |= {one: t(f"member.kind_{one}", count=i18n.number(count)) for one, count in counts.items()}
    st.html(choice.row(Choice(KIND, t("member.kinds"), labels, kind), addresses.beside(PAGE)))
    count = len(view.stream) if kind == EVERY else counts[kind]
    pages = max(1, -(-count // ROWS))
    page = min(_page(), pages)
    st.html(part(view, kind, (page - 1) * ROWS, ROWS))
    if pages > 1:
        st.html(_pages(page, pages, count))


def part(view: View, kind: str, first: int, most: int) -> str:
    """Some rows of the stream, of one kind or of ``EVERY``, from a place on; or that there are none."""
    key = f"{view.key}|{i18n.language()}|{kind}|{first}|{most}"
    return _part(key=key, _view=view, _kind=kind, _first=first, _most=most)


@kept.by_key(64)
def _part(key: str, _view: View, _kind: str, _first: int, _most: int) -> str:  # noqa: ARG001 - what it is cached by
    rows = _view.stream if _kind == EVERY else _view.stream[_view.stream["kind"] == _kind]
    shown = rows.iloc[_first : _first + _most].to_dict("records")
    return entries(_view.member, shown) if shown else f"<p>{escape(t('member.lately_none'))}</p>"


def entries(member: Member, rows: Sequence[Row]) -> str:
    """Rows of the stream under their days."""
    days = groupby(((words.moment(row["at"]), row) for row in rows), key=lambda one: one[0][:10])
    found = []
    for day, own in days:
        items = "".join(_item(member, moment[11:], row) for moment, row in own)
        found.append(f"<li><h3>{escape(day)}</h3><ol>{items}</ol></li>")
    return f'<ol class="stream">{"".join(found)}</ol>'


def _item(member: Member, time: str, row: Row) -> str:
    told, beside = words.entry(member, row)
    text = escape(told)
    if row["kind"] == "referral" and row["number"] is not None:
        text = f'<a href="?m={int(row["number"])}">{text}</a>'
    quietly = f"<small>{escape(beside)}</small>" if beside else ""
    return f'<li class="{escape(row["kind"])}"><time>{escape(time)}</time><p>{text}{quietly}</p></li>'


def _page() -> int:
    text = st.query_params.get(PAGE, "1")
    if text.isascii() and text.isdigit() and 1 <= len(text) <= 6 and int(text) > 0:
        return int(text)
    addresses.leave_out(PAGE, text)
    return 1


def _pages(page: int, pages: int, count: int) -> str:
    address = addresses.beside(PAGE)
    first, last = (page - 1) * ROWS + 1, min(page * ROWS, count)
    rows = t("member.stream_rows", first=i18n.number(first), last=i18n.number(last), count=i18n.number(count))
    ways = [(page - 1, "member.newer"), (page + 1, "member.older")]
    links = "".join(
        f'<a class="box" id="stream-{to}" href="?{escape(address)}{PAGE}={to}">{escape(t(text))}</a>'
        for to, text in ways
        if 1 <= to <= pages
    )
    return f'<p class="lead">{escape(rows)}</p><nav class="ways">{links}</nav>'
