"""The brand looks like one: rhythm of the day and the year, and indicators in the range of the trade."""

import pandas as pd
import pytest

from tests.core.demo.conftest import Filled


def shop(filled: Filled) -> pd.DataFrame:
    lines = filled.rows("order_lines")
    return lines[lines.member.notna()]


def local_hours(filled: Filled) -> pd.Series:
    events = filled.rows("events")
    return events.occurred_at.dt.tz_localize("UTC").dt.tz_convert("Asia/Shanghai").dt.hour.value_counts()


def daily(filled: Filled) -> pd.Series:
    days = filled.rows("events").groupby("local_date").size()
    days.index = pd.to_datetime(days.index)
    return days


def test_people_come_in_the_morning_at_noon_and_in_the_evening(filled: Filled) -> None:
    hours = local_hours(filled)
    assert hours[7] > hours[6] and hours[7] > hours[9]
    assert hours[12] > hours[10] and hours[12] > hours[14]
    assert set(hours.index[:2]) == {20, 21}
    assert hours[3] < hours[20] / 20


@pytest.mark.parametrize("day", ["2025-11-11", "2026-06-18", "2026-11-11"])
def test_the_shopping_festivals_stand_out(filled: Filled, day: str) -> None:
    days = daily(filled)
    around = days[
        (days.index >= pd.Timestamp(day) - pd.Timedelta(days=45))
        & (days.index <= pd.Timestamp(day) - pd.Timedelta(days=25))
    ]
    assert days[day] > 1.8 * around.median()


def test_the_spring_festival_is_quiet(filled: Filled) -> None:
    days = daily(filled)
    assert days["2026-02-16":"2026-02-22"].mean() < 0.65 * days["2026-01-19":"2026-02-08"].mean()


def test_weekends_are_livelier_than_weekdays(filled: Filled) -> None:
    days = daily(filled)["2026-03-01":"2026-04-30"]
    assert days[days.index.day_of_week >= 5].mean() > 1.1 * days[days.index.day_of_week < 4].mean()


def test_the_brand_grows(filled: Filled) -> None:
    days = daily(filled)
    assert days["2026-10-01":"2026-10-31"].sum() > 1.3 * days["2025-12-01":"2025-12-31"].sum()


def test_indicators_lie_in_the_range_of_the_trade(filled: Filled) -> None:
    lines, feedback, offers = shop(filled), filled.rows("feedback"), filled.rows("offer_events").state.value_counts()
    sales = lines[lines.line_kind == "sale"]
    orders = sales.groupby("member").order_no.nunique()
    nps = feedback[feedback.feedback_kind == "nps"].score
    refunded = -lines[lines.line_kind == "refund"].amount_minor.sum() / sales.amount_minor.sum()
    assert 0.33 <= (orders >= 2).mean() <= 0.48
    assert 0.15 <= offers["redeemed"] / offers["issued"] <= 0.25
    assert 0.15 <= offers["redeemed"] / offers["claimed"] <= 0.28
    assert 30 <= 100 * ((nps >= 9).mean() - (nps <= 6).mean()) <= 55
    assert 0.02 <= refunded <= 0.08
    assert 15_000 <= sales.groupby("order_no").amount_minor.sum().mean() <= 25_000


def test_a_fifth_to_a_third_of_the_members_interact_in_a_month(filled: Filled) -> None:
    events, messages = filled.rows("events"), filled.rows("group_messages")
    liked = events[(events.month == "2026-10") & events.name.isin(["like", "comment", "share"])]
    spoke = messages[(messages.month == "2026-10") & (messages.sender_kind == "member")]
    members = filled.members[filled.members.is_known.to_numpy(dtype=bool)].member_id.nunique()
    assert 0.19 <= len((set(liked.member) | set(spoke.member)) & set(filled.members.member_id)) / members <= 0.35
