"""Market situations: declared by a person, kept with reason and day; what each unlocks; and what the figures look like, which declares nothing."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select

from core.errors import Forbidden, Unknown
from core.risk.playbooks import FIELDS
from core.scope import Filters, Operator, Scope
from core.store.register import RegisterChanged
from core.store.tables import AuditEntry
from core.work import situations, strategy
from core.work.questions import situations as questions
from core.work.questions.reading import reading
from core.work.questions.situations import Sign, Turn, looks_like, written
from core.work.situations import InvalidSituation
from tests import lakes

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
TODAY = date(2026, 11, 20)
LIN = Operator(1, "lin", "analyst")
WU = Operator(2, "wu", "manager", Scope(frozenset({"east"})))


@pytest.fixture
def home(tmp_path):
    made = lakes.home(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def do(home):
    """A use case by its name, by lin."""

    def call(use_case: str, /, *args, who: Operator = LIN, **named):
        named = {"reason": "it is so", "since_on": TODAY, "after": 0} | named if use_case == "declare" else named
        return getattr(situations, use_case)(home, home.store, who, *args, now=NOW, **named)

    return call


def reason(refused) -> object:
    return refused.value.details["reason"]


# -- which one holds ---------------------------------------------------------------------------------------------------


def test_what_was_declared_last_holds_and_what_was_before_is_kept(home, do):
    assert questions.holding(home, WU) is None
    first = do("declare", "growth", reason=" steady  for weeks", since_on=TODAY - timedelta(days=9))
    second = do("declare", "window", since_on=TODAY - timedelta(days=9), after=1)
    assert first == Turn(1, "growth", "steady for weeks", TODAY - timedelta(days=9), "lin", NOW)
    assert questions.holding(home, WU) == second
    assert questions.history(home, WU) == (second, first)
    with home.store.reading() as session:
        assert [one.action for one in session.scalars(select(AuditEntry))] == ["situation.declared"] * 2


def test_a_situation_is_one_of_the_strategy_matrix(home, do):
    with pytest.raises(Unknown):
        do("declare", "rain")
    rows = (*strategy.START, strategy.Row("Rainy season", ("A", "B", "C")))
    strategy.keep(home, home.store, LIN, rows, NOW, was=strategy.START)
    assert do("declare", "Rainy season").number == 1


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ({"reason": " "}, "text"), ({"reason": "x" * 501}, "text"), ({"since_on": TODAY + timedelta(days=1)}, "since"),
        ({"since_on": TODAY - timedelta(days=2)}, "since"),
    ],
)  # fmt: skip
def test_it_holds_for_a_reason_since_a_day_that_is_there_and_in_order(do, named, why):
    do("declare", "growth", since_on=TODAY - timedelta(days=1))
    with pytest.raises(InvalidSituation) as refused:
        do("declare", "window", after=1, **named)
    assert reason(refused) == why


def test_what_holds_is_not_declared_again_nor_after_one_that_nobody_saw(do):
    do("declare", "growth")
    with pytest.raises(InvalidSituation) as refused:
        do("declare", "growth", after=1)
    assert reason(refused) == "same"
    for situation in ("growth", "window"):
        with pytest.raises(RegisterChanged):
            do("declare", situation, after=0)


@pytest.mark.parametrize(
    "who", [Operator(2, "wu", "manager"), Operator(3, "he", "analyst", Scope(frozenset({"east"})))]
)
def test_only_analysts_and_admins_of_the_whole_house_declare(do, who):
    with pytest.raises(Forbidden):
        do("declare", "growth", who=who)
    with pytest.raises(Forbidden):
        do("keep_measures", "growth", None, was=(), who=who)


def test_of_two_who_declare_at_once_one_is_told(home, do):
    told, start = [], threading.Barrier(2)

    def act(situation: str) -> None:
        start.wait()
        try:
            told.append(do("declare", situation).number)
        except RegisterChanged as refused:
            told.append(refused)

    threads = [threading.Thread(target=act, args=(one,)) for one in ("growth", "window")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(isinstance(one, RegisterChanged) for one in told) == [False, True]
    assert len(questions.history(home, LIN)) == 1


# -- what each unlocks -------------------------------------------------------------------------------------------------


def test_each_situation_of_the_product_unlocks_something_in_both_languages():
    usual = questions.usual()
    assert tuple(usual) == tuple(row.situation for row in strategy.START)
    for one in (measure for measures in usual.values() for measure in measures):
        assert one.page and one.field in FIELDS and set(one.told) == {"zh", "en"}
        assert not any("一" <= letter <= "鿿" for letter in one.told["en"])
    for measures in usual.values():
        situations._refuse(measures)


def test_a_house_writes_its_own_measures_and_goes_back_to_the_usual_ones(home, do):
    usual = questions.measures(home, WU)
    own = (written(" Call  everybody", page="scores", part="models", field="activity"), written("Wait"))
    assert do("keep_measures", "growth", own, was=usual["growth"]) == own
    assert questions.measures(home, WU) == usual | {"growth": own}
    assert own[0].told == {"zh": "Call everybody", "en": "Call everybody"}
    with pytest.raises(RegisterChanged):
        do("keep_measures", "growth", None, was=usual["growth"])
    assert do("keep_measures", "growth", None, was=own) == usual["growth"]
    assert questions.measures(home, WU) == usual
    with pytest.raises(Unknown):
        do("keep_measures", "rain", own, was=())


@pytest.mark.parametrize(
    ("measures", "why"),
    [
        ([written("x")] * 13, "many"), ([written(" ")], "empty"), ([written("x" * 201)], "long"), ([written("x", page="Scores!")], "page"),
        ([written("x", part="models")], "page"), ([written("x", field="weather")], "field"),
    ],
)  # fmt: skip
def test_measures_beyond_their_limits_are_refused(measures, why):
    with pytest.raises(InvalidSituation) as refused:
        situations._refuse(measures)
    assert reason(refused) == why


# -- what the figures look like ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "before", "course"),
    [
        (109.9, 100.0, "steady"), (110.0, 100.0, "rising"), (90.1, 100.0, "steady"), (90.0, 100.0, "falling"), (None, 100.0, None), (1.0, None, None),
        (1.0, 0.0, None), (0.0, 1.0, "falling"),
    ],
)  # fmt: skip
def test_from_a_tenth_on_a_figure_rises_or_falls(value, before, course):
    assert Sign("orders", value, before).course == course


@pytest.mark.parametrize(
    ("courses", "situation"),
    [
        ({"traffic": "rising", "conversion_rate": "rising", "orders": "rising"}, "window"),
        ({"orders": "falling", "cac": "rising"}, "competition"),
        ({"orders": "falling", "conversion_rate": "falling"}, "competition"),
        ({"orders": "falling", "conversion_rate": "falling", "cac": "steady"}, None),
        ({"orders": "steady", "cac": "steady"}, "growth"),
        ({"orders": "steady", "traffic": "steady"}, "growth"),
        ({"orders": "steady", "traffic": "falling"}, None),
        ({}, None),
    ],
)
def test_what_figures_look_like(courses, situation):
    assert looks_like(courses) == situation


def test_a_situation_is_suggested_only_where_the_figures_it_goes_by_are_known():
    for courses in product((None, "rising", "falling", "steady"), repeat=4):
        known = dict(zip(("traffic", "orders", "conversion_rate", "cac"), courses, strict=True))
        found = looks_like(known)
        assert found is None or (known["traffic"] if found == "window" else known["orders"]) is not None


FIRST = date(2026, 3, 2)
STEADY = (12, 2, 6, 100)


def days_of(stretches):
    """Day, who visits, who buys, and yuan spent, of stretches of so many days with so many visitors, new members among them, buyers and yuan a day."""
    members, on = 0, FIRST
    for length, (visitors, fresh, buyers, yuan) in stretches:
        for _ in range(length):
            members += fresh
            came = [members - place for place in range(min(visitors, members))]
            bought = [place * 5 % members + 1 for place in range(buyers)]
            yield on, came, bought, yuan
            on += timedelta(days=1)


def grown(home, *stretches):
    """Put them into the lake, and return them."""
    told = list(days_of(stretches))
    visits = [lakes.event(one, f"{on} 04:00") for on, came, _, _ in told for one in came]
    sales = [lakes.sale(one, f"{on} 04:00", f"{on}-{place}", 10) for on, _, bought, _ in told for place, one in enumerate(bought)]  # fmt: skip
    spent = [{"occurred_at": lakes.at(f"{on} 04:00"), "amount_minor": yuan * 100} for on, _, _, yuan in told if yuan]
    lakes.add(home, 1, events=visits, order_lines=sales, **({"channel_spend": spent} if spent else {}))
    return told


def counted(told, first_on):
    """The four figures of 28 days, counted in plain Python."""
    seen: dict[int, date] = {}
    for on, came, bought, _ in told:
        for one in (*came, *bought):
            seen.setdefault(one, on)
    rows = [row for row in told if first_on <= row[0] < first_on + timedelta(days=28)]
    active = {one for _, came, bought, _ in rows for one in (*came, *bought)}
    buyers = {one for _, _, bought, _ in rows for one in bought}
    fresh = [one for one, on in seen.items() if first_on <= on < first_on + timedelta(days=28)]
    spent = sum(yuan for *_, yuan in rows) * 100
    return (
        sum(len(came) for _, came, _, _ in rows) / 28,
        sum(len(bought) for _, _, bought, _ in rows) / 28,
        len(buyers) / len(active),
        spent / len(fresh) if spent and len(fresh) >= 30 else None,
    )


@pytest.mark.parametrize(
    ("before", "after", "situation"),
    [
        (STEADY, STEADY, "growth"),
        (STEADY, (12, 2, 4, 130), "competition"),
        (STEADY, (24, 2, 30, 100), "window"),
        ((12, 2, 6, 0), (12, 2, 6, 0), "growth"),
    ],
)
def test_what_is_suggested_rests_on_the_last_28_days_against_those_before(home, before, after, situation):
    told = grown(home, (3, before), (28, before), (28, after))
    with reading(home) as lake:
        found = questions.suggestion(lake)
        assert questions.suggestion(replace(lake, filters=Filters(period=found.period))) == found
    on = FIRST + timedelta(days=31)
    assert (found.period.start_on, found.period.days, found.compared.start_on) == (on, 28, FIRST + timedelta(days=3))
    now, then = counted(told, on), counted(told, FIRST + timedelta(days=3))
    assert [one.name for one in found.signs] == ["traffic", "orders", "conversion_rate", "cac"]
    assert [one.value for one in found.signs] == pytest.approx(now)
    assert [one.before for one in found.signs] == pytest.approx(then)
    assert found.situation == situation
    assert questions.holding(home, LIN) is None


def test_nothing_is_suggested_before_56_days_are_over(home):
    with reading(home) as lake:
        assert questions.suggestion(lake) is None
    grown(home, (55, STEADY))
    with reading(home) as lake:
        assert questions.suggestion(lake) is None


def test_of_some_members_what_winning_one_costs_is_not_known(home):
    grown(home, (56, STEADY))
    with reading(home, scope=Scope(frozenset({"east"}))) as lake:
        found = questions.suggestion(lake)
    assert [one.value for one in found.signs] == [0, 0, None, None]
    assert found.situation is None
