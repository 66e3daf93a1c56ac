"""What is known of members as of a day: counted by hand and beside loops, blind to whatever comes later, and what came of it."""

import math
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from core.errors import LabelsOpen, Unknown
from core.metrics.membership import TIERS
from core.scope import Filters, Scope
from core.work.home import Home
from core.work.questions import membership, scoring
from core.work.questions.reading import Reading, reading
from core.work.questions.scoring import FEATURES, HORIZONS, NAMES, TARGETS, Features
from tests import lakes

AHEAD = timedelta(hours=8)
"""Of the business zone."""
ON = date(2026, 6, 1)
CUT = datetime(2026, 6, 1) - AHEAD
"""When the day begins, naive UTC."""
Row = dict[str, Any]
Facts = dict[str, list[Row]]
MEMBER = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 101: 1, 102: 2, 9: 9}
"""Member by identity; 9 is a visitor."""
DAYS = (*range(1, 5), 6, 7, 8, 29, 30, 31, 32, 59, 60, 61, 89, 90, 91, 95, 364, 365, 366, 380)
"""Days before the cut-off on which something may happen: about the ends of all windows."""
AFTER = (0, 1, 15, 29, 30, 31, 60, 89, 90, 95)


class Lives:
    """Random facts of a few people. A fact is dated by ``days_ago``; what follows a fact (replies, states, further lines) may lie after the cut-off."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.number = 0
        self.facts: Facts = defaultdict(list)
        for ago in [*DAYS, *DAYS, *(-day for day in AFTER)]:
            for make in (self._event, self._event, self._order, self._message, self._touch, self._feedback, self._talk):
                if self.rng.random() < 0.7:
                    make(ago)
            if self.rng.random() < 0.4:
                self.rng.choice([self._move, self._points, self._consent, self._coupon, self._other])(ago)
        for make in (self._move, self._points, self._consent, self._coupon, self._other):
            for who in (1, 2, 3):
                make(-who)
        for ago in (1, -100):
            self._add(
                "events", self._at(ago), identity_key=6, name="page_view", session_id=None, event_id=f"e{self.number}"
            )

    def _at(self, ago: int) -> datetime:
        """A time of the business day so many days before the cut-off, its first and last minute among them."""
        self.number += 1
        minute = self.rng.choice([0, 1439, self.rng.randrange(1440)])
        return CUT - timedelta(days=ago) + timedelta(minutes=minute, seconds=self.number % 50)

    def _add(self, table: str, at: datetime, **more: Any) -> None:
        who = self.rng.choice(list(MEMBER)) if "identity_key" not in more else more.pop("identity_key")
        self.facts[table].append({"identity_key": who, "occurred_at": at} | more)

    def _event(self, ago: int) -> None:
        name = self.rng.choice(["product_view", "add_to_cart", "like", "page_view", "odd"])
        session = self.rng.choice([None, f"s{self.rng.randrange(40)}"])
        self._add("events", self._at(ago), name=name, session_id=session, event_id=f"e{self.number}")

    def _order(self, ago: int) -> None:
        at, who = self._at(ago), self.rng.choice(list(MEMBER))
        order = f"o{self.number}"
        for part in range(self.rng.choice([1, 1, 2])):
            kind = self.rng.choice(["sale"] * 4 + ["refund", "adjustment"])
            amount = self.rng.choice([0, 4_000, 150_000])
            amount = -amount if kind == "refund" else amount
            when = at + timedelta(days=self.rng.choice([0, 0, 1, 40]) * part)
            self._add(
                "order_lines", when, identity_key=who, order_no=order, line_kind=kind, quantity=1, unit_price=1, amount_minor=amount,
                product_id=self.rng.choice([None, "p1", "p2", "p3"]),
            )  # fmt: skip

    def _coupon(self, ago: int) -> None:
        orders = [row["order_no"] for row in self.facts["order_lines"]] or [None]
        state = self.rng.choice(["redeemed", "redeemed", "issued"])
        self._add(
            "offer_events", self._at(ago), offer_id="F", coupon_no=f"c{self.number}", state=state, order_no=self.rng.choice(orders)
        )  # fmt: skip

    def _message(self, ago: int) -> None:
        sender = self.rng.choice(["member", "member", "staff"])
        self._add(
            "group_messages", self._at(ago), group_id=self.rng.choice(["g1", "g2"]), message_id=f"m{self.number}", sender_kind=sender, text="x",
            is_heard=self.rng.random() < 0.3, is_question=False, has_link=False, message_kind=self.rng.choice([None, "text", "image", "system"]),
        )  # fmt: skip

    def _move(self, ago: int) -> None:
        change = self.rng.choice(["join", "join", "leave"])
        self._add("group_membership", self._at(ago), group_id=self.rng.choice(["g1", "g2", "g3"]), change=change)

    def _touch(self, ago: int) -> None:
        at, who, touch = self._at(ago), self.rng.choice(list(MEMBER)), f"t{self.number}"
        piece, campaign = self.rng.choice([None, "c1", "c2"]), self.rng.choice([None, "C"])
        for state in ["sent", *self.rng.sample(["delivered", "opened", "clicked", "unsubscribed", "failed"], 2)]:
            later = timedelta(hours=self.rng.choice([0, 1, 30, 24 * 40])) if state != "sent" else timedelta()
            self._add(
                "touches",
                at + later,
                identity_key=who,
                touch_id=touch,
                state=state,
                channel="wecom",
                content_id=piece,
                campaign_id=campaign,
            )

    def _feedback(self, ago: int) -> None:
        kind = self.rng.choice(["nps", "satisfaction", "service", "trust", "complaint", "dispute"])
        score = None if kind in ("complaint", "dispute") or self.rng.random() < 0.1 else self.rng.randint(1, 5)
        score = self.rng.randint(0, 10) if kind == "nps" else score
        self._add(
            "feedback",
            self._at(ago),
            feedback_id=f"f{self.number}",
            feedback_kind=kind,
            score=score,
            category=self.rng.choice(["privacy", "服务", None]),
        )

    def _talk(self, ago: int) -> None:
        at = self._at(ago)

        def later() -> datetime | None:
            return self.rng.choice([None, at + timedelta(minutes=self.rng.choice([5, 61, 600, 60 * 24 * 10]))])

        self._add(
            "service_conversations", at, conversation_id=f"v{self.number}", first_reply_at=later(), resolved_at=later(),
            score=self.rng.choice([None, 1, 2, 3, 5]),
        )  # fmt: skip

    def _points(self, ago: int) -> None:
        self._add(
            "points", self._at(ago), entry_id=f"p{self.number}", points=self.rng.choice([-30, 10, 200]), kind="adjusted"
        )

    def _consent(self, ago: int) -> None:
        state = self.rng.choice(["given", "withdrawn"])
        self._add(
            "consents",
            self._at(ago),
            purpose=self.rng.choice(["marketing", "profiling"]),
            state=state,
            channel=self.rng.choice([None, "sms"]),
        )

    def _other(self, ago: int) -> None:
        """Facts that no feature is made of."""
        at = self._at(ago)
        self._add("activity_participation", at, activity_id="A", action="voted")
        self._add("referrals", at, referred_key=self.rng.choice(list(MEMBER)))
        self.facts["channel_spend"].append({"occurred_at": at, "amount_minor": 5})
        self.facts["group_statistics"].append({"occurred_at": at, "group_id": "g1", "message_count": self.number})
        self._add("group_rosters", at, group_id="g1", joined_at=at - timedelta(days=self.rng.choice([0, 3, 200])))


def known_by(facts: Facts, cut: datetime) -> Facts:
    """What could be known when a day begins: facts of before, without the answers and solutions that came later, nor the scores given with these."""

    def known(row: Row) -> Row:
        later = {
            key for key, value in row.items() if key.endswith("_at") and isinstance(value, datetime) and value >= cut
        }
        return row | dict.fromkeys(later | ({"score"} if "resolved_at" in later else set()))

    return {table: [known(row) for row in rows if row["occurred_at"] < cut] for table, rows in facts.items()}


def world(home: Home, facts: Facts) -> Home:
    tables = {table: rows for table, rows in facts.items() if rows}
    lakes.add(home, 1, **tables)
    lakes.members(home, MEMBER, anonymous=[9])
    with home.writer.change("import", 2) as change:
        joined = [
            {"identity_key": who, "joined_at": CUT - timedelta(days=ago)} for who, ago in ((1, 700), (3, 20), (5, -5))
        ]
        change.merge("member_profiles", lakes.rows("member_profiles", joined))
        pieces = [{"content_id": one, "title": one, "topic": one} for one in ("c1", "c2")]
        change.merge("contents", lakes.rows("contents", pieces))
        change.merge("event_names", lakes.rows("event_names", [{"name": "odd", "is_held": True}]))
    return home


Ask = Callable[[Reading, date], Features]


def leaks(before: Home, whole: Home, ask: Ask) -> list[str]:
    """Features that differ when what comes after the cut-off is there or not, or whose members do. No number may differ in its last bit."""
    with reading(before) as blind:
        own = ask(blind, ON)
    with reading(whole) as seeing:
        found = ask(seeing, ON)
    if own.ids.tolist() != found.ids.tolist():
        return ["members"]
    return [name for name in own.names if own.column(name).tobytes() != found.column(name).tobytes()]


@pytest.fixture(scope="module", params=[1, 2])
def lives(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Facts, a lake of what was known when the day began, and one of everything."""
    facts = Lives(request.param).facts
    homes = [lakes.home(tmp_path_factory.mktemp(f"lives{request.param}")) for _ in range(2)]
    world(homes[0], known_by(facts, CUT))
    world(homes[1], facts)
    yield facts, *homes
    for home in homes:
        home.store.close()


