"""What a member agreed to, and which rule would stop a message to it on each channel, with what it rests on and what to do."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.data import member as data
from dashboard.data import suppressions
from dashboard.data.member import Channel, Gate, Member, View
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.evidence import kind
from dashboard.widgets.member import table, words
from dashboard.widgets.suppressions import words as told_of

SHOWN = 40


def show(view: View) -> None:
    member = view.member
    parts = [*_why(member, data.gates(view)), f"<h2>{escape(t('member.consents'))}</h2>", _consents(member)]
    parts += [f"<h2>{escape(t('suppressions.at_member'))}</h2>", _suppressions(member)]
    parts += [f"<h2>{escape(t('member.past_failures'))}</h2>", _failures(member)]
    st.html(f'<div class="parts-of">{"".join(parts)}</div>')


def now(view: View) -> tuple[str, str] | None:
    """One line and its look: where the member may be written to now; if nowhere, the rule that stops the message on every channel."""
    channels = data.gates(view)
    if not channels:
        return None
    free = [words.channel(one.name) for one in channels if one.is_open]
    if free:
        only = "_only" if len(free) == 1 else ""
        return t(f"member.reach_now{only}", channels=i18n.listed(free)), "few" if only else "open"
    first = [one.stops[0] for one in channels]
    if all(one.why == "never" for one in first):
        why = t("member.reach_never")
    elif all(one == first[0] for one in first):
        why = _words(view.member, first[0])
    else:
        why = i18n.listed(dict.fromkeys(t(f"member.gate_{one.gate}") for one in first))
    return t("member.reach_none", why=why), "shut"


def _why(member: Member, channels: Sequence[Channel]) -> list[str]:
    if not channels:
        return []
    lead = t("member.why_lead", on=i18n.day(channels[0].on))
    items = "".join(_channel(member, one) for one in channels)
    return [f"<h2>{escape(t('member.why'))}</h2>{heading.line(lead)}", f'<ul class="gates">{items}</ul>']


def _channel(member: Member, one: Channel) -> str:
    state = t("member.may_send" if one.is_open else "member.may_not")
    stops = "".join(f"<p>{escape(_said(member, stop))}</p>" for stop in one.stops)
    rest = "".join(f"<li>{escape(_said(member, gate))}</li>" for gate in one.gates if gate.passes)
    passed = f"<details><summary>{escape(t('member.every_gate'))}</summary><ul>{rest}</ul></details>" if rest else ""
    mark = "open" if one.is_open else "shut"
    return f'<li id="gate-{escape(one.name)}" class="{mark}"><b>{escape(words.channel(one.name))}</b><em>{escape(state)}</em>{stops}{passed}</li>'


def _said(member: Member, gate: Gate) -> str:
    return f"{t(f'member.gate_{gate.gate}')}{t('number.then')}{_words(member, gate)}"


def _words(member: Member, gate: Gate) -> str:
    told = dict(gate.details)
    free = told.pop("free_on", None)
    key = (
        f"member.gate_{gate.why}_stop"
        if gate.why in ("month", "days") and not gate.passes
        else f"member.gate_{gate.why}"
    )
    if "until" in told:
        told["until"] = i18n.day(told["until"])  # type: ignore[arg-type]
    if "at" in told:
        told["at"] = words.day(told["at"])  # type: ignore[arg-type]
        told["channel"] = t("member.every_channel") if told["channel"] is None else words.channel(str(told["channel"]))
    if gate.gate == "suppression" and not gate.passes:
        told["reason"], told["by"] = told_of.kind(str(told["reason"])), told_of.by(str(told["by"]))
    if "type" in told:
        told["type"], told["of"] = kind(str(told["type"])), words.channel(str(told["of"]))
    if "groups" in told:
        told["groups"] = i18n.listed(words.called(member, "group_id", one) for one in told["groups"])  # type: ignore[attr-defined]
    return t(key, free=i18n.day(free) if free else "", **told)  # type: ignore[arg-type]


def _consents(member: Member) -> str:
    if not member.consents:
        return heading.line(t("member.consents_none"))
    titles = [t(f"member.{name}") for name in ("purpose", "channel", "answer", "when", "source", "policy", "proof")]
    rows = [
        (
            words.code("member.purpose_", one.purpose),
            t("member.every_channel") if one.channel is None else words.channel(one.channel),
            t("member.given" if one.is_given else "member.withdrawn"),
            words.moment(one.at),
            one.source,
            one.policy_version or UNDEFINED,
            one.proof or UNDEFINED,
        )
        for one in member.consents
    ]
    return table.html(titles, rows)


def _suppressions(member: Member) -> str:
    found = suppressions.of_member(member.keys)
    way = f'<p><a href="/suppressions?sp_who={member.member_id}">{escape(t("suppressions.at_member_all"))}</a></p>'
    if not found:
        return heading.line(t("suppressions.at_member_none")) + way
    titles = [t(f"suppressions.column_{name}") for name in ("since", "where", "why", "by")]
    rows = [(told_of.moment(one), told_of.where(one), told_of.why(one), told_of.by(one.by)) for one in found]
    return table.html(titles, rows) + way


def _failures(member: Member) -> str:
    failed = [touch for touch in member.touches if "failed" in touch.states][:SHOWN]
    if not failed:
        return heading.line(t("member.past_none"))
    titles = [t(f"member.{name}") for name in ("when", "channel", "campaign", "failed_why")]
    rows = [
        (
            words.moment(touch.states["failed"]),
            words.channel(touch.channel),
            words.called(member, "campaign_id", touch.campaign_id),
            words.code("member.reason_", touch.reason),
        )
        for touch in failed
    ]
    return table.html(titles, rows)
