"""What went wrong with messages, by code: counted by hand and against a loop over random rows, within units, on both databases."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from core.errors import Unknown
from core.scope import EVERYTHING, Filters, Scope
from core.store.session import Store
from core.work.home import Home
from core.work.questions import campaign_troubles
from core.work.questions.reading import reading
from tests import lakes
from tests.campaign_worlds import launch, message, send

NORTH = Scope(frozenset({"north"}))
STATES = ("planned", "held", "accepted", "delivered", "failed", "skipped", "holdout", "unknown", "dead")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Members 1 to 20, the even ones of the north."""
    world = lakes.home(tmp_path / "home")
    lakes.add(
        world, 1, units=[{"unit_id": name, "name": name} for name in ("north", "south")],
        member_profiles=[{"identity_key": n, "unit_id": "south" if n % 2 else "north"} for n in range(1, 21)],
    )  # fmt: skip
    return world


def told(home: Home, campaign_id: int, scope: Scope = EVERYTHING) -> dict[tuple[object, ...], int]:
    with reading(home, Filters(), scope) as opened:
        found = campaign_troubles.troubles(home, opened, campaign_id)
    assert list(found["rows"]) == sorted(found["rows"], reverse=True)
    return {
        (one["state"], None if pd.isna(one["error"]) else one["error"], one["channel"]): int(one["rows"])
        for one in found.to_dict("records")
    }


def whose(home: Home, campaign_id: int, state: str, error: str | None, scope: Scope = EVERYTHING) -> list[int]:
    with reading(home, Filters(), scope) as opened:
        return list(campaign_troubles.members(home, opened, campaign_id, state, error).tolist())


def test_what_failed_was_given_up_or_is_unknown_is_counted_by_code_and_what_is_tried_again_too(
    home: Home, store: Store
) -> None:
    home = replace(home, store=store)
    found = launch(home.store)
    rows = [
        message(1, "failed", error="http.410"), message(2, "failed", error="http.410"), message(3, "failed"), message(4, "unknown", error="http.lost"),
        message(5, "dead", error="http.503"), message(6, "planned", error="http.503"), message(7, "planned"), message(8, "delivered", error="http.503"),
    ]  # fmt: skip
    send(home.store, found, rows)
    send(home.store, launch(home.store, "c2"), [message(9, "failed", error="http.410")])
    expected = {("failed", "http.410", "sms"): 2, ("failed", None, "sms"): 1, ("unknown", "http.lost", "sms"): 1, ("dead", "http.503", "sms"): 1, ("planned", "http.503", "sms"): 1}  # fmt: skip
    assert told(home, found) == expected
    assert whose(home, found, "failed", "http.410") == [1, 2] and whose(home, found, "failed", None) == [3]


def test_a_reader_of_a_unit_sees_the_troubles_of_its_members(home: Home, store: Store) -> None:
    home, rng = replace(home, store=store), random.Random(4)
    found = launch(home.store)
    rows = [
        message(who, rng.choice(STATES), channel=channel, error=rng.choice((None, "http.410", "wecom.40096")))
        for who in range(1, 21)
        for channel in ("sms", "wecom")
    ]
    send(home.store, found, rows)
    for scope, inside in ((EVERYTHING, lambda _: True), (NORTH, lambda who: who % 2 == 0)):
        expected: Counter[tuple[object, ...]] = Counter()
        people: dict[tuple[object, object], set[int]] = {}
        for one in rows:
            is_ended = one["state"] in ("failed", "dead", "unknown")
            is_again = one["state"] in ("planned", "held") and one["error"] is not None
            if inside(one["member_id"]) and (is_ended or is_again):
                expected[one["state"], one["error"], one["channel"]] += 1
                people.setdefault((one["state"], one["error"]), set()).add(one["member_id"])
        assert told(home, found, scope) == expected and expected
        for (state, error), ids in people.items():
            assert whose(home, found, state, error, scope) == sorted(ids)


def test_what_is_no_state_or_no_campaign_is_refused_and_nothing_is_nothing(home: Home, store: Store) -> None:
    home = replace(home, store=store)
    found = launch(home.store)
    assert told(home, found) == {}
    with pytest.raises(Unknown):
        whose(home, found, "lost", None)
    with pytest.raises(Unknown):
        told(home, found + 1)
