"""Campaigns for their page: the list, one as its author left it, what it still lacks, what stands against its texts, who it may be for, and what holds sending."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from core.campaigns import body as bodies
from core.campaigns import personal
from core.campaigns.body import (
    CARD,
    CARD_TITLE_BYTES,
    CARDED,
    CHANNELS,
    GOALS,
    LONGEST_WINDOW_DAYS,
    METRICS,
    MODES,
    MOST_HELD,
    MOST_PLACES,
    MOST_SEGMENTS,
    MOST_VALUES,
    MOST_VARIANTS,
    PLACED,
    STEPS,
    TEMPLATED,
    TITLED,
    WHENS,
    Body,
    Content,
    Gap,
    Variant,
)  # fmt: skip
from core.campaigns.compliance import PURPOSES, Sender
from core.campaigns.hours import GROUPS, PERSONAL, Quiet
from core.campaigns.personal import FIELDS, LIMITS, Limit
from core.errors import Unknown
from core.periods import business_date
from core.privacy import short_names
from core.senders.wecom import media
from core.store import campaigns, incidents, outbox, segments
from core.store.campaign_tables import CAMPAIGN_STATES, Campaign
from core.work.campaigns import policy as rules
from core.work.campaigns.drafts import EDITABLE, LONGEST_NAME
from core.work.campaigns.policy import Policy
from core.work.campaigns.texts import checks, rendering
from core.work.campaigns.texts.checks import Found as Told
from core.work.campaigns.texts.rendering import LONG, MISSING
from core.work.questions import connectors, units, wordlists
from core.work.segments import covers
from dashboard import i18n
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.ground import Ground, stand
from dashboard.web import kept, wiring

__all__ = [
    "CARD", "CARDED", "CHANNELS", "COVER_MB", "EDITABLE", "FIELDS", "GOALS", "LIMITS", "LONG", "LONGEST_NAME", "LONGEST_WINDOW_DAYS", "METRICS", "MISSING", "MODES", "MOST_HELD", "MOST_PLACES",
    "MOST_SEGMENTS", "MOST_VALUES", "MOST_VARIANTS", "PLACED", "PURPOSES", "SEE", "STATES", "STEPS", "TEMPLATED", "TITLED", "WHENS", "Body", "Content", "Found", "Gap",
    "Hold", "Limit", "Listed", "Named", "Policy", "Quiet", "Read", "Rule", "Told", "Variant", "at_fault", "document", "example", "find", "findings", "gaps", "holds", "is_held_rule",
    "is_readable", "listed", "may_see_members", "me", "members", "now", "offers", "places", "policy", "quiet", "read_by", "robots", "rule", "segments_known", "sender", "short_name", "standing", "today", "unconnected", "zone",
]  # fmt: skip

SEE = "campaign.see"
LONGEST_PIECE = 40
"""Letters of a text that are told of what is wrong with it."""
COVER_MB = media.MOST_BYTES >> 20
STATES = CAMPAIGN_STATES
UNDER_WAY = ("scheduled", "materialising", "sending")


@dataclass(frozen=True, slots=True)
class Listed:
    """One of the list. ``starts_at``: when it was started for, else what its author plans; None: at once, or not known. ``gap_count``: of a draft: what is missing, and what stands against its texts. ``undecided``: messages of which nobody knows
    whether they arrived. ``is_stopped``: it is under way while sending is stopped."""

    campaign_id: int
    code: str
    name: str
    state: str
    body: Body
    author: str
    changed_by: str
    changed_at: datetime
    starts_at: datetime | None
    gap_count: int
    undecided: int
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One that is open. ``is_own``: whether it reaches no further than the asker's units."""

    campaign_id: int
    code: str
    name: str
    state: str
    state_at: datetime
    body: Body
    revision: int
    author: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    approved_count: int | None
    starts_at: datetime | None
    sent_back: str | None

    @property
    def is_editable(self) -> bool:
        """Nothing of it was sent yet, and it was not given up."""
        return self.state in EDITABLE


@dataclass(frozen=True, slots=True)
class Named:
    """A segment. ``members``: of its last size; None where it is not known, or reaches beyond the asker's units."""

    segment_id: int
    name: str
    members: int | None
    is_archived: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """What stands in the way of sending. ``incident_id``: None where the house holds."""

    kind: str
    key: str
    incident_id: int | None
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of compliance in the reader's language, as its list says it. ``name``: empty where only its kind has one."""

    name: str
    why: str
    source: str


def zone() -> str:
    return worlds.home().settings.zone


def now() -> datetime:
    return wiring.now()


def today() -> date:
    return business_date(wiring.now(), zone())


def me() -> str:
    """Name of the account that acts."""
    return guard.operator().name


# -- campaigns ---------------------------------------------------------------------------------------------------------


