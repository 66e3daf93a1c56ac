"""Last step: everything that is missing in one list, each leading to where it is mended; what was said in short; handing in, taking back, copying, giving up.

Whatever is said of a campaign that was handed in (approval, numbers of the gates, progress, results) is drawn below ``_standing`` by files of its own.
"""

from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.actions import campaigns as actions
from dashboard.actions import guard
from dashboard.data import campaigns
from dashboard.data.campaigns import Found
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import lacking, words
from dashboard.widgets.campaigns.edits import Form

TAKEN_BACK = ("in_review", "approved", "scheduled")


def show(form: Form) -> None:
    found = form.found
    open_points = _points(form)
    with st.container(border=True, key="card_campaign_check"):
        st.html(heading.section(t("campaigns.step_check"), t("campaigns.lead_check")))
        left, right = st.columns([3, 2], gap="medium")
        with left:
            if open_points:
                st.html(f'<ol class="points">{"".join(open_points)}</ol>')
            else:
                st.html(f'<p class="lead all-well">{escape(t("campaigns.nothing_missing"))}</p>')
            lacking.ways_out(found.body)
        with right:
            st.html(_facts(found))
        _standing(found)
        if actions.may():
            _deeds(found, is_whole=not open_points)


def said(form: Form) -> None:
    """Of one that was started: what was said in short, and what can still be done with it."""
    with st.container(border=True, key="card_campaign_check"):
        st.html(heading.section(t("campaign.said"), t("campaign.said_lead")) + _facts(form.found))
        _standing(form.found)
        if actions.may():
            _deeds(form.found, is_whole=False)


def _points(form: Form) -> list[str]:
    """HTML: what is missing and what stands against it, each with its step."""
    numbers = {one.name: place + 1 for place, one in enumerate(form.found.body.variants)}
    told = []
    for gap in campaigns.gaps(form.found.body):
        more = {words.VARIANT: numbers[name]} if (name := gap.at.rpartition(".")[0]) in numbers else {}
        told.append(_point(form, gap.step, words.gap(gap), **more))
    for one in campaigns.standing(form.found.body):
        said = i18n.explained(
            words.place(f"{one.variant}.{one.channel}"), words.finding(one, form.found.body.purpose)[0]
        )
        told.append(_point(form, "content", said, **{words.VARIANT: numbers[one.variant]}))
    return told


def _point(form: Form, step: str, said: str, **more: object) -> str:
    address = words.link(form.campaign_id, step, **more)
    return f'<li><a href="{address}">{escape(said)}</a><small>{escape(t(f"campaigns.step_{step}"))}</small></li>'


def _facts(found: Found) -> str:
    body = found.body
    offer = body.offer
    told = [
        ("goal", t(f"campaigns.goal_{body.goal}") if body.goal else UNDEFINED),
        ("metric", t("campaigns.metric_in", metric=t(f"campaigns.metric_{body.metric}"), days=body.window_days)),
        ("audience", words.audience(body)),
        ("channels", words.channels(body)),
        ("holdout", UNDEFINED if body.is_placed else i18n.share(body.holdout)),
        ("variants", i18n.listed(t("campaigns.variant_name", name=one.name) for one in body.variants)),
        ("offer", UNDEFINED if offer is None else i18n.aside(offer.name or UNDEFINED, words.money(offer.face_minor))),
        ("when", words.moment(body.schedule.at) if body.schedule.at else t(f"campaigns.when_{body.schedule.when}")),
    ]
    items = "".join(f"<div><dt>{escape(t(f'campaigns.fact_{name}'))}</dt><dd>{escape(value)}</dd></div>" for name, value in told)  # fmt: skip
    return f'<dl class="incident-facts">{items}</dl>'


def _standing(found: Found) -> None:
    """How far it has come."""
    if found.state == "draft":
        return
    st.html(heading.line(t(f"campaigns.now_{found.state}", at=words.moment(found.state_at))))
    if found.approved_by is not None and found.approved_at is not None:
        told = {
            "by": found.approved_by,
            "at": words.moment(found.approved_at),
            "count": i18n.number(found.approved_count),
        }
        st.html(heading.line(t("campaigns.approved_by", **told)))


# -- what can be done --------------------------------------------------------------------------------------------------


def _deeds(found: Found, *, is_whole: bool) -> None:
    with st.container(horizontal=True, gap="small", key="campaign_deeds"):
        if found.state == "draft":
            st.button(
                t("campaigns.hand_in"), type="primary", icon=":material/send:", key="cp_hand_in", disabled=not is_whole, help=t("campaigns.hand_in_help"), on_click=_hand_in,
                args=(found,),
            )  # fmt: skip
        if found.state in TAKEN_BACK:
            taking_back(found)
        _copying(found)
        if found.is_editable:
            _discarding(found)


def taking_back(found: Found) -> None:
    st.button(
        t("campaigns.take_back"), icon=":material/undo:", key="cp_take_back", help=t("campaigns.take_back_help"), on_click=_take_back, args=(found,)
    )  # fmt: skip


def _copying(found: Found) -> None:
    box = st.popover(t("campaigns.copy"), icon=":material/content_copy:", key="cp_copy", on_change="rerun")
    if box.open:
        with box, st.form("cp_copy_form", border=False):
            usual = t("campaigns.copy_of", name=found.name)[: campaigns.LONGEST_NAME]
            st.text_input(t("campaigns.name"), usual, max_chars=campaigns.LONGEST_NAME, key="cp_copy_name")
            st.form_submit_button(
                t("campaigns.copy_do"), type="primary", key="cp_copy_do", on_click=_copy, args=(found,)
            )


def _discarding(found: Found) -> None:
    box = st.popover(t("campaigns.discard"), icon=":material/delete:", key="cp_discard", on_change="rerun")
    if box.open:
        with box:
            st.write(t("campaigns.discard_means"))
            st.button(t("campaigns.discard_do"), type="primary", key="cp_discard_do", on_click=_discard, args=(found,))


@guard.guarded(actions.WRITE)
def _hand_in(found: Found) -> None:
    try:
        actions.hand_in(found.campaign_id, revision=found.revision)
    except actions.Untried as refusal:
        said = {name: i18n.number(refusal.details[name]) for name in ("count", "most")}
        texts = i18n.listed(words.place(one) for one in refusal.details["texts"])
        guard.note(t("trial.untried", **said, texts=texts), is_error=True)
        return
    guard.note(t("campaigns.handed_in", name=found.name))


@guard.guarded(actions.WRITE)
def _take_back(found: Found) -> None:
    actions.take_back(found.campaign_id)
    guard.note(t("campaigns.taken_back", name=found.name))


@guard.guarded(actions.WRITE)
def _copy(found: Found) -> None:
    number = actions.copy(found.campaign_id, str(st.session_state["cp_copy_name"]))
    st.session_state["cp_copy"] = False
    st.query_params[words.OF], st.query_params[words.STEP] = str(number), "goal"
    guard.note(t("campaigns.copied", name=found.name))


@guard.guarded(actions.WRITE)
def _discard(found: Found) -> None:
    actions.discard(found.campaign_id)
    st.session_state["cp_discard"] = False
    guard.note(t("campaigns.discarded", name=found.name))