# -- nothing of what comes later -----------------------------------------------------------------------------------------


def test_features_are_the_same_to_the_last_bit_whatever_lies_after_the_cut_off(lives):
    _, before, whole = lives
    assert leaks(before, whole, scoring.features) == []


@pytest.mark.parametrize(
    "table", ["events", "order_lines", "group_messages", "touches", "feedback", "service_conversations", "points", "consents", "group_membership"]
)  # fmt: skip
def test_a_feature_that_peeks_is_caught(lives, table):
    """Planted: a count of facts that does not ask when they happened."""
    _, before, whole = lives

    def peeking(lake: Reading, on: date) -> Features:
        found = scoring.features(lake, on)
        rows = lake.table(table)
        rows = rows.filter(rows.member_id.notnull()).group_by("member_id").aggregate(n=lambda t: t.count())
        counts = {row["member_id"]: row["n"] for row in lake.snapshot.arrow(rows).to_pylist()}
        column = np.array([[float(counts.get(int(one), 0))] for one in found.ids])
        return Features(on, found.ids, (*found.names, "peek"), np.hstack([found.raw, column]))

    assert leaks(before, whole, peeking) == ["peek"]


def test_a_cut_off_one_day_late_is_caught(lives):
    _, before, whole = lives
    assert leaks(before, whole, lambda lake, on: scoring.features(lake, on + timedelta(days=1))) != []


