"""A funnel in an address: nothing is lost on the way there and back, and what cannot be read is left out."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.work.questions.conditions import by_step
from dashboard.data.conditions import Condition
from dashboard.data.funnels import ENTRIES, ORDERS, TEMPLATES, Asked, Barrier, Template, address, asked_of

NAMES = st.text(alphabet="ab|:,>=\\ 购", min_size=1, max_size=6)
SEVERAL = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
WINDOWS = st.integers(1, 60 * 24 * 366).map(lambda minutes: timedelta(minutes=minutes))
CONDITIONS = st.builds(Condition, NAMES, st.just("is"), SEVERAL)


@st.composite
def any_funnel(draw) -> Asked:
    steps = tuple(draw(st.lists(SEVERAL, min_size=2, max_size=5)))
    tested = draw(st.lists(st.tuples(st.integers(1, len(steps)), CONDITIONS), max_size=3))
    return Asked(
        steps,
        draw(st.sampled_from(ORDERS)),
        draw(st.none() | WINDOWS),
        draw(st.none() | NAMES),
        draw(st.sampled_from(("members", "attempts", "sessions"))),
        by_step(tested, len(steps)),
        draw(st.none() | WINDOWS),
        tuple(draw(st.lists(st.builds(Barrier, SEVERAL, st.integers(1, 4), st.integers(2, 5)), max_size=2))),
        draw(st.sampled_from(ENTRIES)),
    )


@given(any_funnel())
def test_an_address_asks_the_same_funnel(asked):
    assert asked_of(address(asked)) == asked


def test_what_is_usual_is_not_in_the_address():
    assert address(Asked((("a",), ("b", "c")))) == {"step": ["a", "b|c"]}


def test_what_cannot_be_read_is_left_out():
    given = {
        "step": ["a", "", "b"], "if": ["1:channel=app", "9:channel=app", "nothing"], "order": ["upwards"],
        "within": ["soon"], "step_within": ["1d"], "exclude": ["c:1-2", "c", "c:1-x", ":1-2"], "count": ["cats"],
    }  # fmt: skip
    assert asked_of(given) == Asked(
        (("a",), ("b",)), conditions=((Condition("channel", "is", ("app",)),), ()), step_within=timedelta(days=1),
        barriers=(Barrier(("c",), 1, 2),),
    )  # fmt: skip


def test_a_funnel_has_ten_steps_at_most():
    assert len(asked_of({"step": [str(n) for n in range(12)]}).steps) == 10


def test_a_journey_is_offered_with_the_names_that_exist():
    joining = TEMPLATES["joining"]
    names = {"qr_scan", "add_contact", "group_join", "group_message", "order_placed"}
    found = joining.where(frozenset(names))
    assert found == Template(
        (("qr_scan",), ("add_contact",), ("group_join",), ("group_message",), ("order_placed",)), timedelta(days=30)
    )
    assert joining.where(frozenset(names - {"group_join"})) is None
    assert [step for step, in TEMPLATES["touch"].steps] == [
        "touch_sent", "touch_clicked", "add_to_cart", "order_placed", "order_placed",
    ]  # fmt: skip
