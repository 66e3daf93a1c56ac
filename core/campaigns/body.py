"""What the author of a campaign says: whom, on which channels, with which words, when, and how it will be judged.

It is kept as one JSON object. ``parse`` takes it strictly but allows what is not filled in yet, for drafts are saved at every step; ``gaps`` says what is still missing before anybody may
approve it. Money is in the smallest unit, times are aware.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal, NoReturn, TypeVar, get_args

from core.campaigns import compliance, links, personal
from core.campaigns.personal import InvalidText, Policy
from core.errors import Refusal

VERSION = 1
Goal = Literal["activation", "first_order", "repeat", "win_back", "content", "service"]
Metric = Literal["orders", "redeemed", "clicked", "event"]
Mode = Literal["first", "each"]
When = Literal["now", "at", "best_hour"]
Quiet = Literal["defer", "skip"]
Codes = Literal["none", "shared", "single"]
Step = Literal["goal", "audience", "content", "offer", "schedule"]
GOALS: tuple[Goal, ...] = get_args(Goal)
METRICS: tuple[Metric, ...] = get_args(Metric)
MODES: tuple[Mode, ...] = get_args(Mode)
WHENS: tuple[When, ...] = get_args(When)
STEPS: tuple[Step, ...] = get_args(Step)
CHANNELS = ("wecom", "group_chat", "robot", "official_account", "mini_program", "sms", "email", "webhook", "console")
"""On which a campaign may be sent. ``group_chat`` and ``robot`` go to places, all others to members; ``console`` only writes down what would have gone out."""
PLACED = ("group_chat", "robot")
TITLED = ("email",)
TEMPLATED = ("official_account", "mini_program", "sms")
"""Channels whose platform sends templates that it has approved, and nothing else."""
MOST_VARIANTS, MOST_SEGMENTS, MOST_PLACES, MOST_VALUES = 5, 20, 2000, 20
LONGEST_LINE, LONGEST_URL = 200, 2000
LONGEST_WINDOW_DAYS, MOST_HELD = 90, 0.5
MOST_MONEY = 10**12
CARDED = ("wecom", "group_chat")
"""Channels whose messages hold a mini-program's card."""
CARD = ("card_title", "card_app_id", "card_page", "card_media", "card_until")
CARD_TITLE_BYTES, LONGEST_MEDIA = 64, 512
APP_ID = re.compile(r"wx[0-9A-Za-z]{16}")
One = TypeVar("One")


class InvalidCampaign(Refusal):
    """The object cannot be read: ``field`` names where (``variants[0].weight``)."""

    code = "campaign.invalid"


@dataclass(frozen=True, slots=True)
class Content:
    """What a variant says on one channel. ``title``, ``text``, ``link_title``, ``link_text`` and the texts of ``values`` hold personal fields. ``template``, ``values``: of channels of ``TEMPLATED``; ``text`` is then
    what the reader sees of it. ``link``: an address, told by a short link where clicks are counted. ``page``: of a mini-program. ``card_…``: a mini-program's card on channels of
    ``CARDED``: a title, which holds personal fields as well, the mini-program and its page, the platform's name of the cover and until when it keeps that."""

    text: str = ""
    title: str = ""
    link: str = ""
    link_title: str = ""
    link_text: str = ""
    picture: str = ""
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    page: str = ""
    card_title: str = ""
    card_app_id: str = ""
    card_page: str = ""
    card_media: str = ""
    card_until: datetime | None = None

    @property
    def has_card(self) -> bool:
        return any((self.card_title, self.card_app_id, self.card_page, self.card_media))

    def texts(self) -> dict[str, str]:
        """Everything of it that holds personal fields, by name; what is empty is left out."""
        named = {"title": self.title, "text": self.text, "link_title": self.link_title, "link_text": self.link_text}
        named["card_title"] = self.card_title
        named |= {f"values.{name}": text for name, text in self.values.items()}
        return {name: text for name, text in named.items() if text}


@dataclass(frozen=True, slots=True)
class Variant:
    """``weight``: how many get it, beside the other variants' weights."""

    name: str
    weight: int = 1
    contents: Mapping[str, Content] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """A coupon that comes with every message. ``offer_id``: as facts name it. ``codes``: ``shared``: all get ``code``; ``single``: each member gets one of their own. ``budget_minor``: of all
    face values together; whoever comes after it is used up gets no message; null = no limit."""

    offer_id: str
    name: str
    face_minor: int
    codes: Codes = "none"
    code: str = ""
    budget_minor: int | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """``at``: of ``at`` the moment, of ``best_hour`` the first hour that may be chosen from. ``per_minute``: messages of the campaign on all channels together, null = as fast as channels take them. ``expires_at``: what is not sent
    by then is not sent any more. ``quiet``: what becomes of messages that fall into quiet hours."""

    when: When = "now"
    at: datetime | None = None
    per_minute: int | None = None
    expires_at: datetime | None = None
    quiet: Quiet = "defer"


