"""调研, through the frame: results of a lake that is counted by hand, one row, complaints, people, words, and what is missing."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, said
from tests.dashboard.pages.parts import follow, html, open_part, tile

NOV = datetime(2026, 11, 3, 2)


def fill():
    """NPS: 20 promoters and 10 passives on WeCom, 10 detractors on the mini-program; four satisfaction answers; three complaints of two people,
    one of them with a telephone number."""
    home = wiring.house().live
    rows = [_said(n, n, "nps", 10, channel="wecom") for n in range(1, 21)]
    rows += [_said(n, n, "nps", 8, channel="wecom") for n in range(21, 31)]
    rows += [_said(n, n, "nps", 3, channel="mini_program", text="太贵" if n == 31 else None) for n in range(31, 41)]
    rows += [_said(50 + n, n, "satisfaction", score) for n, score in enumerate((1, 3, 4, 5), 1)]
    rows += [_said(60 + n, who, "complaint", None, category=about, text=text) for n, (who, about, text) in enumerate(
        [(1, "quality", "打我电话13800138000"), (1, "quality", None), (2, None, "慢")])]  # fmt: skip
    lakes.add(home, 1, feedback=rows, events=[lakes.event(1, "2026-11-28 04:00")])


def _said(number, who, kind, score, **more):
    return {
        "identity_key": who, "occurred_at": NOV + timedelta(hours=number), "feedback_id": f"f{number}", "feedback_kind": kind,
        "score": None if score is None else Decimal(score), **more,
    }  # fmt: skip


def test_results_are_those_counted_by_hand(opened):
    fill()
    test = open_part(opened, "surveys")
    assert not test.exception
    assert [tile(test, f"survey-{kind}")[0] for kind in ("nps", "satisfaction", "service", "complaint", "dispute")] == [
        "25.0", "n = 4", "—", "3", "0",
    ]  # fmt: skip
    assert [tile(test, f"survey-all-{name}")[0] for name in ("up", "middle", "down")] == ["20", "10", "10"]
    assert "40 份答卷" in tile(test, "survey-all-value")[1] and "标准误 13.1" in tile(test, "survey-all-value")[1]
    assert "50.0%" in tile(test, "survey-all-up")[1]


def test_before_feedback_begins_nobody_is_said_to_have_been_content(opened):
    """Feedback begins on 3 November: of October nothing is known, not even that nobody complained."""
    fill()
    test = open_part(opened, "surveys", su_kind="complaint")
    assert not test.exception and "数据从 2026年11月3日 开始，没有覆盖整个上期" in said(test)
    for name in ("survey-nps", "survey-complaint", "trouble-quality"):
        assert "上期 —（数据从 2026年11月3日 开始）" in tile(test, name)[1]
    assert "▲" not in html(test)


def test_a_channel_opens_with_its_result_against_all(opened):
    fill()
    test = open_part(opened, "surveys", su_per="channel", su_of="wecom")
    assert not test.exception and 'id="survey-name">企业微信<' in html(test)
    assert tile(test, "survey-one-value")[0] == "66.7" and "全部 25.0" in tile(test, "survey-one-value")[1]
    rows = test.dataframe[0].value
    assert rows["得分"].fillna(-1).round(1).tolist() == [66.7, -1.0], "of 10 answers, however low, no result is shown"
    assert "答卷少于 30 份的不显示得分，排在后面" in said(test)
    follow(test, "close-survey")
    assert "su_of" not in test.query_params


@pytest.mark.parametrize(("detractors", "first"), [(29, "企业微信"), (30, "小程序")])
def test_from_thirty_answers_on_the_result_decides_who_is_first(opened, detractors, first):
    fill()
    more = [_said(100 + n, 100 + n, "nps", 2, channel="mini_program") for n in range(detractors - 10)]
    lakes.add(wiring.house().live, 3, feedback=more)
    rows = open_part(opened, "surveys", su_per="channel", language="zh").dataframe[0].value
    assert rows.iloc[0, 0] == first


@pytest.mark.parametrize(("which", "count"), [("up", 20), ("middle", 10), ("down", 10), ("answers", 40)])
@pytest.mark.some(2)
def test_the_people_behind_a_figure_add_up_to_it(opened, which, count):
    fill()
    test = follow(open_part(opened, "surveys", "manager"), f"people-all-{which}")
    assert not test.exception
    assert f"{count} 位会员" in said(test) and f"名单合计 {count} 条记录，就是这个数字" in said(test)
    assert "存为人群" in [button.label for button in test.button]


@pytest.mark.parametrize(
    ("language", "quality", "none"), [("zh", "质量", "未注明类别"), ("en", "Quality", "Category not stated")]
)
def test_complaints_stand_by_what_they_are_about(opened, language, quality, none):
    fill()
    test = open_part(opened, "surveys", language=language, su_kind="complaint")
    assert not test.exception
    assert tile(test, "trouble-quality")[0] == "2" and quality in tile(test, "trouble-quality")[1]
    assert tile(test, "trouble-")[0] == "1" and none in tile(test, "trouble-")[1]
    follow(test, "people-all-quality")
    assert test.query_params["su_people"] in ("all.quality", ["all.quality"])
    assert ("1 位会员" if language == "zh" else "1 member") in said(test)


def test_words_are_shown_masked_to_those_who_may_see_people(opened):
    fill()
    test = open_part(opened, "surveys", su_kind="complaint")
    words = test.dataframe[-1].value["原话"].tolist()
    assert words == ["慢", "打我电话138****8000"]
    assert "显示最新 2 条，共 2 条" in said(test)


def test_an_executive_sees_figures_and_neither_people_nor_words(opened):
    fill()
    test = open_part(opened, "surveys", "executive", su_kind="complaint", su_people="all.quality")
    assert not test.exception and "su_people" not in test.query_params
    assert "原话" not in said(test) and "people-all" not in html(test)


@pytest.mark.parametrize(
    ("kind", "text"), [("nps", "one.up"), ("nps", "all.happy"), ("complaint", "all.price"), ("trust", "all.up")]
)
@pytest.mark.some(1)
def test_a_list_that_the_part_does_not_have_is_left_out_and_told(opened, kind, text):
    fill()
    test = open_part(opened, "surveys", su_kind=kind, su_people=text)
    assert not test.exception and "su_people" not in test.query_params
    assert f"“{text}”" in test.warning[0].value.replace("\\", "")


def test_a_survey_that_nobody_answered_says_so(opened):
    fill()
    test = open_part(opened, "surveys", language="en")
    choose(test, "Trust")
    assert not test.exception and "Nobody answered this survey" in said(test)
    choose(test, "By month")
    assert test.query_params["su_each"] in ("month", ["month"])


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有调研和投诉"), ("en", "No surveys or complaints yet")])
def test_without_feedback_it_says_what_would_tell(opened, language, words):
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, "2026-11-28 04:00")])
    test = open_part(opened, "surveys", language=language)
    assert not test.exception and words in said(test)


def test_the_contract_says_formula_and_source(opened):
    fill()
    test = open_part(opened, "surveys", language="en")
    test.session_state["surveys_contract"] = True
    words = said(test.run())
    assert "Reichheld, 2003" in words and "Bonett and Price (2012)" in words and "Data version:" in words
