"""Whoever approves reads what is sent as members will read it, what stands against it and why it may be sent, when it goes out and to whom, and what is different from the time before; then they
approve, or send it back. Everything is bound to the fingerprint that was read."""

from html import escape

import streamlit as st

from core.errors import Refusal
from dashboard import i18n, markdown
from dashboard.actions import campaign_runs as actions
from dashboard.actions import guard
from dashboard.data import campaign_runs, campaigns
from dashboard.data.campaign_runs import Preview
from dashboard.data.campaigns import Content, Found, Variant
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import cards, differences, told, words
from dashboard.widgets.campaigns.edits import Form
from dashboard.widgets.campaigns.findings import LONGEST
from dashboard.widgets.risk import form as forms

DIGEST = 12
"""Letters of the fingerprint that are shown."""


def show(form: Form) -> None:
    found = form.found
    _reading(found)
    _findings(form)
    differences.show(found)


def decide(found: Found) -> None:
    """Approving and sending back; below what is to be read."""
    standing = campaign_runs.review_of(found.campaign_id)
    with st.container(border=True, key="card_campaign_approval"):
        st.html(heading.section(t("campaign.approval"), t(f"campaign.approval_{found.state}"), "approval"))
        if not standing.is_as_read:
            st.warning(t("campaign.not_as_read"), icon=":material/published_with_changes:")
        if found.state == "approved":
            _approved(found)
            return
        st.html(heading.line(_who_may(standing)))
        if not actions.may_approve():
            st.html(heading.line(t("campaign.may_not_role", role=t(f"role.{guard.operator().role}"))))
            return
        _deeds(found, standing)


def _who_may(standing: campaign_runs.Review) -> str:
    told_ = {
        "authors": i18n.listed(sorted(standing.authors)),
        "alone": i18n.number(standing.alone),
        "grand": i18n.number(standing.grand),
    }
    return t("campaign.who_may", **told_)


def _deeds(found: Found, standing: campaign_runs.Review) -> None:
    try:
        view = campaign_runs.check(found.campaign_id)
    except Refusal as refusal:
        st.error(markdown.escaped(i18n.refusal(refusal)))
        view = None
    count = 0 if view is None else view.found.will_send
    why = _why_not(standing, count)
    left, right = st.columns(2, gap="large")
    with left:
        if why:
            st.warning(why, icon=":material/person_off:")
        _approving(found, standing.digest or "", count, is_open=not why and view is not None and standing.is_as_read)
    with right, st.form(f"ca_back_form_{found.campaign_id}", border=False, enter_to_submit=False):
        st.text_area(
            t("campaign.back_why"), max_chars=LONGEST, key=f"ca_back_{found.campaign_id}", height=96, placeholder=t("campaign.back_hint")
        )  # fmt: skip
        st.form_submit_button(t("campaign.back_do"), icon=":material/assignment_return:", key="ca_back_do", on_click=_send_back, args=(found,))  # fmt: skip


def _why_not(standing: campaign_runs.Review, count: int) -> str:
    """Why this reader may not approve it; empty where they may."""
    if count > standing.alone and standing.is_own(campaigns.me()):
        return t("error.campaign.approver_own", most=i18n.number(standing.alone))
    if count > standing.grand and not actions.may_approve_many():
        return t("error.campaign.approver_grand", most=i18n.number(standing.grand))
    return ""


def _approving(found: Found, digest: str, count: int, *, is_open: bool) -> None:
    shown = i18n.number(count)
    key = f"ca_typed_{found.campaign_id}_{digest[:DIGEST]}"
    with st.form(f"ca_approve_form_{found.campaign_id}", border=False, enter_to_submit=False):
        st.text_input(
            t("campaign.type_count", count=shown), key=key, placeholder=str(count), disabled=not is_open, help=t("campaign.type_count_help"), max_chars=12
        )  # fmt: skip
        st.form_submit_button(
            t("campaign.approve_do"), type="primary", icon=":material/verified:", key="ca_approve_do", disabled=not is_open, on_click=_approve, args=(found, digest, key)
        )  # fmt: skip
    st.caption(t("campaign.fingerprint", digest=digest[:DIGEST] or UNDEFINED))


