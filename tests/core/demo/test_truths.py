"""The planted truths, recomputed from the lake's rows by plain means."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.metrics.health import PARTS
from core.work.questions import community
from core.work.questions.reading import reading
from tests.core.demo.conftest import END_ON, Filled

DAY = pd.Timedelta(days=1)


def on(rows: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(rows.local_date).dt.date.astype(str)


def timeline(filled: Filled) -> pd.DataFrame:
    """Events, and an ``order_placed`` at the first line of each order."""
    sales = filled.rows("order_lines").query("line_kind == 'sale'")
    placed = sales.drop_duplicates("order_no").assign(name="order_placed")
    columns = ["member", "occurred_at", "name", "campaign_id"]
    rows = pd.concat([filled.rows("events")[columns], placed[columns]]).dropna(subset="member")
    return rows.sort_values("occurred_at", kind="stable")


def depth(walk: pd.DataFrame, steps: list[str], within: pd.Timedelta, entry: dict[str, str]) -> int:
    """The farthest step a member reaches, trying every first step: brute force."""
    best = 0
    times = {step: walk.occurred_at[walk.name == step].to_list() for step in steps}
    starts = (
        walk[(walk.name == steps[0]) & (walk[list(entry)] == pd.Series(entry)).all(axis=1)]
        if entry
        else walk[walk.name == steps[0]]
    )
    for start in starts.occurred_at:
        at, reached = start, 1
        for step in steps[1:]:
            later = [time for time in times[step] if at < time <= start + within]
            if not later:
                break
            at, reached = min(later), reached + 1
        best = max(best, reached)
    return best


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize(("within", "name"), [(7 * DAY, "members_7d"), (DAY, "members_1d")])
def test_a_funnel_counts_as_planted(filled: Filled, index: int, within: pd.Timedelta, name: str) -> None:
    planted = filled.truths["funnels"][index]
    rows = timeline(filled)
    entered = rows[rows.name == planted["steps"][0]]
    for column, value in planted["entry"].items():
        entered = entered[entered[column] == value]
    rows = rows[rows.member.isin(entered.member) & rows.name.isin(planted["steps"])]
    depths = [depth(walk, planted["steps"], within, planted["entry"]) for _, walk in rows.groupby("member")]
    assert [sum(d >= step for d in depths) for step in (1, 2, 3, 4)] == planted[name]


def test_the_planted_churners_do_nothing_any_more(filled: Filled) -> None:
    churn = filled.truths["churn"]
    for cause, keys in churn["causes"].items():
        gone = set(filled.members.member_id.loc[keys])
        assert len(gone) == len(keys) == round(filled.truths["one_id"]["persons"] * 0.005), cause
        for table in ("events", "order_lines", "group_messages"):
            rows = filled.rows(table)
            rows = rows[rows.line_kind == "sale"] if table == "order_lines" else rows
            mine = rows[rows.member.isin(gone)]
            assert (on(mine) < churn["silent_from_on"]).all(), (cause, table)


def evidence(filled: Filled) -> dict[str, pd.Series]:
    """Per cause: how much of its evidence each member bears."""
    feedback, touches = filled.rows("feedback"), filled.rows("touches")
    complaints = feedback[feedback.feedback_kind == "complaint"]
    bare = touches[(touches.state == "sent") & touches.campaign_id.isna()]
    topics = bare.merge(filled.rows("contents")[["content_id", "topic"]], on="content_id")
    opened = set(touches[touches.state == "opened"].touch_id)
    return {
        "samey_content": topics.groupby(["member", "topic"]).size().groupby("member").max(),
        "poor_service": complaints[complaints.category == "service"].groupby("member").size(),
        "impersonal": bare[~bare.touch_id.isin(opened)].groupby("member").size(),
        "too_many_messages": bare.groupby("member").size(),
        "lost_trust": complaints[complaints.category == "privacy"].groupby("member").size(),
    }


@pytest.mark.parametrize(
    ("cause", "least"),
    [("samey_content", 10), ("poor_service", 1), ("impersonal", 6), ("too_many_messages", 25), ("lost_trust", 1)],
)
def test_each_cause_of_churn_leaves_its_evidence(filled: Filled, cause: str, least: int) -> None:
    members = filled.members.member_id.loc[filled.truths["churn"]["causes"][cause]]
    assert (evidence(filled)[cause].reindex(members).fillna(0) >= least).all()


def test_the_sick_group_loses_as_many_as_planted_and_then_nobody_speaks(filled: Filled) -> None:
    sick = filled.truths["sick_group"]
    moves = filled.rows("group_membership").query("group_id == @sick['group_id']")
    first = pd.Timestamp(sick["from_on"], tz="Asia/Shanghai").tz_convert("UTC").tz_localize(None)
    stays = moves.pivot(index="identity_key", columns="change", values="occurred_at")
    there = stays[(stays["join"] < first) & ~(stays["leave"] < first)]
    assert (len(there), int(there["leave"].notna().sum())) == (sick["members"], sick["left"])
    messages = filled.rows("group_messages").query("group_id == @sick['group_id'] and sender_kind == 'member'")
    assert (on(messages) < sick["silent_from_on"]).all()
    assert pd.Timestamp(sick["last_message_at"]).tz_localize(None) == messages.occurred_at.max()


def test_the_sick_group_is_last_in_health_for_the_planted_leaves_and_silence(
    crowded: Filled,
) -> None:
    with reading(crowded.home) as opened:
        found = community.groups(opened)
    assert found is not None
    scored = found.rows[found.rows.health.notna()].sort_values("health", ignore_index=True)
    last = scored.iloc[0]
    assert len(scored) > 5 and last["key"] == crowded.truths["sick_group"]["group_id"]
    assert last["health_moved"] < -10 and last["quiet_days"] >= 14
    moved = {part.name: last[f"{part.name}_moved"] for part in PARTS if not pd.isna(last[f"{part.name}_moved"])}
    assert set(sorted(moved, key=lambda name: moved[name])[:2]) == {"staying", "regular"}


def test_the_incident_shows_in_complaints_and_refunds(filled: Filled) -> None:
    incident = filled.truths["incident"]
    feedback, lines = filled.rows("feedback"), filled.rows("order_lines")
    complaints = feedback[
        (feedback.feedback_kind == "complaint") & (feedback.category == "quality") & (on(feedback) == incident["on"])
    ]
    after = pd.Series(pd.to_datetime(on(lines)) - pd.Timestamp(incident["on"]))
    refunds = lines[
        (lines.line_kind == "refund")
        & (lines.product_id == incident["product_id"])
        & (after >= 0 * DAY)
        & (after <= 3 * DAY)
    ]
    assert (len(complaints), len(refunds)) == (incident["complaints"], incident["refund_lines"])
    daily = feedback[feedback.feedback_kind == "complaint"].groupby("local_date").size()
    assert len(complaints) > 5 * daily.median()


def test_the_campaign_lifts_conversion_as_planted(filled: Filled) -> None:
    lift = filled.truths["lift"]
    touches, lines = filled.rows("touches"), filled.rows("order_lines")
    treated = set(touches[(touches.campaign_id == lift["campaign_id"]) & (touches.state == "sent")].member)
    holdout = set(filled.members.member_id.loc[lift["holdout_members"]])
    days = on(lines)
    bought = lines[(lines.line_kind == "sale") & (days >= lift["from_on"]) & (days < lift["to_on"])]
    buyers = set(bought.member.dropna())
    assert not treated & holdout
    assert [len(treated), len(treated & buyers), len(holdout), len(holdout & buyers)] == [
        lift["treated"], lift["treated_converted"], lift["holdout"], lift["holdout_converted"],
    ]  # fmt: skip
    assert lift["treated_converted"] / lift["treated"] == pytest.approx(
        lift["true_rates"]["treated"], abs=1 / lift["treated"]
    )
    converted = touches[(touches.campaign_id == lift["campaign_id"]) & (touches.state == "converted")]
    assert len(converted) == lift["treated_converted"]


def cohort_orders(filled: Filled) -> pd.DataFrame:
    lines = filled.rows("order_lines")
    return lines[
        lines.identity_key.isin(filled.truths["ltv"]["members"]) & (lines.line_kind == "sale") & (lines.source == "pos")
    ]


def test_the_ltv_cohort_bought_as_often_as_its_law_expects(filled: Filled) -> None:
    """Orders beyond the first against the mean of BG/NBD, found by drawing from the law afresh."""
    ltv = filled.truths["ltv"]
    law, orders = ltv["purchases"], cohort_orders(filled)
    assert len(orders) == ltv["orders"]
    assert orders.identity_key.nunique() == len(ltv["members"])
    first = pd.to_datetime(orders.groupby("identity_key").local_date.min())
    horizon = (pd.Timestamp(END_ON + timedelta(days=1)) - first).dt.days.to_numpy(float)
    draws = [_repeats(np.random.default_rng(n), law, horizon) for n in range(200)]
    repeats = len(orders) - len(horizon)
    assert abs(repeats - np.mean(draws)) < 4 * np.std(draws)


def _repeats(rng: np.random.Generator, law: dict[str, float], horizon: np.ndarray) -> int:
    total = 0
    for rate, dropout, left in zip(
        rng.gamma(law["r"], 1 / law["alpha"], len(horizon)),
        rng.beta(law["a"], law["b"], len(horizon)),
        horizon,
        strict=True,
    ):
        at = rng.exponential(1 / rate)
        while at < left:
            total += 1
            if rng.random() < dropout:
                break
            at += rng.exponential(1 / rate)
    return total


def test_the_ltv_cohort_spends_what_its_law_expects(filled: Filled) -> None:
    spend, orders = filled.truths["ltv"]["spend"], cohort_orders(filled)
    per_member = orders.groupby("identity_key").amount_minor.mean() / 100
    expected = spend["p"] * spend["v"] / (spend["q"] - 1)
    assert abs(per_member.mean() - expected) < 4 * per_member.std() / np.sqrt(len(per_member))


def test_nothing_of_the_ltv_cohort_comes_back(filled: Filled) -> None:
    lines = filled.rows("order_lines")
    assert lines[lines.identity_key.isin(filled.truths["ltv"]["members"]) & (lines.line_kind == "refund")].empty


def test_the_k_factor_is_as_planted(filled: Filled) -> None:
    planted = filled.truths["referrals"]
    rows = filled.rows("referrals")
    days = on(rows)
    brought = int(((days >= planted["from_on"]) & (days < planted["to_on"])).sum())
    assert (brought, len(rows)) == (planted["referrals"], planted["referrals_in_all"])
    assert planted["k_factor"] == brought / planted["persons_before"]


def test_coupons_are_redeemed_as_planted(filled: Filled) -> None:
    planted = filled.truths["coupons"]
    rows = filled.rows("offer_events")
    counts = rows.state.value_counts()
    assert (counts["issued"], counts["redeemed"]) == (planted["issued"], planted["redeemed"])
    by_offer: dict[str, Any] = (
        rows[rows.state.isin(["issued", "redeemed"])].groupby(["offer_id", "state"]).size().unstack(fill_value=0)
    )
    assert {one: list(row[["issued", "redeemed"]]) for one, row in by_offer.iterrows()} == {
        one: counts for one, counts in planted["by_offer"].items() if counts[0]
    }


def test_one_id_leaves_the_stores_phones_alone_and_joins_the_rest(filled: Filled) -> None:
    planted = filled.truths["one_id"]
    with filled.home.lake.open() as snapshot:
        left_out = snapshot.frame(snapshot.left_out())
    known = filled.members[filled.members.is_known.to_numpy(dtype=bool)]
    assert len(filled.members) == planted["identities"]
    assert sorted(left_out.identity_key.astype(str)) == sorted(planted["shared_phones"])
    assert all(users >= 24 for users in planted["shared_phones"].values())
    assert known.member_id.nunique() == planted["pieces"]
    assert planted["persons"] < planted["pieces"] < 1.4 * planted["persons"]
