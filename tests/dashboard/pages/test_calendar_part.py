"""零售日历, through the frame: what it tells, every change of it, who may make one, and what is refused."""

from datetime import date, datetime

import pytest
from sqlalchemy import select

from core.models.forecast.history import Event
from core.store.tables import AuditEntry
from core.work.home import Home
from core.work.questions import calendar
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, go, said

AS_OF = date(2026, 11, 30)


def fill() -> Home:
    home = wiring.house().live
    lakes.add(home, 1, events=[lakes.event(who, f"2026-11-{who:02}T03:00", "page_view") for who in range(1, 31)])
    with home.writer.change("import", 2) as change:
        rows = [
            {
                "campaign_id": "c1",
                "name": "新茶节",
                "starts_at": datetime(2026, 4, 1, 16),
                "ends_at": datetime(2026, 4, 5, 16),
            },
            {"campaign_id": "c2", "name": "无日期"},
        ]
        change.merge("campaigns", lakes.rows("campaigns", rows))
    return home


def open_part(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    test.query_params["part"] = "calendar"
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "forecast")


def table(test) -> list[tuple[str, ...]]:
    frame = next(one.value for one in test.dataframe if len(one.value.columns) == 6)
    return [tuple(row) for row in frame.itertuples(index=False)]


def opens(test, box: str):
    test.session_state[box] = True
    return test.run()


def button(test, key: str):
    return next(one for one in test.button if one.key == key)


def put(test, label: str, value):
    """Give a field a value, by its label."""
    kinds = (
        test.text_input,
        test.number_input,
        test.selectbox,
        test.radio,
        test.multiselect,
        test.date_input,
        test.toggle,
    )
    field = next(one for kind in kinds for one in kind if one.label == label)
    return field.set_value(value).run()


def events(home: Home, start: str, end: str) -> list[tuple[str, date]]:
    span = date.fromisoformat(start), date.fromisoformat(end)
    return [(one.name, one.on) for one in calendar.known(home, *span).events]


@pytest.mark.parametrize(
    ("language", "title", "spring", "past"),
    [("zh", "零售日历", "春节", "过去一年"), ("en", "Retail calendar", "Spring Festival", "Past year")],
)
def test_the_year_ahead_and_the_year_before_are_told_in_both_languages(opened, language, title, spring, past):
    fill()
    test = open_part(opened, language=language)
    assert not test.exception
    assert title in said(test)
    ahead = table(test)
    assert [row[1] for row in ahead].count(spring) == 1 and len(ahead) == 10
    assert (ahead[0][1], ahead[-1][1]) == (
        "双12" if language == "zh" else "Double 12",
        "双11" if language == "zh" else "Double 11",
    )
    before = table(choose(test, past))
    assert before[0][1] == ("双11" if language == "zh" else "Double 11")
    assert {row[3] for row in before} == {"内置节日" if language == "zh" else "Built in"}


def test_a_day_of_the_house_is_added_told_changed_removed_and_restored(opened):
    home = fill()
    test = opens(open_part(opened), "cal_add")
    put(test, "名称", "会员日")
    put(test, "哪些日子", "monthly")
    put(test, "几号", [18])
    put(test, "之前受影响的天数", 1)
    test = button(test, "cal_add_do").click().run()
    assert not test.exception and "已添加“会员日”" in said(test)
    assert ("会员日", date(2026, 12, 18)) in events(home, "2026-12-01", "2027-01-01")
    row = next(row for row in table(test) if row[1] == "会员日")
    assert row[2:5] == ("12月17日 至 12月18日（2 天）", "自家日子", "启用")

    test = opens(test, "cal_change")
    test = put(test, "启用", False)
    test = button(test, "cal_change_do").click().run()
    assert "已改“会员日”" in said(test)
    assert ("会员日", date(2026, 12, 18)) not in events(home, "2026-12-01", "2027-01-01")
    assert {row[4] for row in table(test) if row[1] == "会员日"} == {"停用"}

    test = button(opens(test, "cal_change"), "cal_remove_do").click().run()
    assert "已移除“会员日”" in said(test) and "会员日" not in {row[1] for row in table(test)}
    test = opens(test, "cal_removed")
    key = next(one.key for one in test.button if one.key.startswith("cal_restore_"))
    test = button(test, key).click().run()
    assert "会员日" in {row[1] for row in table(test)}
    with home.store.reading() as session:
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("calendar."))))
    assert actions == ["calendar.added", "calendar.changed", "calendar.removed", "calendar.restored"]