@dataclass(frozen=True, slots=True)
class Body:
    """``segments``: who is in any of them, ``without``: and in none of these. ``places``: group chats or robots, of channels of ``PLACED``. ``mode``: ``first``: each member on the first of ``channels`` that
    reaches them; ``each``: on every one. ``holdout``: share of the audience (0 to 0.5) that is deliberately not written to. ``budget_minor``: of what sending costs; null = no limit. ``reasons``: why a
    finding of compliance is let pass, by rule. ``event``: of the metric ``event``. ``window_days``: days after the message in which what somebody does counts."""

    goal: Goal | None = None
    metric: Metric = "orders"
    event: str = ""
    window_days: int = 7
    purpose: str = "marketing"
    note: str = ""
    segments: tuple[int, ...] = ()
    without: tuple[int, ...] = ()
    places: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    mode: Mode = "first"
    variants: tuple[Variant, ...] = (Variant("A"),)
    missing: Policy = "default"
    offer: Offer | None = None
    schedule: Schedule = Schedule()
    holdout: float = 0.1
    budget_minor: int | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_placed(self) -> bool:
        """Whether it goes to places and not to members."""
        return any(channel in PLACED for channel in self.channels)


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing or wrong before a campaign may be reviewed. ``at``: ``A.sms`` of a variant's content, else empty. ``reason``: a code."""

    step: Step
    field: str
    reason: str
    at: str = ""


# -- kept --------------------------------------------------------------------------------------------------------------


def to_json(body: Body) -> dict[str, Any]:
    """The object that ``parse`` reads back as the same body."""
    document: dict[str, Any] = {"v": VERSION} | _plain(asdict(body))
    for variant in document["variants"]:  # what has no card says nothing of one, as before there were any
        for content in variant["contents"].values():
            for name in [one for one in CARD if not content[one]]:
                del content[name]
    return document


