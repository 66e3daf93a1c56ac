"""A small world of campaigns for tests of their page: members in two units, campaigns at any state, and rows of the outbox written by the functions of the store."""

from datetime import UTC, datetime, timedelta

from core.campaigns import body as bodies
from core.campaigns.body import Body, Content, Variant, to_json
from core.campaigns.compliance import Sender
from core.scope import Operator
from core.store import campaigns as rows
from core.store import message_marks, outbox, outbox_batches
from core.store.outbox_batches import Back, End
from core.work import segments
from core.work.campaigns import drafts, review
from core.work.campaigns.recipients import planning, preflight
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import go

LIN = Operator(91, "lin", "manager")
BOSS = Operator(92, "boss", "admin")
TEXT = "茶里提醒您：{{city|本地}}的朋友，老朋友专享。不想再收到请回复T"
HOUSE = Sender(("茶里",))
FEW = 40


def now():
    return datetime.now(UTC)


def home():
    return wiring.house().live


def fill(most=FEW):
    """So many members in Shanghai, 1 to 8 of the north, of whom all but the last two have agreed to messages."""
    made, members = home(), range(1, most + 1)
    with made.writer.change("import", 1) as change:
        units = [{"unit_id": "north", "name": "North"}, {"unit_id": "south", "name": "South"}]
        change.merge("units", lakes.rows("units", units))
        profiles = [
            {"identity_key": who, "unit_id": "north" if who <= 8 else "south", "city": "上海", "is_friend": True}
            for who in members
        ]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
        change.merge("events", lakes.rows("events", [lakes.event(1, f"{now():%Y-%m-%d} 00:00")]))
        agreed = [
            {"identity_key": who, "occurred_at": lakes.at("2026-01-01 10:00"), "purpose": "marketing", "channel": None, "state": "given"}
            for who in members if who <= most - 2
        ]  # fmt: skip
        change.merge("consents", lakes.rows("consents", agreed))
    lakes.members(made, {who: who for who in members})
    return made


def buy(who, at):
    """Each of them orders for 10 at a time."""
    with home().writer.change("import", 2) as change:
        sales = [lakes.sale(one, f"{at:%Y-%m-%d %H:%M}", f"o{one}-{at:%m%d}", 1000) for one in who]
        change.merge("order_lines", lakes.rows("order_lines", sales))


def segment(name="Tea friends", who=BOSS):
    tree = {"v": 1, "where": {"profile": "city", "op": "is", "values": ["上海"]}}
    return segments.save_live(home(), wiring.accounts_store(), who, name, tree, now=now()).id


def body(segment_id, **values):
    usual = {
        "goal": "repeat", "segments": (segment_id,), "channels": ("console",), "holdout": 0.0,
        "variants": (Variant("A", 1, {"console": Content(TEXT)}),),
    }  # fmt: skip
    return Body(**usual | values)


def row(number):
    with home().store.reading() as session:
        return rows.one(session, number)


def log(number):
    with home().store.reading() as session:
        return [one.action for one in rows.log(session, number)]


def counts(number):
    with home().store.reading() as session:
        return outbox.counts(session, number)


def save(number, said, who=LIN):
    drafts.save(home(), wiring.accounts_store(), who, number, to_json(said), revision=row(number).revision, now=now())


def draft(said, who=LIN, name="Tea for friends"):
    number = drafts.create(home(), wiring.accounts_store(), who, name, now=now())
    save(number, said, who)
    return number


def hand_in(number, who=LIN):
    return review.hand_in(home(), wiring.accounts_store(), who, number, revision=row(number).revision, sender=HOUSE, now=now())  # fmt: skip


def in_review(said, who=LIN):
    number = draft(said, who)
    hand_in(number, who)
    return number


def to_send(number):
    one = row(number)
    return preflight.of(home(), BOSS.scope, bodies.parse(one.body), one.salt, now(), code=one.code, units=one.units).will_send  # fmt: skip


def approved(said, who=LIN):
    number = draft(said, who)
    digest, count = hand_in(number, who), to_send(number)
    review.approve(
        home(), wiring.accounts_store(), BOSS, number, digest=digest, count=count, typed=count, sender=HOUSE, now=now()
    )
    return number


def sending(said, at=None):
    number = approved(said)
    at = at or now()
    review.start(home(), wiring.accounts_store(), LIN, number, now=at)
    planning.launch_due(home(), at)
    return number


def came_to(number, *fates, channel="console", at=None):
    """Hand over as many messages as there are fates, each a state with an error behind a colon; ``held:reason`` waits for a day. Returns their members."""
    at = at or now()
    with home().store.transaction() as session:
        claims = outbox.claim(session, channel, worker="w", now=at, most=len(fates), campaign_id=number)
        assert len(claims) == len(fates)
        ends, backs, marks = [], [], []
        for claim, told in zip(claims, fates, strict=True):
            state, _, code = told.partition(":")
            if state == "held":
                backs.append(Back(claim, at + timedelta(days=1), reason=code))
                continue
            said = {"reason": code} if state == "skipped" else {"error": code or None}
            ends.append(End(claim, state, **said))
            if state in ("accepted", "delivered", "unknown"):
                marks.append({"message_id": claim.message_id, "campaign_id": number, "mark": "sent", "at": at, "reason": None})  # fmt: skip
        outbox_batches.finish(session, ends, at)
        outbox_batches.put_back(session, backs, at)
        message_marks.mark_all(session, marks)
    return [claim.member_id for claim in claims]


def page(opened, number, role="manager", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    for name, value in ({"campaign": str(number), "step": "check"} | query).items():
        test.query_params[name] = value
    return go(test, "campaigns")


def put(test, **values):
    """Values by the beginnings of the keys of their fields; nothing runs."""
    for name, value in values.items():
        found = [one for kind in (test.text_input, test.text_area, test.radio) for one in kind if one.key and one.key.startswith(name)]  # fmt: skip
        assert len(found) == 1, (name, [one.key for one in found])
        found[0].set_value(value)
    return test


def press(test, name):
    found = [one for one in test.button if one.key == name]
    assert len(found) == 1, (name, [one.key for one in test.button])
    return found[0].click().run()


def box(test, name):
    test.session_state[name] = True
    return test.run()


def html(test):
    return "".join(part.value for part in test.html)
