import pytest

from core.errors import HeldStep, InvalidFunnel, InvalidRetention, Refusal, Unknown
from core.scope import Filters
from core.store import choices
from core.work.questions import answers, sequences
from tests import lakes
from tests.lakes import NOW, add, event, sale


@pytest.fixture
def world(tmp_path):
    return lakes.home(tmp_path)


def ask(world, name, filters=Filters(), **options):
    return answers.ask(world, name, filters, options)


@pytest.mark.parametrize(("currency", "value"), [("CNY", 12.34), ("JPY", 1234), ("KWD", 1.234)])
def test_money_is_told_in_major_units_of_its_currency(world, currency, value):
    add(world, 1, order_lines=[sale(1, "2025-01-05 10:00", "A", 12.34)])
    with world.store.transaction() as session:
        choices.write(session, "currency", currency, by="test", now=NOW)
    (row,) = ask(world, "gross_revenue")
    assert (row["value"], row["unit"]) == (value, currency)


def test_an_unknown_metric_step_property_channel_or_unit_is_refused_with_near_names(world):
    add(
        world,
        1,
        events=[
            event(1, "2025-01-05 10:00", "view", properties='{"platform": "web"}'),
            event(1, "2025-01-05 11:00", "cart"),
        ],
    )
    for question in (
        lambda: ask(world, "grosrevenue"),
        lambda: ask(world, "funnel", steps="vew,cart"),
        lambda: ask(world, "funnel", steps="view,cart", by="platfrm"),
        lambda: ask(world, "orders", Filters(channels=("wecon",))),
        lambda: ask(world, "orders", Filters(units=("north",))),
    ):
        with pytest.raises(Unknown):
            question()


def test_a_held_step_says_that_it_waits_for_approval(world):
    facts = [event(1, "2025-01-05 10:00", "view"), event(1, "2025-01-05 11:00", "cart")]
    add(world, 1, events=facts, event_names=[{"name": "cart", "is_held": True}])
    with pytest.raises(HeldStep):
        ask(world, "funnel", steps="view,cart")


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1w", "1.5h"])
def test_a_window_is_minutes_hours_days_or_none(text):
    with pytest.raises(InvalidFunnel):
        sequences.parse_window(text)


def test_a_funnel_is_told_step_by_step_and_by_value(world):
    facts = [
        event(1, "2025-01-05 10:00", "view", channel="web"), event(1, "2025-01-05 11:00", "cart", channel="app"),
        event(2, "2025-01-05 10:00", "view"),
    ]  # fmt: skip
    add(world, 1, events=facts)
    assert ask(world, "funnel", steps="view,cart") == [
        {"step": 1, "name": "view", "members": 2, "share": 1.0, "step_share": 1.0},
        {"step": 2, "name": "cart", "members": 1, "share": 0.5, "step_share": 0.5},
    ]
    assert [(r["channel"], r["step"], r["members"]) for r in ask(world, "funnel", steps="view,cart", by="channel")] == [
        ("web", 1, 1), ("web", 2, 1), (None, 1, 1), (None, 2, 0),
    ]  # fmt: skip


def test_a_filter_of_the_page_asks_the_entry_event_only(world):
    facts = [event(1, "2025-01-05 10:00", "view", channel="web"), event(1, "2025-01-05 11:00", "cart", channel="app")]
    add(world, 1, events=facts)
    members = {
        c: [r["members"] for r in ask(world, "funnel", Filters(channels=(c,)), steps="view,cart")]
        for c in ("web", "app")
    }
    assert members == {"web": [1, 1], "app": [0, 0]}


def test_an_order_is_a_step_of_its_own(world):
    add(world, 1, events=[event(1, "2025-01-05 10:00", "view")], order_lines=[sale(1, "2025-01-05 11:00", "A", 5)])
    assert [r["members"] for r in ask(world, "funnel", steps="view,order_placed")] == [1, 1]


def test_values_of_a_breakdown_stand_on_their_own_as_many_as_are_asked_for(world):
    channels = ("web", "web", "web", "app", "app", "store")
    add(world, 1, events=[event(who, "2025-01-06 10:00", "view", channel=c) for who, c in enumerate(channels, 1)])
    options = {"start": "view", "back": "view", "intervals": "1", "by": "channel"}
    rows = ask(world, "retention", **options, top="1")
    assert [(row["channel"], row["size"]) for row in rows] == [("web", 3), ("<other>", 3)]
    assert len(ask(world, "retention", **options)) == 3
    for top in ("0", "-1", "some"):
        with pytest.raises(InvalidRetention):
            ask(world, "retention", **options, top=top)


def test_nodes_of_a_path_stand_on_their_own_as_many_as_are_asked_for(world):
    add(world, 1, events=[event(who, f"2025-01-05 1{n}:00", name) for who, name in ((1, "cart"), (2, "pay"), (3, "pay"))
                          for n, name in enumerate(("view", name))])  # fmt: skip
    rows = ask(world, "paths", start="view", depth="1", gap="none", top="1")
    assert [(row["node"], row["members"]) for row in rows if row["column"] == 1] == [("pay", 2), ("<other>", 1)]


@pytest.mark.parametrize(
    ("question", "options", "told"),
    [
        ("paths", {"start": "view", "gap": "999999d"}, "999,999 days"),
        ("sessions", {"gap": "0m"}, "0 seconds"),
        ("funnel", {"steps": "view,view", "within": "8785h"}, "8,785 hours"),
        ("funnel", {"steps": "view,view", "step_within": "367d"}, "367 days"),
    ],
)
def test_a_length_of_time_is_refused_in_words(world, question, options, told):
    add(world, 1, events=[event(1, "2025-01-05 10:00", "view")])
    with pytest.raises(Refusal) as refused:
        ask(world, question, **options)
    assert str(refused.value).endswith(f"not {told}.")


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("retention", {"start": "view", "back": "view", "intervals": "999999999"}),
        ("retention", {"start": "view", "back": "view", "intervals": "9" * 5000}),
        ("funnel", {"steps": "view,view", "within": "9" * 5000 + "d"}),
        ("funnel", {"steps": "view,view", "exclude": ["view:1-" + "9" * 5000]}),
        ("funnel", {"steps": "view,view", "where": ["9" * 5000 + ":x=1"]}),
        ("paths", {"start": "view", "depth": "9" * 5000}),
        ("lifecycle", {"lost_after": "9" * 5000}),
    ],
)
def test_numbers_beyond_all_measure_are_refused_at_once(tmp_path, question, options):
    world = lakes.home(tmp_path)
    add(world, 1, events=[event(1, "2025-01-01 10:00", "view")])
    with pytest.raises(Refusal) as refused:
        answers.ask(world, question, Filters(), options)
    assert len(str(refused.value)) < 300
