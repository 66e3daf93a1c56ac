"""What people do with warnings: verdicts, silence, joining, closing; within their units, one after the other, and told to the audit log."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from core.app import House
from core.errors import Forbidden, InvalidWarning, Unknown, WarningChanged
from core.risk.indicators import Place
from core.risk.rules import Rule
from core.scope import Operator, Scope
from core.settings import Settings
from core.store import warnings as rows
from core.store.tables import AuditEntry
from core.work import incidents, risk_rules, warnings, watching
from core.work.questions import warnings as questions
from tests import lakes
from tests.core.work.cases import DAY, HE, LIN, NOW, TODAY, WU, warning
from tests.lakes import sale

QIN = Operator(4, "qin", "analyst")


@pytest.fixture
def house(tmp_path):
    made = House(Settings(home=tmp_path))
    yield made
    made.live.store.close()


@pytest.fixture
def home(house):
    lakes.add(house.live, 1, units=[{"unit_id": one, "name": one.title()} for one in ("north", "south")])
    return house.live


@pytest.fixture
def do(home):
    def call(use_case, /, *args, who=LIN, now=NOW, **named):
        return getattr(warnings, use_case)(home, home.store, who, *args, now=now, **named)

    return call


def shown(home, number, who=LIN, now=NOW):
    return questions.one(home, who, number, now)


def audited(home):
    with home.store.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(entry.actor, entry.action, entry.object) for entry in entries]


def test_the_newest_word_of_anybody_is_the_verdict_and_each_person_has_one(home, do):
    number = warning(home)
    do("judge", number, "true", note=" Seen ")
    do("judge", number, "unclear", who=QIN, now=NOW + DAY)
    do("judge", number, "false", now=NOW + 2 * DAY)
    whole = shown(home, number)
    assert whole.warned.verdict == "false"
    assert [(one.by, one.verdict, one.note) for one in whole.verdicts] == [("lin", "false", ""), ("qin", "unclear", "")]
    assert audited(home)[0] == ("lin", "risk.judged", f"warning:{number}")


def test_a_verdict_of_another_kind_is_refused(home, do):
    with pytest.raises(InvalidWarning):
        do("judge", warning(home), "maybe")


def test_a_warning_is_silent_until_its_time_and_speaks_again(home, do):
    number = warning(home)
    done = do("snooze", number, NOW + DAY, revision=1, reason="Known")
    assert shown(home, number).warned.is_silent
    assert not shown(home, number, now=NOW + DAY).warned.is_silent
    assert questions.counts(home, LIN, NOW).silent == 1
    do("unsnooze", number, revision=done.revision)
    assert questions.counts(home, LIN, NOW).open == 1


@pytest.mark.parametrize("until", [NOW, NOW - DAY, NOW + 91 * DAY])
def test_silence_is_for_a_time_to_come_of_at_most_ninety_days(home, do, until):
    with pytest.raises(InvalidWarning):
        do("snooze", warning(home), until, revision=1)


def test_closing_needs_a_reason_and_reopening_undoes_it(home, do):
    number = warning(home)
    with pytest.raises(InvalidWarning):
        do("close", number, " ", revision=1)
    closed = do("close", number, "Ours", revision=1)
    assert (closed.state, closed.closed_how, closed.closed_by, closed.reason) == ("closed", "by_hand", "lin", "Ours")
    with pytest.raises(InvalidWarning):
        do("close", number, "Again", revision=2)
    again = do("reopen", number, revision=2)
    assert (again.state, again.closed_how, again.closed_by, again.closed_at) == ("open", None, None, None)
    assert [action for _, action, _ in audited(home)] == ["risk.closed", "risk.reopened"]


def test_whoever_saw_an_older_revision_is_refused(home, do):
    number = warning(home)
    do("assign", number, "  wu ", revision=1)
    assert shown(home, number).warned.owner == "wu"
    with pytest.raises(WarningChanged) as refused:
        do("close", number, "Over", revision=1)
    assert refused.value.details["revision"] == 2


def test_a_merged_warning_hands_over_its_words_and_its_incident_and_is_left_alone(home, do):
    first, second = warning(home), warning(home, key="south")
    do("judge", first, "true")
    do("judge", second, "false", now=NOW - DAY)
    do("judge", second, "unclear", who=QIN)
    opened = incidents.open_from(home, home.store, LIN, [first], "Loss", now=NOW)
    into = do("merge", first, second, revision=1)
    assert into.id == second
    whole = shown(home, second)
    assert sorted((one.by, one.verdict) for one in whole.verdicts) == [("lin", "true"), ("qin", "unclear")]
    assert (whole.warned.incident_id, [one.id for one in whole.parts]) == (opened.incident_id, [first])
    for call in (
        lambda: do("judge", first, "false"),
        lambda: do("close", first, "Over", revision=2),
        lambda: do("merge", first, second, revision=2),
    ):
        with pytest.raises(InvalidWarning):
            call()


def test_parts_of_a_merged_warning_become_parts_of_the_other(home, do):
    a, b, c = (warning(home, key=key) for key in ("north", "south", "west"))
    do("merge", a, b, revision=1)
    do("merge", b, c, revision=2)
    assert sorted(one.id for one in shown(home, c).parts) == [a, b]


def test_warnings_never_become_parts_of_each_other_in_a_circle(home, do):
    a, b = warning(home), warning(home, key="south")
    with pytest.raises(InvalidWarning):
        do("merge", a, a, revision=1)
    do("merge", a, b, revision=1)
    with pytest.raises(InvalidWarning):
        do("merge", b, a, revision=2)


def test_a_merged_warning_stands_by_itself_again_when_it_is_reopened(home, do):
    a, b = warning(home), warning(home, key="south")
    do("merge", a, b, revision=1)
    do("reopen", a, revision=2)
    assert (shown(home, a).warned.merged_into_id, shown(home, b).parts) == (None, ())


@pytest.mark.parametrize("use_case", ["judge", "close"])
def test_who_may_not_judge_is_refused(home, do, use_case):
    number = warning(home)
    more = {} if use_case == "judge" else {"revision": 1}
    with pytest.raises(Forbidden):
        do(use_case, number, "true", who=HE, **more)
    assert audited(home) == []


def test_who_sees_some_units_sees_and_judges_their_warnings_only(home, do):
    north, south = warning(home), warning(home, key="south")
    group = warning(home, by="group", key="g1", unit="north")
    house, channel = warning(home, by="", key=""), warning(home, by="channel", key="web")
    assert {one.id for one in questions.open_ones(home, WU, NOW)} == {north, group}
    assert {one.id for one in questions.open_ones(home, LIN, NOW)} == {north, south, group, house, channel}
    do("judge", group, "true", who=WU)
    for number in (south, house, channel):
        with pytest.raises(Unknown):
            do("judge", number, "true", who=WU)
        with pytest.raises(Unknown):
            shown(home, number, who=WU)


def test_a_list_is_narrowed_by_what_is_asked_and_has_the_gravest_first(home):
    low = warning(home, key="a", likelihood=1, impact=2)
    grave = warning(home, key="b", likelihood=5, impact=5, first=TODAY - 9 * DAY)
    trade = warning(home, key="c", indicator="orders", owner="wu", first=TODAY - DAY)
    over = warning(home, key="d", state="closed", closed_how="recovered")
    test = warning(home, key="e", is_test=True)

    def ids(**asked):
        return [one.id for one in questions.listed(home, LIN, NOW, **asked)]

    assert ids() == [grave, trade, low]
    assert ids(states=("closed",)) == [over]
    assert ids(fields=("trade",)) == [trade]
    assert ids(levels=("critical", "low")) == [grave, low]
    assert ids(owner="wu") == [trade]
    assert ids(owner="") == [grave, low]
    assert ids(place=Place("unit", "a")) == [low]
    assert test in ids(with_tests=True)
    board = questions.board(home, LIN, NOW)
    assert (len(board), {cell: [one.id for one in ones] for cell, ones in board.items() if ones}) == (
        25,
        {(5, 5): [grave], (3, 3): [trade], (1, 2): [low]},
    )
    counts = questions.counts(home, LIN, NOW)
    assert (counts.open, counts.worst, dict(counts.by_level)) == (
        3,
        "critical",
        {"low": 1, "medium": 0, "high": 1, "critical": 1},
    )


def test_one_warning_is_shown_with_its_line_and_its_rule_as_it_was(home):
    fall = Rule("orders", "relative", 0.5, "below", window_days=7, skips_holidays=False, name="Orders fall")
    made = risk_rules.add(home, home.store, QIN, fall, NOW)
    counts = [4] * 10 + [1]
    sold = [
        sale(n + 1, f"2026-03-{day + 1:02d} 04:00", f"o{day}-{n}", 10)
        for day, some in enumerate(counts)
        for n in range(some)
    ]
    lakes.add(home, 2, order_lines=sold)
    watching.evaluate(home, datetime(2026, 3, 12, 4, tzinfo=UTC))
    risk_rules.change(
        home, home.store, QIN, made.key, Rule("orders", "threshold", 1, "below", name="Few"), revision=1, now=NOW
    )
    found = [one for one in questions.open_ones(home, LIN, NOW) if one.rule_key == made.key]
    whole = shown(home, found[0].id)
    assert (whole.rule, whole.warned.rule_name, whole.warned.field) == (fall, "Orders fall", "trade")
    np.testing.assert_array_equal(whole.course.values, np.array(counts, float))
    assert whole.precision.unjudged == 1


def test_what_raced_with_another_change_is_written_once(home):
    number = warning(home)
    with home.store.transaction() as session:
        rows.change(session, number, {"owner": "a"}, revision=1)
        with pytest.raises(WarningChanged):
            rows.change(session, number, {"owner": "b"}, revision=1)
    assert shown(home, number).warned.owner == "a"


def test_a_unit_scope_of_nothing_sees_nothing(home):
    warning(home)
    assert questions.open_ones(home, Operator(9, "no", "manager", Scope(frozenset())), NOW + timedelta(0)) == []
