"""Messages as their readers get them: personal fields filled in, links told apart, the address unsealed.

Whoever cannot be written to like this is told by a code: a value that is missing (``render.missing``), a text that is too long for the channel once it is filled (``render.long``), a value that is not
of its field's kind (``render.value``), an address that is gone (``address.gone``). Nothing of what was opened here is kept or logged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy import select

from core.campaigns import links, personal
from core.campaigns.body import CARD_TITLE_BYTES, CARDED, Body, Content
from core.campaigns.personal import InvalidValue, Template
from core.errors import Unknown
from core.periods import business_date
from core.privacy import disclosure
from core.privacy.vault import Vault, identity_label
from core.scope import Operator
from core.senders import leaving
from core.senders.leaving import Leaving
from core.senders.parcels import Card, Parcel
from core.sequences.arrays import Int64s
from core.sequences.subjects import NOBODY
from core.store.campaign_tables import Campaign
from core.store.outbox import Claim
from core.store.session import Session
from core.store.tables import IdentityValue
from core.work.campaigns.recipients import audience
from core.work.campaigns.recipients.addresses import ADDRESSLESS
from core.work.campaigns.texts.values import NICKNAME, OF_MESSAGE, Values, has_chinese
from core.work.home import Home
from core.work.questions import population
from core.work.questions import segments as people
from core.work.questions.reading import Reading, reading

MISSING, LONG, VALUE, GONE = "render.missing", "render.long", "render.value", "address.gone"
ASKED_AT_ONCE = 5_000
SHOWN_OUT = "…"
"""Stands in previews for the part of a link that only a message of the outbox has."""
SAMPLED = 5_000
"""Members of an audience among whom some are looked for to be shown."""
SHARED = ("wecom", "group_chat", "robot")
"""On these one message goes to many: a link of each one's own would make each a message, and of WeCom a task that an employee confirms. Clicks are not counted there."""
TRIAL_MARKS: Mapping[bool, str] = {True: "【试发】", False: "[Trial] "}
"""What a trial begins with, by whether its text is Chinese."""
MARKED: Mapping[str, str] = {
    "email": "title", "wecom": "text", "group_chat": "text", "robot": "text", "webhook": "text", "console": "text",
}  # fmt: skip
"""Where the mark of a trial stands; what is made of a template that its platform approved is sent as it is."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as one reader would get it. ``text`` and the others: null where the reader would get none. ``missing``: fields without a value. ``trouble``: code of why there is no message.
    ``length`` of ``most``, in ``unit``: of the text, where the channel has a limit."""

    title: str | None
    text: str | None
    link: str
    link_title: str | None
    link_text: str | None
    card_title: str | None
    values: Mapping[str, str | None]
    missing: tuple[str, ...]
    trouble: str | None
    length: int | None = None
    most: int | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class _Filled:
    """``texts``: by name (see ``Content.texts``), null where a value is missing."""

    texts: dict[str, str | None]
    missing: tuple[str, ...]
    trouble: str | None


def links_of(body: Body) -> dict[str, int]:
    """Numbers of the addresses that texts lead to, from 0."""
    urls = [content.link for variant in body.variants for content in variant.contents.values() if content.link]
    return {url: number for number, url in enumerate(dict.fromkeys(urls))}


def parcels(
    home: Home, campaign: Campaign, body: Body, claims: Sequence[Claim], now: datetime
) -> dict[int, Parcel | str]:
    """By message id; a text is the code of why it is skipped. Reads the lake's newest version."""
    if not claims:
        return {}
    with reading(home, now=now) as lake, home.store.reading() as session:
        return _Batch(home, lake, session, campaign, body, now).parcels(claims)


