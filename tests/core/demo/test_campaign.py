"""The campaign of the demo that held some out: results find the lift that was planted."""

import pytest

from core.campaigns import body as bodies
from core.campaigns.hours import NEVER
from core.campaigns.states import Tally
from core.store import campaigns
from core.work.campaigns import policy
from core.work.campaigns.recipients import gates, planning
from core.work.campaigns.ways_out.ways import Ways
from core.work.questions import campaigns as progress_of
from core.work.questions.campaign_results import people, results
from core.work.questions.reading import reading
from tests.core.demo.conftest import NOW, Filled


@pytest.fixture(scope="module")
def campaign(filled: Filled):
    with filled.home.store.reading() as session:
        (found,) = campaigns.listed(session)
    return found


def test_its_rows_are_those_whom_the_truth_names(filled: Filled, campaign) -> None:
    lift = filled.truths["lift"]
    assert (campaign.code, campaign.state) == (lift["campaign_id"], "completed")
    with reading(filled.home, now=NOW) as lake:
        found = progress_of.progress(filled.home, lake, campaign.id, NOW)
        held = progress_of.members(filled.home, lake, campaign.id, state="holdout")
    assert found.tally == Tally({"delivered": lift["treated"], "holdout": lift["holdout"]})
    assert set(held) == set(filled.members.member_id.loc[lift["holdout_members"]])


def test_the_lift_is_that_which_was_planted(filled: Filled, campaign) -> None:
    lift = filled.truths["lift"]
    with reading(filled.home, now=NOW) as lake:
        found = results(filled.home, lake, campaign.id)
    assert (found.treated, found.held, found.is_provisional) == (lift["treated"], lift["holdout"], False)
    assert len(people(found, "treated/converted")) == lift["treated_converted"]
    assert len(people(found, "holdout/converted")) == lift["holdout_converted"]
    told = found.judged.people.lift
    planted = lift["treated_converted"] / lift["treated"] - lift["holdout_converted"] / lift["holdout"]
    assert told.difference == pytest.approx(planted)
    assert told.interval.low < lift["true_rates"]["treated"] - lift["true_rates"]["holdout"] < told.interval.high


def test_what_it_cost_is_what_the_lake_tells_and_is_kept_as_a_launch_keeps_it(filled: Filled, campaign) -> None:
    lift, touches = filled.truths["lift"], filled.rows("touches")
    with reading(filled.home, now=NOW) as lake:
        found = results(filled.home, lake, campaign.id)
    money = found.money
    spent = int(touches[touches.campaign_id == campaign.code].cost_minor.sum())
    assert money.cost_minor == money.send_minor == spent > 0
    assert money.per_converted_minor == pytest.approx(spent / lift["treated_converted"])
    assert found.judged.value.code == "too_small"  # what people spend differs too much among so few
    assert (money.extra_minor, money.roi) == (None, None)
    launched = campaign.launched
    said = bodies.parse(campaign.body)
    with reading(filled.home, now=NOW) as lake, filled.home.store.reading() as session:
        real = planning.summary(gates.decide(filled.home, lake, session, said, salt=campaign.salt, code="x", now=NOW))
    (flow,), (like,) = launched["flows"], real["flows"]
    assert launched.keys() == real.keys() | {"at", "lake_version"} and flow.keys() == like.keys()
    assert [one["name"] for one in flow["gates"]] == [one["name"] for one in like["gates"]]
    assert (launched["will_send"], launched["holdout"]) == (lift["treated"], lift["holdout"])


def test_clicks_are_those_of_the_lake(filled: Filled, campaign) -> None:
    touches = filled.rows("touches")
    clicked = touches[(touches.campaign_id == campaign.code) & (touches.state == "clicked")]
    with reading(filled.home, now=NOW) as lake:
        found = results(filled.home, lake, campaign.id)
    assert set(people(found, "treated/clicked")) == set(clicked.member)


def test_sending_can_be_tried_from_the_first_moment(filled: Filled) -> None:
    with filled.home.store.reading() as session:
        found = Ways(filled.home).open(session, "console", None)
        assert found is not None and found.closed is None and found.quiet == NEVER
        assert policy.read(session).names == ("云岫茶集",)