# -- beside loops --------------------------------------------------------------------------------------------------------


def day(row: Row) -> int:
    """How many days before the cut-off a fact lies, 1 = the day before it."""
    return (ON - (row["occurred_at"] + AHEAD).date()).days


def own(facts: Facts, table: str, who: int) -> list[Row]:
    return [row for row in facts.get(table, []) if MEMBER.get(row["identity_key"]) == who]


def orders_of(facts: Facts, who: int) -> dict[str, tuple[int, int]]:
    """Day of the first line and gross, by number."""
    sales = [row for row in own(facts, "order_lines", who) if row["line_kind"] == "sale"]
    found = {}
    for number in {row["order_no"] for row in sales}:
        lines = [row for row in sales if row["order_no"] == number]
        gross = sum(row["amount_minor"] for row in lines)
        if gross > 0:
            found[number] = (max(map(day, lines)), gross)
    return found


def acts_of(facts: Facts, who: int) -> list[Row]:
    found = [row for row in own(facts, "events", who) if row["name"] != "odd"]
    found += [row for row in own(facts, "order_lines", who) if row["line_kind"] != "adjustment"]
    return found + [row for row in own(facts, "group_messages", who) if row["sender_kind"] == "member"]


def is_slow(row: Row) -> bool:
    """First answer after more than an hour between 9 and 21 o'clock, or none within a day."""
    if row["first_reply_at"] is None:
        return bool(row["occurred_at"] <= CUT - timedelta(days=1))
    at, replied, waited = row["occurred_at"] + AHEAD, row["first_reply_at"] + AHEAD, timedelta()
    for number in range((replied.date() - at.date()).days + 1):
        opens = datetime.combine(at.date() + timedelta(days=number), datetime.min.time()) + timedelta(hours=9)
        waited += max(min(replied, opens + timedelta(hours=12)) - max(at, opens), timedelta())
    return waited > timedelta(hours=1)


