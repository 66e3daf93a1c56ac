"""Two who give the same name at the same moment: one has it, the other is told what a latecomer is told. On both databases."""

import io
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import func, select

from core.errors import InvalidAccount, InvalidUpload, Refusal
from core.scope import SYSTEM, Operator
from core.store import audit, segments
from core.store.segments import NameTaken
from core.store.tables import Account, AuditEntry, ColumnMapping, Job, SavedView, Segment
from core.work import accounts, saved, uploads
from core.work.ingest import library
from core.work.saved import InvalidView
from tests import lakes
from tests.bringing import mapping

ROUNDS, AT_ONCE = 12, 4
LIN = Operator(1, "lin", "analyst")


@pytest.fixture
def home(store, tmp_path):
    """An empty live world over each kind of store."""
    made = lakes.home(tmp_path)
    made.store.close()
    return replace(made, store=store)


@pytest.fixture
def raced():
    """``raced(act)``: what several threads are told that call ``act(round)`` at once, round for round: its return values, and
    the refusals. Any other error ends the test."""
    gate = Barrier(AT_ONCE)

    def one(act: Callable[[int], object]) -> list[object]:
        return [_told(gate, act, number) for number in range(ROUNDS)]

    def call(act: Callable[[int], object]) -> list[tuple[object, ...]]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(zip(*[each.result() for each in [pool.submit(one, act) for _ in range(AT_ONCE)]], strict=True))

    return call


def _told(gate: Barrier, act: Callable[[int], object], number: int) -> object:
    gate.wait(60)
    try:
        return act(number)
    except Refusal as refusal:
        return refusal
    except BaseException:
        gate.abort()
        raise


def refused(rounds, kind: type[Refusal]) -> Counter:
    """How many of each round were refused, and that all were by the same words as somebody who comes later."""
    assert all(type(one) is kind for told in rounds for one in told if isinstance(one, Refusal))
    return Counter(sum(isinstance(one, Refusal) for one in told) for told in rounds)


def count(store, table) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


ALL_BUT_ONE = Counter({AT_ONCE - 1: ROUNDS})


def test_one_segment_of_a_name(store, raced, now):
    def keep(number):
        with store.transaction() as session:
            return segments.save(session, f"s{number}", "", [1, 2], definition={}, lake_version=1, by="lin", now=now).id

    rounds = raced(keep)
    assert refused(rounds, NameTaken) == ALL_BUT_ONE
    assert count(store, Segment) == ROUNDS
    with store.reading() as session:
        assert all(segments.members(session, kept.id) == (1, 2) for kept in segments.listed(session))


def test_one_saved_view_of_a_name_and_one_entry_of_the_log(home, raced, now):
    rounds = raced(lambda n: saved.save(home, home.store, LIN, "funnels", f"v{n}", "a=1", is_shared=False, now=now))
    assert refused(rounds, InvalidView) == ALL_BUT_ONE
    assert {one.details["reason"] for told in rounds for one in told if isinstance(one, InvalidView)} == {"taken"}
    assert count(home.store, SavedView) == count(home.store, AuditEntry) == ROUNDS


def test_one_account_of_a_name(store, raced, now):
    rounds = raced(
        lambda n: accounts.create(store, SYSTEM, name=f"lin{n}", display_name="", role="manager", units=None, now=now)
    )
    assert refused(rounds, InvalidAccount) == ALL_BUT_ONE
    assert {one.details["reason"] for told in rounds for one in told if isinstance(one, InvalidAccount)} == {"taken"}
    assert count(store, Account) == count(store, AuditEntry) == ROUNDS
    with store.reading() as session:
        assert audit.verify(session) == []


def test_mappings_of_a_name_are_all_kept_as_revisions_of_their_own(home, raced, now):
    rounds = raced(lambda n: library.save(home, f"m{n}", mapping(), SYSTEM, now=now).revision)
    assert [sorted(told) for told in rounds] == [list(range(1, AT_ONCE + 1))] * ROUNDS
    assert count(home.store, ColumnMapping) == ROUNDS * AT_ONCE


def test_one_import_of_an_upload(home, raced, now):
    kept = [uploads.save(home, SYSTEM, "file.csv", io.BytesIO(b"time,what,who\n")) for _ in range(ROUNDS)]
    rounds = raced(
        lambda n: uploads.queue(home, SYSTEM, kept[n].upload_id, mapping(), mapping_name=None, is_named=True, now=now)
    )
    assert refused(rounds, InvalidUpload) == ALL_BUT_ONE
    assert {one.details["reason"] for told in rounds for one in told if isinstance(one, InvalidUpload)} == {"queued"}
    assert count(home.store, Job) == ROUNDS


def test_a_name_that_is_given_up_at_the_last_moment_is_free_for_who_waits(store, now):
    def keep():
        with store.transaction() as session:
            return segments.save(session, "s", "", [], definition={}, lake_version=1, by="wu", now=now).created_by

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(RuntimeError), store.transaction() as session:
            segments.save(session, "s", "", [], definition={}, lake_version=1, by="lin", now=now)
            waiting = pool.submit(keep)
            raise RuntimeError
        assert waiting.result(60) == "wu"