class _Batch:
    """Claims of one campaign, filled together."""

    def __init__(
        self, home: Home, lake: Reading, session: Session, campaign: Campaign, body: Body, now: datetime
    ) -> None:
        self.home, self.lake, self.session, self.campaign, self.body = home, lake, session, campaign, body
        today = business_date(now, lake.zone)
        self.values = Values(lake, session, home.keys, body, campaign.code, today)
        self.texts = _Texts(body)
        self.numbers = links_of(body)
        self.link_key, self.out_key = home.keys.derived(links.KEY), home.keys.derived(links.LEAVING_KEY)

    def parcels(self, claims: Sequence[Claim]) -> dict[int, Parcel | str]:
        addresses = self._addresses(claims)
        told = self._values(claims)
        return {
            claim.message_id: self._parcel(claim, addresses.get(claim.message_id), told[at])
            for at, claim in enumerate(claims)
        }

    def _parcel(self, claim: Claim, address: str | None, values: Mapping[str, Any] | None) -> Parcel | str:
        if address is None or values is None:
            return GONE
        content = self.texts.content(claim.variant, claim.channel)
        way_out = self._way_out(claim)
        filled = self.texts.filled(claim.variant, claim.channel, dict(values) | {OF_MESSAGE: way_out or None})
        if filled.trouble is not None:
            return filled.trouble
        return _parcel(
            self.body, claim.channel, content, filled.texts, f"{self.campaign.code}-{claim.message_id}", address, link=self._link(claim, content.link), way_out=way_out,
            sender=self._sender(claim), reference=self.campaign.code, data={"variant": claim.variant},
        )  # fmt: skip

    def _link(self, claim: Claim, url: str) -> str:
        """Told by a short one where people's phones reach the receiver, unless one message goes to many."""
        base = self.home.settings.links_url
        if not url or base is None or claim.channel in SHARED:
            return url
        return links.short(base, self.link_key, claim.message_id, self.numbers[url])

    def _way_out(self, claim: Claim) -> str:
        """Empty for places, and where the receiver cannot be reached."""
        base = self.home.settings.links_url
        if base is None or claim.member_id < 0:
            return ""
        who = links.who(claim.message_id, claim.member_id)
        return links.way_out(base, leaving.token(self.out_key, Leaving(who, claim.channel, self.body.purpose)))

    def _sender(self, claim: Claim) -> str:
        """A group's message is sent by its owner."""
        return self._owners.get(claim.place or "", "") if claim.channel == "group_chat" else ""

    @cached_property
    def _owners(self) -> dict[str, str]:
        return _owners(self.lake)

    def _values(self, claims: Sequence[Claim]) -> list[dict[str, Any] | None]:
        """Of each claim what its texts name; null where the member is none any more."""
        fields = list(
            dict.fromkeys(name for claim in claims for name in self.texts.fields(claim.variant, claim.channel))
        )
        known = population.of(self.lake.snapshot)
        now = known.current(np.array([claim.member_id for claim in claims], np.int64))
        is_member = (now != NOBODY) & (np.array([claim.place is None for claim in claims]))
        codes = np.searchsorted(known.ids, now[is_member])
        columns = {name: iter(self.values.of(name, codes)) for name in fields}
        found: list[dict[str, Any] | None] = []
        for claim, is_one in zip(claims, is_member.tolist(), strict=True):
            if is_one:
                found.append({name: next(column) for name, column in columns.items()})
            else:
                found.append({} if claim.place is not None else None)
        return found

    def _addresses(self, claims: Sequence[Claim]) -> dict[int, str]:
        keys = sorted({claim.identity_key for claim in claims if claim.identity_key is not None})
        vault, opened = Vault(self.home.keys), {}
        for at in range(0, len(keys), ASKED_AT_ONCE):
            rows = select(IdentityValue.identity_key, IdentityValue.ciphertext)
            for key, sealed in self.session.execute(
                rows.where(IdentityValue.identity_key.in_(keys[at : at + ASKED_AT_ONCE]))
            ):
                opened[key] = vault.open(sealed, identity_label(key))
        found = {}
        for claim in claims:
            if claim.place is not None:
                found[claim.message_id] = claim.place
            elif claim.channel in ADDRESSLESS:
                found[claim.message_id] = str(claim.member_id)
            elif claim.identity_key in opened:
                found[claim.message_id] = opened[claim.identity_key]
        return found


def _parcel(
    body: Body, channel: str, content: Content, text: Mapping[str, str | None], message_id: str, address: str, *, link: str, way_out: str, sender: str, reference: str, data: Mapping[str, object]
) -> Parcel:  # fmt: skip
    """``text``: of the content, by name, filled in."""
    card = None
    if channel in CARDED and content.has_card and content.card_until is not None:
        card = Card(text.get("card_title") or "", content.card_app_id, content.card_page, content.card_media, content.card_until)  # fmt: skip
    return Parcel(
        message_id=message_id, address=address, text=text.get("text") or "", purpose="service" if body.purpose == "service" else "marketing", title=text.get("title") or "",
        link=link, link_title=text.get("link_title") or "", link_text=text.get("link_text") or "", picture=content.picture, template=content.template,
        values={name: text.get(f"values.{name}") or "" for name in content.values}, page=content.page, way_out=way_out, sender=sender, reference=reference, data=data, card=card,
    )  # fmt: skip