def by_hand(facts: Facts, who: int) -> dict[str, float | None]:
    """Every feature but tier and tenure, from facts that could be known."""
    seen = known_by(facts, CUT)
    placed = orders_of(seen, who)
    ages = sorted({age for age, _ in placed.values()}, reverse=True)
    lines = [row for row in own(seen, "order_lines", who) if row["line_kind"] != "adjustment"]
    sold = sum(row["amount_minor"] for row in lines if row["line_kind"] == "sale")
    back = -sum(row["amount_minor"] for row in lines if row["line_kind"] == "refund")
    gaps = [a - b for a, b in pairwise(ages)]
    mean = (sum(gaps) / len(gaps) if gaps else ages[-1]) if ages else None
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) if len(gaps) > 1 and mean else None
    used = {row["order_no"] for row in seen.get("offer_events", []) if row["state"] == "redeemed"}
    active = {day(row) for row in acts_of(seen, who)}
    acted = [row for row in own(seen, "events", who) if row["name"] != "odd"]
    said = [
        day(row)
        for row in own(seen, "group_messages", who)
        if row["sender_kind"] == "member"
        and row["message_kind"] != "system"
        and not (row["message_kind"] in (None, "text") and row["is_heard"])
    ]
    inside: dict[str, bool] = {}
    for row in sorted(own(seen, "group_membership", who), key=lambda row: row["occurred_at"]):
        inside[row["group_id"]] = row["change"] == "join"
    sent = []
    states = [row for row in own(seen, "touches", who) if day(row) <= 121]
    for touch in {row["touch_id"] for row in states}:
        mine = [row for row in states if row["touch_id"] == touch]
        if max(map(day, mine)) <= 90:
            sent.append((max(map(day, mine)), {row["state"] for row in mine}))
    delivered = [names for _, names in sent if names & {"delivered", "opened", "clicked"}]
    opinions = own(seen, "feedback", who)
    fives = [
        row
        for row in opinions
        if row["feedback_kind"] in ("satisfaction", "service", "trust") and row["score"] is not None
    ]
    low = [row for row in fives if row["score"] <= 2] + [
        row for row in opinions if row["feedback_kind"] == "nps" and row["score"] <= 6
    ]
    loud = [row for row in opinions if row["feedback_kind"] in ("complaint", "dispute")]
    talks = [row for row in own(seen, "service_conversations", who) if day(row) <= 365]
    unhappy = [
        row
        for row in talks
        if row["score"] is not None
        and row["score"] <= 2
        and (row["resolved_at"] is not None or row["occurred_at"] < CUT - timedelta(days=3))
    ]
    left = [row for row in own(seen, "consents", who) if row["state"] == "withdrawn"]
    left += [row for row in own(seen, "touches", who) if row["state"] == "unsubscribed"]

    def late(rows: list[Row], days: int, *names: str) -> int:
        return sum(day(row) <= days and (not names or row["name"] in names) for row in rows)

    sessions = {row["session_id"] for row in acted if day(row) <= 30 and row["session_id"]}
    bare = {day(row) for row in acted if day(row) <= 30 and not row["session_id"]}
    now, earlier = (len([age for age in active if first < age <= last]) for first, last in ((0, 30), (30, 60)))
    return {
        "days_since_last_order": ages[-1] if ages else None,
        "days_since_first_order": ages[0] if ages else None,
        "orders_30d": sum(age <= 30 for age, _ in placed.values()),
        "orders_90d": sum(age <= 90 for age, _ in placed.values()),
        "orders_365d": sum(age <= 365 for age, _ in placed.values()),
        "orders_all": len(placed),
        "products_all": len({row["product_id"] for row in lines if row["line_kind"] == "sale"} - {None}),
        "net_all_minor": sold - back,
        "net_365d_minor": sum(row["amount_minor"] for row in lines if day(row) <= 365),
        "net_90d_minor": sum(row["amount_minor"] for row in lines if day(row) <= 90),
        "aov_minor": sum(gross for _, gross in placed.values()) / len(placed) if placed else None,
        "gap_mean_days": mean,
        "gap_spread_days": spread,
        "overdue_ratio": ages[-1] / mean if mean else None,
        "coupon_share": len(used & set(placed)) / len(placed) if placed else None,
        "refunds_all": sum(row["line_kind"] == "refund" for row in lines),
        "refund_share": back / sold if sold else None,
        "days_since_last_action": min(active, default=None),
        "active_days_7d": sum(age <= 7 for age in active),
        "active_days_30d": now,
        "active_days_90d": sum(age <= 90 for age in active),
        "active_trend": math.log((now + 1) / (earlier + 1)) if any(age <= 90 for age in active) else None,
        "sessions_30d": len(sessions) + len(bare),
        "views_30d": late(acted, 30, "product_view"),
        "views_90d": late(acted, 90, "product_view"),
        "carts_90d": late(acted, 90, "add_to_cart"),
        "interactions_90d": late(acted, 90, "like"),
        "messages_30d": sum(age <= 30 for age in said),
        "messages_90d": sum(age <= 90 for age in said),
        "days_since_last_message": min(said, default=None),
        "touches_30d": sum(age <= 30 for age, _ in sent),
        "touches_90d": len(sent),
        "opened_share_90d": sum("opened" in names for names in delivered) / len(delivered) if delivered else None,
        "clicks_90d": sum("clicked" in names for _, names in sent),
        "withdrawals_365d": sum(day(row) <= 365 for row in left),
        "complaints_90d": late(loud, 90),
        "complaints_365d": late(loud, 365),
        "low_scores_365d": late(low, 365),
        "last_score": max(fives, key=lambda row: row["occurred_at"])["score"] if fives else None,
        "conversations_365d": len(talks),
        "slow_replies_365d": sum(map(is_slow, talks)),
        "unsolved_365d": sum(
            row["resolved_at"] is None and row["occurred_at"] <= CUT - timedelta(days=1) for row in talks
        ),
        "low_talks_365d": len(unhappy),
        "points": sum(row["points"] for row in own(seen, "points", who)),
    }