def listed() -> tuple[Listed, ...]:
    """All that reach no further than the asker does, the newest first. Raises ``Forbidden``."""
    ground, at = stand(SEE), wiring.now()
    name = ("campaigns", ground.key, kept.moment(at))
    return kept.while_unwritten(ground.home.store, name, lambda: _listed(ground, at))


def _listed(ground: Ground, at: datetime) -> tuple[Listed, ...]:
    is_covered, writer = covers(ground.home, ground.operator), sender()
    on = business_date(at, ground.home.settings.zone)
    with ground.home.store.reading() as session:
        open_ends, is_stopped = outbox.undecided(session), any(one.kind == "all" for one in incidents.holds(session))
        return tuple(
            _one_of_list(row, at, on, writer, open_ends.get(row.id, 0), is_stopped=is_stopped) for row in campaigns.listed(session) if is_covered(row.units)
        )  # fmt: skip


def _one_of_list(row: Campaign, at: datetime, on: date, writer: Sender, undecided: int, *, is_stopped: bool) -> Listed:
    body = bodies.parse(row.body)
    lacks = len(bodies.gaps(body, at, on)) + len(_standing(body, writer)) if row.state == "draft" else 0
    starts = row.starts_at or body.schedule.at
    return Listed(
        row.id,
        row.code,
        row.name,
        row.state,
        body,
        row.author,
        row.changed_by,
        row.changed_at,
        starts,
        lacks,
        undecided,
        is_stopped and row.state in UNDER_WAY,
    )


def find(campaign_id: int) -> Found | None:
    """None where there is none, or none that the asker sees. Raises ``Forbidden``."""
    ground = stand(SEE)
    return kept.while_unwritten(
        ground.home.store, ("campaign", ground.key, campaign_id), lambda: _find(ground, campaign_id)
    )


def _find(ground: Ground, campaign_id: int) -> Found | None:
    is_covered = covers(ground.home, ground.operator)
    with ground.home.store.reading() as session:
        try:
            row = campaigns.one(session, campaign_id)
        except Unknown:
            return None
        return _found(row, _sent_back(campaigns.log(session, row.id))) if is_covered(row.units) else None


def _found(row: Campaign, sent_back: str | None) -> Found:
    return Found(
        row.id, row.code, row.name, row.state, row.state_at, bodies.parse(row.body), row.revision, row.author, row.created_at, row.changed_by, row.changed_at,
        row.approved_by, row.approved_at, row.approved_count, row.starts_at, sent_back if row.state == "draft" else None,
    )  # fmt: skip


def _sent_back(entries: Iterable[Any]) -> str | None:
    """Why it was sent back, unless it was handed in again since."""
    told = None
    for one in entries:
        if one.action in ("sent_back", "handed_in"):
            told = str(one.details["reason"]) if one.action == "sent_back" else None
    return told


def document(body: Body) -> dict[str, Any]:
    """What is kept of it, which forms change."""
    return bodies.to_json(body)


# -- what it lacks -----------------------------------------------------------------------------------------------------


def gaps(body: Body) -> tuple[Gap, ...]:
    """What is missing, or contradicts itself, in the order of steps."""
    return bodies.gaps(body, now(), today())


def at_fault(body: Body, gap: Gap) -> str:
    """The piece of a text that a gap is about: the field in braces, or what is left from there on the line; empty of other gaps."""
    kind, _, reason = gap.reason.partition("_")
    name, _, channel = gap.at.rpartition(".")
    content = next((one.contents.get(channel) for one in body.variants if one.name == name), None)
    text = "" if content is None or kind != "text" else content.texts().get(gap.field, "")
    found = next((one.at for one in personal.problems(text, body.missing) if one.reason == reason), None)
    if found is None:
        return ""
    rest = text[found:].partition("\n")[0]
    whole = rest[: rest.index("}}") + 2] if rest.startswith("{{") and "}}" in rest else rest
    return whole if len(whole) <= LONGEST_PIECE else f"{whole[:LONGEST_PIECE]}…"


def findings(body: Body) -> tuple[Told, ...]:
    """What stands against its texts. Raises ``Forbidden``."""
    return checks.found(body, sender())


def standing(body: Body) -> list[Told]:
    """What keeps it from being handed in: each rule once per variant and channel that breaks it. Raises ``Forbidden``."""
    return _standing(body, sender())


def _standing(body: Body, writer: Sender) -> list[Told]:
    found = {
        (one.finding.rule, one.variant, one.channel): one for one in reversed(checks.found(body, writer)) if one.stands
    }
    return list(reversed(found.values()))


def policy() -> Policy:
    """The house's rules of sending. Raises ``Forbidden``."""
    guard.require(SEE)
    store = worlds.home().store

    def ask() -> Policy:
        with store.reading() as session:
            return rules.read(session)

    return kept.while_unwritten(store, "rules of sending", ask)


