"""What a variant says on one channel: the fields that the channel has, how long they are, and how a member reads them."""

from functools import partial
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
from dashboard.widgets.campaigns import cards, edits, fields, lacking, preview, words
from dashboard.widgets.campaigns.edits import Form, Path

CARD = ("link", "link_title", "link_text", "picture")
BESIDE = {
    "wecom": CARD, "group_chat": CARD, "robot": ("link", "link_title"), "official_account": ("link", "page"), "mini_program": ("page",), "sms": (), "email": ("link", "link_title"),
    "webhook": ("link",), "console": ("link",),
}  # fmt: skip
"""What else a channel's messages hold; titles, templates and texts are asked for where facts say so."""
MAY_BE_TITLED = (*campaigns.TITLED, "webhook", "console")
LONGEST = {
    "title": 200,
    "link": 2000,
    "link_title": 200,
    "link_text": 512,
    "picture": 2000,
    "template": 64,
    "page": 2000,
}
LONGEST_TEXT = 20_000
LONGEST_KEY = 40


def show(form: Form, at: int, channel: str) -> None:
    """``at``: the variant, from 0."""
    variant = form.found.body.variants[at]
    content = variant.contents.get(channel, Content())
    with st.container(border=True, key=f"card_text_{channel}"):
        st.html(heading.section(words.channel(channel), _lead(channel)))
        lacking.show(form, "content", f"{variant.name}.{channel}")
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _written(form, ("variants", at, "contents", channel), channel, content)
        with right:
            preview.show(form, variant.name, content, channel)


def _lead(channel: str) -> str:
    limit = campaigns.LIMITS.get(channel)
    told = t(f"campaigns.channel_{channel}_means")
    if limit is None:
        return told
    return f"{told} {t(f'campaigns.limit_{limit.unit}', most=i18n.number(limit.most))}"


def _written(form: Form, path: Path, channel: str, content: Content) -> None:
    if channel in MAY_BE_TITLED:
        _field(form, path, "title")
    if channel in campaigns.TEMPLATED:
        _field(form, path, "template", help=t(f"campaigns.template_help_{channel}"))
        _values(form, path, channel, content)
    label = t("campaigns.content_shown" if channel in campaigns.TEMPLATED else "campaigns.content_text")
    fields.area(
        form, (*path, "text"), label, most=LONGEST_TEXT, height=190, placeholder=t("campaigns.text_hint"), help=t("campaigns.text_help")
    )  # fmt: skip
    _inserting(form, path, channel)
    beside = BESIDE[channel]
    if beside:
        filled = any(getattr(content, name) for name in beside)
        with st.expander(t("campaigns.beside"), icon=":material/link:", expanded=filled):
            for name in beside:
                _field(form, path, name)
    if channel in campaigns.CARDED:
        cards.show(form, path, channel, content)


def _field(form: Form, path: Path, name: str, **more: Any) -> None:
    more = {"placeholder": "https://"} | more if name in ("link", "picture") else more
    fields.line(form, (*path, name), t(f"campaigns.content_{name}"), most=LONGEST[name], **more)


# -- values of templates -----------------------------------------------------------------------------------------------


def _values(form: Form, path: Path, channel: str, content: Content) -> None:
    """What stands in each place of the template."""
    for name in content.values:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"cp_value_{channel}_{name}"):
            fields.line(form, (*path, "values", name), words.text_name(f"values.{name}"), most=LONGEST["title"])
            if form.is_open:
                st.button(
                    t("campaigns.value_remove"), icon=":material/close:", key=f"cp_value_drop_{channel}_{name}", type="tertiary", on_click=edits.change,
                    args=(form.campaign_id, partial(_drop, (*path, "values"), name)),
                )  # fmt: skip
    if form.is_open and len(content.values) < campaigns.MOST_VALUES:
        key = f"cp_value_new_{channel}"
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{key}_row"):
            st.text_input(
                t("campaigns.value_new"), key=key, max_chars=LONGEST_KEY, placeholder=t("campaigns.value_hint")
            )
            st.button(t("campaigns.value_add"), icon=":material/add:", key=f"{key}_do", on_click=_add, args=(form, path, key))  # fmt: skip


@guard.guarded(actions.WRITE)
def _add(form: Form, path: Path, key: str) -> None:
    name = str(st.session_state[key]).strip()
    if name and form.value((*path, "values", name)) is None:
        edits.keep(form.campaign_id, lambda document: edits.write(document, (*path, "values", name), ""))
    st.session_state[key] = ""


def _drop(path: Path, name: str, document: dict[str, Any]) -> None:
    kept = dict(edits.said(document, path) or {})
    kept.pop(name, None)
    edits.write(document, path, kept)


# -- personal fields ---------------------------------------------------------------------------------------------------


def _inserting(form: Form, path: Path, channel: str) -> None:
    """What a text may name, each with an example, and the way to put it at the end of the text."""
    if not form.is_open or form.found.body.is_placed:
        return
    key = f"cp_insert_{channel}"
    box = st.popover(t("campaigns.insert"), icon=":material/data_object:", key=key, type="tertiary", on_change="rerun")
    if not box.open:
        return
    with box:
        st.caption(t("campaigns.insert_lead"))
        examples = preview.examples()
        rows = "".join(
            f"<tr><th scope='row'>{escape(words.field(one))}</th><td><code>{{{{{one}}}}}</code></td><td>{escape(examples[one])}</td></tr>"
            for one in campaigns.FIELDS
        )
        labels = {one: words.field(one) for one in campaigns.FIELDS}
        st.selectbox(t("campaigns.insert_field"), list(labels), format_func=labels.__getitem__, key=f"{key}_field")
        st.text_input(
            t("campaigns.insert_default"), key=f"{key}_default", max_chars=40, help=t("campaigns.insert_default_help"), placeholder=t("campaigns.insert_default_hint")
        )  # fmt: skip
        st.button(
            t("campaigns.insert_do"),
            type="primary",
            key=f"{key}_do",
            on_click=_insert,
            args=(form, (*path, "text"), key),
        )
        st.html(f'<table class="told insertable"><tbody>{rows}</tbody></table>')


@guard.guarded(actions.WRITE)
def _insert(form: Form, path: Path, key: str) -> None:
    state = st.session_state
    default = str(state[f"{key}_default"]).replace("{{", r"\{{").replace("}}", r"\}}")
    token = "{{" + str(state[f"{key}_field"]) + (f"|{default}" if default else "") + "}}"
    before = str(state.get(form.key(path), form.value(path) or ""))
    if edits.keep(form.campaign_id, lambda document: edits.write(document, path, before + token)):
        state[form.key(path)] = before + token
        state[key] = False
