"""Figures that causes of churn go by, beside loops, and which cause is told."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.metrics import causes
from core.metrics.causes import (
    AFTER_DAYS,
    CAUSES,
    FEW_MESSAGES,
    FIGURES,
    NAMES,
    NONE,
    SUMS,
    WINDOW_DAYS,
    Messages,
    Windows,
)

CUT = 1000
PEOPLE = 4
FACTS = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1), st.integers(CUT - 400, CUT + 20), st.integers(-1, 2), st.booleans()
    ),
    max_size=60,
)  # fmt: skip
LAST = st.lists(st.one_of(st.none(), st.integers(CUT - 400, CUT - 1)), min_size=PEOPLE, max_size=PEOPLE)


def windows(last):
    return Windows.of(np.array([np.nan if one is None else one for one in last], float), CUT)


def messages(facts):
    columns = (
        [np.array(one) for one in zip(*facts, strict=True)]
        if facts
        else [np.empty(0, np.int64)] * 3 + [np.empty(0, bool)]
    )
    return Messages(*columns)


def seen(last, facts, who):
    """Facts of one person in the window, by hand."""
    end = CUT if last[who] is None else min(last[who] + AFTER_DAYS, CUT - 1) + 1
    return [fact for fact in facts if fact[0] == who and end - WINDOW_DAYS <= fact[1] < end]


@settings(max_examples=60, deadline=None)
@given(LAST, FACTS)
def test_figures_of_messages_are_what_loops_say(last, facts):
    found = causes.sent(messages(facts), windows(last))
    for who in range(PEOPLE):
        own = seen(last, facts, who)
        days = [day for _, day, _, _ in own]
        burst = max((sum(first <= day < first + 30 for day in days) for first in days), default=0)
        topics = Counter(topic for _, _, topic, _ in own if topic >= 0)
        most = max(topics.values(), default=0)
        bare = sum(is_bare for *_, is_bare in own)
        figures = {name: values[who] for name, values in found.figures.items()}
        assert figures["most_messages_30d"] == burst
        assert (figures["same_topic_messages"], figures["impersonal_messages"]) == (most, bare)
        assert found.topic[who] == min((topic for topic, count in topics.items() if count == most), default=-1)
        for share, part, whole in (
            ("same_topic_share", most, sum(topics.values())),
            ("impersonal_share", bare, len(own)),
        ):
            assert figures[share] == pytest.approx(part / max(whole, FEW_MESSAGES) if whole else np.nan, nan_ok=True)
    order = np.random.default_rng(len(facts)).permutation(len(facts))
    again = causes.sent(messages([facts[one] for one in order]), windows(last))
    assert all(np.array_equal(again.figures[name], values, equal_nan=True) for name, values in found.figures.items())


@settings(max_examples=30, deadline=None)
@given(LAST, FACTS)
def test_facts_are_counted_in_the_window_of_their_member(last, facts):
    member, day = (np.array([fact[place] for fact in facts], np.int64) for place in (0, 1))
    assert causes.counts(member, day, windows(last)).tolist() == [len(seen(last, facts, who)) for who in range(PEOPLE)]


def test_a_message_long_after_somebody_fell_silent_drove_nobody_away():
    found = windows([CUT - 300, CUT - 5, None])
    assert found.end.tolist() == [CUT - 300 + AFTER_DAYS + 1, CUT, CUT]
    assert (found.end - found.start).tolist() == [WINDOW_DAYS] * 3


def test_the_usual_leaves_out_the_hundredth_with_most_of_it():
    values = np.array([2.0] * 198 + [50.0, 60.0])
    assert (causes.usual(values, 1.0).mean, causes.usual(values, 1.0).deviation) == (2.0, 1.0)
    spread = causes.usual(np.array([0.0, 4.0] * 99 + [50.0, 60.0]), 1.0)
    assert (spread.mean, spread.deviation) == (2.0, 2.0)
    nobody = causes.usual(np.array([np.nan]), 0.5)
    assert (nobody.mean, nobody.deviation) == (0.0, 0.5)


def crowd(size=200, **one):
    """Everybody as usual but the last, by figure."""
    figures = {name: np.zeros(size) for name in NAMES if name not in SUMS}
    for name, value in one.items():
        figures[name][-1] = value
    return causes.judged(causes.added(figures, size), size)


@pytest.mark.parametrize(
    ("cause", "one"),
    [
        ("lost_trust", {"privacy_complaints": 1}),
        ("lost_trust", {"low_trust_scores": 1, "profiling_withdrawn": 1, "most_messages_30d": 4}),
        ("poor_service", {"slow_replies": 1, "low_talks": 1}),
        (None, {"slow_replies": 1}),
        ("too_many_messages", {"most_messages_30d": 9, "impersonal_share": 0.8, "impersonal_messages": 8}),
        (None, {"most_messages_30d": 2, "unsubscribed": 3}),
        ("samey_content", {"same_topic_messages": 6, "most_messages_30d": 5}),
        ("impersonal", {"impersonal_share": 0.9, "most_messages_30d": 3}),
        (None, {}),
    ],
)
def test_the_cause_is_the_one_with_the_strongest_evidence(cause, one):
    found = crowd(**one)
    assert found.cause.tolist()[:-1] == [NONE] * 199
    assert found.cause[-1] == (NONE if cause is None else CAUSES.index(cause))


def test_every_cause_has_one_figure_that_weighs_and_of_equals_what_members_say_comes_first():
    assert [sum(figure.weighs for figure in FIGURES if figure.cause == cause) for cause in CAUSES] == [1] * 5
    assert all(causes.of_cause(cause)[0].weighs for cause in CAUSES)
    equal = crowd(privacy_complaints=1, service_complaints=4 / 3)
    assert equal.strength[-1, 0] == pytest.approx(equal.strength[-1, 1]) and equal.cause[-1] in (0, 1)


def test_figures_that_a_lake_does_not_have_say_nothing():
    found = causes.judged({"most_messages_30d": np.array([0.0] * 50 + [9.0])}, 51)
    assert found.strength[:, [0, 1, 3, 4]].max() == 0 and CAUSES[found.cause[-1]] == "too_many_messages"
    assert causes.judged({}, 0).cause.tolist() == [] and causes.judged({}, 2).cause.tolist() == [NONE, NONE]
