"""流量预测, through the frame: a fit is asked for once and shown, tuned, saved, published and held against what came."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from core.store import forecasts as rows
from core.store.tables import ForecastFit
from core.work import forecasts, published
from core.work.fitting import Fitter
from core.work.headlines import Headlines
from core.work.worker import Worker
from dashboard.web import wiring
from tests import lakes
from tests.core.work.small_fit import __name__ as SMALL
from tests.dashboard.pages.conftest import choose, go, options, said
from tests.dashboard.pages.parts import tile

FIRST, DAYS = date(2026, 8, 3), 84
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def orders(first_on: date, days: int, name: str) -> list[dict]:
    """Monday 2, Tuesday 3 … Sunday 8; every second by SMS, the others by WeCom; each 10 yuan."""
    found = []
    for day in range(days):
        on = first_on + timedelta(days=day)
        for n in range(2 + on.weekday()):
            channel = "sms" if n % 2 else "wecom"
            found.append(lakes.sale(1 + n, f"{on}T04:0{n}", f"{name}{day}-{n}", 10, channel=channel))
    return found


def fill(days: int = DAYS) -> None:
    lakes.add(wiring.house().live, 1, order_lines=orders(FIRST, days, "o"))


@pytest.fixture(scope="module")
def fitter(tmp_path_factory):
    fitter = Fitter(tmp_path_factory.mktemp("fits"), f"{SMALL}:fit")
    yield fitter
    fitter.close()


@pytest.fixture
def work(store, fitter):
    """Does what was asked for; returns how many fits."""

    def call() -> int:
        home = wiring.house().live
        worker = Worker(
            home.store, {forecasts.KIND: lambda work: forecasts.run(home, fitter, work)}, [], lambda: NOW, str
        )
        worker.clock = lambda: datetime.now(UTC)
        done = 0
        while worker.step():
            done += 1
        return done

    return call


def open_part(opened, part="forecast", role="analyst", language="zh", **query):
    test = opened("catalog", role, language, units=query.pop("units", None))
    test.query_params["part"] = part
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "forecast")


def button(test, key):
    return next(one for one in test.button if one.key == key)


def table(test, title):
    """The table that has a column of this title."""
    return next(one.value for one in test.dataframe if title in one.value.columns)


@pytest.mark.parametrize(
    ("language", "waits", "model", "promised"),
    [("zh", "排队中", "加权组合", "承诺 80% / 95%"), ("en", "Waiting", "Weighted ensemble", "Promised: 80% / 95%")],
)
def test_a_fit_is_asked_for_then_shown_with_its_models(opened, work, language, waits, model, promised):
    fill()
    test = open_part(opened, language=language)
    assert not test.exception
    assert [one.proto.text for one in test.get("progress")] == [waits]
    assert work() == 1
    test = go(test, "forecast")
    assert not test.exception
    assert work() == 0  # nobody asks for it again
    assert tile(test, "mase")[0] == "0.80"
    assert promised in tile(test, "coverage")[1]
    assert tile(test, "next-7")[0] == "35"  # 2 + 3 + … + 8
    assert model in said(test)


def test_the_table_of_models_names_the_headline_and_who_loses(opened, work):
    fill()
    open_part(opened)
    work()
    test = go(opened_again(opened), "forecast")
    rows = table(test, "模型").to_dict("records")
    assert [(row["模型"], row["MASE"], row["说明"]) for row in rows] == [
        ("加权组合", "0.80", "主预测"), ("上周同日", "1.00", ""), ("Prophet", "1.20", "输给上周同日")
    ]  # fmt: skip
    assert table(test, "影响").to_dict("records")[0]["影响"] == "+50.0%"


def fitted(test, work, fits):
    """The page once nothing is left to do; the own settings are asked for once the house's are fitted."""
    done = 0
    while more := work():
        done, test = done + more, go(test, "forecast")
        assert not test.exception
    assert done == fits
    return test


def contract(test):
    """The page with the rules of its figures open."""
    test.session_state["forecast_contract"] = True
    return test.run()


def opened_again(opened):
    test = opened("catalog", "executive")
    test.query_params["part"] = "forecast"
    return test


