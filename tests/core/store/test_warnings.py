"""Rules and warnings as rows, on both databases: revisions, one warning per span of days, one change at a time, locks."""

import threading
from datetime import date, timedelta

import pytest

from core.errors import RuleChanged, Unknown, WarningChanged
from core.store import risk_rules, topics, warnings
from core.store.risk_tables import RiskWarning

BODY = {"indicator": "orders", "detector": "threshold", "limit": 3.0}
ON = date(2026, 11, 1)


def write(store, now, key, body=BODY, **more):
    with store.transaction() as session:
        return risk_rules.write(session, key, body, **({"after": 0, "by": "lin", "now": now} | more))


def values(now, **more):
    return {
        "kind": "figure", "rule_key": "r", "rule_revision": 0, "indicator": "orders", "place_by": "", "place_key": "", "place_name": "",
        "started_on": ON, "last_on": ON, "peak_on": ON, "raised_at": now, "unit": "orders", "likelihood": 3, "impact": 3, "owner": "",
        "state": "open", "reason": "", "is_test": False, "revision": 1, **more,
    }  # fmt: skip


def raised(store, now, **more):
    with store.transaction() as session:
        row = warnings.raise_new(session, values(now, **more))
        return None if row is None else row.id


def test_the_newest_revision_of_each_rule_stands(store, now):
    write(store, now, "b")
    write(store, now, "a")
    write(store, now, "b", BODY | {"limit": 4.0}, after=1)
    with store.reading() as session:
        assert [(row.key, row.revision, row.body["limit"]) for row in risk_rules.standing(session)] == [("b", 2, 4.0), ("a", 1, 3.0)]  # fmt: skip
        assert [row.revision for row in risk_rules.history(session, "b")] == [2, 1]
        assert risk_rules.revised(session, "b", 1).body == BODY
        assert topics.revision(session, risk_rules.TOPIC) == 3


def test_a_removed_rule_is_left_out_until_it_is_asked_for(store, now):
    write(store, now, "a")
    write(store, now, "a", after=1, is_removed=True)
    with store.reading() as session:
        assert risk_rules.standing(session) == []
        assert [row.key for row in risk_rules.standing(session, with_removed=True)] == ["a"]
        with pytest.raises(Unknown):
            risk_rules.revised(session, "a", 3)


def test_who_writes_after_an_older_revision_is_refused(store, now):
    write(store, now, "a")
    with pytest.raises(RuleChanged):
        write(store, now, "a")


def test_the_same_span_of_days_is_raised_once_and_tests_as_often_as_one_likes(store, now):
    first = raised(store, now)
    assert first is not None
    assert raised(store, now, last_on=ON + timedelta(days=3)) is None
    assert raised(store, now, place_by="unit", place_key="north") is not None
    assert [raised(store, now, is_test=True) is None for _ in range(2)] == [False, False]


def test_of_two_who_raise_the_same_at_once_one_does(store, now):
    done, failed = [], []
    barrier = threading.Barrier(2)

    def at_once():
        try:
            barrier.wait()
            done.append(raised(store, now))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=at_once) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (failed, [one is None for one in sorted(done, key=str)].count(True), len(done)) == ([], 1, 2)


def test_a_warning_is_changed_by_who_saw_its_revision(store, now):
    number = raised(store, now)
    with store.transaction() as session:
        assert warnings.change(session, number, {"owner": "wu"}, revision=1).revision == 2
    with pytest.raises(WarningChanged), store.transaction() as session:
        warnings.change(session, number, {"owner": "he"}, revision=1)
    with pytest.raises(Unknown), store.transaction() as session:
        warnings.change(session, 99, {"owner": "he"}, revision=1)


def test_words_are_handed_over_where_the_other_has_no_newer_ones(store, now):
    a, b = raised(store, now), raised(store, now, place_by="unit", place_key="n")
    later = now + timedelta(hours=1)
    with store.transaction() as session:
        for number, who, verdict, at in ((a, "lin", "true", now), (b, "lin", "false", later), (a, "wu", "true", later), (b, "wu", "false", now)):  # fmt: skip
            warnings.say(session, number, verdict, "", by=who, at=at)
        warnings.hand_over(session, a, b)
        said = warnings.verdicts(session, [b])[b]
    assert {row.by: row.verdict for row in said} == {"lin": "false", "wu": "true"}


def test_those_of_some_units_days_and_states_are_listed_newest_first(store, now):
    old = raised(store, now, place_by="unit", place_key="n", unit_id="n", state="closed", closed_how="gone")
    new = raised(store, now, started_on=ON + timedelta(days=5), last_on=ON + timedelta(days=6))

    def ids(**asked):
        with store.reading() as session:
            return [row.id for row in warnings.listed(session, **asked)]

    assert ids() == [new, old]
    assert ids(units=["n"]) == [old]
    assert ids(since=ON + timedelta(days=1)) == [new]
    assert ids(states=["closed"]) == [old]
    assert ids(rules=[]) == []


def test_old_looks_are_forgotten_but_for_the_newest(store, now):
    about = {"lake_id": "l", "lake_version": 1, "seconds": 0.5, "rule_count": 1, "line_count": 1, "raised_count": 0, "closed_count": 0, "failed": []}  # fmt: skip
    with store.transaction() as session:
        for days in (3, 2, 1):
            warnings.keep_evaluation(session, about | {"at": now - timedelta(days=days)})
        assert warnings.forget_evaluations(session, now) == 2
        assert [row.at for row in warnings.evaluations(session)] == [now - timedelta(days=1)]


def test_whoever_holds_the_lock_lets_the_next_see_what_was_raised(store, now):
    seen, failed = [], []
    holding, asked = threading.Event(), threading.Event()

    def second():
        try:
            holding.wait(timeout=20)
            asked.set()
            with store.transaction() as session:
                warnings.lock(session, by="b", now=now)
                seen.append(len(warnings.listed(session)))
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=second)
    thread.start()
    with store.transaction() as session:
        warnings.lock(session, by="a", now=now)
        holding.set()
        asked.wait(timeout=20)
        session.add(RiskWarning(**values(now)))
    thread.join()
    assert (failed, seen) == ([], [1])
