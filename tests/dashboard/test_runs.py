"""What a run asks once, and what is asked anew in callbacks and at the next run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from time import monotonic

import pytest
from streamlit.testing.v1 import AppTest

from core.scope import SYSTEM
from core.store import topics
from core.work import accounts, logins
from dashboard import runs
from dashboard.web import kept, wiring
from dashboard.web.server import SCRIPT
from tests.dashboard.pages.conftest import cards, go, title
from tests.dashboard.pages.shop import fill


@pytest.fixture
def asked() -> tuple[list[int], Callable[[], int]]:
    """Answers 1, 2, 3 …, and keeps count of it."""
    answers: list[int] = []

    def ask() -> int:
        answers.append(len(answers) + 1)
        return answers[-1]

    return answers, ask


def test_one_run_asks_once_and_the_next_asks_again(asked):
    _, ask = asked
    with runs.one():
        assert [runs.once("a", ask), runs.once("a", ask)] == [1, 1]
    with runs.one():
        assert runs.once("a", ask) == 2


def test_outside_of_a_run_everything_is_asked_each_time(asked):
    _, ask = asked
    assert [runs.once("a", ask), runs.once("a", ask)] == [1, 2]
    runs.keep("a", 9)
    assert runs.once("a", ask) == 3


def test_a_write_inside_a_run_is_asked_for_anew_and_so_is_all_after_it(asked):
    _, ask = asked
    with runs.one():
        assert runs.once("a", ask) == 1
        with runs.anew():
            assert runs.once("a", ask) == 2
        assert [runs.once("a", ask), runs.once("a", ask)] == [3, 3]


def test_a_write_that_fails_leaves_nothing_known_either(asked):
    _, ask = asked
    with runs.one():
        runs.keep("a", 0)
        with pytest.raises(ZeroDivisionError), runs.anew():
            1 / 0  # noqa: B018 - what fails
        assert runs.once("a", ask) == 1


def test_what_is_undefined_is_an_answer_too_and_what_raises_is_none(asked):
    _, ask = asked
    with runs.one():
        assert runs.once("a", lambda: None) is None
        assert runs.once("a", ask) is None
        with pytest.raises(ZeroDivisionError):
            runs.once("b", lambda: 1 / 0)
        assert runs.once("b", ask) == 1


def test_a_run_that_fails_leaves_nothing_for_the_next(asked):
    _, ask = asked
    with pytest.raises(ZeroDivisionError), runs.one():
        runs.once("a", ask)
        raise ZeroDivisionError
    assert [runs.once("a", ask), runs.once("a", ask)] == [2, 3]


def change(store, who, **more) -> None:
    words = {"display_name": "", "role": who.operator.role, "units": None} | more
    accounts.change(store, SYSTEM, who.operator.account_id, now=datetime.now(UTC), **words)


@pytest.fixture
def overview(enter) -> Callable[..., AppTest]:
    def call(role="analyst", **more) -> AppTest:
        _, who = enter(role, **more)
        test = AppTest.from_file(str(SCRIPT), default_timeout=60)
        test.user = {"account": str(who.operator.account_id), "session": str(who.session_id)}
        test.who = who
        return go(test, "overview")

    return call


def test_a_role_changed_between_two_runs_holds_at_the_next(overview, store):
    fill()
    test = overview()
    assert cards(test)
    change(store, test.who, role="compliance")
    test.run()
    assert test.error and not cards(test)


def test_units_changed_between_two_runs_cut_the_figures_of_the_next(overview, store):
    fill(units=True)
    test = overview("manager")
    test.query_params["period"] = "all"

    def orders() -> str:
        return next(card.value for card in cards(test) if card.title == "订单数")

    test.run()
    before = orders()
    change(store, test.who, units=["east"])
    test.run()
    assert int(orders()) < int(before)


def test_the_language_changed_between_two_runs_holds_for_every_word_and_figure(overview, store):
    fill()
    test = overview()
    assert "净收入" in [card.title for card in cards(test)]
    accounts.set_language(store, test.who.operator, "en")
    test.run()
    assert "Net revenue" in [card.title for card in cards(test)]
    hints = [card.hint for card in cards(test)]
    assert hints and all(hint.isascii() or "年" not in hint for hint in hints)


def test_the_newest_data_is_on_the_page_at_the_next_run(overview):
    home = fill(orders=False)
    test = overview()
    assert "净收入" not in [card.title for card in cards(test)]
    fill(events=False)
    test.run()
    assert home.lake.manifests.latest().version == 2
    assert "净收入" in [card.title for card in cards(test)]


def page_that_writes() -> None:
    import streamlit as st

    from core.store import topics
    from dashboard import runs
    from dashboard.actions import guard
    from dashboard.data import ground
    from dashboard.web import wiring

    @guard.guarded("overview.see")
    def act() -> None:
        with wiring.house().live.store.transaction() as session:
            topics.bump(session, "segments")
        st.session_state["in_callback"] = ground.stand("overview.see").key

    with runs.one():
        st.session_state["before"] = ground.stand("overview.see").key
        st.button("act", key="act", on_click=act)
        if st.toggle("inline", key="inline"):
            act()
        st.session_state["after"] = ground.stand("overview.see").key


@pytest.fixture
def writing(enter) -> AppTest:
    _, who = enter("analyst")
    test = AppTest.from_function(page_that_writes)
    test.user = {"session": str(who.session_id)}
    return test.run()


def test_a_callback_stands_on_the_newest_of_what_the_store_holds(writing):
    old = writing.session_state["after"]
    writing.button(key="act").click().run()
    new = writing.session_state["in_callback"]
    assert new != old
    assert writing.session_state["before"] == writing.session_state["after"] == new


def test_a_write_in_the_middle_of_a_run_is_seen_by_what_comes_after_it(writing):
    writing.toggle(key="inline").set_value(True).run()
    assert writing.session_state["before"] != writing.session_state["after"] == writing.session_state["in_callback"]


def test_a_change_of_the_store_by_somebody_else_is_seen_at_the_next_run(writing):
    old = writing.session_state["after"]
    with wiring.house().live.store.transaction() as session:
        topics.bump(session, "currency")
    writing.run()
    assert writing.session_state["before"] != old


def test_what_a_store_said_stands_until_somebody_writes_to_it(store, asked):
    answers, ask = asked
    assert [kept.while_unwritten(store, "a", ask), kept.while_unwritten(store, "a", ask)] == [1, 1]
    assert kept.while_unwritten(store, "b", ask) == 2
    with store.transaction() as session:
        topics.bump(session, "segments")
    assert [kept.while_unwritten(store, "a", ask), kept.while_unwritten(store, "a", ask)] == [3, 3]
    assert answers == [1, 2, 3]


def test_what_is_written_while_a_store_answers_makes_the_answer_an_old_one(store):
    def ask() -> int:
        with store.transaction() as session:
            return topics.bump(session, "segments")

    assert [kept.while_unwritten(store, "a", ask), kept.while_unwritten(store, "a", ask)] == [1, 2]


def test_an_answer_that_raises_is_not_kept_and_undefined_is_an_answer(store, asked):
    _, ask = asked
    with pytest.raises(ZeroDivisionError):
        kept.while_unwritten(store, "a", lambda: 1 / 0)
    assert kept.while_unwritten(store, "a", lambda: None) is None
    assert kept.while_unwritten(store, "a", ask) is None


def test_no_more_answers_are_kept_than_there_is_room_for_and_those_asked_for_last_stay(store, asked):
    _, ask = asked
    for number in range(kept.ANSWERS):
        kept.while_unwritten(store, number, ask)
    assert kept.while_unwritten(store, 0, ask) == 1
    kept.while_unwritten(store, "one more", ask)
    assert kept.while_unwritten(store, 0, ask) == 1
    assert kept.while_unwritten(store, 1, ask) == kept.ANSWERS + 2


def test_a_session_idle_for_too_long_is_over_though_nothing_was_written(enter, store, monkeypatch):
    _, who = enter("analyst")
    test = AppTest.from_file(str(SCRIPT), default_timeout=60)
    test.user = {"account": str(who.operator.account_id), "session": str(who.session_id)}
    assert title(test.run())
    late = datetime.now(UTC) + logins.IDLE_LIMIT
    monkeypatch.setattr(wiring, "now", lambda: late)
    assert not title(test.run())


def test_an_answer_is_made_once_per_key_kept_for_its_time_and_made_again_when_making_it_failed(monkeypatch):
    made: list[str] = []

    @kept.by_key(2, seconds=60)
    def answer(key: str, fails: bool = False) -> int:
        made.append(key)
        if fails:
            raise ZeroDivisionError
        return len(made)

    with pytest.raises(ZeroDivisionError):
        answer(key="a", fails=True)
    assert [answer(key="a"), answer(key="a"), answer(key="b"), answer(key="a")] == [2, 2, 3, 2]
    answer(key="c")
    assert [answer(key="a"), answer(key="b")] == [2, 5]
    start = monotonic()
    monkeypatch.setattr(kept, "monotonic", lambda: start + 61)
    assert answer(key="b") == 6


def test_several_who_ask_at_once_wait_for_one_answer():
    made, together = [], Barrier(4)

    @kept.by_key(4)
    def answer(key: str) -> object:
        made.append(key)
        return object()

    def ask(_: int) -> object:
        together.wait()
        return answer(key="a")

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(ask, range(4)))
    assert (len(answers), made) == (1, ["a"])
