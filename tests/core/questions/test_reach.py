"""Reach: each gate beside loops over random small worlds, the order of losses, and what counts as consent."""

import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Unknown
from core.scope import Scope
from core.segments import reach as rules
from core.segments.language import Not, Profile
from core.segments.reach import GATES, Cap
from core.work.home import Home
from core.work.questions import reach
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles import reach as oracle
from tests.seeds import seeds

ON = date(2026, 2, 10)
EVERYBODY = Not(Profile("city", "is", ("nowhere",)))
BELONGS = {key: (key + 1) // 2 for key in range(1, 41)}
"""Two identities of each member."""
TYPES = (
    ("external_userid", "wecom"), ("openid", "mini_program"), ("openid", "mini_program_2"), ("openid", "official_account"),
    ("openid", "other"), ("openid", "shop-2"), ("phone", ""), ("email", ""),
)  # fmt: skip
"""``shop-2`` is called after no channel; what it brings happens on official accounts."""


def _facts(rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    def day(most: int) -> Any:
        """Up to so many days before the newest, on both sides of the business day's edge."""
        return lakes.at(f"{ON - timedelta(days=rng.randrange(most))} {rng.choice(('01:00', '15:50'))}")

    consents = [
        {"identity_key": key, "occurred_at": lakes.at(f"2025-0{rng.randrange(1, 5)}-01 10:00"), "purpose": purpose, "channel": channel,
         "state": "given" if rng.random() < 0.85 else "withdrawn"}
        for key in BELONGS for purpose, channel in (("marketing", None), ("marketing", "wecom"), ("marketing", "sms"), ("service", None))
        if rng.random() < 0.5
    ]  # fmt: skip
    touches = []
    for number in range(220):
        touch = {
            "identity_key": rng.randrange(1, 25),
            "touch_id": f"t{number}",
            "channel": rng.choice(("wecom", "official_account", "sms")),
        }
        touches.append(touch | {"occurred_at": day(20), "state": "failed" if rng.random() < 0.2 else "sent"})
        if rng.random() < 0.3:
            touches.append(
                touch | {"occurred_at": touches[-1]["occurred_at"] + timedelta(minutes=1), "state": "delivered"}
            )
    touches += [
        {"identity_key": 30, "touch_id": f"many{n}", "channel": "wecom", "state": "sent", "occurred_at": lakes.at("2026-02-01 10:00")}
        for n in range(28)
    ]  # fmt: skip
    return {
        "consents": consents,
        "touches": touches,
        "member_profiles": [
            {"identity_key": key, "is_test": rng.choice((None, False, rng.random() < 0.2)), "is_friend": rng.choice((None, True, False)),
             "birth_year": rng.choice((None, None, 1990, 2011, 2012, 2013))}
            for key in BELONGS
        ],
        "identities": [
            {"identity_key": key, "identity_type": kind, "namespace": space} for key in BELONGS for kind, space in [rng.choice(TYPES)]
        ],
        "group_membership": [
            {"identity_key": rng.choice(list(BELONGS)), "occurred_at": lakes.at(f"2026-01-{n:02} 10:00"), "group_id": rng.choice("ab"),
             "change": rng.choice(("join", "join", "leave"))}
            for n in range(1, 29)
        ],
        "events": [lakes.event(1, f"{ON} 10:00"), lakes.event(1, f"{ON} 10:00", channel="official_account", source="shop-2")],
    }  # fmt: skip


def _filled(folder: Path, facts: dict[str, list[dict[str, Any]]]) -> Home:
    home = lakes.home(folder)
    lakes.add(home, 1, **facts)
    lakes.members(home, BELONGS)
    return home


@pytest.mark.parametrize("seed", seeds(3))
def test_every_member_is_lost_at_the_gate_that_loops_say(tmp_path: Path, seed: int):
    facts = _facts(random.Random(seed))
    with reading(_filled(tmp_path, facts)) as lake:
        found = reach.reach(lake, EVERYBODY)
        assert found.on == ON
        for channel, waterfall in found.channels.items():
            lost = {gate: set(found.people(waterfall.step(gate).lost)["member_id"]) for gate in GATES}
            lost[None] = set(found.people(waterfall.reachable)["member_id"])
            for member in range(1, 21):
                keys = {key for key, owner in BELONGS.items() if owner == member}
                gate = oracle.stopped_at(facts, keys, channel, ON)
                assert member in lost[gate], (channel, member, gate, {g for g, who in lost.items() if member in who})
            assert sum(map(len, lost.values())) == 20
        met = Counter(gate for w in found.channels.values() for gate in GATES if w.step(gate).lost_count)
        assert met["consent"]


def test_left_and_lost_add_up_to_the_gate_before_and_gates_that_a_channel_lacks_lose_nobody(tmp_path: Path):
    with reading(_filled(tmp_path, _facts(random.Random(5)))) as lake:
        found = reach.reach(lake, EVERYBODY)
        for channel, waterfall in found.channels.items():
            before = waterfall.segment_count
            for step in waterfall.steps:
                assert step.left_count + step.lost_count == before
                assert step.applies or not step.lost_count
                before = step.left_count
            assert waterfall.reachable_count == before
            assert waterfall.step("friend").applies == (channel == "wecom")
            assert waterfall.step("quota").applies == (channel in rules.OF_MONTH)
        anywhere = int(np.count_nonzero(found.anywhere))
        assert max(w.reachable_count for w in found.channels.values()) <= anywhere <= 20
        assert reach.step(found, "sms", "consent") is found.channels["sms"].steps[2]


def one_member(
    tmp_path: Path, *consents: tuple[str, str | None, str], sent: int = 0, at: str = "2026-02-10 10:00"
) -> Home:
    """A member with a phone, and rows of consent about marketing: day, channel, state."""
    facts = {
        "identities": [{"identity_key": 1, "identity_type": "phone", "namespace": ""}],
        "events": [lakes.event(1, "2026-02-10 10:00")],
        "consents": [
            {"identity_key": 1, "occurred_at": lakes.at(f"{on} 10:00"), "purpose": "marketing", "channel": channel, "state": state}
            for on, channel, state in consents
        ],
        "touches": [
            {"identity_key": 1, "occurred_at": lakes.at(at), "touch_id": f"t{n}", "state": "sent", "channel": "wecom"} for n in range(sent)
        ],
    }  # fmt: skip
    home = lakes.home(tmp_path)
    lakes.add(home, 1, **{name: rows for name, rows in facts.items() if rows})
    return home


def stopped(home: Home, channel: str = "sms", cap: Cap = rules.USUAL_CAP) -> str | None:
    with reading(home) as lake:
        waterfall = reach.reach(lake, EVERYBODY, (channel,), cap).channels[channel]
    return next((step.gate for step in waterfall.steps if step.lost_count), None)


GIVEN = ("2026-01-01", "sms", "given")


@pytest.mark.parametrize(
    ("consents", "gate"),
    [
        ((), "consent"),
        ((GIVEN,), None),
        ((("2026-01-01", "wecom", "given"),), "consent"),
        ((("2026-01-01", None, "given"),), None),
        ((GIVEN, ("2026-01-02", None, "withdrawn")), "consent"),
        ((("2026-01-02", None, "withdrawn"), ("2026-01-03", "sms", "given")), None),
        ((GIVEN, ("2026-01-01", "sms", "withdrawn")), "consent"),
    ],
    ids=range(7),
)
def test_the_newest_word_counts_a_withdrawal_beats_what_was_given_at_its_moment_and_silence_is_no(
    tmp_path, consents, gate
):
    assert stopped(one_member(tmp_path, *consents)) == gate


@pytest.mark.parametrize(
    ("sent", "at", "gate"),
    [
        (3, "2026-02-10 10:00", None),
        (4, "2026-02-10 10:00", "cap"),
        (4, "2026-02-03 16:00", "cap"),
        (4, "2026-02-03 15:59", None),
    ],
)
def test_the_fifth_message_within_seven_business_days_on_any_channel_is_one_too_many(tmp_path, sent, at, gate):
    assert stopped(one_member(tmp_path, GIVEN, sent=sent, at=at)) == gate


def test_the_cap_is_what_the_asker_says(tmp_path: Path):
    home = one_member(tmp_path, GIVEN, sent=2, at="2026-01-20 10:00")
    assert stopped(home, cap=Cap(messages=2, days=30)) == "cap"
    assert stopped(home, cap=Cap(messages=2, days=7)) is None


def test_channels_without_an_identity_reach_nobody_and_unknown_ones_are_refused(tmp_path: Path):
    home = one_member(tmp_path, ("2026-01-01", None, "given"))
    assert stopped(home, "store") == "identity"
    with pytest.raises(Unknown):
        stopped(home, "pigeon")


def test_a_segment_is_cut_to_the_scope_before_its_gates(tmp_path: Path):
    home = one_member(tmp_path, GIVEN)
    with reading(home, scope=Scope(frozenset({"elsewhere"}))) as lake:
        assert reach.reach(lake, EVERYBODY).channels["sms"].segment_count == 0


@pytest.mark.parametrize(
    ("source", "rows", "channel", "share"),
    [
        ("wx01", {"official_account": 3, "store": 5, "mini_program": 2}, "official_account", 0.3),
        ("mini_program", {"official_account": 3, "mini_program": 1}, "official_account", 0.75),
        ("mini_program_2", {"official_account": 1, "mini_program": 1}, "mini_program", 0.5),
        ("mini_program-b", {"store": 5}, "mini_program", None),
        ("mini_programs", {}, None, None),
    ],
)
def test_openids_are_of_the_channel_that_rows_of_their_source_name_most_and_by_its_name_only_where_none_does(
    source, rows, channel, share
):
    assert rules.account(source, rows) == rules.Account(source, channel, share)


def test_an_empty_lake_reaches_nobody(tmp_path: Path):
    with reading(lakes.home(tmp_path)) as lake:
        assert all(not w.reachable_count for w in reach.reach(lake, EVERYBODY).channels.values())
