"""Planning: everybody of the audience has exactly the rows that loops say, however often somebody is interrupted."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from core.campaigns.body import Body, Content, Offer, Schedule, Variant
from core.scope import Scope
from core.store import campaigns, outbox
from core.store.campaign_tables import MESSAGE_STATES
from core.work.campaigns.recipients import gates, planning
from core.work.campaigns.recipients.planning import Halted
from core.work.questions.reading import reading
from tests.core.work.campaigns import worlds
from tests.core.work.campaigns.worlds import NOW
from tests.oracles import gates as oracle
from tests.seeds import examples, seeds


class Killed(BaseException):
    """What a process that is killed leaves behind: what was committed."""


def told(rows):
    return {place: (row.state, row.reason, row.variant, row.identity_key) for place, row in rows.items()}


@pytest.mark.parametrize("seed", seeds(8))
def test_everybody_of_the_audience_has_exactly_the_rows_that_loops_say(tmp_path, store, seed):
    rng = random.Random(seed)
    known = worlds.world(rng)
    home = worlds.filled(worlds.lake(tmp_path, known), store, known)
    met = Counter()
    for number in range(examples(100)):
        body, units = worlds.body(rng), rng.choice((None, None, ["north"]))
        here = worlds.campaign(store, body, f"c{number}", f"salt-{number}", units=units)
        planning.materialise(home, here, NOW)
        rows = worlds.outbox(store, here)
        expected = oracle.answers(known, body, f"salt-{number}", None if units is None else set(units))
        assert told(rows) == expected, (seed, number, body)
        assert all((row.address_mac is not None) == (row.identity_key is not None) for row in rows.values())
        met.update(reason or state for state, reason, *_ in expected.values())
        with store.reading() as session:
            counts, row = outbox.counts(session, here), campaigns.one(session, here)
        assert sum(counts.values()) == len(expected) and set(counts) <= {"planned", "skipped", "holdout"}
        assert row.state == "sending" and row.launched["will_send"] == counts.get("planned", 0)
        people = {member for member, _ in expected}
        assert row.launched["audience"] == len(people)
        assert len(expected) == len(people) * (1 if body.mode == "first" else len(body.channels))
    assert set(met) >= {"planned", "holdout", "gate.consent", "gate.identity"} and len(met) >= 6, met


@pytest.fixture
def home(tmp_path, store):
    known = worlds.world(random.Random(5))
    return worlds.filled(worlds.lake(tmp_path, known), store, known)


BODY = Body(
    segments=(1, 2), channels=("sms", "webhook"), mode="each", variants=(Variant("A", 1, {"sms": Content("a")}), Variant("B", 2)), holdout=0.3,
    offer=Offer("o", "o", 100, budget_minor=400),
)  # fmt: skip


@pytest.mark.parametrize(
    "body", [BODY, replace(BODY, mode="first", schedule=Schedule("best_hour"))], ids=["each", "first"]
)
def test_who_is_killed_and_begins_again_comes_to_the_same_rows(home, store, monkeypatch, body):
    monkeypatch.setattr(planning, "CHUNK", 3)
    whole = worlds.campaign(store, body, "c1")
    planning.materialise(home, whole, NOW)
    killed = worlds.campaign(store, body, "c2")
    tries = 0

    def dying(done, of):
        assert done <= of
        raise Killed

    while True:
        tries += 1
        try:
            planning.materialise(home, killed, NOW + tries * timedelta(minutes=7), dying)
        except Killed:
            continue
        break

    def all_of(here):
        rows = worlds.outbox(store, here)
        return {at: (*told({at: row})[at], row.address_mac, row.due_at - started(here), row.expires_at) for at, row in rows.items()}  # fmt: skip

    def started(here):
        return min(row.planned_at for row in worlds.outbox(store, here).values())

    assert tries > 3
    if body.schedule.when == "now":
        assert all_of(killed) == all_of(whole)
    else:
        assert told(worlds.outbox(store, killed)) == told(worlds.outbox(store, whole))


def test_what_changed_between_two_tries_gives_nobody_a_second_answer_and_passes_no_budget(home, store, monkeypatch):
    monkeypatch.setattr(planning, "CHUNK", 3)
    here = worlds.campaign(store, replace(BODY, mode="first"))

    def dying(done, of):
        raise Killed

    with pytest.raises(Killed):
        planning.materialise(home, here, NOW, dying)
    before = told(worlds.outbox(store, here))
    with store.transaction() as session:
        for member in range(1, 17):
            planning.gates.suppressions.add(
                session, "manual", channel="sms", purpose=None, member_id=member, by="lin", now=NOW
            )
    planning.materialise(home, here, NOW)
    rows = told(worlds.outbox(store, here))
    assert before.items() <= rows.items()
    members = [member for member, _ in rows]
    assert len(members) == len(set(members))
    assert sum(state == "planned" for state, *_ in rows.values()) <= 4
    assert all(channel == "webhook" or reason for (member, channel), (_, reason, *_) in rows.items() if (member, channel) not in before)  # fmt: skip


def test_two_that_plan_at_once_give_everybody_one_answer(home, store, monkeypatch):
    monkeypatch.setattr(planning, "CHUNK", 2)
    here = worlds.campaign(store, BODY)

    def beside(done, of):
        if done == 2:
            planning.materialise(home, here, NOW)

    with pytest.raises(Halted):
        planning.materialise(home, here, NOW, beside)
    alone = worlds.campaign(store, BODY, "c2")
    planning.materialise(home, alone, NOW)
    assert told(worlds.outbox(store, here)) == told(worlds.outbox(store, alone))


def test_an_address_that_somebody_else_took_meanwhile_is_a_row_with_a_reason(home, store):
    here = worlds.campaign(store, BODY)
    with reading(home, now=NOW) as lake, store.reading() as session:
        decision = gates.decide(home, lake, session, BODY, salt="salt-1", code="c1", now=NOW)
        rows = planning.rows(decision)
        columns = planning._columns(home, BODY, decision, rows)
    columns |= {"due_at": [NOW] * len(rows), "expires_at": [None] * len(rows)}
    taken = next(
        mac for mac, state in zip(columns["address_mac"], columns["state"], strict=True) if mac and state == "planned"
    )
    with store.transaction() as session:
        outbox.plan(session, here, [{"member_id": -1, "channel": "sms", "state": "planned", "address_mac": taken}], NOW)
    with store.transaction() as session:
        planning._plan(session, here, columns, NOW)
    found = worlds.outbox(store, here)
    assert len(found) == len(rows) + 1
    places = list(zip(columns["member_id"], columns["channel"], strict=True))
    late = places[columns["address_mac"].index(taken)]
    assert (found[late].state, found[late].reason, found[late].address_mac) == ("skipped", "gate.address", None)
    kept = [place for place in places if place != late]
    assert [found[one].state for one in kept] == [columns["state"][places.index(one)] for one in kept]


def test_a_campaign_that_is_cancelled_while_it_is_planned_gets_no_more_rows(home, store, monkeypatch):
    monkeypatch.setattr(planning, "CHUNK", 2)
    here = worlds.campaign(store, BODY)

    def cancelled(done, of):
        with store.transaction() as session:
            campaigns.move(session, here, before="materialising", state="cancelled", now=NOW)

    with pytest.raises(Halted):
        planning.materialise(home, here, NOW, cancelled)
    assert len({member for member, _ in worlds.outbox(store, here)}) == 2
    assert planning.launch_due(home, NOW) == 0


def state(store, here):
    with store.reading() as session:
        row = campaigns.one(session, here)
        return row.state, row.error


def test_what_is_due_is_launched_once_and_one_that_cannot_be_planned_has_failed_and_stops_no_other(home, store):
    due = worlds.campaign(store, BODY, "c1", state="scheduled")
    early = worlds.campaign(store, BODY, "c2", state="scheduled", starts_at=worlds.later(seconds=1))
    broken = worlds.campaign(store, replace(BODY, segments=(99,)), "c3", state="scheduled")
    left = worlds.campaign(store, BODY, "c4")
    draft = worlds.campaign(store, BODY, "c5", state="approved")
    assert planning.launch_due(home, NOW) == 2
    assert [state(store, one) for one in (due, early, broken, left, draft)] == [
        ("sending", None), ("scheduled", None), ("failed", "unknown"), ("sending", None), ("approved", None),
    ]  # fmt: skip
    assert planning.launch_due(home, NOW) == 0
    with store.reading() as session:
        assert [entry.action for entry in campaigns.log(session, due)] == ["materialising", "launched", "sending"]


def test_a_fault_of_ours_in_one_campaign_stops_no_other(home, store):
    broken = worlds.campaign(store, BODY, "c1", salt="no:salt")
    with store.transaction() as session:
        campaigns.one(session, broken).body = {"v": 1, "segments": "all"} | {"holdout": 0.1}
    good = worlds.campaign(store, BODY, "c2")
    assert planning.launch_due(home, NOW) == 1
    assert [state(store, one)[0] for one in (broken, good)] == ["failed", "sending"]
    faulty = worlds.campaign(store, BODY, "c3")
    with store.transaction() as session:
        campaigns.one(session, faulty).launched = {"at": "never", "lake_version": None}
    after = worlds.campaign(store, BODY, "c4")
    with pytest.raises(ExceptionGroup):
        planning.launch_due(home, NOW)
    assert [state(store, one)[0] for one in (faulty, after)] == ["materialising", "sending"]


def test_an_audience_that_is_not_what_was_approved_any_more_makes_it_a_draft_again(home, store):
    many = replace(BODY, channels=("webhook",), holdout=0.0, offer=None, purpose="service")
    grown = worlds.campaign(store, many, "c1", state="scheduled", approved=-100)
    other = worlds.campaign(store, many, "c2", state="scheduled")
    with store.transaction() as session:
        campaigns.one(session, other).content_hash = "0" * 64
    assert planning.launch_due(home, NOW) == 0
    assert state(store, grown) == state(store, other) == ("draft", None)
    assert not worlds.outbox(store, grown)


def test_rows_are_born_in_states_that_there_are():
    assert set(planning.STATES) <= set(MESSAGE_STATES)
    assert set(gates.REASONS) == set(gates.GATES) - {"holdout"}


def test_the_scope_of_who_looks_cuts_the_audience(home, store):
    with reading(home, scope=Scope(frozenset({"nowhere"})), now=NOW) as lake, store.reading() as session:
        assert gates.decide(home, lake, session, BODY, salt="s", code="c", now=NOW).audience.count == 0