def test_twenty_days_are_refused_with_a_sentence(opened, work):
    fill(20)
    test = open_part(opened)
    assert not test.exception
    assert "历史太短，不能预测" in said(test)
    assert "20 天" in said(test) and "58" in said(test)
    assert work() == 0
    test = open_part(opened, role="admin", language="en")
    assert "Too little history to forecast" in said(test)


def test_an_empty_home_says_what_to_do(opened):
    test = open_part(opened)
    assert not test.exception
    assert "还没有可以预测的数据" in said(test)


def test_a_part_is_another_series_with_a_fit_of_its_own(opened, work):
    fill()
    test = open_part(opened)
    work()
    test = choose(go(test, "forecast"), "渠道")
    assert not test.exception
    assert work() == 1
    test = go(test, "forecast")
    assert "订单数（企业微信）" in said(test)
    assert tile(test, "next-7")[0] == "19"
    test.selectbox(key="fc_of").select("sms").run()
    assert not test.exception
    assert work() == 1


def test_a_fit_that_failed_says_why_and_can_be_tried_again(opened, work):
    fill()
    spec = json.dumps({"regressors": ["refuses"]})
    test = open_part(opened, fc_spec=spec)
    work()
    test = go(test, "forecast")
    assert not test.exception
    assert "没有什么可以预测" in said(test) or "每一天都" in said(test) or "一样" in said(test)
    button(test, "fit_again_forecast").click().run()
    assert not test.exception
    assert work() == 1


def test_a_fit_can_be_cancelled_while_it_waits(opened, work):
    fill()
    test = open_part(opened)
    button(test, "fit_cancel_forecast").click().run()
    assert not test.exception
    assert work() == 0
    assert "这次拟合已取消" in said(go(test, "forecast"))


@pytest.mark.parametrize(("role", "keys"), [("manager", []), ("analyst", ["fit_cancel_forecast"])])
def test_who_only_sees_is_not_offered_to_cancel_what_the_house_asked_for(opened, role, keys):
    fill()
    home = wiring.house().live
    Headlines().refresh(home, home.store, NOW)
    test = open_part(opened, role=role)
    assert len(test.get("progress")) == 1
    assert [one.key for one in test.button if str(one.key).startswith("fit_cancel")] == keys


def test_settings_that_cannot_be_read_are_told_and_left_out(opened, work):
    fill()
    test = open_part(opened, fc_spec=json.dumps({"horizon": 9999}))
    assert not test.exception
    assert "fc_spec" not in test.query_params


@pytest.mark.parametrize("part", ["forecast", "tuning"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon": 14.5}, {"model": "foo"}, {"weekly": 2}, [1],
        {"what_ifs": [{"name": "x", "start_on": "2026-11-01", "days": 2.5, "uplift_share": 0.1}]},
        {"what_ifs": [{"name": "x", "start_on": "9999-12-31", "days": 2, "uplift_share": 0.1}]},
    ],
)  # fmt: skip
@pytest.mark.some(5)
def test_an_address_that_says_no_settings_breaks_no_part(opened, work, part, wrong):
    fill()
    test = open_part(opened, part, fc_spec=json.dumps(wrong))
    assert not test.exception
    assert "fc_spec" not in test.query_params
    assert work() == 1  # that of the house


def test_an_address_may_say_a_whole_number_and_an_event_that_nobody_knows(opened, work):
    fill()
    what_if = {"name": "x", "start_on": "2026-11-01", "days": 2, "event": "<b>[a](b)</b>"}
    test = open_part(opened, "tuning", fc_spec=json.dumps({"changepoint_prior": 1, "what_ifs": [what_if]}))
    test = fitted(test, work, 2)
    assert [one.value for one in test.warning] and all("<b>" not in one.value for one in test.warning)


# -- what is shown while there is none of now ---------------------------------------------------------------------------


