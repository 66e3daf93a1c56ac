"""Mass messages whose request got no answer: found again where WeCom made them, left to a person where it did not or where nobody can tell."""

from dataclasses import replace

import pytest

from core.campaigns import body as bodies
from core.campaigns.body import Body, Content, Variant
from core.senders.parcels import Parcel
from core.senders.sender import Uncertain
from core.senders.ways.wecom import WecomSingle
from core.store import outbox, trials
from core.store.campaign_tables import Campaign, Outgoing
from core.work.campaigns.hearing import finding
from core.work.campaigns.ways_out import connector_kinds
from core.work.campaigns.ways_out.ways import Ways
from tests import lakes
from tests.core.work.campaigns.coming_back import DAY, MINUTE, NOW, SECOND
from tests.core.work.campaigns.coming_back import world as made
from tests.core.work.connector_parts import SETTINGS
from tests.fakes import wecom as fake

TEXT = "Members' day: tea is half price. 回复T退订"


class Doubt:
    def __init__(self, world, corp):
        self.world, self.corp, self.ways = world, corp, Ways(world.home)
        named = connector_kinds.read("wecom", SETTINGS["wecom"] | {"gateway": corp.base}, {"127.0.0.1"})
        number = world.connector("wecom", "wecom", named, secret=fake.SECRET)
        with world.store.reading() as session:
            self.way = WecomSingle(self.ways.calls(session, number))

    def campaign(self, code, text=TEXT):
        here = self.world.campaign(code)
        with self.world.store.transaction() as session:
            body = Body(
                goal="repeat", segments=(1,), channels=("wecom",), variants=(Variant("A", 1, {"wecom": Content(text)}),)
            )
            session.get_one(Campaign, here).body = bodies.to_json(body)
        return here

    def send(self, here, people, text=TEXT, *, is_lost=True, is_made=True):
        """Ask for one mass message to these, whose answer gets lost."""
        ids = [
            self.world.message(here, member, "wecom", address, "unknown", variant="A", begun_at=NOW)
            for member, address in people.items()
        ]
        lakes.members(
            self.world.home, {self.world.person("wecom", address)[0]: member for member, address in people.items()}
        )
        parcels = [Parcel(f"x-{one}", address, text) for one, address in zip(ids, people.values(), strict=True)]
        if is_lost and is_made:
            self.corp.loses[fake.ADD] += 1
            with pytest.raises(Uncertain):
                self.way.send(parcels, NOW)
        elif is_made:
            [name] = {fate.provider_id for fate in self.way.send(parcels, NOW)}
            with self.world.store.transaction() as session:
                session.query(Outgoing).filter(Outgoing.id.in_(ids)).update({"state": "accepted", "provider_id": name})
        return ids

    def find(self, now=NOW + MINUTE):
        self.corp.now = now
        return finding.find(self.world.home, self.ways, now)


@pytest.fixture
def doubt(tmp_path, store):
    with fake.working(NOW) as corp:
        corp.customers = {name: ["lisi"] for name in ("wmA", "wmB", "wmC", "wmD")}
        world = made(tmp_path, store)
        world.home = replace(world.home, settings=replace(world.home.settings, inner_hosts=frozenset({"127.0.0.1"})))
        yield Doubt(world, corp)


def test_a_mass_message_that_was_made_is_waited_for_and_not_asked_for_again(doubt):
    known = doubt.send(doubt.campaign("c1"), {1: "wmC"}, is_lost=False)
    ids = doubt.send(doubt.campaign("c2"), {2: "wmA", 3: "wmB"})
    assert doubt.find() == 2 and doubt.find() == 0
    rows = {one.id: (one.state, one.provider_id) for one in doubt.world.rows(Outgoing)}
    [msgid] = set(doubt.corp.masses) - {rows[known[0]][1]}
    assert {rows[one] for one in ids} == {("accepted", msgid)} and len(doubt.corp.masses) == 2


def test_what_was_not_made_stays_for_a_person_to_decide(doubt):
    ids = doubt.send(doubt.campaign("c1"), {1: "wmA"}, is_made=False)
    doubt.corp.make_by_hand("lisi", "single", TEXT, is_of_corp=False)
    assert doubt.find() == 0 and doubt.world.states() == {ids[0]: "unknown"}


def test_messages_that_cannot_be_told_apart_are_left_to_a_person(doubt):
    here = doubt.campaign("c1")
    doubt.send(here, {1: "wmA"})
    doubt.send(here, {2: "wmB"})
    assert doubt.find() == 0 and set(doubt.world.states().values()) == {"unknown"}


def test_after_a_day_nobody_looks_any_more(doubt):
    doubt.send(doubt.campaign("c1"), {1: "wmA"})
    assert doubt.find(NOW + DAY + SECOND) == 0
    assert doubt.find(NOW + DAY) == 1


def test_who_decided_meanwhile_is_not_overruled(doubt):
    [message] = doubt.send(doubt.campaign("c1"), {1: "wmA"})
    with doubt.world.store.transaction() as session:
        assert outbox.decide(session, message, before="unknown", state="failed", now=NOW)
    assert doubt.find() == 0 and doubt.world.states() == {message: "failed"}


def test_a_platform_that_cannot_be_asked_is_asked_the_next_time(doubt):
    doubt.send(doubt.campaign("c1"), {1: "wmA"})
    doubt.corp.errcodes[fake.LIST] = [-1]
    assert (doubt.find(), doubt.find(NOW + 2 * MINUTE)) == (0, 1)


def test_a_trial_of_the_same_words_is_not_taken_for_the_campaigns_own_task(doubt):
    here = doubt.campaign("c1")
    [fate] = doubt.way.send([Parcel("c1-t1", "wmD", TEXT)], NOW)
    with doubt.world.store.transaction() as session:
        one = trials.add(session, {"campaign_id": here, "variant": "A", "channel": "wecom", "digest": "d"}, by="lin", now=NOW)  # fmt: skip
        one.state, one.begun_at, one.ended_at, one.provider_id = "sent", NOW, NOW, fate.provider_id
    ids = doubt.send(here, {1: "wmA"}, is_made=False)
    assert doubt.find() == 0 and doubt.world.states() == {ids[0]: "unknown"}
