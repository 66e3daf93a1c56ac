"""Lifecycle over lakes: figures by hand, random lakes against a brute-force reading, invariants, agreement with the Overview."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidLifecycle
from core.metrics.catalog import METRICS
from core.periods import Period
from core.scope import EVERYTHING, Filters, Scope
from core.sequences.lifecycle import BASES, Stage, State
from core.work.home import Home
from core.work.questions import figures, lifecycle, spans
from core.work.questions.lifecycle import FLOWS, STATES, Answer, Asked, Behind, Limits, in_flow
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles.lifecycle import state
from tests.seeds import examples, seeds

FIRST = date(2025, 1, 6)
"""A Monday."""
KINDS = ("event", "event", "sale", "refund", "adjustment", "message", "staff_message", "join", "leave", "hidden")
ACTIONS = {"event", "sale", "refund", "message"}
BIRTHS = ACTIONS | {"join"}
CHANNELS = ("app", "web", None)
HOURS_AHEAD = timedelta(hours=8)


def message(who: int, when: str, kind: str = "member") -> dict[str, Any]:
    return {
        "identity_key": who,
        "occurred_at": lakes.at(when),
        "sender_kind": kind,
        "group_id": "g",
        "message_id": f"{who}{when}",
    }


def membership(who: int, when: str, change: str) -> dict[str, Any]:
    return {"identity_key": who, "occurred_at": lakes.at(when), "change": change, "group_id": "g"}


def shop(folder: Path) -> Home:
    """Weeks from 2025-01-06. Member 1 acts in weeks 1, 2, 3; 2 in 1 and 4; 3 joins a group in 2 and does nothing more; 4 acts
    in 1 alone; 5 joined long before and acts in 3; of 6 nobody knows anything but that there is such a member."""
    home = lakes.home(folder)
    lakes.add(
        home, 1,
        events=[lakes.event(who, when, channel="app") for who, when in (
            (1, "2025-01-06 01:00"), (1, "2025-01-13 01:00"), (1, "2025-01-13 02:00"), (1, "2025-01-20 01:00"),
            (2, "2025-01-07 01:00"), (4, "2025-01-12 15:59"), (5, "2025-01-22 01:00"),
        )],
        order_lines=[lakes.sale(2, "2025-01-28 01:00", "o1", 30, channel="web")],
        group_membership=[membership(3, "2025-01-14 01:00", "join")],
        member_profiles=[{"identity_key": 5, "joined_at": datetime(2024, 6, 1), "unit_id": "north"}],
    )  # fmt: skip
    lakes.members(home, {6: 6})
    return home


def answered(home: Home, asked: Asked, filters: Filters = Filters(), scope: Scope = EVERYTHING) -> Answer:
    with reading(home, filters, scope) as lake:
        return lifecycle.lifecycle(lake, asked)


def listed(
    home: Home, asked: Asked, behind: Behind, filters: Filters = Filters(), scope: Scope = EVERYTHING
) -> list[int]:
    with reading(home, filters, scope) as lake:
        return lifecycle.people(lake, asked, behind)["member_id"].tolist()


def told(answer: Answer) -> list[dict[str, int]]:
    """States that anybody is in, by period."""
    found: list[dict[str, int]] = [{} for _ in answer.periods]
    for row in lifecycle.rows(answer):
        if row["members"]:
            found[answer.periods.index(date.fromisoformat(row["period"]))][row["state"]] = row["members"]
    return found


WEEKS = Asked("week", 2)


def test_every_member_is_in_one_state_in_each_week(tmp_path: Path):
    answer = answered(shop(tmp_path), WEEKS)
    assert answer.periods == tuple(FIRST + timedelta(days=7 * n) for n in range(4))
    assert told(answer) == [
        {"new": 3, "lost": 2},
        {"new": 1, "returning": 1, "dormant": 2, "lost": 2},
        {"active": 1, "resurrected": 1, "dormant": 3, "lost": 1},
        {"resurrected": 1, "dormant": 3, "lost": 2},
    ]
    assert answer.members == (5, 6, 6, 6)
    assert answer.acted == (3, 1, 2, 1)


def test_the_base_of_a_week_comes_from_that_of_the_week_before(tmp_path: Path):
    answer = answered(shop(tmp_path), WEEKS)
    assert [tuple(getattr(flow, name) for name in FLOWS) for flow in answer.flows()] == [
        (0, 3, 0, 0, 0, 3), (3, 1, 0, 2, 0, 2), (2, 0, 1, 1, 0, 2), (2, 0, 1, 2, 0, 1),
    ]  # fmt: skip
    assert [tuple(getattr(flow, name) for name in FLOWS) for flow in answer.flows("kept")] == [
        (0, 3, 0, 0, 0, 3), (3, 1, 0, 0, 0, 4), (4, 0, 1, 0, 0, 5), (5, 0, 0, 0, 1, 4),
    ]  # fmt: skip


def test_people_are_those_of_the_cell(tmp_path: Path):
    home = shop(tmp_path)
    assert listed(home, WEEKS, Behind(2, (State.RESURRECTED,))) == [5]
    assert listed(home, WEEKS, Behind(1, (State.LOST,))) == [5, 6]
    assert listed(home, WEEKS, Behind(3, (State.DORMANT,), (State.DORMANT,))) == [3]
    assert listed(home, WEEKS, in_flow(3, "dormant", "active")) == [1, 5]
    assert listed(home, WEEKS, in_flow(3, "lost", "kept")) == [4]
    assert listed(home, WEEKS, in_flow(1, "opening", "active")) == [1, 2, 4]


def test_the_minute_before_midnight_belongs_to_the_week_that_ends(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-01-12 15:59"), lakes.event(2, "2025-01-12 16:00")])
    answer = answered(home, WEEKS)
    assert told(answer) == [{"new": 1}, {"new": 1, "dormant": 1}]


def test_weeks_and_months_are_whole_and_the_last_one_may_still_run(tmp_path: Path):
    home = shop(tmp_path)
    cut = Filters(Period(date(2025, 1, 15), date(2025, 1, 22)))
    answer = answered(home, WEEKS, cut)
    assert answer.days == (date(2025, 1, 13), date(2025, 1, 20), date(2025, 1, 27))
    assert told(answer) == told(answered(home, WEEKS))[1:3]
    whole = answered(home, WEEKS)
    assert [whole.is_complete(period) for period in range(4)] == [True, True, True, False]
    assert [whole.is_known(period) for period in range(4)] == [False, False, True, True]
    month = answered(home, Asked("month"))
    assert (month.days, told(month)) == (
        (date(2025, 1, 1), date(2025, 2, 1)),
        [{"new": 4, "resurrected": 1, "lost": 1}],
    )
    assert not month.is_complete(0)
    days = answered(home, Asked("day"), Filters(Period(date(2025, 1, 28), date(2025, 3, 1))))
    assert days.days == (date(2025, 1, 28), date(2025, 1, 29)) and days.is_complete(0)


def test_channels_cut_actions_and_never_births(tmp_path: Path):
    answer = answered(shop(tmp_path), WEEKS, Filters(channels=("web",)))
    assert told(answer)[0] == {"new": 3, "lost": 2}
    assert answer.acted == (0, 0, 0, 1)


def test_nobody_outside_the_units_one_may_see_is_counted_or_listed(tmp_path: Path):
    home = shop(tmp_path)
    north, nowhere = Scope(frozenset({"north"})), Scope(frozenset({"south"}))
    answer = answered(home, WEEKS, scope=north)
    assert told(answer) == [{"lost": 1}, {"lost": 1}, {"resurrected": 1}, {"dormant": 1}]
    assert answer.acted == (0, 0, 1, 0)
    assert listed(home, WEEKS, Behind(2, STATES), scope=north) == [5]
    assert told(answered(home, WEEKS, scope=nowhere)) == [{}, {}, {}, {}]
    with reading(home, scope=north) as lake:
        assert lifecycle.stages(lake).ids.tolist() == [5]
    with reading(home, scope=nowhere) as lake:
        assert lifecycle.stages(lake).ids.tolist() == []


def test_rows_tell_states_and_flows_for_the_command_line(tmp_path: Path):
    answer = answered(shop(tmp_path), WEEKS)
    assert lifecycle.rows(answer)[7] == {
        "period": "2025-01-13", "state": "returning", "members": 1, "share": 0.166667, "is_complete": True,
        "opening": 3, "new": 1, "resurrected": 0, "dormant": 2, "lost": 0, "closing": 2,
    }  # fmt: skip
    assert lifecycle.transitions(answer)[-1] == {
        "period": "2025-01-27",
        "before": "lost",
        "state": "lost",
        "members": 1,
    }


@pytest.mark.parametrize(
    ("problem", "asked", "filters"),
    [
        ("unit", Asked("year"), Filters()),  # type: ignore[arg-type]
        ("lost_after", Asked("week", 61), Filters()),
        ("lost_after", Asked("week", -1), Filters()),
        ("periods", Asked("day"), Filters(Period(date(2024, 6, 1), date(2025, 2, 1)))),
        ("no_data", Asked(), Filters(Period(date(2025, 1, 29), date(2025, 2, 1)))),
        ("no_data", Asked(), Filters(Period(date(1, 1, 1), date(1970, 1, 1)))),
    ],
)
def test_what_cannot_be_answered_is_refused(tmp_path: Path, problem: str, asked: Asked, filters: Filters):
    home = shop(tmp_path)
    with pytest.raises(InvalidLifecycle) as refused:
        answered(home, asked, filters)
    assert refused.value.details["problem"] == problem
    with pytest.raises(InvalidLifecycle):
        listed(home, asked, Behind(0, STATES), filters)


def test_an_empty_lake_and_a_period_that_does_not_exist_are_refused(tmp_path: Path):
    with pytest.raises(InvalidLifecycle) as refused:
        answered(lakes.home(tmp_path / "empty"), WEEKS)
    assert refused.value.details["problem"] == "empty"
    with pytest.raises(InvalidLifecycle):
        listed(shop(tmp_path / "shop"), WEEKS, Behind(4, STATES))


def test_the_longest_question_begins_before_the_first_day_that_anything_can_have(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "1970-01-05 01:00")])
    answer = answered(home, Asked("month", 60), Filters(Period(date(1950, 1, 1), date(1970, 2, 1))))
    assert told(answer) == [{"new": 1}]


def test_stages_at_the_end_of_the_period_to_date(tmp_path: Path):
    home = shop(tmp_path)
    with reading(home) as lake:
        usual, short = lifecycle.stages(lake), lifecycle.stages(lake, Limits(7, 8))
    assert usual.on == date(2025, 1, 28)
    assert {stage: usual.people(stage)["member_id"].tolist() for stage in Stage} == {
        Stage.POTENTIAL: [6], Stage.NEW: [1, 3, 4], Stage.ACTIVE: [5], Stage.BUYING: [2], Stage.LOST: [],
    }  # fmt: skip
    assert {stage: short.people(stage)["member_id"].tolist() for stage in Stage} == {
        Stage.POTENTIAL: [6], Stage.NEW: [], Stage.ACTIVE: [5], Stage.BUYING: [2], Stage.LOST: [1, 3, 4],
    }  # fmt: skip
    with reading(home, Filters(Period(FIRST, date(2025, 1, 13)))) as lake:
        early = lifecycle.stages(lake)
    assert (early.on, early.ids.tolist()) == (date(2025, 1, 12), [1, 2, 4, 5, 6])
    assert early.counts[Stage.LOST] == 1 and early.counts[Stage.BUYING] == 0


@pytest.mark.parametrize(("new", "lost"), [(0, 90), (91, 90), (30, 3651)])
def test_stages_refuse_days_that_make_no_sense(new: int, lost: int):
    with pytest.raises(InvalidLifecycle) as refused:
        Limits(new, lost)
    assert refused.value.details["problem"] == "days"


# Random lakes against a brute-force reading


@dataclass
class Brand:
    """A random brand: what each member did on which business day, as plain lists."""

    home: Home
    units: dict[int, str | None] = field(default_factory=dict)
    joined: dict[int, date] = field(default_factory=dict)
    facts: list[tuple[int, str, date, str | None]] = field(default_factory=list)
    """Member, kind, business day, channel."""

    def births(self, member: int) -> date | None:
        days = [on for who, kind, on, _ in self.facts if who == member and kind in BIRTHS]
        return min([*days, *([self.joined[member]] if member in self.joined else [])], default=None)

    def acted(self, member: int, channel: str | None) -> list[date]:
        def fits(where: str | None, kind: str) -> bool:
            return channel is None or kind == "message" or where == channel

        return sorted(
            on for who, kind, on, where in self.facts if who == member and kind in ACTIONS and fits(where, kind)
        )


def brand(folder: Path, seed: int, members: int = 24, days: int = 70) -> Brand:
    """Members with one or two identities, three units or none; facts that are actions, and facts that are not."""
    rng = random.Random(seed)
    made = Brand(lakes.home(folder))
    tables: dict[str, list[dict[str, Any]]] = {
        "events": [], "order_lines": [], "group_messages": [], "group_membership": [], "member_profiles": [],
        "event_names": [{"name": "hidden", "is_held": True}],
    }  # fmt: skip
    keys = {key: 1 + (key - 1) % members for key in range(1, members + 1 + members // 2)}
    for key, member in keys.items():
        if key == member:
            made.units[member] = rng.choice(("north", "south", None))
            profile: dict[str, Any] = {"identity_key": key, "unit_id": made.units[member]}
            if rng.random() < 0.4:
                made.joined[member] = FIRST + timedelta(days=rng.randrange(-40, days))
                profile["joined_at"] = datetime.combine(made.joined[member], datetime.min.time()) - HOURS_AHEAD
            tables["member_profiles"].append(profile)
        for number in range(rng.choice((0, 1, 2, 5))):
            moment = datetime.combine(FIRST, datetime.min.time()) + timedelta(
                days=rng.randrange(days), minutes=rng.choice((0, 1, 719, 1438, 1439)), seconds=number
            )
            kind, channel = rng.choice(KINDS), rng.choice(CHANNELS)
            made.facts.append((member, kind, moment.date(), channel))
            _write(tables, key, kind, str(moment - HOURS_AHEAD), channel, f"{key}-{number}")
    lakes.add(made.home, 1, **{name: facts for name, facts in tables.items() if facts})
    lakes.members(made.home, keys)
    return made


def _write(
    tables: dict[str, list[dict[str, Any]]], key: int, kind: str, when: str, channel: str | None, number: str
) -> None:
    if kind in ("event", "hidden"):
        name = "hidden" if kind == "hidden" else "view"
        tables["events"].append(lakes.event(key, when, name, channel=channel, event_id=number))
    elif kind in ("sale", "refund", "adjustment"):
        yuan = 9.0 if kind == "sale" else -9.0
        tables["order_lines"].append(lakes.sale(key, when, number, yuan, kind, channel=channel))
    elif kind in ("message", "staff_message"):
        tables["group_messages"].append(message(key, when, "staff" if kind == "staff_message" else "member"))
    else:
        tables["group_membership"].append(membership(key, when, kind))


def expected_states(made: Brand, answer: Answer, unit: str | None, channel: str | None) -> dict[int, list[str]]:
    """States of every member within the unit in the period before the first and in each period."""
    history = [
        spans.after(answer.days[0], answer.asked.unit, -n) for n in range(answer.asked.silence + 1, 0, -1)
    ]  # fmt: skip
    edges = tuple(day.toordinal() for day in [*history, *answer.days])
    found = {}
    for member in made.units:
        if unit is not None and made.units[member] != unit:
            continue
        born = made.births(member)
        acted = [on.toordinal() for on in made.acted(member, channel)]
        found[member] = [
            state(acted, -1 if born is None else born.toordinal(), period, edges, answer.asked.silence)
            for period in range(answer.asked.silence, len(edges) - 1)
        ]
    return found


@pytest.mark.parametrize("seed", seeds(10))
def test_states_flows_and_people_equal_a_brute_force_reading(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    made = brand(tmp_path, seed)
    for unit, lost_after in (("day", rng.randrange(6)), ("week", rng.randrange(4)), ("month", rng.randrange(3))):
        start = FIRST + timedelta(days=rng.randrange(40))
        filters = Filters(
            Period(start, start + timedelta(days=rng.randrange(1, 40))),
            channels=rng.choice(((), ("app",))), units=rng.choice(((), ("north",))),
        )  # fmt: skip
        asked = Asked(unit, lost_after)  # type: ignore[arg-type]
        with reading(made.home, filters) as lake:
            answer = lifecycle.lifecycle(lake, asked)
            expected = expected_states(made, answer, *(filters.units or (None,)), *(filters.channels or (None,)))
            for period in range(len(answer.periods)):
                moves = Counter((row[period], row[period + 1]) for row in expected.values())
                for before in State:
                    for now in State:
                        pair = (before.name.lower(), now.name.lower())
                        assert answer.count(Behind(period, (now,), (before,))) == moves[pair], (period, pair)
            period, now = rng.randrange(len(answer.periods)), rng.choice(STATES)
            members = [who for who, row in expected.items() if row[period + 1] == now.name.lower()]
            assert lifecycle.people(lake, asked, Behind(period, (now,)))["member_id"].tolist() == sorted(members)


@pytest.mark.parametrize("seed", seeds(4))
def test_stages_equal_a_brute_force_reading(tmp_path: Path, seed: int):
    made = brand(tmp_path, 100 + seed)
    on = FIRST + timedelta(days=45)
    with reading(made.home, Filters(Period(FIRST, on + timedelta(days=1)))) as lake:
        found = lifecycle.stages(lake, Limits(10, 25))
    stage_of = dict(zip(found.ids.tolist(), found.stage.tolist(), strict=True))
    expected = {}
    for member in made.units:
        born = made.births(member)
        if born is not None and born > on:
            continue
        acted = [day for day in made.acted(member, None) if day <= on]
        has_bought = any(
            who == member and kind == "sale" and day <= on for who, kind, day, _ in made.facts
        )  # fmt: skip
        signs = [*acted, *([] if born is None else [born])]
        if signs and (on - max(signs)).days >= 25:
            expected[member] = Stage.LOST
        elif has_bought:
            expected[member] = Stage.BUYING
        elif born is not None and (on - born).days < 10:
            expected[member] = Stage.NEW
        else:
            expected[member] = Stage.ACTIVE if acted else Stage.POTENTIAL
    assert stage_of == expected


# Invariants over a lake, and agreement with the Overview


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brand]:
    yield brand(tmp_path_factory.mktemp("brand"), 7, members=60, days=90)


QUESTIONS = st.tuples(
    st.sampled_from(("day", "week", "month")), st.integers(0, 5), st.integers(-10, 85), st.integers(1, 40),
    st.sampled_from(((), ("app",), ("app", "web"))), st.sampled_from((EVERYTHING, Scope(frozenset({"north"})))),
)  # fmt: skip
MORE = settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])


@MORE
@given(QUESTIONS, st.integers(0, 1_000))
def test_whatever_is_asked_the_identity_holds_and_everything_adds_up(made: Brand, question: Any, pick: int):
    unit, lost_after, start, length, channels, scope = question
    first = FIRST + timedelta(days=start)
    filters = Filters(Period(first, first + timedelta(days=length)), channels=channels)
    asked = Asked(unit, lost_after)
    with reading(made.home, filters, scope) as lake:
        answer = lifecycle.lifecycle(lake, asked)
        for base in BASES:
            each = answer.flows(base)
            for period, flow in enumerate(each):
                assert flow.opening + flow.new + flow.resurrected - flow.dormant - flow.lost == flow.closing
                assert [answer.count(in_flow(period, name, base)) for name in FLOWS] == [
                    getattr(flow, name) for name in FLOWS
                ]
            assert [flow.opening for flow in each[1:]] == [flow.closing for flow in each[:-1]]
        for period in range(len(answer.periods)):
            states = [answer.count(Behind(period, (now,))) for now in STATES]
            assert sum(states) == answer.members[period]
            assert states == [answer.count(Behind(period, (now,), tuple(State))) for now in STATES]
            if period:
                before = [answer.count(Behind(period - 1, (one,))) for one in State]
                assert before == [answer.count(Behind(period, tuple(State), (one,))) for one in State]
            assert answer.acted[period] <= answer.flows()[period].closing
        period = pick % len(answer.periods)
        base = ("active", "kept")[pick % 2]
        everybody: list[int] = []
        for behind in [*(Behind(period, (now,)) for now in STATES), *(in_flow(period, name, base) for name in FLOWS)]:
            found = lifecycle.people(lake, asked, behind)["member_id"].tolist()
            assert len(found) == len(set(found)) == answer.count(behind)
            everybody += found if behind.before is None and len(behind.now) == 1 else []
        assert len(everybody) == len(set(everybody)) == answer.members[period]
        told = lifecycle.stages(lake, Limits(5, 20))
        stock = figures.overview(lake, [METRICS["members"]], with_series=False)[0]
        assert sum(told.counts.values()) == len(told.ids) == stock.value


@MORE
@given(QUESTIONS)
def test_every_period_agrees_with_the_overview(made: Brand, question: Any):
    unit, lost_after, start, length, channels, scope = question
    first = FIRST + timedelta(days=start)
    with reading(made.home, Filters(Period(first, first + timedelta(days=length)), channels=channels), scope) as lake:
        answer = lifecycle.lifecycle(lake, Asked(unit, lost_after))
    metrics = [METRICS[name] for name in ("active_members", "new_members", "members")]
    for period in {0, len(answer.periods) - 1}:
        days = Period(answer.days[period], answer.days[period + 1])
        with reading(made.home, Filters(days, channels=channels), scope) as lake:
            active, new, members = (f.value for f in figures.overview(lake, metrics, with_series=False))
            both = set(figures.behind(lake, "active_members")["member_id"]) | set(
                figures.behind(lake, "new_members")["member_id"]
            )
        assert answer.acted[period] == active
        assert answer.count(Behind(period, (State.NEW,))) == new
        assert answer.members[period] == members
        assert answer.flows()[period].closing == len(both)
