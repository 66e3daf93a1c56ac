"""Campaigns for tests: who works on them, and one that misses nothing."""

from datetime import UTC, datetime

from core.campaigns.body import Body, Content, Schedule, Variant, parse, to_json
from core.campaigns.compliance import Sender
from core.scope import Operator, Scope
from core.store import campaigns
from core.work import segments
from core.work.campaigns import drafts, review
from tests.core.work.people import NORTH, in_city

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
LIN = Operator(1, "lin", "manager")
WU = Operator(2, "wu", "manager")
MEI = Operator(3, "mei", "manager", Scope(frozenset({NORTH})))
ADMIN = Operator(4, "qin", "admin")
BOSS = Operator(5, "boss", "executive")
HOUSE = Sender(("茶里",))
TEXT = "茶里提醒您：{{tier|会员}}，老朋友专享。不想再收到请回复T"


def body(segment_id, **values):
    said = {
        "goal": "repeat", "segments": (segment_id,), "channels": ("wecom",), "holdout": 0.0,
        "variants": (Variant("A", 1, {"wecom": Content(TEXT)}),), "schedule": Schedule(),
    }  # fmt: skip
    return Body(**said | values)


def segment(home, city="上海", operator=LIN):
    return segments.save_live(home, home.store, operator, f"People of {city}", in_city(city), now=NOW).id


class Draft:
    """One campaign of Lin's, complete."""

    def __init__(self, home, segment_id, **values):
        self.home = home
        self.id = drafts.create(home, home.store, LIN, "Tea for friends", segment_ids=[segment_id], now=NOW)
        self.save(body(segment_id, **values))

    @property
    def row(self):
        with self.home.store.reading() as session:
            return campaigns.one(session, self.id)

    @property
    def saying(self):
        return parse(self.row.body)

    @property
    def log(self):
        with self.home.store.reading() as session:
            return [entry.action for entry in campaigns.log(session, self.id)]

    def save(self, said, who=LIN, **more):
        more = {"revision": self.row.revision, "now": NOW} | more
        document = said if isinstance(said, dict) else to_json(said)
        return drafts.save(self.home, self.home.store, who, self.id, document, **more)

    def hand_in(self, who=LIN, sender=HOUSE):
        return review.hand_in(
            self.home, self.home.store, who, self.id, revision=self.row.revision, sender=sender, now=NOW
        )

    def approve(self, digest, who=WU, count=3, typed=None, now=NOW):
        typed = count if typed is None else typed
        review.approve(
            self.home,
            self.home.store,
            who,
            self.id,
            digest=digest,
            count=count,
            typed=typed,
            sender=HOUSE,
            now=now,
        )

    def approved(self, **values):
        self.approve(self.hand_in(), **values)
        return self
