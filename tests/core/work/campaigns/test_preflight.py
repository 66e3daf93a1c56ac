"""Before a campaign is sent: every gate's people beside loops, what the platform still lets through, caps, quiet hours, money, and what earlier campaigns brought."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from core.campaigns.body import Body, Content, Schedule, Variant
from core.errors import Unknown
from core.scope import EVERYTHING, Scope
from core.store import identity_values, outbox, segments
from core.store.campaign_tables import Connector, SubscriptionGrant
from core.work.campaigns.recipients import gates, history, preflight
from core.work.questions import references
from core.work.questions.reading import reading
from tests import lakes
from tests.core.work.campaigns import worlds
from tests.core.work.campaigns.worlds import NOW
from tests.oracles import gates as oracle
from tests.seeds import examples, seeds

NIGHT = datetime(2026, 11, 20, 14, tzinfo=UTC)
TODAY = date(2026, 11, 20)


@pytest.mark.parametrize("seed", seeds(4))
def test_every_gate_loses_whom_loops_lose_and_what_is_left_adds_up(tmp_path, store, seed):
    rng = random.Random(100 + seed)
    known = worlds.world(rng)
    home = worlds.filled(worlds.lake(tmp_path, known), store, known)
    for number in range(examples(60)):
        body = worlds.body(rng)
        found = preflight.of(home, EVERYTHING, body, f"s-{number}", NOW)
        answers = oracle.answers(known, body, f"s-{number}")
        states = Counter(state for state, *_ in answers.values())
        assert (found.will_send, found.audience) == (states["planned"], len({member for member, _ in answers}))
        assert found.holdout == len({member for (member, _), (state, *_) in answers.items() if state == "holdout"})
        planned = [channel for (_, channel), (state, *_) in answers.items() if state == "planned"]
        assert found.cost_minor == sum(worlds.PRICES.get(channel, 0) for channel in planned)
        for flow in found.flows:
            before = flow.entered_count
            for step in flow.gates:
                assert step.left_count + step.lost_count == before
                assert len(preflight.people(found, flow.channel, step.name, "lost")) == step.lost_count
                before = step.left_count
            if body.mode == "each":
                for gate, reason in gates.REASONS.items():
                    if gate != "place":
                        lost = sorted(
                            m
                            for (m, channel), (_, why, *_) in answers.items()
                            if (channel, why) == (flow.channel, reason)
                        )
                        step = next((one for one in flow.gates if one.name == gate), None)
                        assert (
                            lost == preflight.people(found, flow.channel, gate, "lost").tolist() if step else not lost
                        )
        assert sum(flow.gates[-1].left_count for flow in found.flows) == found.likely <= found.will_send


@pytest.fixture
def home(tmp_path, store):
    """Members 1 to 6 on three channels; 1 has had four messages within seven days, 2 three, 3 four of the account this month but long ago, 4 one that failed."""
    made = lakes.home(tmp_path)
    people = range(1, 7)

    def touch(member, when, number, channel="official_account", state="sent"):
        return {
            "identity_key": member,
            "occurred_at": lakes.at(when),
            "touch_id": f"{member}.{number}",
            "channel": channel,
            "state": state,
        }

    touches = [touch(1, f"2026-11-{day} 10:00", day, "sms") for day in (14, 15, 16, 19)]
    touches += [touch(2, f"2026-11-{day} 10:00", day, "sms") for day in (13, 14, 19)]
    touches += [touch(3, f"2026-11-0{day} 10:00", day) for day in (1, 2, 3, 4)] + [touch(3, "2026-10-31 10:00", 9)]
    touches += [touch(4, "2026-11-19 10:00", 1, state="failed")]
    lakes.add(
        made, 1,
        identities=[
            {"identity_key": one + base, "identity_type": kind, "namespace": space, "first_seen_at": lakes.at("2025-01-01 00:00")}
            for one in people for base, kind, space in ((0, "phone", ""), (100, "openid", "official_account"), (200, "openid", "mini_program"))
        ],
        consents=[{"identity_key": one, "occurred_at": lakes.at("2026-01-01 00:00"), "purpose": purpose, "channel": None, "state": "given"} for one in people for purpose in ("marketing", "service")],
        touches=touches,
    )  # fmt: skip
    lakes.members(made, {one + base: one for one in people for base in (0, 100, 200)})
    references.forget()
    with store.transaction() as session:
        rows = [
            (one + base, kind, "", (one + base).to_bytes(32, "big"), b"sealed")
            for one in people
            for base, kind in ((0, "phone"), (100, "openid"), (200, "openid"))
        ]
        identity_values.add(session, rows)
        segments.save(session, "all", "", list(people), definition={"kind": "list"}, lake_version=1, by="lin", now=NOW)
    return replace(made, store=store)


def about(*channels, **more):
    variant = Variant("A", 1, {channel: Content("a", template="t1") for channel in channels})
    return Body(
        **{"segments": (1,), "channels": channels, "variants": (variant,), "holdout": 0.0, "mode": "each"} | more
    )


def lost(found, channel, gate):
    return preflight.people(found, channel, gate, "lost").tolist()


def of(home, body, now=NOW, **more):
    return preflight.of(home, EVERYTHING, body, "s", now, **more)


def test_whoever_has_had_four_messages_in_seven_days_or_four_of_the_account_this_month_is_expected_to_get_none(home):
    found = of(home, about("sms", "official_account"))
    assert lost(found, "sms", "cap") == [1] and lost(found, "official_account", "cap") == [1]
    assert lost(found, "official_account", "quota") == [3]
    assert (found.will_send, found.likely) == (12, 9)
    [wallet] = found.wallets
    assert wallet.channel == "official_account" and wallet.counts == ((0, 1), (4, 5))
    assert preflight.with_left(found, "official_account", 0).tolist() == [3]
    with pytest.raises(Unknown):
        preflight.with_left(found, "sms", 0)
    with pytest.raises(Unknown):
        preflight.people(found, "sms", "quota", "lost")


def test_what_stands_in_the_outbox_counts_like_what_the_lake_knows_and_another_policy_of_the_platform_holds(home):
    with home.store.transaction() as session:
        worlds.connector(session, "official_account", "official_account", {"quota": "day1", "price_minor": 7})
    here = worlds.campaign(home.store, about("sms"))
    rows = [{"member_id": one, "channel": "official_account", "state": state, "slot_at": at} for one, state, at in (
        (2, "delivered", NOW), (5, "reserved", NOW), (6, "planned", None), (4, "accepted", NOW - timedelta(days=1)),
    )]  # fmt: skip
    with home.store.transaction() as session:
        outbox.plan(session, here, rows, NOW)
    found = of(home, about("official_account"))
    assert lost(found, "official_account", "quota") == [2, 5]
    assert lost(found, "official_account", "cap") == [1]
    assert found.cost_minor == 6 * 7
    assert found.wallets[0].counts == ((0, 2), (1, 4))


def test_gates_that_a_channel_or_a_campaign_does_not_have_lose_nobody_and_say_so(home):
    found = of(home, about("sms", "wecom"))
    lacking = {flow.channel: [step.name for step in flow.gates if not step.applies] for flow in found.flows}
    assert lacking == {"sms": ["profiling", "friend", "rendering"], "wecom": ["profiling", "rendering"]}
    assert not any(step.lost_count for flow in found.flows for step in flow.gates if not step.applies)


def test_who_asks_for_a_way_out_that_the_house_does_not_have_writes_to_nobody(home):
    variant = Variant("A", 1, {"sms": Content("退订 {{unsubscribe_link}}")})
    body = about("sms", variants=(variant,), missing="skip")
    reached = replace(home, settings=replace(home.settings, links_url="https://go.example.com"))
    assert [of(one, body).will_send for one in (home, reached)] == [0, 6]
    assert lost(of(home, body), "sms", "rendering") == [1, 2, 3, 4, 5, 6]


def test_service_messages_pass_the_cap(home):
    assert of(home, about("sms", purpose="service")).likely == 6


def test_a_mini_program_may_send_as_often_as_somebody_has_allowed(home):
    with home.store.transaction() as session:
        connector = worlds.connector(session, "mini_program", "mini_program")
        for key, template, grants in ((201, "t1", 2), (202, "t1", 0), (203, "t2", 5), (101, "t1", 9)):
            session.add(
                SubscriptionGrant(
                    connector_id=connector, identity_key=key, template_id=template, grants=grants, changed_at=NOW
                )
            )
    found = of(home, about("mini_program"))
    assert lost(found, "mini_program", "quota") == [2, 3, 4, 5, 6]
    assert found.wallets[0].counts == ((0, 5), (2, 1))


@pytest.mark.parametrize(
    ("now", "schedule", "left", "until"),
    [
        (NIGHT, Schedule(), 5, datetime(2026, 11, 21, 0, tzinfo=UTC)),
        (NIGHT, Schedule(quiet="skip"), 0, None),
        (NOW, Schedule(quiet="skip"), 5, None),
        (NOW, Schedule("at", NIGHT, quiet="skip"), 0, None),
        (NIGHT, Schedule("best_hour", quiet="skip"), 5, None),
    ],
)
def test_quiet_hours_hold_or_lose_what_would_begin_in_them(home, now, schedule, left, until):
    found = of(home, about("sms", schedule=schedule), now)
    step = found.flows[0].gates[-1]
    assert (step.name, step.left_count, step.until) == ("quiet", left, until)


def test_quiet_hours_are_those_of_the_way_out_in_use(home):
    with home.store.transaction() as session:
        session.query(Connector).delete()
        worlds.connector(session, "sms", "sms", {"quiet_start": "00:00", "quiet_end": "00:00"})
    step = of(home, about("sms", schedule=Schedule()), NIGHT).flows[0].gates[-1]
    assert (step.name, step.left_count, step.until) == ("quiet", 5, None)


def test_nobody_out_of_scope_is_counted(home):
    found = preflight.of(home, Scope(frozenset({"nowhere"})), about("sms"), "s", NOW)
    assert (found.audience, found.will_send, found.flows[0].entered_count) == (0, 0, 0)


# -- history -----------------------------------------------------------------------------------------------------------


def past(folder, monkeypatch):
    """Two campaigns that were to win back: of ``a`` members 1 to 4 were written to and 1 and 2 bought in time, of ``b`` 1 and 2, and 1 bought; and one of another goal."""
    monkeypatch.setattr(history, "FEWEST", 2)
    home = lakes.home(folder)
    touches = [
        {"identity_key": one, "occurred_at": lakes.at("2026-01-10 10:00"), "touch_id": f"{campaign}{one}", "campaign_id": campaign, "channel": "sms", "state": state}
        for campaign, one, state in (("a", 1, "sent"), ("a", 2, "sent"), ("a", 3, "sent"), ("a", 4, "sent"), ("a", 5, "failed"), ("c", 3, "sent"), ("c", 4, "sent"))
    ]  # fmt: skip
    touches += [
        {"identity_key": one, "occurred_at": lakes.at(f"2026-02-10 10:0{5 if state == 'clicked' else 0}"), "touch_id": f"b{one}", "campaign_id": "b", "channel": "sms", "state": state}
        for one, state in ((1, "sent"), (2, "sent"), (1, "clicked"))
    ]  # fmt: skip
    sales = [
        (1, "2026-01-12 10:00"),
        (2, "2026-01-17 10:00"),
        (3, "2026-01-17 10:01"),
        (4, "2026-01-10 09:00"),
        (5, "2026-01-11 10:00"),
        (1, "2026-02-11 10:00"),
    ]
    lakes.add(
        home, 1, touches=touches, order_lines=[lakes.sale(who, at, f"o{n}", 5) for n, (who, at) in enumerate(sales)],
        campaigns=[{"campaign_id": one, "name": one, "goal": goal} for one, goal in (("a", "win_back"), ("b", "win_back"), ("c", "repeat"))],
        events=[lakes.event(9, "2026-02-20 10:00"), lakes.event(3, "2026-01-11 10:00", "sign_in")],
    )  # fmt: skip
    return home


def expected(home, **more):
    with reading(home) as lake:
        return history.expected(lake, Body(**{"goal": "win_back", "channels": ("sms",), "window_days": 7} | more))


def test_what_earlier_campaigns_of_the_goal_brought_is_who_did_it_within_the_window(tmp_path, monkeypatch):
    home = past(tmp_path, monkeypatch)
    found = expected(home)
    assert found == history.Expected(2, 6, 3, 0.5, 0.5) and found.share == 0.5
    assert expected(home, metric="clicked") == history.Expected(2, 6, 1, 0.0, 0.5)
    assert expected(home, metric="event", event="sign_in") == history.Expected(2, 6, 1, 0.0, 0.25)
    assert expected(home, goal="repeat") == history.Expected(1, 2, 0, 0.0, 0.0)
    assert expected(home, window_days=20) == history.Expected(1, 4, 3, 0.75, 0.75)


def test_without_a_goal_a_past_or_the_facts_nothing_is_expected(tmp_path, monkeypatch):
    home = past(tmp_path / "a", monkeypatch)
    nothing = [
        expected(home, **one)
        for one in (
            {"goal": None},
            {"goal": "content"},
            {"channels": ("email",)},
            {"metric": "redeemed"},
            {"window_days": 60},
        )
    ]
    assert nothing == [None] * 5
    monkeypatch.setattr(history, "FEWEST", 30)
    assert expected(home) is None
    assert expected(lakes.home(tmp_path / "b")) is None