def digest(body: Body, bound: Mapping[str, Any]) -> str:
    """Fingerprint of what is approved: all that the author said, and what else the approval is bound to (``bound``: revisions of segments, size of the audience). SHA-256, hexadecimal."""
    text = json.dumps(
        {"body": to_json(body), "bound": bound}, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()


def text_digest(body: Body, variant: str, channel: str) -> str:
    """Fingerprint of one text as its readers get it: the same while none of them would read anything else. Names of variants are no part of it, an offer only where the text tells it. SHA-256,
    hexadecimal."""
    contents = next((one.contents for one in body.variants if one.name == variant), {})
    content = contents.get(channel, Content())
    offer = body.offer if any(_needs_offer(text) for text in content.texts().values()) else None
    said = {"channel": channel, "content": _plain(asdict(content)), "purpose": body.purpose, "missing": body.missing}
    said |= {"offer": None if offer is None else _plain(asdict(offer))}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def parse(document: object) -> Body:
    """Raises ``InvalidCampaign``."""
    row = _Row(document, "")
    row.expect("v", row.value("v", None) == VERSION)
    known = set(Body.__slots__) | {"v"}
    unknown = sorted(set(row.object) - known)
    row.expect(unknown[0] if unknown else "", not unknown)
    return Body(
        goal=row.choice("goal", GOALS, None),
        metric=row.choice("metric", METRICS, "orders") or "orders",
        event=row.text("event"),
        window_days=row.whole("window_days", 1, LONGEST_WINDOW_DAYS, 7) or 7,
        purpose=row.choice("purpose", compliance.PURPOSES, "marketing") or "marketing",
        note=row.text("note", 2000),
        segments=row.numbers("segments"),
        without=row.numbers("without"),
        places=row.texts("places", MOST_PLACES),
        channels=row.choices("channels", CHANNELS),
        mode=row.choice("mode", MODES, "first") or "first",
        variants=tuple(_variant(one) for one in row.rows("variants", MOST_VARIANTS)) or (Variant("A"),),
        missing=row.choice("missing", ("default", "skip"), "default") or "default",
        offer=_offer(row.row("offer")),
        schedule=_schedule(row.row("schedule")),
        holdout=row.share("holdout", MOST_HELD, 0.1),
        budget_minor=row.whole("budget_minor", 0, MOST_MONEY, None),
        reasons=row.named("reasons", 500),
    )


# -- complete ----------------------------------------------------------------------------------------------------------


def gaps(body: Body, now: datetime, today: date) -> tuple[Gap, ...]:
    """``today``: the business day. Everything that is missing or contradicts itself, in the order of steps; texts are held against the rules of law elsewhere (``compliance``)."""
    return (
        *_of_goal(body),
        *_of_audience(body),
        *_of_content(body, now),
        *_of_offer(body, today),
        *_of_schedule(body, now),
    )


def _of_goal(body: Body) -> Iterator[Gap]:
    if body.goal is None:
        yield Gap("goal", "goal", "empty")
    if body.metric == "event" and not body.event:
        yield Gap("goal", "event", "empty")
    if body.metric == "redeemed" and body.offer is None:
        yield Gap("goal", "metric", "no_offer")


def _of_audience(body: Body) -> Iterator[Gap]:
    if not body.channels:
        yield Gap("audience", "channels", "empty")
    if body.is_placed and any(channel not in PLACED for channel in body.channels):
        yield Gap("audience", "channels", "mixed")
    if body.is_placed and not body.places:
        yield Gap("audience", "places", "empty")
    if not body.is_placed and not body.segments:
        yield Gap("audience", "segments", "empty")
    if set(body.segments) & set(body.without):
        yield Gap("audience", "without", "same")


def _of_content(body: Body, now: datetime) -> Iterator[Gap]:
    names = [one.name for one in body.variants]
    if len(set(names)) < len(names):
        yield Gap("content", "variants", "same")
    for variant in body.variants:
        for channel in body.channels:
            at = f"{variant.name}.{channel}"
            for name, reason in _wrong(variant.contents.get(channel, Content()), channel, body):
                yield Gap("content", name, reason, at)
            if channel in CARDED:
                for name, reason in _of_card(variant.contents.get(channel, Content()), body, now):
                    yield Gap("content", name, reason, at)


def _wrong(content: Content, channel: str, body: Body) -> Iterator[tuple[str, str]]:
    if not content.text.strip():
        yield "text", "empty"
    if channel in TITLED and not content.title.strip():
        yield "title", "empty"
    if channel in TEMPLATED and not content.template.strip():
        yield "template", "empty"
    for name in ("link", "picture"):
        address = str(getattr(content, name))
        if address.strip() and not links.is_web(address):
            yield name, "web"
    if content.link_title and not content.link:
        yield "link", "empty"
    if channel == "wecom" and content.link and not content.link_title:
        yield "link_title", "empty"
    for name, text in content.texts().items():
        found = personal.problems(text, body.missing)
        if found:
            yield name, f"text_{found[0].reason}"
        elif name == "text" and personal.is_too_long(channel, personal.shortest(text)):
            yield name, "text_long"
        elif _needs_offer(text) and body.offer is None:
            yield name, "no_offer"


def _of_card(content: Content, body: Body, now: datetime) -> Iterator[tuple[str, str]]:
    """The cover must be kept until the campaign starts; sending looks again."""
    if not content.has_card:
        return
    for name in ("card_title", "card_app_id", "card_page", "card_media"):
        if not str(getattr(content, name)).strip():
            yield name, "empty"
    if content.card_app_id and not APP_ID.fullmatch(content.card_app_id):
        yield "card_app_id", "form"
    if "{{" not in content.card_title and len(content.card_title.encode()) > CARD_TITLE_BYTES:
        yield "card_title", "text_long"
    if content.card_media and (content.card_until is None or content.card_until <= max(now, body.schedule.at or now)):
        yield "card_media", "over"


def _needs_offer(text: str) -> bool:
    try:
        return any(name.startswith("coupon_") for name in personal.parse(text).fields)
    except InvalidText:  # told by itself
        return False


def _of_offer(body: Body, today: date) -> Iterator[Gap]:
    offer = body.offer
    if offer is None:
        return
    if not offer.offer_id or not offer.name:
        yield Gap("offer", "name", "empty")
    if offer.codes == "shared" and not offer.code:
        yield Gap("offer", "code", "empty")
    if offer.budget_minor is not None and offer.budget_minor < offer.face_minor:
        yield Gap("offer", "budget_minor", "below_face")
    if offer.ends_on is not None and offer.ends_on < today:
        yield Gap("offer", "ends_on", "past")


def _of_schedule(body: Body, now: datetime) -> Iterator[Gap]:
    schedule = body.schedule
    if schedule.when == "at" and schedule.at is None:
        yield Gap("schedule", "at", "empty")
    if schedule.expires_at is not None and schedule.expires_at <= max(now, schedule.at or now):
        yield Gap("schedule", "expires_at", "past")


# -- reading -----------------------------------------------------------------------------------------------------------


class _Row:
    """One object, read key by key."""

    def __init__(self, document: object, at: str) -> None:
        self.at = at
        if not isinstance(document, Mapping) or not all(isinstance(key, str) for key in document):
            self.refuse("")
        self.object: Mapping[str, Any] = document

    def refuse(self, name: str) -> NoReturn:
        where = ".".join(filter(None, (self.at, name)))
        raise InvalidCampaign(f"A campaign cannot be like this: {where or 'the whole'}.", field=where)

    def expect(self, name: str, is_right: bool) -> None:
        if not is_right:
            self.refuse(name)

    def value(self, name: str, usual: One) -> Any | One:
        found = self.object.get(name)
        return usual if found is None else found

    def text(self, name: str, most: int = LONGEST_LINE, usual: str = "") -> str:
        found = self.value(name, usual)
        self.expect(name, isinstance(found, str) and len(found) <= most)
        return str(found)

    def choice(self, name: str, choices: tuple[Any, ...], usual: Any) -> Any:
        found = self.value(name, usual)
        self.expect(name, found is None or found in choices)
        return found

    def whole(self, name: str, least: int, most: int, usual: int | None) -> int | None:
        found = self.value(name, usual)
        self.expect(name, found is None or (type(found) is int and least <= found <= most))
        return found

    def share(self, name: str, most: float, usual: float) -> float:
        found = self.value(name, usual)
        self.expect(name, type(found) in (int, float) and 0 <= found <= most)
        return float(found)

    def time(self, name: str) -> datetime | None:
        return self._dated(name, datetime.fromisoformat, lambda one: one.tzinfo is not None)

    def day(self, name: str) -> date | None:
        return self._dated(name, date.fromisoformat, lambda _one: True)

    def _dated(self, name: str, read: Callable[[str], One], fits: Callable[[One], bool]) -> One | None:
        found: Any = self.object.get(name)
        if found is None:
            return None
        try:
            told = read(found)
        except (TypeError, ValueError):
            self.refuse(name)
        self.expect(name, fits(told))
        return told

    def listed(self, name: str, most: int) -> list[Any]:
        found: Any = self.value(name, [])
        self.expect(name, isinstance(found, list) and len(found) <= most)
        return list(found)

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        found = self.listed(name, most)
        self.expect(name, all(isinstance(one, str) and 0 < len(one) <= LONGEST_LINE for one in found))
        return tuple(dict.fromkeys(found))

    def choices(self, name: str, choices: tuple[str, ...]) -> tuple[str, ...]:
        found = self.texts(name, len(choices))
        self.expect(name, set(found) <= set(choices))
        return found

    def numbers(self, name: str) -> tuple[int, ...]:
        found = self.listed(name, MOST_SEGMENTS)
        self.expect(name, all(type(one) is int and one > 0 for one in found))
        return tuple(dict.fromkeys(found))

    def named(self, name: str, most: int) -> dict[str, str]:
        row = self.row(name)
        return {} if row is None else {key: row.text(key, most) for key in row.object}

    def row(self, name: str) -> "_Row | None":
        found = self.value(name, None)
        return None if found is None else _Row(found, ".".join(filter(None, (self.at, name))))

    def rows(self, name: str, most: int) -> "list[_Row]":
        return [_Row(one, f"{name}[{number}]") for number, one in enumerate(self.listed(name, most))]


def _variant(row: _Row) -> Variant:
    contents = row.row("contents")
    found = {} if contents is None else {key: _content(contents.row(key)) for key in contents.object}
    row.expect("contents", set(found) <= set(CHANNELS))
    name = row.text("name", 20)
    row.expect("name", bool(name.strip()))
    return Variant(name, row.whole("weight", 1, 1000, 1) or 1, found)


def _content(row: _Row | None) -> Content:
    if row is None:
        return Content()
    values = row.named("values", personal.MOST_LETTERS)
    row.expect("values", len(values) <= MOST_VALUES)
    return Content(
        text=row.text("text", personal.MOST_LETTERS),
        title=row.text("title"),
        link=row.text("link", LONGEST_URL),
        link_title=row.text("link_title"),
        link_text=row.text("link_text", 512),
        picture=row.text("picture", LONGEST_URL),
        template=row.text("template", 64),
        values=values,
        page=row.text("page", LONGEST_URL),
        card_title=row.text("card_title"),
        card_app_id=row.text("card_app_id", 64),
        card_page=row.text("card_page", LONGEST_URL),
        card_media=row.text("card_media", LONGEST_MEDIA),
        card_until=row.time("card_until"),
    )


def _offer(row: _Row | None) -> Offer | None:
    if row is None:
        return None
    return Offer(
        offer_id=row.text("offer_id", 64),
        name=row.text("name"),
        face_minor=row.whole("face_minor", 0, MOST_MONEY, 0) or 0,
        codes=row.choice("codes", get_args(Codes), "none"),
        code=row.text("code", 64),
        budget_minor=row.whole("budget_minor", 0, MOST_MONEY, None),
        ends_on=row.day("ends_on"),
    )


def _schedule(row: _Row | None) -> Schedule:
    if row is None:
        return Schedule()
    return Schedule(
        when=row.choice("when", WHENS, "now"),
        at=row.time("at"),
        per_minute=row.whole("per_minute", 1, 1_000_000, None),
        expires_at=row.time("expires_at"),
        quiet=row.choice("quiet", get_args(Quiet), "defer"),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