def _owners(lake: Reading) -> dict[str, str]:
    """Who owns each group chat, as far as that is known."""
    rows = lake.snapshot.arrow(lake.chats.select("group_id", "staff_id"))
    return {row["group_id"]: row["staff_id"] for row in rows.to_pylist() if row["staff_id"]}


@dataclass
class _Texts:
    """The texts of a campaign, each read once."""

    body: Body
    _read: dict[str, Template] = field(default_factory=dict)

    def content(self, variant: str, channel: str) -> Content:
        found = next((one for one in self.body.variants if one.name == variant), None)
        return Content() if found is None else found.contents.get(channel, Content())

    def fields(self, variant: str, channel: str) -> tuple[str, ...]:
        texts = self.content(variant, channel).texts().values()
        return tuple(dict.fromkeys(name for text in texts for name in self._template(text).fields))

    def filled(self, variant: str, channel: str, values: Mapping[str, Any]) -> _Filled:
        told: dict[str, str | None] = {}
        missing: dict[str, None] = {}
        trouble = None
        for name, text in self.content(variant, channel).texts().items():
            try:
                one = personal.fill(self._template(text), values, self.body.missing)
            except InvalidValue:
                return _Filled({}, tuple(missing), VALUE)
            told[name] = one.text
            missing |= dict.fromkeys(one.missing)
            if one.text is None:
                trouble = MISSING
            elif trouble is None and (
                (name == "text" and personal.is_too_long(channel, one.text))
                or (name == "card_title" and len(one.text.encode()) > CARD_TITLE_BYTES)
            ):
                trouble = LONG
        return _Filled(told, tuple(missing), trouble)

    def _template(self, text: str) -> Template:
        if text not in self._read:
            self._read[text] = personal.parse(text)
        return self._read[text]


# -- before anything is sent -------------------------------------------------------------------------------------------


def preview(
    home: Home, operator: Operator, body: Body, variant: str, channel: str, member_id: int | None, now: datetime, *, code: str = "preview"
) -> Preview:  # fmt: skip
    """What a member would get; null: somebody of whom nothing is known. Who may not see personal values sees the nickname masked. ``code``: of the campaign, for coupons. Raises ``Forbidden``,
    ``InvalidText``, ``Unknown`` for a member who does not exist or is out of scope."""
    operator.require("campaign.see")
    texts = _Texts(body)
    content = texts.content(variant, channel)
    base = home.settings.links_url
    is_short = bool(base and content.link) and channel not in SHARED
    values = _shown(home, operator, body, texts.fields(variant, channel), member_id, now, code)
    values[OF_MESSAGE] = f"{base}/{links.LEFT}/{SHOWN_OUT}" if base else None
    filled = texts.filled(variant, channel, values)
    text, limit = filled.texts.get("text"), personal.LIMITS.get(channel)
    return Preview(
        title=filled.texts.get("title"), text=text, link=f"{base}/{links.FOLLOWED}/{SHOWN_OUT}" if is_short else content.link,
        link_title=filled.texts.get("link_title"), link_text=filled.texts.get("link_text"), card_title=filled.texts.get("card_title"), values={name: filled.texts.get(f"values.{name}") for name in content.values}, missing=filled.missing,
        trouble=filled.trouble, length=personal.length(text, limit.unit) if limit and text is not None else None, most=limit.most if limit else None, unit=limit.unit if limit else None,
    )  # fmt: skip


