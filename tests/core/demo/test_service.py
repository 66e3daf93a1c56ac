"""What the demo plants about service can be found on the Community page."""

from core.scope import Filters
from core.work.questions import care, group_statistics
from core.work.questions.places import TOTAL
from core.work.questions.reading import reading
from tests.core.demo.conftest import Filled


def test_members_who_left_for_poor_service_stand_behind_what_went_wrong(filled: Filled):
    """Each of them was answered after half a day, left unsolved, and scored low; half of the others were answered in minutes."""
    planted = {filled.members.member_id[key] for key in filled.truths["churn"]["causes"]["poor_service"]}
    assert planted
    with reading(filled.home, Filters()) as opened:
        found = {
            which: set(care.behind(opened, "total", TOTAL, which)["member_id"])
            for which in ("wrong", "unsolved", "low", "slow")
        }
        everybody = set(care.behind(opened, "total", TOTAL, "conversations")["member_id"])
    talked = planted & everybody
    assert len(talked) > 0.9 * len(planted)
    for which in ("wrong", "unsolved", "low"):
        assert talked <= found[which], which
    assert len(talked & found["slow"]) > 0.8 * len(talked)
    assert len(found["slow"] - planted) < 0.2 * len(found["slow"]), "hardly anybody else is slow"


def test_statistics_of_groups_reach_back_180_days_and_know_more_than_callbacks_and_the_archive(filled: Filled):
    """Members agree; of messages the archive lacks a few, of joins callbacks lost some on two days."""
    with reading(filled.home, Filters()) as opened:
        found = group_statistics.reconciled(opened, "group")
    assert found is not None
    since = found.sources.set_index("source")
    assert filled.rows("group_membership").local_date.min() < since.loc["statistics", "since_on"]
    assert (since.loc["statistics", "until_on"] - since.loc["statistics", "since_on"]).days in range(170, 180)
    assert 0 < since.loc["statistics", "missing_days"] <= 3
    total = found.total.iloc[0]
    assert total.members_told == total.members_counted
    assert 0 < total.messages_lost < 0.06 * total.messages_told
    assert 0 < total.joined_lost < total.joined_told