def _approved(found: Found) -> None:
    """What happens next, and who may have it happen."""
    at = found.body.schedule.at
    st.html(heading.line(t("campaign.start_at", at=words.moment(at)) if at else t("campaign.start_now")))
    if not actions.may_write():
        st.html(heading.line(t("campaign.start_forbidden")))
        return
    is_open = campaign_runs.review_of(found.campaign_id).is_as_read
    with forms.box(t("campaign.start"), "ca_start", ":material/rocket_launch:", kind="primary") as is_asked:
        if is_asked:
            st.write(t("campaign.start_sure", count=i18n.number(found.approved_count)))
            st.button(
                t("campaign.start_do"), type="primary", key="ca_start_do", disabled=not is_open, on_click=_start, args=(found,)
            )  # fmt: skip


@guard.guarded(actions.APPROVE)
def _approve(found: Found, digest: str, key: str) -> None:
    typed = "".join(one for one in str(st.session_state[key]) if one.isdecimal())
    if not typed:
        guard.note(t("campaign.type_first"), is_error=True)
        return
    count = actions.approve(found.campaign_id, digest=digest, typed=int(typed))
    guard.note(t("campaign.approved", name=found.name, count=i18n.number(count)))


@guard.guarded(actions.APPROVE)
def _send_back(found: Found) -> None:
    actions.send_back(found.campaign_id, str(st.session_state[f"ca_back_{found.campaign_id}"]))
    guard.note(t("campaign.was_sent_back", name=found.name))


@guard.guarded(actions.WRITE)
def _start(found: Found) -> None:
    actions.start(found.campaign_id)
    forms.close("ca_start")
    guard.note(t("campaign.started", name=found.name))


# -- what is read ------------------------------------------------------------------------------------------------------


def _reading(found: Found) -> None:
    body = found.body
    with st.container(border=True, key="card_campaign_reading"):
        st.html(heading.section(t("campaign.reading"), t("campaign.reading_lead"), "reading"))
        st.html(_sentences(found))
        for variant in body.variants:
            for channel in body.channels:
                _content(found, variant, channel)


def _sentences(found: Found) -> str:
    """Whom, when and why, in sentences."""
    rows = [("audience", _audience(found)), ("schedule", _schedule(found))]
    if found.body.note:
        rows.append(("note", found.body.note))
    items = "".join(f"<div><dt>{escape(t(f'campaign.read_{name}'))}</dt><dd>{escape(text)}</dd></div>" for name, text in rows)  # fmt: skip
    return f'<dl class="incident-facts told">{items}</dl>'


def _audience(found: Found) -> str:
    body, known = found.body, campaigns.segments_known()
    if body.is_placed:
        return t("campaign.audience_places", count=len(body.places), channels=words.channels(body))
    without = i18n.listed(known[one].name if one in known else f"#{one}" for one in body.without)
    said = [t("campaign.audience_of", names=words.audience(body))]
    said += [t("campaign.audience_without", names=without)] if without else []
    how = body.mode if len(body.channels) > 1 else "once"
    said.append(t(f"campaign.audience_{how}", channels=words.channels(body)))
    said.append(t("campaign.audience_held", share=i18n.share(body.holdout)) if body.holdout else t("campaigns.holdout_none"))  # fmt: skip
    return told.sentences(said)


def _schedule(found: Found) -> str:
    plan = found.body.schedule
    said = [t(f"campaign.when_{plan.when}", at=words.moment(plan.at))]
    said += [t("campaign.when_per_minute", count=i18n.number(plan.per_minute))] if plan.per_minute else []
    said.append(t(f"campaign.when_quiet_{plan.quiet}"))
    said += [t("campaign.when_expires", at=words.moment(plan.expires_at))] if plan.expires_at else []
    said += [t("campaign.when_budget", budget=words.money(found.body.budget_minor))] if found.body.budget_minor is not None else []  # fmt: skip
    return told.sentences(said)