def test_features_are_what_loops_over_the_facts_say(lives):
    facts, _, whole = lives
    with reading(whole) as lake:
        found = scoring.features(lake, ON)
    told = dict(zip(found.ids.tolist(), found.raw, strict=True))
    assert 9 not in told and len(told) >= 5
    for who, row in told.items():
        expected = by_hand(facts, who)
        for name, value in expected.items():
            got = row[NAMES.index(name)]
            assert np.isnan(got) if value is None else got == pytest.approx(value, abs=1e-9), (who, name, got, value)
    assert set(NAMES) - set(by_hand(facts, 1)) == {"groups", "tier", "tenure_days"}


def test_the_tier_is_that_of_the_house_on_the_day_before(lives):
    """As the Membership page tells it of a lake that ends there."""
    _, before, whole = lives
    with reading(whole) as lake:
        found = scoring.features(lake, ON)
    with reading(before) as lake:
        assert lake.as_of_on == ON - timedelta(days=1)
        standings = membership.standings(lake)
    tiers = dict(zip(standings["member_id"].to_pylist(), standings["tier"].to_pylist(), strict=True))
    assert [TIERS[int(one)] for one in found.column("tier")] == [tiers[who] for who in found.ids.tolist()]


# -- by hand -------------------------------------------------------------------------------------------------------------


