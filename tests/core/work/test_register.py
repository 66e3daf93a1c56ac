"""The register of risks: what stands, who may change it, what a review is, and that the usual risks are taken over once and never silently."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.errors import Forbidden, Unknown
from core.scope import Operator, Scope
from core.store.register import RegisterChanged
from core.store.tables import AuditEntry
from core.work import drills, register
from core.work.questions import register as questions
from core.work.questions.drills import Planned
from core.work.questions.register import Described, Risk
from core.work.questions.today import Item
from core.work.register import InvalidRisk
from tests import lakes

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
TODAY = date(2026, 11, 20)
LIN = Operator(1, "lin", "analyst")
PRICES = Described("market", "Price war", 4, 3, "wu", "reduce", date(2027, 1, 1), residual_likelihood=2, residual_impact=2)  # fmt: skip


@pytest.fixture
def home(tmp_path):
    made = lakes.home(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def do(home):
    """A use case by its name, by lin."""
    return asking(home)


@pytest.fixture
def do_on_each(home, store):
    """The same, once on each database."""
    return asking(replace(home, store=store))


def asking(home):
    def call(use_case: str, /, *args, who: Operator = LIN, now: datetime = NOW, **named):
        return getattr(register, use_case)(home, home.store, who, *args, now=now, **named)

    return call


def audited(home) -> list[tuple[str, str]]:
    with home.store.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(entry.action, entry.object) for entry in entries]


def reason(refused) -> object:
    return refused.value.details["reason"]


def test_a_risk_goes_through_its_life_and_every_step_stays(home, do):
    key = do("add", replace(PRICES, title=" Price   war ", rules=("orders", "orders"))).key
    do("change", key, replace(PRICES, likelihood=5), revision=1, note="they began")
    do("review", key, note="still so", next_on=date(2027, 2, 1), revision=2)
    do("treat", key, note="members pay less", revision=3)
    do("close", key, note="they gave up", revision=4)
    do("reopen", key, note="they are back", next_on=date(2026, 12, 1), revision=5)
    told = questions.history(home, LIN, key)
    assert [(one.action, one.state, one.described.likelihood, one.note) for one in reversed(told)] == [
        ("added", "open", 4, ""),
        ("changed", "open", 5, "they began"),
        ("reviewed", "open", 5, "still so"),
        ("treated", "treated", 5, "members pay less"),
        ("closed", "closed", 5, "they gave up"),
        ("reopened", "open", 5, "they are back"),
    ]
    assert (told[-1].described.title, told[-1].described.rules) == ("Price war", ("orders",))
    assert questions.one(home, LIN, key).described.review_on == date(2026, 12, 1)
    assert audited(home) == [(f"risk.{one.action}", f"risk:{key}") for one in reversed(told)]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"kind": "other"}, "kind"), ({"treatment": "pray"}, "treatment"), ({"title": " "}, "title"), ({"title": "x" * 81}, "title"),
        ({"owner": ""}, "owner"), ({"description": "x" * 2001}, "long"), ({"likelihood": 0}, "level"), ({"impact": 6}, "level"),
        ({"residual_impact": None}, "residual"), ({"residual_likelihood": 6}, "residual"), ({"review_on": TODAY - timedelta(days=1)}, "review"),
        ({"review_on": TODAY + timedelta(days=1101)}, "review"), ({"rules": tuple(map(str, range(21)))}, "links"), ({"incidents": tuple(range(21))}, "links"),
    ],
)  # fmt: skip
def test_a_risk_beyond_its_limits_is_refused(wrong, why):
    with pytest.raises(InvalidRisk) as refused:
        register._checked(replace(PRICES, **wrong), TODAY, is_new_review=True)
    assert reason(refused) == why


@pytest.mark.parametrize("on", [TODAY, TODAY + timedelta(days=1100)])
def test_a_review_may_be_from_today_to_three_years_ahead(on):
    assert register._checked(replace(PRICES, review_on=on), TODAY, is_new_review=True).review_on == on


def test_a_review_says_something_and_puts_the_next_one_after_today(do):
    key = do("add", PRICES).key
    for next_on in (TODAY, TODAY + timedelta(days=1101)):
        with pytest.raises(InvalidRisk) as refused:
            do("review", key, note="fine", next_on=next_on, revision=1)
        assert reason(refused) == "review"
    with pytest.raises(InvalidRisk) as refused:
        do("review", key, note=" ", next_on=TODAY + timedelta(days=1), revision=1)
    assert reason(refused) == "note"
    assert do("review", key, note="fine", next_on=TODAY + timedelta(days=1), revision=1).revision == 2


def test_what_is_changed_need_not_be_reviewed_later_first(do):
    """A review that is due stays due when something else is put right."""
    key = do("add", replace(PRICES, review_on=TODAY)).key
    later = NOW + timedelta(days=9)
    changed = do("change", key, replace(PRICES, review_on=TODAY, impact=5), revision=1, now=later)
    assert changed.is_due(TODAY) and not changed.is_due(TODAY - timedelta(days=1))
    with pytest.raises(InvalidRisk):
        do("change", key, replace(PRICES, review_on=TODAY + timedelta(days=1)), revision=2, now=later)


def test_steps_that_a_state_does_not_allow_are_refused(do):
    key = do("add", PRICES).key
    with pytest.raises(InvalidRisk):
        do("reopen", key, note="why", next_on=TODAY, revision=1)
    do("close", key, note="over", revision=1)
    for use_case, named in (
        ("close", {}),
        ("treat", {}),
        ("review", {"next_on": TODAY + timedelta(days=1)}),
        ("change", {"described": PRICES}),
    ):
        with pytest.raises(InvalidRisk) as refused:
            do(use_case, key, note="why", revision=2, **named)
        assert reason(refused) == "state"


def test_no_two_open_risks_share_a_title(do):
    first, other = do("add", PRICES), do("add", replace(PRICES, title="Policy"))
    for use_case, args, named in (
        ("add", (replace(PRICES, title="PRICE WAR"),), {}),
        ("change", (other.key, PRICES), {"revision": 1}),
    ):
        with pytest.raises(InvalidRisk) as refused:
            do(use_case, *args, **named)
        assert reason(refused) == "taken"
    do("close", first.key, note="over", revision=1)
    do("add", PRICES)
    with pytest.raises(InvalidRisk):
        do("reopen", first.key, note="back", next_on=TODAY, revision=2)


def test_whoever_read_an_older_revision_changes_nothing(do):
    key = do("add", PRICES).key
    do("change", key, replace(PRICES, impact=5), revision=1)
    with pytest.raises(RegisterChanged) as refused:
        do("close", key, note="over", revision=1)
    assert refused.value.details["revision"] == 2
    with pytest.raises(Unknown):
        do("close", "nothing", note="over", revision=1)


@pytest.mark.parametrize(
    "who", [Operator(2, "wu", "manager"), Operator(3, "he", "analyst", Scope(frozenset({"east"})))]
)
def test_only_analysts_and_admins_of_the_whole_house_write(home, do, who):
    key = do("add", PRICES).key
    for use_case, args, named in (
        ("add", (PRICES,), {}),
        ("adopt", ("en",), {}),
        ("change", (key, PRICES), {"revision": 1}),
        ("review", (key,), {"note": "x", "next_on": TODAY + timedelta(days=1), "revision": 1}),
        ("treat", (key,), {"note": "x", "revision": 1}),
        ("close", (key,), {"note": "x", "revision": 1}),
        ("reopen", (key,), {"note": "x", "next_on": TODAY, "revision": 1}),
    ):
        with pytest.raises(Forbidden):
            do(use_case, *args, who=who, **named)
    assert len(questions.risks(home, who)) == 1
    assert questions.waiting(home, who, now=NOW) == []


def test_of_two_who_add_the_same_at_once_one_is_told(do_on_each):
    """On both databases: the second looks only when the first has written."""
    told, start = [], threading.Barrier(2)

    def act() -> None:
        start.wait()
        try:
            told.append(do_on_each("add", PRICES).revision)
        except InvalidRisk as refused:
            told.append(refused.details["reason"])

    threads = [threading.Thread(target=act) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told, key=str) == [1, "taken"]


def test_the_usual_risks_are_taken_over_once_when_somebody_asks(home, do):
    assert questions.risks(home, LIN) == ()
    usual = questions.unadopted(home, LIN)
    do("add", replace(PRICES, title=usual[0].told["zh"]["title"]))
    taken_over = do("adopt", "zh")
    assert [one.key for one in taken_over] == [one.key for one in usual[1:]]
    assert {one.described.kind for one in taken_over} == {"market", "operations", "technical", "legal"}
    assert {one.described.review_on for one in taken_over} == {TODAY + timedelta(days=90)}
    assert taken_over[0].described.title == usual[1].told["zh"]["title"]
    do("close", taken_over[0].key, note="not ours", revision=1)
    assert do("adopt", "zh") == ()
    assert [one.key for one in questions.unadopted(home, LIN)] == [usual[0].key]
    assert [action for action, _ in audited(home)].count("risk.adopted") == 1
    with pytest.raises(Unknown):
        do("adopt", "fr")


def test_of_two_who_take_them_over_at_once_one_finds_nothing_left(do_on_each):
    told, start = [], threading.Barrier(2)

    def act() -> None:
        start.wait()
        told.append(len(do_on_each("adopt", "en")))

    threads = [threading.Thread(target=act) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == [0, 12]


def test_the_usual_risks_are_as_the_register_takes_them():
    found = questions.usual()
    assert {kind: sum(one.kind == kind for one in found) for kind in ("market", "operations", "technical", "legal")} == {
        "market": 3, "operations": 3, "technical": 3, "legal": 3,
    }  # fmt: skip
    assert len({one.key for one in found}) == 12
    for one in found:
        for told in one.told.values():
            fresh = Described(
                one.kind, told["title"], one.likelihood, one.impact, "wu", one.treatment, TODAY, told["description"], told["plan"],
                one.residual_likelihood, one.residual_impact,
            )  # fmt: skip
            assert register._checked(fresh, TODAY, is_new_review=True) == fresh
        assert not any("一" <= letter <= "鿿" for text in one.told["en"].values() for letter in text)


def test_today_tells_of_reviews_and_drills_whose_day_has_come(home, do):
    do("add", replace(PRICES, review_on=TODAY))
    do("add", replace(PRICES, title="Policy", review_on=TODAY + timedelta(days=1)))
    drills.plan(home, home.store, LIN, Planned(TODAY, "Leak"), now=NOW)
    assert questions.waiting(home, LIN, now=NOW) == [
        Item("risk_review", "warning", "risk", 1, part="register", on=TODAY)
    ]
    assert questions.waiting(home, LIN, now=NOW + timedelta(days=1)) == [
        Item("risk_review", "warning", "risk", 2, part="register", on=TODAY),
        Item("drill_late", "warning", "risk", 1, part="drills", on=TODAY),
    ]


def risk(key: str, likelihood: int, impact: int, residual: tuple[int, int] | None, state: str) -> Risk:
    after = residual or (None, None)
    described = replace(PRICES, likelihood=likelihood, impact=impact, residual_likelihood=after[0], residual_impact=after[1])  # fmt: skip
    return Risk(key, 1, described, state, "added", "", "lin", NOW)


LEVEL = st.integers(1, 5)
RISKS = st.lists(
    st.tuples(LEVEL, LEVEL, st.none() | st.tuples(LEVEL, LEVEL), st.sampled_from(["open", "treated", "closed"])),
    max_size=12,
)


@given(RISKS, st.sampled_from(["now", "before", "after"]))
def test_every_risk_that_is_not_closed_lies_in_one_cell_of_the_matrix(told, stage):
    known = [risk(str(place), *one) for place, one in enumerate(told)]
    found = questions.cells(known, stage)
    expected = {}
    for place, (likelihood, impact, residual, state) in enumerate(told):
        is_after = stage == "after" or (stage == "now" and state == "treated")
        if state != "closed":
            expected.setdefault(residual if is_after and residual else (likelihood, impact), []).append(str(place))
    assert {place: [one.key for one in inside] for place, inside in found.items()} == expected


@given(st.lists(st.tuples(st.integers(-400, 400), st.sampled_from(["open", "treated", "closed"])), max_size=12))
def test_what_is_due_is_what_is_not_closed_and_whose_day_has_come(told):
    known = [
        replace(risk(str(place), 1, 1, None, state), described=replace(PRICES, review_on=TODAY + timedelta(days=days)))
        for place, (days, state) in enumerate(told)
    ]
    late = sorted((days, place) for place, (days, state) in enumerate(told) if days <= 0 and state != "closed")
    assert [one.key for one in questions.due(known, TODAY)] == [str(place) for _, place in late]
