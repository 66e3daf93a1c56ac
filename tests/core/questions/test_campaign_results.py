"""What a campaign brought: figures by hand, random worlds against loops, scopes, people, what is too small, and what is still running."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.campaigns import lift
from core.campaigns.body import Body, Offer
from core.campaigns.lift import Heads
from core.errors import Unknown
from core.metrics.campaigns import HARM_DAYS, RETURNS
from core.metrics.proportions import Proportion
from core.scope import EVERYTHING, Filters, Scope
from core.store import segments
from core.store.session import Store
from core.work.home import Home
from core.work.questions import campaign_results, campaigns
from core.work.questions.campaign_results import Results
from core.work.questions.reading import reading
from tests import lakes
from tests.campaign_worlds import DAY, HOUR, MINUTE, START, body, launch, message, priced, send
from tests.oracles import campaigns as oracle
from tests.seeds import seeds

COUPON = Offer("spring", "Spring", 500)
NORTH = Scope(frozenset({"north"}))


def naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def sale(who: int, at: datetime, order: str, yuan: float, kind: str = "sale", **more: Any) -> dict[str, Any]:
    return lakes.sale(who, naive(at).isoformat(" "), order, yuan, kind, **more)


def said(who: int, at: datetime, kind: str, number: int, score: float | None = None) -> dict[str, Any]:
    marks = None if score is None else Decimal(str(score))
    return {
        "identity_key": who,
        "occurred_at": naive(at),
        "feedback_id": f"f{number}",
        "feedback_kind": kind,
        "score": marks,
    }


def coupon(who: int, at: datetime, number: int, offer: str = "spring", **more: Any) -> dict[str, Any]:
    return {
        "identity_key": who, "occurred_at": naive(at), "offer_id": offer, "coupon_no": f"n{number}", "state": "redeemed", **more,
    }  # fmt: skip


def seen(who: int, at: datetime, name: str = "page_view") -> dict[str, Any]:
    return lakes.event(who, naive(at).isoformat(" "), name)


def profiles(members: range) -> list[dict[str, Any]]:
    return [
        {"identity_key": n, "unit_id": "south" if n % 2 else "north", "tier": "gold" if n % 3 else None}
        for n in members
    ]


def asked(home: Home, number: int, scope: Scope = EVERYTHING) -> Results:
    with reading(home, Filters(), scope) as opened:
        return campaign_results.results(home, opened, number)


def behind(found: Results, part: str) -> list[int]:
    return campaign_results.people(found, part).tolist()


def steps(found: Results) -> dict[str, int]:
    return dict(zip(found.funnel["step"], found.funnel["count"].tolist(), strict=True))


@pytest.fixture
def small(tmp_path: Path) -> Home:
    """Members 1 to 12, a month of orders after the start."""
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        units=[{"unit_id": name, "name": name} for name in ("north", "south")],
        member_profiles=profiles(range(1, 13)),
        order_lines=[
            sale(1, START + HOUR, "a", 100), sale(1, START + HOUR, "a", 20), sale(1, START + 2 * DAY, "r", -30, "refund"),
            sale(2, START - MINUTE, "b", 50), sale(3, START + 7 * DAY, "c", 50), sale(4, START + 7 * DAY - MINUTE, "d", 40),
            sale(9, START + DAY, "e", 10), sale(12, START + 30 * DAY, "z", 1),
        ],
    )  # fmt: skip
    return home


ASSIGNED = [
    message(1), message(2), message(3), message(4, marks={"sent": START, "delivered": START + MINUTE, "clicked": START + 3 * MINUTE}, clicks=(1, 2)),
    message(5, "skipped", reason="gate.suppressed", ended_at=START), message(6, "failed", fence=1), message(7, "skipped", reason="gate.consent"), message(8, "holdout"),
    message(9, "holdout"), message(10, "skipped", reason="gate.budget"), message(11, "accepted", clicks=(0, 3)), message(12, "accepted", marks={}),
]  # fmt: skip


def test_everybody_assigned_counts_and_those_whom_gates_stopped_before_the_holdout_are_on_neither_side(small: Home):
    number = launch(small.store, state="completed")
    send(small.store, number, ASSIGNED)
    found = asked(small, number)
    assert behind(found, "treated") == [1, 2, 3, 4, 5, 6, 10, 11, 12] and behind(found, "holdout") == [8, 9]
    assert (found.treated, found.held, found.before, found.both, found.gone) == (9, 2, 1, 0, 0)


def test_a_window_begins_with_the_message_and_ends_before_its_last_day_is_over(small: Home):
    number = launch(small.store, state="completed")
    send(small.store, number, ASSIGNED)
    found = asked(small, number)
    assert behind(found, "treated/converted") == [1, 4] and behind(found, "holdout/converted") == [9]
    assert (found.money.gross_minor, found.money.refund_minor, found.money.net_minor, found.money.orders) == (
        16_000,
        3_000,
        13_000,
        2,
    )
    assert found.money.aov_minor is None  # of two orders
    assert found.judged is not None and found.judged.people.code == "too_small"
    assert found.judged.value.lift.treated == 13_000 / 9 and found.judged.value.lift.holdout == 500


def test_who_is_held_out_is_watched_from_the_moment_they_would_have_been_written_to(small: Home):
    number = launch(small.store, state="completed")
    later = {"due_at": START + 2 * DAY}
    send(
        small.store,
        number,
        [message(8, "holdout"), message(9, "holdout", **later), message(4, marks={"sent": START + DAY}, **later)],
    )
    assert behind(asked(small, number), "converted") == [4]


def test_people_and_machines_who_click_are_told_apart_and_time_runs_from_the_message(small: Home):
    number = launch(small.store, state="completed")
    send(small.store, number, ASSIGNED)
    found = asked(small, number)
    assert behind(found, "clicked") == [4] and behind(found, "clicked_by_machine") == [11] and found.machines == 1
    assert steps(found) == {
        "assigned": 9, "sent": 5, "delivered": 4, "opened": 0, "clicked": 1, "redeemed": 0, "converted": 2
    }  # fmt: skip
    assert found.funnel["share"].isna().all()  # of fewer than 30
    timing = found.timing.set_index("what")
    assert timing.loc["clicked"].tolist() == [1, 180, 180, 180]
    assert timing.loc["converted", "median"] == pytest.approx((3600 + 7 * 86_400 - 60) / 2)
    assert timing.loc["redeemed", "count"] == 0 and pd.isna(timing.loc["redeemed", "median"])


def test_a_campaign_judged_by_clicks_compares_the_sides_by_orders(small: Home):
    number = launch(small.store, state="completed", said=body(metric="clicked"))
    send(small.store, number, ASSIGNED)
    found = asked(small, number)
    assert found.lift_metric == "orders" and found.metric == "clicked"
    assert steps(found)["converted"] == 1 and found.judged is not None
    assert found.judged.people.lift.treated == 2 / 9


def test_a_result_is_provisional_until_the_last_window_is_over_and_the_data_reaches_over_it(small: Home):
    number = launch(small.store, state="completed")
    send(small.store, number, [row for row in ASSIGNED if row["member_id"] != 12])
    found = asked(small, number)
    assert not found.is_provisional and found.open_until == START + 7 * DAY
    assert found.as_of == START + 30 * DAY and found.remaining == timedelta(0)
    late = launch(small.store, "late", state="completed")
    send(small.store, late, [message(1), message(2, marks={"sent": START + 28 * DAY})])
    found = asked(small, late)
    assert found.is_provisional and found.open_until == START + 35 * DAY and found.remaining == 5 * DAY
    running = launch(small.store, "running")
    send(small.store, running, [message(1)])
    found = asked(small, running)
    assert found.is_provisional and found.open_until is None


def test_a_result_is_provisional_while_employees_have_not_sent_what_they_were_asked_to(small: Home):
    number = launch(small.store, state="completed")
    send(small.store, number, [message(1), message(2, "accepted", marks={})])
    found = asked(small, number)
    assert found.is_provisional and found.open_until is None
    assert behind(found, "treated") == [1, 2] and behind(found, "sent") == [1]


def test_what_messages_and_coupons_cost_is_held_against_what_the_holdout_did_not_do(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1, member_profiles=profiles(range(1, 161)),
        order_lines=[sale(n, START + HOUR, f"o{n}", (10 if n <= 120 else 5) + n % 3) for n in range(1, 161)],
        offer_events=[coupon(1, START + DAY, 1), coupon(2, START + DAY, 2, cost_minor=300), coupon(3, START + DAY, 3, "other"), coupon(4, START - DAY, 4), coupon(5, START + DAY, 5, "other", campaign_id="c1")],
    )  # fmt: skip
    number = launch(home.store, state="completed", said=body(offer=COUPON, holdout=0.25), launched=priced(sms=5))
    send(home.store, number, [message(n, "delivered" if n <= 120 else "holdout") for n in range(1, 161)])
    money, found = asked(home, number).money, asked(home, number)
    net = sum((10 + n % 3) * 100 for n in range(1, 121))
    held = sum((5 + n % 3) * 100 for n in range(121, 161))
    assert (money.net_minor, money.send_minor, money.coupon_minor, money.cost_minor) == (net, 600, 1300, 1900)
    assert money.aov_minor == net / 120
    extra = net - 120 * held / 40
    assert money.extra_minor == pytest.approx(extra) and money.roi == pytest.approx((extra - 1900) / 1900)
    assert found.judged.value.code == "up"
    assert behind(found, "redeemed") == [1, 2, 5]
    unpriced = launch(home.store, "free", state="completed")
    send(home.store, unpriced, [message(1)])
    assert asked(home, unpriced).money.cost_minor is None and asked(home, unpriced).money.roi is None


def test_money_that_varies_too_much_to_be_compared_is_told_without_what_it_brought(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1, member_profiles=profiles(range(1, 161)),
        order_lines=[sale(1, START + HOUR, "o1", 90_000), *(sale(n, START + HOUR, f"o{n}", 10) for n in range(2, 100))],
    )  # fmt: skip
    number = launch(home.store, state="completed", said=body(offer=COUPON, holdout=0.25), launched=priced(sms=5))
    send(home.store, number, [message(n, "delivered" if n <= 120 else "holdout") for n in range(1, 161)])
    found = asked(home, number)
    assert found.judged.value.code == "too_small" and found.judged.value.lift.extra > 0
    assert (found.money.extra_minor, found.money.extra_low_minor, found.money.roi, found.money.roi_low) == (None,) * 4
    assert found.money.cost_minor == 600


def test_one_person_on_both_sides_is_on_neither_and_erased_ones_are_nobody(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        member_profiles=profiles(range(1, 7)),
        order_lines=[sale(n, START + HOUR, f"o{n}", 10) for n in (1, 2, 3)],
    )
    lakes.members(home, {4: 1, 5: 2})  # 4 has turned out to be 1, and 5 to be 2
    number = launch(home.store, state="completed")
    send(
        home.store, number,
        [message(1), message(4, "holdout"), message(2, marks={"sent": START + DAY}), message(5, marks={"sent": START}), message(3, "holdout"), message(999)],
    )  # fmt: skip
    found = asked(home, number)
    assert (behind(found, "treated"), behind(found, "holdout"), found.both, found.gone) == ([2], [3], 1, 1)
    assert found.money.orders == 1


def test_a_reader_of_some_units_sees_both_sides_of_these_units(small: Home):
    number = launch(small.store, state="completed", launched=priced(sms=5))
    send(small.store, number, ASSIGNED)
    found = asked(small, number, NORTH)
    assert found.is_limited and behind(found, "treated") == [2, 4, 6, 10, 12] and behind(found, "holdout") == [8]
    assert (found.money.gross_minor, found.money.send_minor) == (4_000, 15)


def test_places_have_a_funnel_and_no_lift(small: Home):
    number = launch(small.store, state="completed", said=body(channels=("group_chat",), places=("g1", "g2")))
    send(
        small.store,
        number,
        [message(-1, channel="group_chat", place="g1"), message(-2, "failed", channel="group_chat", place="g2")],
    )
    found = asked(small, number)
    assert found.is_placed and found.judged is None and steps(found)["sent"] == 1 and found.treated == 2
    assert behind(found, "treated") == []


def test_a_split_that_is_not_as_planned_is_told_instead_of_a_lift(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, member_profiles=profiles(range(1, 301)), order_lines=[sale(1, START, "o", 1)])
    number = launch(home.store, state="completed", said=body(holdout=0.5))
    send(
        home.store,
        number,
        [message(n, "delivered" if n <= 230 else "holdout", variant="A" if n <= 200 else "B") for n in range(1, 301)],
    )
    found = asked(home, number)
    assert found.judged is not None and found.judged.people.code == "sample_ratio"
    assert found.judged.people.ratio == lift.ratio([230, 70], [1, 1])
    assert found.variant_ratio == lift.ratio([200, 30], [1, 1]) and found.variant_ratio.is_warning


def test_nothing_is_told_of_a_campaign_that_nobody_got_and_of_none_that_there_is_not(small: Home):
    found = asked(small, launch(small.store))
    assert found.judged is not None and found.judged.people.code == "nobody" and set(steps(found).values()) == {0}
    assert found.money.net_minor == 0 and found.is_provisional
    with pytest.raises(Unknown):
        asked(small, 99)
    with pytest.raises(Unknown):
        campaign_results.people(found, "treated/lost")


def test_results_are_the_same_on_both_databases(small: Home, store: Store):
    numbers, found = [], []
    for one in (small, replace(small, store=store)):
        number = launch(one.store, state="completed", launched=priced(sms=2))
        numbers.append(number)
        send(one.store, number, ASSIGNED)
        found.append(asked(one, number))
    assert numbers == [1, 1]
    assert found[0].money == found[1].money and found[0].judged == found[1].judged
    for name in ("funnel", "timing", "variants", "pairs", "groups", "harm", "returned"):
        pd.testing.assert_frame_equal(getattr(found[0], name), getattr(found[1], name))


def test_stages_of_life_are_those_of_the_day_before_whatever_was_done_afterwards(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1, member_profiles=profiles(range(1, 5)),
        events=[seen(1, START - 100 * DAY), seen(2, START - 100 * DAY), seen(2, START - DAY), seen(3, START - 2 * DAY), seen(4, START + HOUR)]
        + [seen(n, START + DAY) for n in range(1, 5)],
    )  # fmt: skip
    number = launch(home.store, state="completed")
    send(home.store, number, [message(n) for n in range(1, 5)])
    found = asked(home, number)
    staged = {name: behind(found, f"stage={name}") for name in ("lost", "active", "new")}
    assert staged == {"lost": [1], "active": [2], "new": [3]}


def test_segments_are_told_each_with_its_members_and_one_that_is_gone_is_left_out(small: Home):
    with small.store.transaction() as session:
        kept = segments.save(session, "s", "", [2, 4, 8], definition={}, lake_version=1, by="lin", now=START).id
    number = launch(small.store, state="completed", said=body(segments=(kept, 404)))
    send(small.store, number, ASSIGNED)
    found = asked(small, number)
    rows = found.groups[found.groups["dimension"] == "segment"]
    assert rows["key"].tolist() == [str(kept)] and rows["treated"].tolist() == [2] and rows["holdout"].tolist() == [1]
    assert rows["converted"].tolist() == [1] and rows["is_small"].all() and rows["share"].isna().all()
    assert behind(found, f"treated/segment={kept}") == [2, 4]


def test_harm_is_priced_by_what_those_who_left_are_worth_and_only_where_a_model_stands(tmp_path: Path):
    home = lakes.home(tmp_path)
    left = [
        {"identity_key": n, "occurred_at": naive(START + HOUR), "group_id": "g", "change": "leave"} for n in (*range(1, 13), 61)
    ]  # fmt: skip
    lakes.add(home, 1, member_profiles=profiles(range(1, 101)), group_membership=left)
    number = launch(home.store, state="completed")
    send(home.store, number, [message(n, "delivered" if n <= 60 else "holdout") for n in range(1, 101)])
    found = asked(home, number)
    row = found.harm.set_index("kind").loc["left_groups"]
    assert (row.treated, row.treated_of, row.holdout, row.holdout_of) == (12, 60, 1, 40)
    assert row.extra == pytest.approx(12 - 60 / 40) and pd.isna(row.value_minor)
    untold = found.harm.set_index("kind").loc["unsubscribed"]
    assert untold.treated == 0 and pd.isna(untold.holdout) and pd.isna(untold.extra)
    worth = np.where(np.arange(100) < 6, 1_000, 0)  # half of those who left had ordered
    priced_rows = campaign_results.harm(found.flags["holdout"], found.flags, {"left_groups"}, lambda: worth).set_index(
        "kind"
    )
    assert priced_rows.loc["left_groups", "value_minor"] == pytest.approx((12 - 1.5) * 500)
    assert pd.isna(priced_rows.loc["complained", "value_minor"])


def test_what_people_are_worth_is_asked_for_only_where_somebody_is_lost_and_compared():
    is_held, nobody, asked_for = np.arange(100) < 40, np.zeros(100, bool), []

    def worth():
        asked_for.append(1)
        return np.full(100, 7)

    flags = dict.fromkeys(campaign_results.HARMS, nobody) | {"complained": ~is_held}
    told = {"complained", "withdrawn", "left_groups"}
    quiet = campaign_results.harm(is_held, flags, told, worth)
    assert quiet["value_minor"].isna().all() and not asked_for
    flags |= {
        "friends_lost": ~is_held,
        "left_groups": is_held,
    }  # one kind has no other side; of the other nobody was written to
    campaign_results.harm(is_held, flags, told, worth)
    assert not asked_for
    found = campaign_results.harm(is_held, flags | {"unsubscribed": ~is_held}, told, worth).set_index("kind")
    assert asked_for and found.loc["unsubscribed", "value_minor"] == pytest.approx(60 * 7)


# -- random worlds against loops ---------------------------------------------------------------------------------------

STATES = (
    "delivered",
    "delivered",
    "delivered",
    "accepted",
    "failed",
    "skipped",
    "holdout",
    "holdout",
    "planned",
    "unknown",
    "cancelled",
)
SIZE = 90


class World:
    """A campaign over 90 members, of whom the last six are two each of three, and two were erased."""

    def __init__(self, home: Home, seed: int, said: Body) -> None:
        self.random = random.Random(seed)
        self.home, self.body = home, said
        self.called: dict[int, int | None] = {n: n for n in range(1, SIZE + 1)}
        self.called |= {SIZE - 1: 1, SIZE: 2, SIZE + 1: None, SIZE + 2: None}
        self.rows = [row for who in self.called for row in self._rows(who)]
        self.facts = self._facts()
        lakes.add(home, 1, member_profiles=profiles(range(1, SIZE + 1)), **self.facts)
        lakes.members(home, {who: now for who, now in self.called.items() if now is not None and who != now})
        self.number = launch(home.store, state="completed", said=said, launched=priced(sms=3, email=1))
        send(home.store, self.number, [self._message(row) for row in self.rows])
        naive_rows = [
            row | {"due_at": naive(row["due_at"]), "marks": {name: naive(at) for name, at in row["marks"].items()}}
            for row in self.rows
        ]
        self.people = oracle.people(naive_rows, self.called)

    def moment(self, most_days: float = 12) -> datetime:
        return START + self.random.randrange(-2 * 24 * 4, int(most_days * 24 * 4)) * 15 * MINUTE

    def _rows(self, who: int) -> list[dict[str, Any]]:
        rng = self.random
        is_held = rng.random() < 0.3
        rows = []
        for channel in rng.choice((["sms"], ["email"], ["sms", "email"])):
            state = "holdout" if is_held else rng.choice([one for one in STATES if one != "holdout"])
            due = START + rng.randrange(0, 48) * HOUR
            sent = due + rng.randrange(0, 300) * MINUTE
            marks = {"sent": sent} if state in ("delivered", "accepted", "unknown") and rng.random() < 0.95 else {}
            for name in ("delivered", "opened", "clicked", "unsubscribed", "complained", "left"):
                if marks and rng.random() < 0.25:
                    marks[name] = sent + rng.randrange(0, 10 * 24) * HOUR
            reason = rng.choice(("gate.suppressed", "gate.budget", "gate.cap")) if state == "skipped" else None
            ended_at = due if reason == "gate.cap" or (reason and rng.random() < 0.5) else None
            clicks = (rng.randrange(1, 3), 0) if "clicked" in marks else (0, rng.randrange(2))
            rows.append(
                {"member_id": who, "state": state, "channel": channel, "variant": rng.choice("AB"), "due_at": due, "marks": marks, "reason": reason, "ended_at": ended_at}
                | ({"clicks": clicks} if clicks != (0, 0) else {})
            )  # fmt: skip
        return rows

    def _message(self, row: dict[str, Any]) -> dict[str, Any]:
        return dict(row)

    def _facts(self) -> dict[str, list[dict[str, Any]]]:
        rng, who = self.random, lambda: self.random.randrange(1, SIZE + 1)
        lines = []
        for number in range(150):
            buyer, at = who(), self.moment(40)
            for _ in range(rng.randrange(1, 3)):
                lines.append(sale(buyer, at, f"o{number}", rng.choice((0, 5, 12.5, 40))))
            if rng.random() < 0.2:
                lines.append(sale(buyer, at + 2 * DAY, f"o{number}", -rng.choice((1, 5)), "refund"))
        scores = [said(who(), self.moment(), "satisfaction", n, rng.randrange(1, 6)) for n in range(150)]
        complaints = [said(who(), self.moment(), "complaint", 1000 + n) for n in range(20)]
        leaves = [
            {"identity_key": who(), "occurred_at": naive(self.moment()) + timedelta(seconds=n), "group_id": "g", "change": rng.choice(("join", "leave"))}
            for n in range(60)
        ]  # fmt: skip
        coupons = [
            coupon(who(), self.moment(), n, rng.choice(("spring", "other")), cost_minor=rng.choice((None, 200)))
            for n in range(60)
        ]
        withdrawn = [
            {"identity_key": who(), "occurred_at": naive(self.moment()) + timedelta(seconds=n), "purpose": rng.choice(("marketing", "service")), "state": rng.choice(("given", "withdrawn"))}
            for n in range(60)
        ]  # fmt: skip
        return {
            "order_lines": lines, "feedback": scores + complaints, "group_membership": leaves, "offer_events": coupons, "consents": withdrawn,
            "events": [seen(who(), self.moment(40) + timedelta(seconds=n), rng.choice(("page_view", "like"))) for n in range(300)],
        }  # fmt: skip

    def of(self, table: str) -> list[dict[str, Any]]:
        """Facts by who somebody is now."""
        return [row | {"identity_key": self.called[row["identity_key"]]} for row in self.facts[table]]

    def converted(self, who: int) -> datetime | None:
        one, days = self.people[who], self.body.window_days
        match self.body.metric:
            case "orders":
                return oracle.orders(self.of("order_lines"), who, one, days)[2]
            case "redeemed":
                found = oracle.happened(self.of("offer_events"), who, one, days, offer_id="spring")
            case _:
                found = oracle.happened(self.of("events"), who, one, days, name="like")
        return min((row["occurred_at"] for row in found), default=None)


BODIES = (
    body(metric="orders", offer=COUPON, holdout=0.3),
    body(metric="event", event="like", window_days=3, offer=COUPON, holdout=0.3),
    body(metric="redeemed", window_days=10, offer=COUPON, holdout=0.3),
)


@pytest.fixture(params=seeds(16), ids=str)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(lakes.home(tmp_path), request.param, BODIES[request.param % len(BODIES)])


def test_random_worlds_are_counted_as_loops_count_them(world: World):
    found, people, days = asked(world.home, world.number), world.people, world.body.window_days
    treated = [who for who, one in people.items() if not one.is_held]
    held = [who for who, one in people.items() if one.is_held]
    assert behind(found, "treated") == sorted(treated) and behind(found, "holdout") == sorted(held)
    converted = {who: world.converted(who) for who in people}
    assert behind(found, "converted") == sorted(who for who, at in converted.items() if at is not None)
    _is_like_sides(world, found, treated, held, converted)
    _is_like_money(world, found, treated, days)
    _is_like_marks(world, found, treated, converted)
    _is_like_after(world, found, treated, held)


def _is_like_sides(
    world: World, found: Results, treated: list[int], held: list[int], converted: dict[int, Any]
) -> None:
    def share(side: list[int]) -> Proportion:
        return Proportion(sum(converted[who] is not None for who in side), len(side))

    def net(side: list[int]) -> Heads:
        return Heads.of(net_of(world, who) for who in side)

    assert found.judged is not None
    assert found.judged.people.lift == lift.shares(share(treated), share(held))
    assert found.judged.value.lift == lift.heads(net(treated), net(held))
    assert found.judged.people.ratio == lift.ratio([len(treated), len(held)], [7000, 3000])
    every = {
        name: {who for who, one in world.people.items() if any(row["variant"] == name for row in one.rows)}
        for name in "AB"
    }
    rows = found.variants.set_index("key")
    for name in "AB":
        own = [who for who in treated if who in every[name]]
        expected = lift.shares(share(own), share(held))
        row = rows.loc[name]
        assert (row.treated, row.converted, row.holdout) == (len(own), share(own).count, len(held))
        if row.is_small:
            assert min(len(own), len(held)) < 30 and pd.isna(row.difference)
        else:
            assert row.difference == pytest.approx(expected.difference)
            assert pd.isna(row.p_value) if expected.p_value is None else row.p_value == pytest.approx(expected.p_value)
    corrected = oracle.holm([None if pd.isna(one) else one for one in rows["p_value"]])
    assert [None if pd.isna(one) else one for one in rows["p_holm"]] == corrected
    channels = found.groups[found.groups["dimension"] == "channel"].set_index("key")
    for channel in ("sms", "email"):
        inside = [who for who, one in world.people.items() if any(row["channel"] == channel for row in one.rows)]
        assert channels.loc[channel, "treated"] == len(set(inside) & set(treated))
        assert channels.loc[channel, "holdout_converted"] == share([who for who in inside if who in held]).count


def net_of(world: World, who: int) -> int:
    one, days, lines = world.people[who], world.body.window_days, world.of("order_lines")
    return oracle.orders(lines, who, one, days)[1] - oracle.refunds(lines, who, one, days)


def _is_like_money(world: World, found: Results, treated: list[int], days: int) -> None:
    lines = world.of("order_lines")
    each = [oracle.orders(lines, who, world.people[who], days) for who in treated]
    gross, orders = sum(one[1] for one in each), sum(one[0] for one in each)
    back = sum(oracle.refunds(lines, who, world.people[who], days) for who in treated)
    coupons = [
        row
        for who in treated
        for row in oracle.happened(world.of("offer_events"), who, world.people[who], days, offer_id="spring")
    ]
    cost = sum(500 if row["cost_minor"] is None else row["cost_minor"] for row in coupons)
    sent = [row["channel"] for row in world.rows if oracle.sent_at(row) is not None or row["state"] in oracle.PRICED]
    send = 3 * sent.count("sms") + sent.count("email")
    money = found.money
    assert (money.gross_minor, money.orders, money.refund_minor, money.coupon_minor, money.send_minor) == (
        gross,
        orders,
        back,
        cost,
        send,
    )
    assert money.aov_minor == (None if orders < 30 else gross / orders)


def _is_like_marks(world: World, found: Results, treated: list[int], converted: dict[int, Any]) -> None:
    sent = {who: at for who in treated if (at := world.people[who].sent) is not None}
    clicked = {who: at for who in treated if (at := world.people[who].marked("clicked")) is not None}
    told = steps(found)
    assert (told["assigned"], told["sent"], told["clicked"]) == (len(treated), len(sent), len(set(clicked) & set(sent)))
    assert told["converted"] == sum(converted[who] is not None for who in sent)
    for name, times in (("clicked", clicked), ("converted", {who: at for who, at in converted.items() if at})):
        seconds = [(at - sent[who]).total_seconds() for who, at in times.items() if who in sent]
        row = found.timing.set_index("what").loc[name]
        assert row["count"] == len(seconds)
        for column, share in (("lower", 0.25), ("median", 0.5), ("upper", 0.75)):
            assert row[column] == pytest.approx(oracle.quartile(seconds, share)) if seconds else pd.isna(row[column])
    only = [
        who for who in treated
        if any(row.get("clicks", (0, 0))[1] for row in world.people[who].rows) and not any(row.get("clicks", (0, 0))[0] for row in world.people[who].rows)
    ]  # fmt: skip
    assert found.machines == len(only)


def _is_like_after(world: World, found: Results, treated: list[int], held: list[int]) -> None:
    people = world.people
    acted = world.of("events") + world.of("order_lines")
    newest = max(
        oracle.day(row["occurred_at"])
        for rows in world.facts.values()
        for row in rows
        if rows is not world.facts["consents"]
    )
    for span, first, last in RETURNS:
        row = found.returned.set_index("span").loc[span]
        for side, of, count in ((treated, "treated_of", "treated"), (held, "holdout_of", "holdout")):
            closed = [who for who in side if oracle.day(people[who].start) + timedelta(days=last) < newest]
            assert row[of] == len(closed)
            assert row[count] == sum(oracle.returned(acted, who, people[who], first, last) for who in closed)
    told = found.harm.set_index("kind")
    for kind, table, such, mark in (
        ("complained", "feedback", {"feedback_kind": "complaint"}, "complained"), ("left_groups", "group_membership", {"change": "leave"}, ""),
        ("unsubscribed", "consents", {"purpose": "marketing", "state": "withdrawn"}, "unsubscribed"),
    ):  # fmt: skip
        for side, count in ((treated, "treated"), (held, "holdout")):
            lost = [
                who for who in side
                if oracle.happened(world.of(table), who, people[who], HARM_DAYS, **such)
                or ((at := people[who].marked(mark)) is not None and at < people[who].start + HARM_DAYS * DAY)
            ]  # fmt: skip
            assert told.loc[kind, count] == len(lost)
            assert behind(found, f"{'treated' if side is treated else 'holdout'}/{kind}") == sorted(lost)
    answers = found.satisfied.set_index("side")
    for name, side in (("treated", treated), ("holdout", held)):
        scores = [
            float(row["score"]) for who in side
            for row in oracle.happened(world.of("feedback"), who, people[who], world.body.window_days, feedback_kind="satisfaction")
        ]  # fmt: skip
        assert answers.loc[name, "answers"] == len(scores)
        if len(scores) >= 30:
            assert answers.loc[name, "mean"] == pytest.approx(sum(scores) / len(scores))
        else:
            assert pd.isna(answers.loc[name, "mean"])


def test_parts_add_up_to_the_whole_and_nobody_is_counted_twice(world: World):
    found = asked(world.home, world.number)
    everybody = behind(found, "treated") + behind(found, "holdout")
    assert len(everybody) == len(set(everybody)) == found.treated + found.held
    north = asked(world.home, world.number, NORTH)
    south = asked(world.home, world.number, Scope(frozenset({"south"})))
    for part in ("treated", "holdout", "converted", "clicked", "left_groups"):
        assert sorted(behind(north, part) + behind(south, part)) == behind(found, part)
    assert north.money.net_minor + south.money.net_minor == found.money.net_minor
    tiers = found.groups[found.groups["dimension"] == "tier"]
    assert len(tiers) == 1 and tiers["treated"].sum() <= found.treated
    stages = found.groups[found.groups["dimension"] == "stage"]
    assert stages["treated"].sum() <= found.treated
    with reading(world.home) as opened:
        progress = campaigns.progress(world.home, opened, world.number, START)
    assert progress.tally.rows == len(world.rows)