def test_tenure_groups_and_what_is_not_known_of_a_newcomer(tmp_path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        events=[lakes.event(1, "2026-05-30 16:00"), lakes.event(2, "2026-05-31 15:59"), lakes.event(3, "2026-05-31 16:00")],
        group_membership=[
            {"identity_key": 1, "occurred_at": lakes.at(when), "group_id": group, "change": change}
            for when, group, change in (
                ("2026-05-01 03:00", "g1", "join"), ("2026-05-02 03:00", "g2", "join"), ("2026-05-03 03:00", "g2", "leave"), ("2026-06-03 03:00", "g1", "leave"),
            )
        ],
    )  # fmt: skip
    with reading(home, Filters(), Scope(frozenset({"nowhere"}))) as lake:
        found = scoring.features(lake, ON)
        assert found.ids.tolist() == [1, 2], "3 came on the day itself; scope and filters change nothing"
        assert found.column("tenure_days").tolist() == [31, 1]
        assert found.column("groups").tolist() == [1, 0]
        assert scoring.today(lake) == date(2026, 6, 4)
    newcomer = dict(zip(found.names, found.raw[1].tolist(), strict=True))
    assert (newcomer["days_since_last_action"], newcomer["sessions_30d"], newcomer["active_trend"]) == (
        1,
        1,
        math.log(2),
    )
    assert {name for name, value in newcomer.items() if value != value} == {
        one.name for one in FEATURES if one.unit in ("days", "share", "score", "ratio") or one.name == "aov_minor"
    } - {"days_since_last_action", "active_trend", "tenure_days"}
    row = dict(zip(found.names, found.matrix[1].tolist(), strict=True))
    assert np.isfinite(found.matrix).all()
    assert (row["days_since_last_order"], row["tenure_days"], row["last_score"]) == (math.log1p(1095), math.log1p(1), 4)
    assert found.of(found.ids == 2).raw.tolist()[0][-3] == 1
    home.store.close()


# -- what came of it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", HORIZONS)
@pytest.mark.parametrize("target", TARGETS)
def test_who_is_asked_about_and_what_came_of_it_is_what_loops_say(lives, target, days):
    facts, _, whole = lives
    with reading(whole) as lake:
        found = scoring.sample(lake, ON, target, days)
        assert (found.features.ids == scoring.features(lake, ON, target).ids).all()
    seen, until = known_by(facts, CUT), CUT + timedelta(days=days)
    expected = {}
    for who in range(1, 7):
        if target == "churn_order":
            is_asked = any(age <= 365 for age, _ in orders_of(seen, who).values())
        else:
            is_asked = any(day(row) <= 90 for row in acts_of(seen, who))
        if is_asked:
            acts = any(-days < day(row) <= 0 for row in acts_of(facts, who))
            bought = any(age <= 0 for age, _ in orders_of(known_by(facts, until), who).values())
            expected[who] = {"churn_activity": not acts, "churn_order": not bought, "conversion": bought}[target]
    assert dict(zip(found.features.ids.tolist(), found.label.tolist(), strict=True)) == expected


def test_labels_wait_until_the_data_reaches_the_end_of_their_days(tmp_path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2026-05-30 03:00"), lakes.event(2, "2026-06-29 15:59")])
    with reading(home) as lake:
        with pytest.raises(LabelsOpen, match="2026-07-01"):
            scoring.labels(lake, ON, "churn_activity", 30)
        assert scoring.labels(lake, ON - timedelta(days=1), "churn_activity", 30).tolist() == [True]
        is_told = [scoring.is_told(lake, day, "churn_activity", 30) for day in (ON, ON - timedelta(days=1))]
        assert is_told == [False, True]
        for target, days in (("boredom", 30), ("conversion", 31)):
            with pytest.raises(Unknown):
                scoring.labels(lake, ON, target, days)  # type: ignore[arg-type]
        with pytest.raises(Unknown):
            scoring.features(lake, ON, "boredom")  # type: ignore[arg-type]
    home.store.close()


def test_an_empty_lake_knows_nobody(tmp_path):
    home = lakes.home(tmp_path)
    with reading(home) as lake:
        assert scoring.today(lake) is None and not scoring.is_told(lake, ON, "churn_order", 30)
        assert scoring.features(lake, ON).matrix.shape == (0, len(NAMES))
    home.store.close()


# -- a real shop ---------------------------------------------------------------------------------------------------------


def test_online_retail_has_the_published_rows_and_rates(retail):
    """Everybody who had bought before, and whether they buy in the next 90 days; counted apart from here with pandas."""
    with reading(retail) as lake:
        told = scoring.labels(lake, date(2011, 9, 10), "churn_order", 90)
        early = [
            scoring.labels(lake, date(2011, month, day), "churn_order", 90)
            for month, day in ((3, 14), (4, 13), (5, 13), (6, 12))
        ]
    assert (len(told), round(1 - told.mean(), 3)) == (3370, 0.569)
    together = np.concatenate(early)
    assert (len(together), round(1 - together.mean(), 3)) == (9532, 0.516)
