"""能触达多少人: how many of a segment can be reached on each channel, gate by gate; consent is always one of the gates."""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from core.errors import Refusal
from dashboard import addresses, i18n
from dashboard.data import segments as data
from dashboard.data.segments import Answer, Gated, Reached, Side
from dashboard.i18n import t
from dashboard.widgets import behind, choice, heading
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice

CHANNEL = "sg_ch"
"""Where the address says whose gates are shown."""
BEGINS = "reach"


def show(definition: Mapping[str, Any], who: str) -> None:
    """``who``: where the address says whose people are open."""
    with st.container(border=True, key="card_sg_reach"):
        st.html(heading.section(t("segments.reach"), t("segments.reach_lead"), "sg-reach"))
        try:
            with st.spinner(t("segments.counting")):
                answer = data.reached(definition)
        except Refusal as error:
            st.html(f'<p class="fault" role="alert">{escape(i18n.refusal(error))}</p>')
            return
        found = answer.found
        channel = choice.read(CHANNEL, tuple(found.channels))
        labels = {one: f"{t(f'channel.{one}')} {i18n.number(found.reachable(one))}" for one in found.channels}
        st.html(choice.row(Choice(CHANNEL, t("segments.reach"), labels, channel), addresses.beside(who)))
        st.html(_waterfall(answer, channel, behind.link(who)))


def _waterfall(answer: Answer[Reached], channel: str, begins: str | None) -> str:
    found = answer.found
    rows = [_row(t("segments.gate_segment"), t("segments.gate_segment_means"), "", _bar(found.members, found.members))]
    for one in found.channels[channel]:
        name = t(f"segments.gate_{one.gate}")
        rows.append(
            _row(name, means(one, channel, found), _stopped(begins, channel, one), _left(begins, channel, one, found))
        )
    heads = "".join(f"<th>{escape(t(f'segments.reach_{one}'))}</th>" for one in ("gate", "stopped", "left"))
    as_of = t("segments.counted_as_of", at=i18n.moment(answer.as_of, answer.zone))
    assumed = heading.line(_assumed(channel, found)) if channel in data.OPENID_CHANNELS else ""
    return f'<table class="reach-gates"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>{heading.line(as_of)}{assumed}'


def _row(name: str, meaning: str, stopped: str, left: str) -> str:
    return (
        f"<tr><th scope='row'>{escape(name)}<small>{escape(meaning)}</small></th><td>{stopped}</td><td>{left}</td></tr>"
    )


def means(one: Gated, channel: str, found: Reached) -> str:
    """Why somebody does not get through a gate."""
    key = f"segments.gate_{one.gate}_means_{channel}"
    messages, days = found.cap
    return t(
        key if i18n.has(key) else f"segments.gate_{one.gate}_means",
        channel=t(f"channel.{channel}"),
        messages=messages,
        days=days,
    )


def _assumed(channel: str, found: Reached) -> str:
    """Which sources' openids are taken to be of the channel, and why; and those of which nobody knows."""
    name = t(f"channel.{channel}")
    mine = [
        t("segments.account_named", source=one.source, channel=name)
        if one.share is None
        else t("segments.account_told", source=one.source, channel=name, share=i18n.share(one.share, 0))
        for one in found.accounts
        if one.channel == channel
    ]
    unknown = [one.source for one in found.accounts if one.channel is None]
    told = [
        t("segments.accounts", channel=name, sources=i18n.listed(mine))
        if mine
        else t("segments.no_accounts", channel=name)
    ]
    told += [t("segments.accounts_unknown", sources=i18n.listed(unknown))] if unknown else []
    return " ".join(told) if i18n.language() == "en" else "".join(told)


def _stopped(begins: str | None, channel: str, one: Gated) -> str:
    if not one.lost:
        return "0"
    shown = f"−{i18n.number(one.lost)}"
    return _linked(begins, channel, one, "lost", shown, t("segments.reach_stopped"))


def _left(begins: str | None, channel: str, one: Gated, found: Reached) -> str:
    return _bar(
        one.left, found.members, _linked(begins, channel, one, "left", i18n.number(one.left), t("segments.reach_left"))
    )


def _linked(begins: str | None, channel: str, one: Gated, side: Side, shown: str, told: str) -> str:
    if begins is None or not (one.lost if side == "lost" else one.left):
        return escape(shown)
    name = f"{BEGINS}.{channel}.{one.gate}.{side}"
    said = i18n.explained(t(f"segments.gate_{one.gate}"), f"{told} {shown}")
    return f'<a id="{name.replace(".", "-")}" href="{escape(begins)}{name}" aria-label="{escape(said)}">{escape(shown)}</a>'


def _bar(count: int, of: int, words: str | None = None) -> str:
    share = count / of if of else 0
    return f'<span class="left"><i style="width:{share:.1%}"></i><b>{words or escape(i18n.number(count))}</b></span>'


def people(definition: Mapping[str, Any], text: str) -> Behind | None:
    """Whom the address names, ``reach.sms.consent.lost``; None where it names nobody."""
    parts = text.split(".")
    if len(parts) != 4 or parts[0] != BEGINS or parts[3] not in ("lost", "left"):
        return None
    _, channel, gate, side = parts
    found = data.reached(definition).found
    one = next((each for each in found.channels.get(channel, ()) if each.gate == gate), None)
    figure = 0 if one is None else one.lost if side == "lost" else one.left
    if one is None or not figure:
        return None
    title = t(f"segments.reach_people_{side}", channel=t(f"channel.{channel}"), gate=t(f"segments.gate_{gate}"))
    read = data.people_of_reach
    return Behind(
        title,
        means(one, channel, found),
        lambda: read(definition, channel, one.gate, "lost" if side == "lost" else "left", figure),
    )