def test_a_forecast_of_earlier_data_says_whether_a_newer_one_is_made(opened, work):
    fill()
    test = fitted(open_part(opened), work, 1)
    lakes.add(wiring.house().live, 2, order_lines=2 * orders(FIRST + timedelta(days=DAYS), 7, "a"))
    lakes.add(wiring.house().live, 3, order_lines=orders(FIRST + timedelta(days=DAYS), 7, "b"))
    test = go(test, "forecast")
    assert "新的正在拟合" in said(test)
    assert tile(test, "next-7")[0] == "35"
    assert "比之前 7 天 0.0%" in tile(test, "next-7")[1]  # the days before the forecast, not the newest
    button(test, "fit_cancel_forecast").click().run()
    assert not test.exception
    assert "新的还没有拟合成功" in said(test) and "新的正在拟合" not in said(test)


def test_comparing_all_models_leaves_figures_that_add_up_as_they_are(opened, work):
    fill()
    test = fitted(open_part(opened, fc_by="channel", fc_of="wecom"), work, 1)
    with wiring.house().live.store.transaction() as session:
        (row,) = session.scalars(select(ForecastFit))
        told = row.outcome["path"]
        rows.add_up(session, {row.key: told | {"point": [2 * one for one in told["point"]]}})
    button(test, "fc_all").click().run()
    test = fitted(test, work, 1)
    assert tile(test, "next-7")[0] == "38"
    assert "各部分加起来等于合计" in said(test)
    assert "按回测误差的方差分摊差额" in said(contract(test))
    assert "fc_all" not in {one.key for one in test.button}
    test.query_params["fc_spec"] = json.dumps({"horizon": 7})
    test.query_params["fc_models"] = "headline"
    test = fitted(test.run(), work, 1)
    assert tile(test, "next-7")[0] == "19"
    assert "加起来不一定等于合计" in said(contract(test)) and "按回测误差的方差分摊差额" not in said(test)


def test_a_comparison_that_was_cancelled_says_so_and_can_be_asked_for_again(opened, work):
    fill()
    test = fitted(open_part(opened), work, 1)
    button(test, "fc_all").click().run()
    button(test, "fit_cancel_models").click().run()
    assert "这次拟合已取消" in said(test)
    button(test, "fit_again_models").click().run()
    assert not test.exception
    assert work() == 1


# -- tuning ------------------------------------------------------------------------------------------------------------


def tuned(opened, work, language="zh", role="analyst"):
    fill()
    test = open_part(opened, "tuning", role, language)
    work()
    test = go(test, "forecast")
    assert not test.exception
    return test


def submit(test, name):
    """Press a form's button by its words."""
    next(one for one in test.button if one.label == name).click().run()
    assert not test.exception
    return test


@pytest.mark.parametrize(
    ("language", "apply", "field", "worse"),
    [
        ("zh", "试算", "趋势灵活度", "更差：MASE 0.80 → 1.25"),
        ("en", "Try it", "Changepoint prior", "Worse: MASE 0.80 → 1.25"),
    ],
)
def test_tuning_shows_the_backtest_before_and_after(opened, work, language, apply, field, worse):
    test = tuned(opened, work, language)
    next(one for one in test.number_input if one.label == field).set_value(0.5)
    submit(test, apply)
    assert json.loads(test.query_params["fc_spec"]) == {"changepoint_prior": 0.5}
    assert work() == 1
    test = go(test, "forecast")
    assert not test.exception
    assert worse in said(test)
    rows = table(test, "MASE").to_dict("records")
    assert [row["MASE"] for row in rows] == ["0.80", "1.25"]


@pytest.mark.parametrize(
    ("language", "cannot", "title"),
    [("zh", "两者的误差不能相比", "7 天合计"), ("en", "the two errors cannot be compared", "7 days in all")],
)
def test_forecasts_of_other_horizons_are_not_told_better_or_worse(opened, work, language, cannot, title):
    fill()
    spec = json.dumps({"horizon": 7, "changepoint_prior": 0.5})
    test = fitted(open_part(opened, "tuning", language=language, fc_spec=spec), work, 2)
    assert cannot in said(test)
    assert "更差" not in said(test) and "Worse" not in said(test)
    assert list(table(test, "MASE")[title]) == ["35", "35"]


