"""What stands against the texts: each rule once, why it is one, where it was broken with the words marked, and a reason where a reason is enough."""

from html import escape
from itertools import groupby

import streamlit as st

from dashboard import addresses
from dashboard.data import campaigns
from dashboard.data.campaigns import Content, Told
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import fields, words
from dashboard.widgets.campaigns.edits import Form

LONGEST = 500


def show(form: Form) -> None:
    found = campaigns.findings(form.found.body)
    with st.container(border=True, key="card_campaign_findings"):
        st.html(heading.section(t("campaigns.findings"), t("campaigns.findings_lead"), "findings"))
        if not any(one.contents for one in form.found.body.variants):
            st.html(heading.line(t("campaigns.findings_unread")))
        elif any(one.reason.startswith("text_") for one in campaigns.gaps(form.found.body)):
            st.html(heading.line(t("campaigns.findings_broken")))
        elif not found:
            st.html(f'<p class="lead all-well">{escape(t("campaigns.findings_none"))}</p>')
        for (is_held, rule), every in groupby(sorted(found, key=_order), _order):
            _rule(form, rule, list(every), is_held=is_held)


def _order(one: Told) -> tuple[bool, str]:
    return campaigns.is_held_rule(one), one.finding.rule


def _rule(form: Form, rule: str, every: list[Told], *, is_held: bool) -> None:
    """One badge and one reason; why it is a rule may differ by channel."""
    purpose = form.found.body.purpose
    if not is_held:
        badge = words.mark("critical", t("campaigns.blocks"))
    elif every[0].stands:
        badge = words.mark("medium", t("campaigns.needs_reason"))
    else:
        badge = words.mark("low", t("campaigns.has_reason"))
    said: dict[tuple[str, str, str], list[Told]] = {}
    for one in every:
        said.setdefault(words.finding(one, purpose), []).append(one)
    title = next(iter(said))[0]
    blocks = "".join(_why(why, source) + _places(form, some) for (_, why, source), some in said.items())
    with st.container(key=f"cp_rule_{rule.replace('.', '_')}_{is_held}", gap="small"):
        st.html(f'<div class="finding"><p><b>{escape(title)}</b> {badge}</p>{blocks}</div>')
        if _needs_names(rule):
            address = f"?{addresses.only('world')}part=rules"
            st.html(f'<p class="lead"><a href="{escape(address)}">{escape(t("campaigns.to_names"))}</a></p>')
        if is_held:
            fields.line(
                form, ("reasons", rule), t("campaigns.reason"), most=LONGEST, placeholder=t("campaigns.reason_hint"), help=t("campaigns.reason_help")
            )  # fmt: skip


def _why(why: str, source: str) -> str:
    note = f" <small>{escape(t('campaigns.source', source=source))}</small>" if source else ""
    return f'<p class="lead">{escape(why)}{note}</p>' if why or note else ""


def _needs_names(rule: str) -> bool:
    return rule == "must.sender" and not campaigns.sender().names


def _places(form: Form, every: list[Told]) -> str:
    """Each text once, with all its words that the rule marks."""
    variants = {one.name: one for one in form.found.body.variants}
    items = []
    for (variant, channel, name), some in groupby(every, lambda one: (one.variant, one.channel, one.text)):
        spans = [
            (one.finding.start, one.finding.end)
            for one in some
            if one.finding.start is not None and one.finding.end is not None
        ]
        text = variants[variant].contents.get(channel, Content()).texts().get(name, "")
        where = t("number.then").join([words.place(f"{variant}.{channel}"), words.text_name(name)])
        shown = f'<div class="draft">{words.marked(text, spans)}</div>' if spans else ""
        items.append(f"<li>{escape(where)}{shown}</li>")
    return f'<ul class="listed">{"".join(items)}</ul>'
