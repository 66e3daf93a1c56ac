"""The state machines: what may follow what, and that every row is somewhere."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.campaigns import states
from core.campaigns.states import CAMPAIGN, MESSAGE, InvalidMove, Machine, Tally

MACHINES = pytest.mark.parametrize("machine", [CAMPAIGN, MESSAGE], ids=lambda one: one.name)
ENDS = ("delivered", "failed", "skipped", "cancelled", "holdout", "unknown", "dead")


def reached(machine: Machine) -> set[str]:
    found, fresh = set(), set(machine.births)
    while fresh:
        found |= fresh
        fresh = {target for state in fresh for target in machine.moves[state]} - found
    return found


@MACHINES
def test_every_state_is_reached_and_every_target_is_a_state(machine):
    assert reached(machine) == machine.states


@MACHINES
def test_an_end_can_be_reached_from_everywhere(machine):
    for state in machine.states:
        assert reached(Machine("", frozenset({state}), machine.moves)) & machine.terminal


@MACHINES
@given(data=st.data())
def test_no_walk_of_allowed_moves_leaves_a_terminal_state(machine, data):
    state = data.draw(st.sampled_from(sorted(machine.births)))
    for target in data.draw(st.lists(st.sampled_from(sorted(machine.states)), max_size=30)):
        if state in machine.terminal:
            with pytest.raises(InvalidMove):
                machine.moved(state, target)
        elif target in machine.moves[state]:
            state = machine.moved(state, target)


def test_the_terminal_states_are_these():
    assert CAMPAIGN.terminal == {"cancelled", "failed"}
    assert MESSAGE.terminal == {"delivered", "failed", "skipped", "cancelled", "holdout"}


def test_a_campaign_may_be_cancelled_and_may_fail_from_every_state_that_is_no_end():
    for state in CAMPAIGN.states - CAMPAIGN.terminal - {"completed"}:
        assert CAMPAIGN.allows(state, "cancelled") and CAMPAIGN.allows(state, "failed"), state


def test_what_is_completed_only_goes_on_sending_where_somebody_decided_so():
    assert CAMPAIGN.moves["completed"] == {"sending"}


def test_nothing_is_sent_that_no_second_person_approved():
    without = {state: targets - {"approved"} for state, targets in CAMPAIGN.moves.items()}
    assert "sending" not in reached(Machine("", CAMPAIGN.births, without))


def test_nobody_of_the_holdout_is_ever_sent_to():
    assert reached(Machine("", frozenset({"holdout", "skipped"}), MESSAGE.moves)) == {"holdout", "skipped"}


def test_what_may_have_arrived_is_sent_again_only_by_somebodys_decision():
    assert not MESSAGE.allows("accepted", "planned") and not MESSAGE.allows("sending", "reserved")
    again = {state for state in MESSAGE.states if MESSAGE.allows(state, "planned")}
    assert again - {"held", "reserved", "sending"} == states.DECIDED_BY_PERSON
    assert not any(MESSAGE.allows(state, "held") for state in states.AWAITED | states.DONE)


def test_a_message_on_the_wire_is_not_cancelled():
    assert not MESSAGE.allows("sending", "cancelled")
    assert all(MESSAGE.allows(state, "cancelled") for state in states.OPEN - {"sending"})


def test_open_awaited_and_done_are_all_the_states_and_none_twice():
    assert MESSAGE.states == states.OPEN | states.AWAITED | states.DONE
    assert len(states.OPEN) + len(states.AWAITED) + len(states.DONE) == len(MESSAGE.states)
    assert set(ENDS) == states.DONE and states.IN_FLIGHT <= states.OPEN
    assert MESSAGE.terminal | states.DECIDED_BY_PERSON == states.DONE


@pytest.mark.parametrize("state", ["completed", "nowhere", ""])
def test_a_move_that_is_none_names_the_machine_and_no_foreign_word(state):
    with pytest.raises(InvalidMove) as refused:
        CAMPAIGN.moved(state, "13800138000")
    assert refused.value.details["machine"] == "campaign" and refused.value.details["target"] == ""
    assert "138" not in str(refused.value.details)


def test_staying_is_no_move():
    assert not any(one.allows(state, state) for one in (CAMPAIGN, MESSAGE) for state in one.states)


@given(st.data())
def test_rows_are_never_lost_or_doubled_and_completion_needs_nothing_open(data):
    rows = data.draw(st.lists(st.sampled_from(sorted(MESSAGE.births)), max_size=12))
    planned = len(rows)
    for _ in range(data.draw(st.integers(0, 25)) if rows else 0):
        place = data.draw(st.integers(0, len(rows) - 1))
        if targets := MESSAGE.moves[rows[place]]:
            rows[place] = MESSAGE.moved(rows[place], data.draw(st.sampled_from(sorted(targets))))
    counts = Counter(rows)
    tally = Tally(counts)
    is_open = any(row in ("planned", "held", "reserved", "sending") for row in rows)
    assert (tally.rows, tally.lost(planned), tally.is_complete) == (planned, 0, not is_open)
    assert states.after("sending", tally) == ("sending" if is_open else "completed")
    assert tally.is_settled == (sum(counts[end] for end in ENDS) == planned)


def test_a_row_that_is_gone_and_one_that_is_there_twice_are_told():
    tally = Tally({"delivered": 3, "accepted": 1, "planned": 1})
    assert (tally.lost(6), tally.lost(5), tally.lost(4)) == (1, 0, -1)


@pytest.mark.parametrize("state", sorted(CAMPAIGN.states))
def test_only_a_campaign_that_sends_or_is_paused_becomes_complete(state):
    assert states.after(state, Tally({"delivered": 2})) == ("completed" if state in ("sending", "paused") else state)


def test_what_a_platform_still_has_does_not_keep_a_campaign_open_and_is_not_settled():
    tally = Tally({"accepted": 2, "delivered": 1})
    assert tally.is_complete and not tally.is_settled and states.after("sending", tally) == "completed"


def test_a_campaign_to_nobody_is_complete():
    assert Tally({}).is_settled and states.after("sending", Tally({})) == "completed"


@pytest.mark.parametrize("counts", [{"sent": 1}, {"planned": -1}])
def test_rows_of_no_state_are_refused(counts):
    with pytest.raises(ValueError, match="states of messages"):
        Tally(counts)
