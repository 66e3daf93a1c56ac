"""A mini-program's card beside a text: its fields, its cover, which WeCom keeps for three days, and how a reader sees it."""

from html import escape
from typing import Any

import streamlit as st

from dashboard import i18n
from dashboard.actions import campaigns as actions
from dashboard.actions import guard
from dashboard.data import campaigns
from dashboard.data.campaigns import Content
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import edits, fields, words
from dashboard.widgets.campaigns.edits import Form, Path

LONGEST = {"card_title": 200, "card_app_id": 64, "card_page": 2000}


def html(title: str | None) -> str:
    """As a reader sees it; nothing where there is none."""
    if not title:
        return ""
    return f'<span class="linked-card"><b>{escape(title)}</b><small>{escape(t("campaigns.card_of"))}</small></span>'


def show(form: Form, path: Path, channel: str, content: Content) -> None:
    with st.expander(t("campaigns.card"), icon=":material/widgets:", expanded=content.has_card):
        st.caption(t("campaigns.card_lead"))
        for name, most in LONGEST.items():
            fields.line(form, (*path, name), t(f"campaigns.content_{name}"), most=most, placeholder=t(f"campaigns.{name}_hint"))  # fmt: skip
        st.html(heading.line(_cover(content)))
        if not form.is_open:
            return
        key = f"cp_cover_{channel}_{form.turn}"
        file = st.file_uploader(
            t("campaigns.content_card_media"), type=["png", "jpg", "jpeg"], max_upload_size=campaigns.COVER_MB, key=key
        )
        with st.container(horizontal=True, gap="small", key=f"{key}_deeds"):
            st.button(
                t("campaigns.cover_upload"), icon=":material/upload:", key=f"{key}_do", on_click=_upload, args=(form, path, key), disabled=file is None
            )  # fmt: skip
            if content.has_card:
                st.button(t("campaigns.card_remove"), icon=":material/close:", key=f"{key}_drop", type="tertiary", on_click=_remove, args=(form, path))  # fmt: skip


def _cover(content: Content) -> str:
    """How it stands with the cover."""
    if not content.card_media or content.card_until is None:
        return t("campaigns.cover_none")
    key = "cover_kept" if content.card_until > campaigns.now() else "cover_over"
    return t(f"campaigns.{key}", until=words.moment(content.card_until))


@guard.guarded(actions.WRITE)
def _upload(form: Form, path: Path, key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    done = actions.upload_cover(form.campaign_id, file.getvalue())

    def put(document: dict[str, Any]) -> None:
        edits.write(document, (*path, "card_media"), done.media_id)
        edits.write(document, (*path, "card_until"), done.until.isoformat())

    if edits.keep(form.campaign_id, put):
        guard.note(t("campaigns.cover_uploaded", until=words.moment(done.until)))


@guard.guarded(actions.WRITE)
def _remove(form: Form, path: Path) -> None:
    def drop(document: dict[str, Any]) -> None:
        here = edits.said(document, path) or {}
        for name in campaigns.CARD:
            here.pop(name, None)

    if edits.keep(form.campaign_id, drop):
        for name in LONGEST:
            st.session_state.pop(form.key((*path, name)), None)
        guard.note(t("campaigns.card_removed", channel=i18n.cut(words.channel(str(path[-1])))))
