"""Tags of a member, who gave them and until when, and the segments that hold it."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.actions import guard
from dashboard.actions import member as actions
from dashboard.data import member as data
from dashboard.data import saved_tags
from dashboard.data.member import Held, Inside, Marks, Told, View
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.member import table

SHOWN = 40


def show(view: View) -> None:
    found = data.marks(view)
    st.html(f'<div class="parts-of"><h2>{escape(t("member.tags"))}</h2>{_tags(found)}</div>')
    if guard.may("segment.write"):
        _hand(view, found)
    parts = [f"<h2>{escape(t('member.segments'))}</h2>", _segments(found)]
    if found.history:
        parts += [f"<h2>{escape(t('member.tag_history'))}</h2>", _history(found.history[:SHOWN])]
    st.html(f'<div class="parts-of">{"".join(parts)}</div>')


def _hand(view: View, found: Marks) -> None:
    """Give a tag that the member does not have, take one that somebody gave."""
    held = {tag.tag_id for tag in found.tags}
    given = [(tag.tag_id, tag.name) for tag in found.tags if tag.kind == "static"]
    free = [(tag.tag_id, tag.name) for tag in saved_tags.listed() if tag.kind == "static" and tag.tag_id not in held]
    if not (free or given):
        st.caption(t("member.tag_nothing"))
        return
    one = view.member.member_id
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="member_tags"):
        if free:
            st.selectbox(t("member.tag_choose"), free, format_func=_name, key=actions.GIVEN, width=220)
            st.text_input(t("member.tag_reason"), key=actions.REASON, max_chars=saved_tags.LONGEST_REASON, width=260)
            st.button(
                t("member.tag_give"),
                icon=":material/new_label:",
                key="give_tag",
                on_click=actions.give_tag,
                args=(one,),
            )
        if given:
            st.selectbox(t("member.tag_choose_taken"), given, format_func=_name, key=actions.TAKEN, width=220)
            st.button(
                t("member.tag_take"),
                icon=":material/label_off:",
                key="take_tag",
                on_click=actions.take_tag,
                args=(one,),
            )


def _name(tag: tuple[int, str]) -> str:
    return tag[1]


def _tags(found: Marks) -> str:
    if not found.tags:
        return heading.line(t("member.tags_none"))
    return f'<ul class="tags">{"".join(_tag(tag) for tag in found.tags)}</ul>'


def _tag(tag: Held) -> str:
    at = _at(tag.given_at)
    told = t("member.tag_rule", at=at) if tag.kind != "static" else t("member.tag_by", by=tag.given_by, at=at)
    until = f" · {t('member.tag_until', at=_at(tag.expires_at))}" if tag.expires_at else ""
    return f"<li>{_link(f'part=tags&tg={tag.tag_id}', tag.name)}<small>{escape(told + until)}</small></li>"


def _segments(found: Marks) -> str:
    if not found.segments:
        return heading.line(t("member.segments_none"))
    return f'<ul class="tags">{"".join(_segment(one) for one in found.segments)}</ul>'


def _segment(one: Inside) -> str:
    counted = f" · {t('member.counted', at=_at(one.counted_at))}" if one.counted_at else ""
    told = f"{t(f'member.segment_{one.kind}')}{counted} · {one.sentence}"
    return f"<li>{_link(f'sg={one.segment_id}', one.name)}<small>{escape(told)}</small></li>"


def _link(address: str, name: str) -> str:
    """To the page of segments, for those who may see it."""
    may = guard.may("customers.see")
    return f'<a href="/segments?{escape(address)}">{escape(name)}</a>' if may else f"<b>{escape(name)}</b>"


def _history(rows: Sequence[Told]) -> str:
    titles = [t("member.when"), t("member.tags"), t("member.answer"), t("identity.by"), t("identity.reason")]
    return table.html(
        titles, [(_at(row.at), row.name, t(f"member.tag_{row.action}"), row.by, row.reason) for row in rows]
    )


def _at(at: datetime) -> str:
    return i18n.moment(at, data.zone())
