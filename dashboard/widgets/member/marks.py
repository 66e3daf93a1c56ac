"""Tags of a member, who gave them and until when, and the segments that hold it."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.data import member as data
from dashboard.data.member import Held, Inside, Marks, Told, View
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.member import table

SHOWN = 40


def show(view: View) -> None:
    found = data.marks(view)
    parts = [
        f"<h2>{escape(t('member.tags'))}</h2>",
        _tags(found),
        f"<h2>{escape(t('member.segments'))}</h2>",
        _segments(found),
    ]
    if found.history:
        parts += [f"<h2>{escape(t('member.tag_history'))}</h2>", _history(found.history[:SHOWN])]
    st.html(f'<div class="parts-of">{"".join(parts)}</div>')


def _tags(found: Marks) -> str:
    if not found.tags:
        return heading.line(t("member.tags_none"))
    return f'<ul class="tags">{"".join(_tag(tag) for tag in found.tags)}</ul>'


def _tag(tag: Held) -> str:
    at = _at(tag.given_at)
    told = t("member.tag_rule", at=at) if tag.kind != "static" else t("member.tag_by", by=tag.given_by, at=at)
    until = f" · {t('member.tag_until', at=_at(tag.expires_at))}" if tag.expires_at else ""
    return f"<li><b>{escape(tag.name)}</b><small>{escape(told + until)}</small></li>"


def _segments(found: Marks) -> str:
    if not found.segments:
        return heading.line(t("member.segments_none"))
    return f'<ul class="tags">{"".join(_segment(one) for one in found.segments)}</ul>'


def _segment(one: Inside) -> str:
    counted = f" · {t('member.counted', at=_at(one.counted_at))}" if one.counted_at else ""
    told = f"{t(f'member.segment_{one.kind}')}{counted} · {one.sentence}"
    return f'<li><a href="/segments?segment={one.segment_id}">{escape(one.name)}</a><small>{escape(told)}</small></li>'


def _history(rows: Sequence[Told]) -> str:
    titles = [t("member.when"), t("member.tags"), t("member.answer"), t("identity.by"), t("identity.reason")]
    return table.html(
        titles, [(_at(row.at), row.name, t(f"member.tag_{row.action}"), row.by, row.reason) for row in rows]
    )


def _at(at: datetime) -> str:
    return i18n.moment(at, data.zone())
