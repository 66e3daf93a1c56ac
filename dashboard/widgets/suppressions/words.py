"""What is told of somebody who is not written to, in the reader's words."""

from html import escape

from dashboard import addresses, i18n
from dashboard.data import people
from dashboard.data import suppressions as data
from dashboard.data.suppressions import Entry, Seen
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets.member import words

TOLD_BY = ("customer", "platform", "system")


def kind(name: str) -> str:
    return t(f"suppressions.kind_{name}")


def channel(name: str | None) -> str:
    return t("suppressions.every_channel") if name is None else words.code("campaigns.channel_", name)


def purpose(name: str | None) -> str:
    return t("suppressions.every_purpose") if name is None else words.code("member.purpose_", name)


def where(one: Entry) -> str:
    return i18n.aside(channel(one.channel), purpose(one.purpose))


def why(one: Entry) -> str:
    """The kind, and what was said of it."""
    return t("number.then").join(filter(None, (kind(one.kind), words.code("suppressions.why_", one.reason or None) if one.reason else "")))  # fmt: skip


def who(one: Seen) -> str:
    if one.is_place:
        return t("suppressions.place")
    if one.entry.member_id is None:
        address = one.address or t("suppressions.address_unknown")
        return address if one.member_id is None else i18n.aside(words.label(one.member_id), address)
    return t("suppressions.member_gone") if one.member_id is None else words.label(one.member_id)


def by(name: str) -> str:
    return t(f"suppressions.by_{name}") if name in TOLD_BY else name


def moment(one: Entry) -> str:
    return i18n.moment(one.at, data.zone())


def lifted(one: Entry) -> str:
    """When, by whom and why it was taken back; with the consent that was stated."""
    if one.lifted_at is None or one.lifted_by is None:
        return UNDEFINED
    reason, _, consent = one.lifted_reason.partition("\n")
    told = t("suppressions.lifted_said", at=i18n.moment(one.lifted_at, data.zone()), by=by(one.lifted_by), why=words.code("suppressions.why_", reason or None))  # fmt: skip
    return f"{told} {t('suppressions.consent_said', consent=consent)}" if consent else told


def campaign(one: Seen) -> str:
    """HTML."""
    if one.campaign is None:
        return escape(UNDEFINED if one.entry.campaign_id is None else t("suppressions.campaign_hidden"))
    number, name = one.campaign
    return f'<a href="/campaigns?{escape(addresses.only("world"))}campaign={number}">{escape(name)}</a>'


def member(one: Seen) -> str:
    """HTML: the member's page."""
    if one.member_id is None:
        return escape(UNDEFINED)
    return f'<a href="{people.address(one.member_id)}">{escape(words.label(one.member_id))}</a>'
