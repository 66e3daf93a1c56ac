"""Campaigns in words: states, channels, whom they are for, what they wait for, and the marks that stand beside them."""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from urllib.parse import urlencode

from babel.numbers import get_currency_precision

from dashboard import addresses, i18n
from dashboard.data import campaigns, freshness
from dashboard.data.campaigns import Body, Gap, Hold, Listed, Told
from dashboard.i18n import UNDEFINED, t

OF, STEP, VARIANT, NEW, SEGMENT = "campaign", "step", "variant", "new", "segment"
"""Where the address says which campaign is open, at which step and variant; and that a new one is begun, for which segment."""
STEPS = (*campaigns.STEPS, "check")
LOOKS = {
    "draft": "plain", "in_review": "medium", "approved": "low", "scheduled": "low", "materialising": "low", "sending": "low", "paused": "high",
    "completed": "plain", "cancelled": "plain", "failed": "critical",
}  # fmt: skip
"""Which of the levels' colours a state has."""


def link(campaign_id: int, step: str = "goal", **more: object) -> str:
    """The address of a campaign at a step, ready for an attribute."""
    return escape(f"?{addresses.only('world')}{urlencode({OF: campaign_id, STEP: step} | more)}")


def to_new(segment_id: int | None = None) -> str:
    """The address at which a campaign is begun, for a segment, from any page."""
    told = {NEW: 1} | ({} if segment_id is None else {SEGMENT: segment_id})
    return f"/campaigns?{addresses.only('world')}{urlencode(told)}"


def mark(look: str, words: str) -> str:
    return f'<span class="level {look}">{escape(words)}</span>'


def state(name: str) -> str:
    """HTML: a badge."""
    return mark(LOOKS[name], t(f"campaigns.state_{name}"))


def channel(name: str) -> str:
    return t(f"campaigns.channel_{name}")


def channels(body: Body) -> str:
    return i18n.listed(map(channel, body.channels)) or UNDEFINED


def audience(body: Body) -> str:
    """Names of its segments, or how many places it goes to."""
    if body.is_placed:
        return t("campaigns.places_count", count=i18n.number(len(body.places)))
    known = campaigns.segments_known()
    names = [known[one].name if one in known else f"#{one}" for one in body.segments]
    return i18n.listed(names) or UNDEFINED


def waits(one: Listed) -> str:
    """For whom or what."""
    if one.state == "draft":
        told = t("campaigns.waits_gaps", count=one.gap_count) if one.gap_count else t("campaigns.waits_whole")
        return t("campaigns.waits_draft", author=one.changed_by, told=told)
    if one.undecided:
        return t("campaigns.waits_undecided", count=one.undecided)
    return t("campaigns.waits_stopped" if one.is_stopped else f"campaigns.waits_{one.state}", author=one.changed_by)


def starts(one: Listed) -> str:
    if one.starts_at is not None:
        return moment(one.starts_at)
    return UNDEFINED if one.state in ("cancelled", "failed") else t(f"campaigns.when_{one.body.schedule.when}")


def moment(at: datetime | None) -> str:
    return UNDEFINED if at is None else i18n.moment(at, campaigns.zone())


def money(minor: int | None) -> str:
    return i18n.money(minor, freshness.read(campaigns.SEE).currency or "CNY")


def precision() -> int:
    """Digits of the smallest unit of money behind the point."""
    return get_currency_precision(freshness.read(campaigns.SEE).currency or "CNY")


def field(name: str) -> str:
    """A personal field."""
    return t(f"campaigns.field_{name}")


def text_name(name: str) -> str:
    """Which text of a content: ``title``, ``text``, ``values.name`` …"""
    kind, _, key = name.partition(".")
    return i18n.aside(t("campaigns.content_values"), key) if key else t(f"campaigns.content_{kind}")


def place(at: str) -> str:
    """``A.sms`` of a gap or a finding."""
    variant, _, on = at.rpartition(".")
    return t("number.then").join([t("campaigns.variant_name", name=variant), channel(on)]) if variant else ""


def gap(one: Gap) -> str:
    """What is missing, and where."""
    kind = "offer_budget" if (one.step, one.field) == ("offer", "budget_minor") else one.field.partition(".")[0]
    name = text_name(one.field) if one.step == "content" and one.field != "variants" else t(f"campaigns.of_{kind}")
    told = i18n.explained(name, t(f"campaigns.gap_{one.reason}"))
    return f"{place(one.at)}{t('number.then')}{told}" if one.at else told


def finding(told: Told, purpose: str) -> tuple[str, str, str]:
    """A rule's name, why it is one, and its source, all in words."""
    kind, _, name = told.finding.rule.partition(".")
    known = campaigns.rule(told.finding.rule, told.channel, purpose)
    if known is not None and known.name:
        title = known.name
    else:
        title = t(f"campaigns.rule_{kind}_{name}" if kind in ("must", "platform") else f"campaigns.rule_{kind}")
    if known is not None:
        return title, known.why, known.source
    return title, t(f"campaigns.rule_{kind}_{name}_why") if kind == "platform" else "", ""


def held(one: Hold) -> str:
    """What is stopped."""
    if one.kind == "all":
        return t("campaigns.held_all")
    return t(f"campaigns.held_{one.kind}", key=channel(one.key) if _is_channel(one) else one.key)


def _is_channel(one: Hold) -> bool:
    return one.kind == "channel" and one.key in campaigns.CHANNELS


def marked(text: str, places: Iterable[tuple[int, int]]) -> str:
    """HTML: the text, some of its words marked."""
    told, end = "", 0
    for start, stop in sorted(places):
        if start >= end:
            told += f"{escape(text[end:start])}<mark>{escape(text[start:stop])}</mark>"
            end = stop
    return told + escape(text[end:])