def test_a_what_if_changes_the_forecast_without_another_fit(opened, work):
    test = tuned(opened, work)
    test.text_input(key="what_if_name").set_value("直播")
    test.number_input(key="what_if_uplift").set_value(50)
    test.number_input(key="what_if_days").set_value(7)
    submit(test, "加上假设")
    assert work() == 0
    told = json.loads(test.query_params["fc_spec"])["what_ifs"]
    assert [(one["name"], one["days"], one["uplift_share"]) for one in told] == [("直播", 7, 0.5)]
    before, after = table(test, "MASE")["30 天合计"]
    assert (before, after) == ("145", "162")  # 30 days from a Monday on; 35 more by half, of which a half is not told
    test = choose(go(test, "forecast"), "预测")
    assert tile(test, "next-7")[0] == "52.5"


def test_scenarios_are_saved_compared_renamed_and_put_away(opened, work):
    test = tuned(opened, work)
    test.text_input(key="scenario_name").set_value("照旧")
    button(test, "scenario_save").click().run()
    assert "已存为情景 A“照旧”。" in said(test)
    next(one for one in test.number_input if one.label == "趋势灵活度").set_value(0.5)
    submit(test, "试算")
    work()
    test = go(test, "forecast")
    test.text_input(key="scenario_name").set_value("灵活")
    button(test, "scenario_save").click().run()
    assert not test.exception
    comparing(test).set_value(["A", "B"]).run()
    assert not test.exception
    compared = [one.value for one in test.dataframe if "情景" in one.value.columns][-1]
    assert list(compared["情景"]) == ["A 照旧", "B 灵活"]
    assert list(compared["MASE"]) == ["0.80", "1.25"]
    test.session_state["scenario_box_2"] = True
    test.run()
    test.text_input(key="scenario_name_2").set_value("更灵活")
    button(test, "scenario_name_2_do").click().run()
    assert not test.exception
    assert comparing(test).value == ["A", "B"]
    compared = [one.value for one in test.dataframe if "情景" in one.value.columns][-1]
    assert list(compared["情景"]) == ["A 照旧", "B 更灵活"]
    assert r"趋势灵活度：0\.5" in said(test)
    button(test, "scenario_open_1").click().run()
    assert "fc_spec" not in test.query_params
    assert comparing(test).value == ["A", "B"]


def comparing(test):
    return next(one for one in test.multiselect if one.label == "比较（最多三个）")


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "这组设置还没有拟合完成"), ("en", "These settings are not fitted yet")]
)
def test_while_settings_are_fitted_nothing_of_them_is_published_and_nothing_else_said(opened, work, language, words):
    fill()
    test = open_part(opened, "tuning", language=language, fc_spec=json.dumps({"changepoint_prior": 0.5}))
    work()  # the house's
    test = go(test, "forecast")
    assert not test.exception and words in said(test)
    assert "还没有改动设置" not in said(test) and "Nothing is tuned" not in said(test)
    assert button(test, "forecast_publish").disabled
    work()
    assert not button(go(test, "forecast"), "forecast_publish").disabled


def test_the_diary_tells_what_a_forecast_was_made_by_and_supposes(opened, work):
    fill()
    what_if = {"name": "直播", "start_on": "2026-10-26", "days": 3, "uplift_share": 0.4}
    spec = json.dumps({"growth": "flat", "holidays": False, "what_ifs": [what_if]})
    test = fitted(open_part(opened, "tuning", fc_spec=spec), work, 2)
    button(test, "forecast_publish").click().run()
    assert "已发布，编号 1。日记会逐日对照。" in said(test)
    button(test, "forecast_publish").click().run()
    assert "已发布，编号 2。它替代上一个" in said(test)
    test = choose(go(test, "forecast"), "预测日记")
    assert not test.exception
    told = "趋势：持平、学习日历事件：关、直播：2026年10月26日 – 2026年10月28日 · +40%"
    assert told in said(test)
    assert list(table(test, "设置")["设置"]) == [told, told]


@pytest.mark.parametrize(("language", "told"), [("zh", "已发布，编号 1"), ("en", "Published as number 1")])
def test_what_is_published_stands_in_the_diary_and_is_held_against_what_comes(opened, work, language, told):
    test = tuned(opened, work, language)
    button(test, "forecast_publish").click().run()
    assert not test.exception
    assert told in said(test)
    lakes.add(wiring.house().live, 2, order_lines=orders(FIRST + timedelta(days=DAYS), 15, "later"))
    assert published.score(wiring.house().live, NOW) == 15
    test = choose(go(test, "forecast"), "预测日记" if language == "zh" else "Diary")
    assert not test.exception
    assert tile(test, "live-mase")[0] == "—"  # the same every week: there is nothing to hold errors against
    assert tile(test, "live-wape")[0] == "0.0%"
    assert tile(test, "live-cover")[0] == "100% / 100%"
    assert ("不判断误差是否变大" if language == "zh" else "not told whether errors have grown") in said(test)