def test_an_occurrence_is_moved_and_as_built_in_again(opened):
    home = fill()
    test = opens(open_part(opened), "cal_change")
    test = put(test, "改哪一个", "one|double12|2026-12-12")
    test = put(test, "改到", date(2026, 12, 10))
    test = button(test, "cal_change_do").click().run()
    assert events(home, "2026-12-01", "2026-12-31") == [("double12", date(2026, 12, 10))]
    assert "启用、改期，原为 12月12日" in {row[4] for row in table(test)}
    test = button(opens(test, "cal_change"), "cal_remove_do").click().run()
    assert not test.exception and "已恢复为内置的样子" in said(test) and "已移除“双12" not in said(test)
    assert events(home, "2026-12-01", "2026-12-31") == [("double12", date(2026, 12, 12))]
    test = opens(test, "cal_removed")
    key = next(one.key for one in test.button if one.key.startswith("cal_restore_"))
    assert button(test, key).label.startswith("找回对“双12")
    test = button(test, key).click().run()
    assert "已找回对“双12" in said(test)
    assert events(home, "2026-12-01", "2026-12-31") == [("double12", date(2026, 12, 10))]


def test_a_name_with_marks_is_written_as_it_is_on_the_button_that_brings_it_back(opened):
    fill()
    test = opens(open_part(opened), "cal_add")
    put(test, "名称", "**粗** 日")
    put(test, "哪些日子", "monthly")
    put(test, "几号", [18])
    test = button(test, "cal_add_do").click().run()
    test = button(opens(test, "cal_change"), "cal_remove_do").click().run()
    assert not test.exception
    test = opens(test, "cal_removed")
    key = next(one.key for one in test.button if one.key.startswith("cal_restore_"))
    assert button(test, key).label == r"恢复“\*\*粗\*\* 日”"


def test_a_whole_event_gets_another_window(opened):
    home = fill()
    test = put(opens(open_part(opened), "cal_change"), "改哪一个", "event|double12")
    test = put(test, "之前受影响的天数", 9)
    test = button(test, "cal_change_do").click().run()
    assert not test.exception
    assert calendar.known(home, date(2026, 12, 1), date(2026, 12, 31)).events == (
        Event("double12", date(2026, 12, 12), 9, 1),
    )
    assert "启用、自定天数" in {row[4] for row in table(test)}


def test_a_campaign_of_the_data_is_taken_over_once(opened):
    home = fill()
    test = opens(open_part(opened), "cal_campaigns")
    assert [one.options for one in test.selectbox if one.label == "哪个活动"] == [
        ["新茶节（2026年4月2日 至 2026年4月5日）"]
    ]
    test = button(test, "cal_campaign_do").click().run()
    assert not test.exception
    span = date(2026, 4, 1), date(2026, 4, 30)
    assert calendar.known(home, *span).events == (Event("新茶节", date(2026, 4, 2), 0, 3),)
    assert not [one for one in test.selectbox if one.label == "哪个活动"]


@pytest.mark.parametrize(
    ("name", "days", "told"),
    [
        ("", "2027-04-18", "名称要有"),
        ("春茶", "四月", "个日期"),
        ("春茶", "", "个日期"),
        ("618", "2027-04-18", "已经有一个"),
    ],
)
def test_what_cannot_be_said_is_refused_with_a_reason(opened, name, days, told):
    home = fill()
    test = opens(open_part(opened), "cal_add")
    put(test, "名称", name)
    put(test, "日期", days)
    test = button(test, "cal_add_do").click().run()
    assert told in said(test)
    assert calendar.entries(home) == ()


def test_two_days_are_typed_with_either_comma(opened):
    home = fill()
    test = opens(open_part(opened), "cal_add")
    put(test, "类别", "closed")
    put(test, "名称", "盘点")
    put(test, "日期", "2026-12-30，2026-12-31, 2027-01-02")
    button(test, "cal_add_do").click().run()
    span = date(2026, 12, 1), date(2027, 1, 31)
    assert calendar.known(home, *span).closed == (date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 2))


@pytest.mark.parametrize(("role", "units"), [("manager", None), ("executive", None), ("analyst", ["north"])])
def test_others_see_the_calendar_and_cannot_change_it(opened, role, units):
    fill()
    test = open_part(opened, role, units=units)
    assert not test.exception and "零售日历" in said(test)
    assert not [one for one in test.button if one.key and one.key.startswith("cal_")]
    assert len(table(test)) == 10