def _content(found: Found, variant: Variant, channel: str) -> None:
    content = variant.contents.get(channel, Content())
    whole = sum(one.weight for one in found.body.variants) or 1
    share = i18n.share(variant.weight / whole) if len(found.body.variants) > 1 else ""
    title = t("number.then").join(filter(None, [words.channel(channel), t("campaigns.variant_name", name=variant.name), share]))  # fmt: skip
    st.html(f"<h3>{escape(title)}</h3>{_plain(content)}")
    try:
        previews = campaign_runs.previews(found.campaign_id, variant.name, channel)
    except Refusal as refusal:
        st.error(markdown.escaped(i18n.refusal(refusal)))
        return
    people = sum(one is not None for one, _ in previews)
    shown = "".join(_preview(number, one) for number, one in enumerate(previews))
    lead = t("campaign.previews", count=people) if people else t("campaign.previews_none")
    st.html(f'{heading.line(lead)}<div class="previews">{shown}</div>')


def _plain(content: Content) -> str:
    """What the author wrote, fields and all."""
    rows = [(words.text_name(name), text) for name, text in content.texts().items()]
    for name in ("link", "picture", "template", "page", "card_app_id", "card_page"):
        if getattr(content, name):
            rows.append((t(f"campaigns.content_{name}"), getattr(content, name)))
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in rows)
    return f'<details class="older"><summary>{escape(t("campaign.as_written"))}</summary><dl class="written">{items}</dl></details>'


def _preview(number: int, told_: tuple[int | None, Preview]) -> str:
    member, one = told_
    who = t("campaign.preview_empty") if member is None else t("campaign.preview_member", number=number + 1)
    return f"<figure><figcaption>{escape(who)}</figcaption>{_bubble(one)}</figure>"


def _bubble(one: Preview) -> str:
    if one.trouble is not None:
        missing = i18n.listed(map(words.field, one.missing)) or UNDEFINED
        return f'<p class="draft skipped">{escape(told.reason(one.trouble))}<br><small>{escape(t("campaign.preview_missing", fields=missing))}</small></p>'
    title = f"<b>{escape(one.title)}</b><br>" if one.title else ""
    values = "".join(f"<br><small>{escape(i18n.explained(name, text or UNDEFINED))}</small>" for name, text in one.values.items())  # fmt: skip
    card = ""
    if one.link:
        below = f"<small>{escape(one.link_text)}</small>" if one.link_text else ""
        card = f'<span class="linked-card"><b>{escape(one.link_title or one.link)}</b>{below}<small>{escape(one.link)}</small></span>'
    card += cards.html(one.card_title)
    notes = []
    if one.length is not None and one.most is not None:
        notes.append(t(f"campaigns.length_of_{one.unit}", count=i18n.number(one.length), most=i18n.number(one.most)))
    if one.missing:
        notes.append(t("campaigns.preview_missing", fields=i18n.listed(map(words.field, one.missing))))
    below = "".join(f'<p class="lead">{escape(note)}</p>' for note in notes)
    return f'<div class="draft bubble">{title}{escape(one.text or "")}{values}{card}</div>{below}'


def _findings(form: Form) -> None:
    """What the lists say of the texts, and why it may be sent all the same."""
    every = campaigns.findings(form.found.body)
    with st.container(border=True, key="card_campaign_read_findings"):
        st.html(heading.section(t("campaigns.findings"), t("campaign.findings_lead"), "read-findings"))
        if not every:
            st.html(f'<p class="lead all-well">{escape(t("campaigns.findings_none"))}</p>')
            return
        rows: dict[str, list[str]] = {}
        for one in every:
            title, why, _ = words.finding(one, form.found.body.purpose)
            where = words.place(f"{one.variant}.{one.channel}")
            if one.finding.rule not in rows:
                look = words.mark("critical", t("campaigns.blocks")) if not campaigns.is_held_rule(one) else words.mark("medium" if one.stands else "low", t("campaigns.needs_reason" if one.stands else "campaigns.has_reason"))  # fmt: skip
                rows[one.finding.rule] = [f"{escape(title)} {look}<small>{escape(why)}</small>", "", escape(one.reason or UNDEFINED)]  # fmt: skip
            known = rows[one.finding.rule]
            if escape(where) not in known[1]:
                known[1] = f"{known[1]}<br>{escape(where)}" if known[1] else escape(where)
        columns = [t(f"campaign.column_{one}") for one in ("finding", "where", "why")]
        st.html(told.table("read-findings-rows", t("campaigns.findings"), columns, rows.values()))