def test_what_is_published_without_a_backtest_promises_no_verdict(opened, work):
    test = tuned(opened, work)
    with wiring.house().live.store.transaction() as session:
        (row,) = session.scalars(select(ForecastFit))
        row.outcome = {**row.outcome, "folds": []}
    button(test, "forecast_publish").click().run()
    test = choose(go(test, "forecast"), "预测日记")
    assert not test.exception
    assert "不判断误差是否变大" in said(test) and "满 14 天后" not in said(test)


def test_who_may_not_write_sees_no_buttons_that_do(opened, work):
    test = tuned(opened, work, role="manager")
    keys = {one.key for one in test.button}
    assert not keys & {"scenario_save", "forecast_publish"}


def test_nothing_published_says_so(opened, work):
    fill()
    test = open_part(opened, "diary")
    assert not test.exception
    assert "这个序列还没有发布过预测。" in said(test)


# -- strategy and calendar ---------------------------------------------------------------------------------------------


def test_the_matrix_is_edited_by_who_may(opened, work):
    fill()
    test = open_part(opened, "strategy")
    assert not test.exception
    rows = table(test, "市场情况").to_dict("records")
    assert [(row["市场情况"], row["优先顺序"]) for row in rows] == [
        ("竞争激烈", "A 促销 > B 会员分层 > C 内容"), ("稳定增长", "B 会员分层 > A 促销 > C 内容"), ("机会窗口", "C 内容 > B 会员分层 > A 促销"),
    ]  # fmt: skip


def test_a_row_of_the_matrix_is_changed_added_and_as_it_started(opened, work):
    fill()
    test = open_part(opened, "strategy")
    test.session_state["strategy_edit"] = True
    test.run()
    measures = next(one for one in test.text_input if one.label == "做法")
    assert measures.value == "直播优惠、拼团、限时抢购"
    measures.set_value("直播")
    next(one for one in test.selectbox if one.label == "优先顺序").set_value("CAB")
    submit(test, "保存")
    row = table(test, "市场情况").to_dict("records")[0]
    assert (row["优先顺序"], row["做法"]) == ("C 内容 > A 促销 > B 会员分层", "直播")
    test.session_state["strategy_edit"] = True
    test.run()
    submit(test, "恢复起始值")
    assert table(test, "市场情况").to_dict("records")[0]["做法"] == "直播优惠、拼团、限时抢购"
    assert open_part(opened, "strategy", role="manager").get("expander") == []


def test_the_matrix_of_the_house_is_not_offered_to_who_sees_a_unit(opened, work):
    fill()
    with wiring.house().live.writer.change("import", 9) as change:
        change.merge("units", lakes.rows("units", [{"unit_id": "north", "name": "北区"}]))
    test = open_part(opened, "strategy", units=["north"])
    assert not test.exception and test.get("expander") == []


def test_who_sees_a_unit_has_its_series_and_a_fit_of_their_own(opened, work):
    fill()
    with wiring.house().live.writer.change("import", 9) as change:
        change.merge("units", lakes.rows("units", [{"unit_id": "north", "name": "北区"}]))
        profiles = [{"identity_key": who, "unit_id": "north"} for who in (1, 8)]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    open_part(opened)
    assert work() == 1
    test = open_part(opened, role="manager", units=["north"])
    assert not test.exception
    assert "未来 7 天" not in said(test)  # nothing of the fit of all
    assert work() == 1
    test = go(test, "forecast")
    assert tile(test, "next-7")[0] == "8"  # member 1 every day, member 8 on Sundays


def test_the_calendar_is_a_part_of_the_page(opened):
    fill()
    test = open_part(opened, "calendar")
    assert not test.exception
    assert "零售日历" in options(test)