def sender() -> Sender:
    """Under which names members know the house, and what the provider puts before text messages. Raises ``Forbidden``."""
    guard.require(SEE)
    store = worlds.home().store

    def ask() -> str:
        with store.reading() as session:
            return connectors.signature(session)

    return Sender(policy().names, kept.while_unwritten(store, "signature of text messages", ask))


def rule(code: str, channel: str, purpose: str) -> Rule | None:
    """What a finding's rule says and where that stands; None where the lists do not hold it (rules of platforms)."""
    kind, _, name = code.partition(".")
    language = i18n.language()
    found = checks.lists()
    if kind == "must":
        asked = name.removesuffix("_last")
        for must in found.musts:
            if must.rule == asked and channel in must.channels and purpose in must.purposes:
                return Rule("", must.why[language], must.source)
    if kind == "word":
        for words in found.words:
            if words.name == name:
                return Rule("", words.why[language], words.source)
    if kind == "sensitive":
        for one in wordlists.rules():
            if one.name == name:
                return Rule(one.title[language], one.why[language], one.source)
    return None


def is_held_rule(told: Told) -> bool:
    """Whether somebody's reason would let the finding pass."""
    return told.finding.severity == "reason"


# -- whom it may be for ------------------------------------------------------------------------------------------------


def segments_known() -> dict[int, Named]:
    """All segments, those put away as well, for a campaign may name one. The newest first. Raises ``Forbidden``."""
    ground = stand(SEE)
    return kept.while_unwritten(
        ground.home.store, ("segments of campaigns", ground.key), lambda: _segments_known(ground)
    )


def _segments_known(ground: Ground) -> dict[int, Named]:
    is_covered = covers(ground.home, ground.operator)
    with ground.home.store.reading() as session:
        rows = [*segments.listed(session, is_archived=False), *segments.listed(session, is_archived=True)]
        return {
            row.id: Named(row.id, row.name, row.member_count if is_covered(row.units) else None, row.is_archived)
            for row in rows
        }


def places() -> Mapping[str, str]:
    """Group chats that the asker sees, name by id. Raises ``Forbidden``."""
    ground = stand(SEE)
    return _places(key=f"places of campaigns|{ground.key}", _ground=ground)


@kept.by_key(8)
def _places(key: str, _ground: Ground) -> Mapping[str, str]:  # noqa: ARG001 - what it is kept by
    scope = _ground.operator.scope
    with _ground.open() as lake:
        if not lake.snapshot.files("groups"):
            return {}
        mine = None if scope.units is None else units.within(lake.snapshot, scope.units)
        rows = lake.snapshot.arrow(lake.snapshot.current("groups").select("group_id", "name", "unit_id")).to_pylist()
    return {row["group_id"]: row["name"] or row["group_id"] for row in rows if mine is None or row["unit_id"] in mine}


def unconnected(body: Body) -> tuple[str, ...]:
    """Channels of a campaign that nothing is switched on for: its messages would wait. Raises ``Forbidden``."""
    guard.require(SEE)
    store = worlds.home().store

    def ask() -> frozenset[str]:
        with store.reading() as session:
            return connectors.connected(session)

    known = kept.while_unwritten(store, "connected channels", ask)
    return tuple(one for one in body.channels if one not in known)


def quiet(body: Body) -> Mapping[str, Quiet]:
    """By channel, the hours at which the connector in use sends nothing; those that are usual where none is on. Raises ``Forbidden``."""
    guard.require(SEE)
    store, usual = worlds.home().store, GROUPS if body.is_placed else PERSONAL

    def ask() -> Mapping[str, Quiet]:
        with store.reading() as session:
            return {channel: connectors.quiet(session, channel) or usual for channel in body.channels}

    found = kept.while_unwritten(store, ("quiet hours", body.channels, body.is_placed), ask)
    return found or {"": usual}


def robots() -> Mapping[str, str]:
    """Group robots that are on, name by what a campaign calls them. Raises ``Forbidden``."""
    guard.require(SEE)
    store = worlds.home().store

    def ask() -> Mapping[str, str]:
        with store.reading() as session:
            return connectors.robots(session)

    return kept.while_unwritten(store, "robots of campaigns", ask)


def offers() -> tuple[str, ...]:
    """Coupons that orders and redemptions of the data name, as a help to whoever types one. Raises ``Forbidden``."""
    ground = stand(SEE)
    return _offers(key=f"offers of campaigns|{ground.key}", _ground=ground)


@kept.by_key(8)
def _offers(key: str, _ground: Ground) -> tuple[str, ...]:  # noqa: ARG001 - what it is kept by
    with _ground.open() as lake:
        if not lake.snapshot.files("offers"):
            return ()
        rows = lake.snapshot.arrow(lake.snapshot.current("offers").select("offer_id")).to_pylist()
    return tuple(sorted(str(row["offer_id"]) for row in rows))


