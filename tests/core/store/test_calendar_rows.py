"""Entries of the calendar as rows, on both databases: only ever appended to, and the newest stands."""

import threading
from datetime import date

import pytest

from core.errors import CalendarChanged, Unknown
from core.store import calendar, topics

OWN = {
    "kind": "own",
    "name": "Tea day",
    "rule": {"kind": "dates", "dates": ["2026-04-18"]},
    "before_days": 1,
    "after_days": 0,
}
MOVED = {"kind": "occurrence", "name": "double11", "occurs_on": date(2026, 11, 11), "moved_on": date(2026, 11, 9)}


def write(store, now, key, values, **more):
    with store.transaction() as session:
        return calendar.write(session, key, values, **({"after": 0, "by": "lin", "now": now} | more))


def standing(store, **asked):
    with store.reading() as session:
        return [(row.key, row.revision, row.name) for row in calendar.standing(session, **asked)]


def test_the_newest_revision_of_each_entry_stands_in_the_order_they_were_first_said(store, now):
    write(store, now, "b", OWN)
    write(store, now, "a", MOVED)
    write(store, now, "b", OWN | {"name": "Tea week"}, after=1)
    assert standing(store) == [("b", 2, "Tea week"), ("a", 1, "double11")]
    with store.reading() as session:
        assert topics.revision(session, calendar.TOPIC) == 3


def test_an_entry_says_what_was_written(store, now):
    write(store, now, "a", MOVED)
    write(store, now, "b", OWN)
    with store.reading() as session:
        moved, own = calendar.standing(session)
        assert (moved.occurs_on, moved.moved_on, moved.rule, moved.is_off) == (
            MOVED["occurs_on"],
            MOVED["moved_on"],
            None,
            False,
        )
        assert (own.rule, own.before_days, own.by, own.at) == (OWN["rule"], 1, "lin", now)


def test_what_is_removed_is_left_out_until_it_is_asked_for_or_said_again(store, now):
    write(store, now, "a", OWN)
    write(store, now, "a", OWN, after=1, is_removed=True)
    assert standing(store) == []
    assert standing(store, with_removed=True) == [("a", 2, "Tea day")]
    write(store, now, "a", OWN, after=2)
    assert standing(store) == [("a", 3, "Tea day")]


@pytest.mark.parametrize("after", [0, 2])
def test_a_revision_follows_the_newest_or_is_refused(store, now, after):
    write(store, now, "a", OWN)
    with pytest.raises(CalendarChanged) as refused:
        write(store, now, "a", OWN, after=after)
    assert refused.value.details["revision"] == 1
    assert standing(store) == [("a", 1, "Tea day")]


def test_what_was_never_said_is_unknown(store):
    with store.reading() as session, pytest.raises(Unknown):
        calendar.one(session, "a")


def test_of_two_who_say_it_first_at_once_one_is_told(store, now):
    told, start = [], threading.Barrier(2)

    def say(name):
        start.wait()
        try:
            told.append(write(store, now, "a", OWN | {"name": name}).revision)
        except CalendarChanged:
            told.append(None)

    threads = [threading.Thread(target=say, args=(name,)) for name in ("one", "two")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told, key=str) == [1, None]