def trial(
    home: Home, operator: Operator, body: Body, variant: str, channel: str, address: str, sender: str, member_id: int | None, now: datetime, *, code: str
) -> Parcel | str:  # fmt: skip
    """One text as its readers get it, to somebody who tries it, with the values of a member as the preview shows them, or of somebody of whom nothing is known; a text is the code of why there is no message. It begins
    with a mark where the channel allows one and has room for it. Links lead where they lead, and the way out is one of nobody. ``sender``: of a group chat its owner, where nobody is named. Without a name for the message,
    which its row has. Raises as ``preview``."""
    operator.require("campaign.see")
    texts = _Texts(body)
    content = texts.content(variant, channel)
    values = _shown(home, operator, body, texts.fields(variant, channel), member_id, now, code)
    way_out = "" if body.is_placed else _way_out_of_nobody(home, channel, body.purpose)
    filled = texts.filled(variant, channel, values | {OF_MESSAGE: way_out or None})
    if filled.trouble is not None:
        return filled.trouble
    if channel == "group_chat" and not sender:
        with reading(home, scope=operator.scope, now=now) as lake:
            sender = _owners(lake).get(address, "")
    told = dict(filled.texts)
    if channel in MARKED:
        told[MARKED[channel]] = _marked(channel, told.get(MARKED[channel]) or "", has_chinese(content.texts().values()))
    return _parcel(
        body, channel, content, told, "", address, link=content.link, way_out=way_out, sender=sender, reference=f"{links.TRIAL}-{code}", data={"variant": variant, "trial": True},
    )  # fmt: skip


def _marked(channel: str, text: str, is_in_chinese: bool) -> str:
    marked = TRIAL_MARKS[is_in_chinese] + text
    return text if MARKED[channel] == "text" and personal.is_too_long(channel, marked) else marked


def _way_out_of_nobody(home: Home, channel: str, purpose: str) -> str:
    """Empty where the receiver cannot be reached."""
    base = home.settings.links_url
    if base is None:
        return ""
    key = home.keys.derived(links.LEAVING_KEY)
    return links.way_out(base, leaving.token(key, Leaving(links.TRIAL, channel, purpose)))


def _shown(
    home: Home, operator: Operator, body: Body, fields: Sequence[str], member_id: int | None, now: datetime, code: str
) -> dict[str, Any]:
    """Values of fields as the operator may see them; null for a member: nothing is known. Raises as ``preview``."""
    if member_id is None:
        return {}
    operator.require("people.see")
    with reading(home, scope=operator.scope, now=now) as lake, home.store.reading() as session:
        at = _seen(lake, member_id)
        source = Values(lake, session, home.keys, body, code, business_date(now, lake.zone))
        values = {name: source.of(name, at)[0] for name in fields}
    if values.get(NICKNAME) and not operator.can("personal.reveal"):
        values[NICKNAME] = disclosure.name(values[NICKNAME])
    return values


def preview_members(
    home: Home, operator: Operator, body: Body, count: int = 3, *, now: datetime | None = None
) -> tuple[int, ...]:
    """Members of the audience within the operator's scope for whom to look at messages: the one of whom most fields are known first, the one of whom fewest are last; fewer where there are
    not so many. Raises ``Forbidden``, and what the segments refuse."""
    operator.require("campaign.see")
    operator.require("people.see")
    if body.is_placed or count < 1:
        return ()
    with reading(home, scope=operator.scope, now=now) as lake, home.store.reading() as session:
        whom = audience.of(lake, session, home.keys, body)
        at = np.flatnonzero(whom.inside)
        at = at[:: max(len(at) // SAMPLED, 1)]
        source = Values(lake, session, home.keys, body, "preview", lake.as_of_on or date.min)
        known = np.zeros(len(at), np.int64)
        for name in _named(body):
            known += source.has(name)[at]
        order = at[np.lexsort((whom.ids[at], -known))]
    if len(order) <= count:
        return tuple(whom.ids[order].tolist())
    chosen = (
        np.round(np.linspace(0, len(order) - 1, count)).astype(np.int64) if count > 1 else np.array([len(order) - 1])
    )
    return tuple(whom.ids[order[chosen]].tolist())


def _named(body: Body) -> tuple[str, ...]:
    """Fields that its texts name; all that say anything of a person where none does."""
    texts = _Texts(body)
    pairs = [(variant.name, channel) for variant in body.variants for channel in variant.contents]
    found = tuple(dict.fromkeys(name for variant, channel in pairs for name in texts.fields(variant, channel)))
    return found or tuple(name for name in personal.FIELDS if not name.startswith("coupon_") and name != OF_MESSAGE)


def _seen(lake: Reading, member_id: int) -> Int64s:
    """The member's code, in an array of one."""
    ids = population.of(lake.snapshot).ids
    at = np.flatnonzero((ids == member_id) & people.universe(lake))
    if not len(at):
        raise Unknown("member", str(member_id))
    return at