# -- what holds sending ------------------------------------------------------------------------------------------------


def holds() -> tuple[Hold, ...]:
    """What is stopped now, the oldest first. Raises ``Forbidden``."""
    guard.require(SEE)
    store = worlds.home().store

    def ask() -> tuple[Hold, ...]:
        with store.reading() as session:
            return tuple(
                Hold(one.kind, one.key, one.incident_id, one.reason, one.by, one.at) for one in incidents.holds(session)
            )

    return kept.while_unwritten(store, "what holds sending", ask)


# -- what members read -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """A message as somebody reads it. ``text`` and the others: null where they get none. ``trouble``: code of why. ``length``: of the text, in the unit of the channel's limit, else in letters; null without
    a text."""

    title: str | None
    text: str | None
    link: str
    link_title: str | None
    link_text: str | None
    card_title: str | None
    missing: tuple[str, ...]
    trouble: str | None
    length: int | None


def is_readable(content: Content, missing: personal.Policy) -> bool:
    """Whether its personal fields are written rightly, all of them."""
    return not any(personal.problems(text, missing) for text in content.texts().values())


def example(body: Body, content: Content, channel: str, values: Mapping[str, Any]) -> Read:
    """As somebody reads it of whom these ``values`` are known. Raises ``InvalidText``."""
    filled = {name: personal.fill(personal.parse(text), values, body.missing) for name, text in content.texts().items()}
    told = {name: one.text for name, one in filled.items()}
    missing = tuple(dict.fromkeys(name for one in filled.values() for name in one.missing))
    text = told.get("text")
    trouble = MISSING if None in told.values() else None
    if trouble is None and (
        personal.is_too_long(channel, text or "") or len((told.get("card_title") or "").encode()) > CARD_TITLE_BYTES
    ):
        trouble = LONG
    return Read(
        told.get("title"), text, content.link, told.get("link_title"), told.get("link_text"), told.get("card_title"), missing, trouble, _length(text, channel)
    )  # fmt: skip


def _length(text: str | None, channel: str) -> int | None:
    limit = LIMITS.get(channel)
    return None if text is None else personal.length(text, limit.unit if limit else "letters")


def may_see_members() -> bool:
    return guard.may("people.see")


def members(found: Found) -> tuple[int, ...]:
    """Some of its audience to read its messages as: the one of whom most is known first, the one of whom least last. Raises ``Forbidden``, and what its segments refuse."""
    ground, body = stand("people.see"), found.body
    named = sorted({name for one in body.variants for part in one.contents.values() for name in _fields(part)})
    key = f"members of campaigns|{ground.key}|{body.segments}|{body.without}|{body.is_placed}|{named}"
    return _members(key=key, _ground=ground, _body=body)


@kept.by_key(32)
def _members(key: str, _ground: Ground, _body: Body) -> tuple[int, ...]:  # noqa: ARG001 - what it is kept by
    readable = tuple(
        replace(one, contents={name: part for name, part in one.contents.items() if is_readable(part, "skip")})
        for one in _body.variants
    )
    return rendering.preview_members(
        _ground.home, _ground.operator, replace(_body, variants=readable), now=wiring.now()
    )


def short_name(member_id: int) -> str:
    """On screen, as everywhere: nothing about the person."""
    return short_names.label(member_id)


def read_by(found: Found, variant: str, channel: str, member_id: int) -> Read:
    """As a member of its audience reads it, their nickname masked for whoever may not see personal values. Raises ``Forbidden``, ``Unknown``, ``InvalidText``."""
    ground, body = stand("people.see"), found.body
    content = next(one for one in body.variants if one.name == variant).contents.get(channel, Content())
    key = f"read by|{ground.key}|{ground.operator.role}|{found.code}|{content!r}|{body.offer!r}|{body.missing}|{channel}|{member_id}"
    return _read_by(key=key, _ground=ground, _found=found, _variant=variant, _channel=channel, _member=member_id)


@kept.by_key(64, seconds=600)
def _read_by(key: str, _ground: Ground, _found: Found, _variant: str, _channel: str, _member: int) -> Read:  # noqa: ARG001 - what it is kept by
    one = rendering.preview(
        _ground.home, _ground.operator, _found.body, _variant, _channel, _member, wiring.now(), code=_found.code
    )
    return Read(
        one.title, one.text, one.link, one.link_title, one.link_text, one.card_title, one.missing, one.trouble, _length(one.text, _channel)
    )  # fmt: skip


def _fields(content: Content) -> tuple[str, ...]:
    """Personal fields that its texts name; none of those that cannot be read."""
    texts = [text for text in content.texts().values() if not personal.problems(text)]
    return tuple(name for text in texts for name in personal.parse(text).fields)
