"""Personal fields by batch: what the newest committed batch told is read, and nothing of any other."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from core.store import identity_values, profile_fields
from core.store.tables import Batch, ProfileField
from tests.seeds import examples

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BATCHES, KEYS = (1, 2, 3, 4), (-(2**63), 0, 7)
STEPS = st.lists(
    st.tuples(st.sampled_from(("tell", "commit", "fail", "roll_back")), st.sampled_from(BATCHES)), max_size=14
)
TOLD = st.fixed_dictionaries({number: st.sets(st.sampled_from(KEYS)) for number in BATCHES})


def value(batch_id, key):
    return f"{batch_id}:{key}".encode()


def take(session, what, batch_id, keys):
    """One step of a batch, where its state allows it, as imports take it."""
    row = session.get_one(Batch, batch_id)
    if what == "tell" and row.state == "queued":
        row.state = "running"
        profile_fields.forget(session, batch_id)
        profile_fields.add(session, "nickname", batch_id, [(key, value(batch_id, key)) for key in sorted(keys)])
    elif what == "commit" and row.state == "running":
        row.state = "committed"
        session.flush()
        profile_fields.settle(session, batch_id)
    elif (what, row.state) in (("fail", "running"), ("roll_back", "committed")):
        row.state = {"fail": "failed", "roll_back": "rolled_back"}[what]
        profile_fields.forget(session, batch_id)
    else:
        return False
    return True


def read(session):
    return {key: told.ciphertext for key, told in profile_fields.told(session, "nickname", KEYS).items()}


@given(STEPS, TOLD)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_newest_committed_batch_told_is_read_whatever_died_failed_or_was_taken_back(store, steps, told):
    with store.transaction() as session:
        session.execute(delete(ProfileField))
        session.execute(delete(Batch))
        for one in BATCHES:
            session.add(
                Batch(id=one, table_name="member_profiles", source="s", file_name="", actor="lin", created_at=NOW)
            )
    expected: dict[int, tuple[int, bytes]] = {}
    for what, batch_id in steps:
        with store.transaction() as session:
            is_taken = take(session, what, batch_id, told[batch_id])
        if is_taken and what == "commit":
            newer = {key: (batch_id, value(batch_id, key)) for key in told[batch_id]}
            expected |= {key: one for key, one in newer.items() if key not in expected or expected[key][0] < batch_id}
        if is_taken and what == "roll_back":
            expected = {key: one for key, one in expected.items() if one[0] != batch_id}
        with store.reading() as session:
            assert read(session) == {key: one for key, (_, one) in expected.items()}
            assert set(profile_fields.holders(session, "nickname").tolist()) == set(expected)
    with store.reading() as session:
        open_ones = select(Batch.id).where(Batch.state.in_(("running", "committed")))
        assert not session.scalars(select(ProfileField.batch_id).where(ProfileField.batch_id.not_in(open_ones))).all()


def test_the_last_word_on_a_person_is_the_newest_batchs_and_of_one_batch_the_smallest_identitys():
    told = {5: profile_fields.Told(1, b""), 3: profile_fields.Told(2, b""), 9: profile_fields.Told(2, b"")}
    assert profile_fields.last(told, [5, 9, 3, 4]) == 3
    assert profile_fields.last(told, [5]) == 5
    assert profile_fields.last(told, [4]) is None


@pytest.mark.parametrize("is_kept", [True, False])
def test_who_is_erased_is_erased_with_the_fields(store, is_kept):
    with store.transaction() as session:
        identity_values.add(session, [(1, "phone", "", b"m" * 32, b"c"), (2, "phone", "", b"n" * 32, b"c")])
        profile_fields.add(session, "nickname", 1, [(1, b"a"), (2, b"b")])
        identity_values.erase(session, [] if is_kept else [1])
    with store.reading() as session:
        left = {1, 2} if is_kept else {2}
        assert set(session.scalars(select(ProfileField.identity_key))) == left
        assert {key for part in identity_values.keys(session) for key in part} == left
