"""预警规则, through the frame: how rules stand, what a draft would have raised, changing, adding, trying, restoring; who may, and what is refused."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import get_args

import pytest

from core.risk.defaults import DEFAULTS
from core.risk.rules import Detector, Rule
from core.scope import SYSTEM
from core.store import risk_rules as rule_rows
from core.store import warnings
from core.work import risk_rules as work
from core.work import warnings as judging
from core.work import watching
from core.work.home import Home
from core.work.questions import risk_rules as questions
from dashboard import i18n
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, go, said
from tests.dashboard.pages.parts import html, tile

FIRST, DAYS = date(2026, 8, 3), 60
ON = sum(rule.is_on for rule in DEFAULTS.values())
MANY, MORE = 20, 40
"""Days on which there were 9 orders, and 6, instead of 2."""


def fill() -> Home:
    home = wiring.house().live
    orders = []
    for day in range(DAYS):
        count = {MANY: 9, MORE: 6}.get(day, 2)
        on = FIRST + timedelta(days=day)
        orders += [lakes.sale(1 + n, f"{on}T04:0{n}", f"o{day}-{n}", 10, channel="web") for n in range(count)]
    lakes.add(home, 1, order_lines=orders)
    return home


def busy(limit: float = 5.0, **more) -> Rule:
    return Rule("orders", "threshold", limit, "above", name="订单太多", **more)


def added(home: Home, rule: Rule | None = None) -> str:
    return work.add(home, wiring.accounts_store(), SYSTEM, rule or busy(), datetime.now(UTC)).key


def open_part(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    test.query_params["part"] = "rules"
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "risk")


def button(test, key: str):
    return next(one for one in test.button if one.key == key)


def field(test, name: str):
    kinds = (test.text_input, test.number_input, test.selectbox, test.multiselect, test.checkbox, test.toggle)
    return next(one for kind in kinds for one in kind if re.fullmatch(rf"rl_.*_{name}", one.key or ""))


def fields(test) -> set[str]:
    """Labels of all fields."""
    kinds = (test.text_input, test.number_input, test.selectbox, test.multiselect, test.checkbox, test.toggle)
    return {one.label for kind in kinds for one in kind if (one.key or "").startswith("rl_")}


def table(test, name: str) -> list[list[str]]:
    """Cells of a table's rows, as words."""
    found = re.search(rf'id="{name}".*?<tbody>(.*?)</tbody>', html(test), re.S)
    if found is None:
        return []
    rows = re.findall(r"<tr>(.*?)</tr>", found[1])
    return [
        [
            " ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
        ]
        for row in rows
    ]


def standing(home: Home, key: str):
    with home.store.reading() as session:
        return questions.kept(session, key)


# -- what is told --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_rule_of_the_product_has_a_name_and_a_sentence_in_both_languages(opened, language):
    fill()
    test = open_part(opened, language=language)
    assert not test.exception
    rows = table(test, "rule-rows")
    assert len(rows) == len(DEFAULTS) and tile(test, "rules")[0] == str(ON)
    assert all(f"rule_name.{key}" in i18n.catalogue(language) for key in DEFAULTS)
    one = DEFAULTS["growth_low"]
    name = i18n.catalogue(language)["rule_name.growth_low"]
    growth = next(row for row in rows if row[0].startswith(name))
    assert f"< {one.limit:.1%}" in growth[0] and growth[1].endswith(f"{one.likelihood} × {one.impact}")


def test_what_was_raised_and_judged_is_told_of_each_rule(opened):
    home = fill()
    key, now = added(home), datetime.now(UTC)
    watching.evaluate(home, datetime(2026, 10, 2, tzinfo=UTC))
    with home.store.reading() as session:
        raised = warnings.listed(session, rules=[key])
    assert [row.started_on for row in raised] == [FIRST + timedelta(days=MORE), FIRST + timedelta(days=MANY)]
    judging.judge(home, wiring.accounts_store(), SYSTEM, raised[0].id, "true", now)
    row = next(row for row in table(open_part(opened), "rule-rows") if row[0].startswith("订单太多"))
    assert row[2:] == ["启用 自建", "—", "2", "1 条中 1 条属实", "2026年9月12日"]


def test_the_list_shows_those_that_are_asked_for(opened):
    home = fill()
    added(home)
    work.switch(home, wiring.accounts_store(), SYSTEM, "late", is_on=False, revision=0, now=datetime.now(UTC))
    test = open_part(opened)
    assert len(table(test, "rule-rows")) == len(DEFAULTS) + 1
    off = [row[0].split()[0] for row in table(choose(test, "停用"), "rule-rows")]
    assert len(off) == len(DEFAULTS) - ON + 1 and off[-1] == "数据源延迟"
    assert [row[0].split()[0] for row in table(choose(test, "自建的"), "rule-rows")] == ["订单太多"]


def test_when_rules_were_looked_at_and_what_could_not_be_read_is_told(opened):
    home = fill()
    test = open_part(opened)
    assert "还没有检查过" in said(test)
    watching.evaluate(home, datetime(2026, 10, 2, tzinfo=UTC))
    row = table(test.run(), "look-rows")[0]
    assert (row[1], row[3], row[7]) == (str(home.lake.manifests.latest().version), str(ON), "无")


def test_all_rules_are_looked_at_at_once_when_somebody_asks(opened):
    home = fill()
    added(home)
    test = button(open_part(opened), "rules_look").click().run()
    assert "检查完毕" in said(test) and len(table(test, "look-rows")) == 1
    with home.store.reading() as session:
        assert [row.started_on for row in warnings.listed(session)] != []
    assert [one.key for one in open_part(opened, "executive").button if one.key == "rules_look"] == []


def test_a_rule_leads_to_its_warnings(opened):
    home = fill()
    key = added(home)
    watching.evaluate(home, datetime(2026, 10, 2, tzinfo=UTC))
    test = open_part(opened, rule=key)
    assert f'href="?part=warnings&amp;wa_state=all&amp;wa_rule={key}"' in html(test)
    test.query_params.clear()
    for name, value in {"part": "warnings", "wa_state": "all", "wa_rule": key}.items():
        test.query_params[name] = value
    rows = table(test.run(), "warning-rows")
    assert len(rows) == 2 and all(row[0].startswith("订单太多") for row in rows)


def test_a_rule_that_cannot_be_read_says_so_and_is_said_anew(opened):
    home = fill()
    with home.store.transaction() as session:
        body = busy().to_json() | {"detector": "dowsing"}
        rule_rows.write(session, "own-old", body, after=0, by="lin", now=datetime.now(UTC))
    watching.evaluate(home, datetime(2026, 10, 2, tzinfo=UTC))
    test = open_part(opened)
    row = next(row for row in table(test, "rule-rows") if row[0].startswith("订单太多"))
    assert row[2] == "无法读取 自建" and "最近一次检查有 1 项失败：own-old" in said(test)
    test.query_params["rule"] = "own-old"
    assert "当前版本读不懂" in said(test.run())


# -- a draft -------------------------------------------------------------------------------------------------------------


def test_a_draft_is_tried_on_the_last_180_days_and_kept_as_it_was_tried(opened):
    home = fill()
    key = added(home)
    test = open_part(opened, rule=key)
    assert not test.exception and "近 180 天会预警 2 次" in said(test)
    assert [row[1:6] for row in table(test, "rule-found")] == [
        ["2026年9月12日", "2026年9月12日", "1", "6", "—"],
        ["2026年8月23日", "2026年8月23日", "1", "9", "—"],
    ]
    assert button(test, "rule_save").disabled
    field(test, "limit_threshold_orders").set_value(6.0).run()
    assert "近 180 天会预警 1 次" in said(test)
    field(test, "is_inclusive").set_value(True).run()
    assert "近 180 天会预警 2 次" in said(test) and "订单 ≥ 6" in said(test)
    field(test, "impact").set_value(5).run()
    button(test, "rule_save").click().run()
    assert "已保存“订单太多”" in said(test)
    kept = standing(home, key)
    assert (kept.rule.limit, kept.rule.is_inclusive, kept.rule.impact, kept.revision) == (6.0, True, 5, 2)
    assert kept.rule == Rule.from_json(busy(6.0, is_inclusive=True, impact=5).to_json())


def test_a_draft_about_what_there_is_no_data_of_says_so(opened):
    home = fill()
    key = added(home, Rule("messages", "threshold", 5.0, "above", name="消息太多"))
    assert "还没有“群消息”的数据" in "".join(one.value for one in open_part(opened, rule=key).warning)


def test_limits_are_typed_in_the_readers_unit(opened):
    """A share in percent, money in its major unit."""
    home = fill()
    test = open_part(opened, rule="growth_low")
    limit = field(test, "limit_threshold_share")
    assert (limit.label, limit.value) == ("界限（%）", 3.0)
    limit.set_value(7.0).run()
    assert [one.value for one in test.error][-1].startswith("解除界限应在界限的正常一侧")
    field(test, "clear_threshold_share").set_value(7.0).run()
    button(test, "rule_save").click().run()
    assert standing(home, "growth_low").rule == replace(DEFAULTS["growth_low"], limit=0.07, clear=0.07)
    key = added(home, Rule("gross_revenue", "threshold", 123456, "above", name="销售额高"))
    test.query_params["rule"] = key
    test.run()
    assert field(test, "limit_threshold_money").value == 1234.56 and "¥1,235" in said(test)
    field(test, "limit_threshold_money").set_value(2000.5).run()
    button(test, "rule_save").click().run()
    assert standing(home, key).rule.limit == 200050


@pytest.mark.parametrize(
    ("kind", "there", "gone"),
    [
        (
            "threshold",
            {"方向", "比较", "界限", "连续几天才预警"},
            {"对比之前几天", "合看的其他指标", "至少变化幅度（%）"},
        ),
        ("relative", {"界限（%）", "对比之前几天"}, {"对比之前几周"}),
        ("baseline", {"界限（%）", "对比之前几周"}, {"对比之前几天"}),
        ("sudden", {"界限（平时波动的倍数）", "至少变化幅度（%）"}, {"对比之前几天"}),
        ("quiet", {"界限（安静模式的倍数）", "方向"}, {"比较"}),
        ("kmeans", {"合看的其他指标", "界限（稳健标准差）"}, {"看哪一层", "方向", "还要求有变化"}),
        ("missing", {"界限（天）", "比较"}, {"指标", "连续几天才预警", "平静期（天）"}),
        ("failing", {"可能性"}, {"指标", "界限", "比较"}),
    ],
)
def test_each_kind_has_the_fields_that_matter_to_it(opened, kind, there, gone):
    fill()
    test = open_part(opened, rule="new")
    field(test, "detector").set_value(kind).run()
    assert not test.exception
    assert there <= fields(test) and not gone & fields(test)


def test_every_kind_can_be_drafted_and_says_its_sentence(opened):
    fill()
    test = open_part(opened, rule="new", language="en")
    for kind in get_args(Detector):
        field(test, "detector").set_value(kind).run()
        assert not test.exception, kind
        assert "Warns when" in said(test) or test.error, kind


def test_why_a_rule_cannot_be_is_said_at_its_field(opened):
    fill()
    test = open_part(opened, rule="new")
    field(test, "detector").set_value("kmeans").run()
    assert [one.value for one in test.error] == ["请至少再选一个指标。"] and button(test, "rule_save").disabled
    field(test, "others").set_value(["visits"]).run()
    assert not test.error
    field(test, "detector").set_value("forecast").run()
    field(test, "indicator").set_value("complaints").run()
    assert [one.value for one in test.error] == ["这个指标没有可对比的预测，请换一种检查方式或指标。"]


# -- what is done --------------------------------------------------------------------------------------------------------


def test_a_rule_is_added_switched_off_removed_and_restored(opened):
    home = fill()
    test = open_part(opened, rule="new")
    button(test, "rule_save").click().run()
    assert [one.value for one in test.error] == ["请给规则起名，1 到 60 个字。"] * 2, "above the page and at its field"
    field(test, "detector").set_value("threshold").run()
    field(test, "name").set_value("订单 <b>太多</b>")
    field(test, "direction_2").set_value("above")
    field(test, "limit_threshold_orders").set_value(5.0).run()
    button(test, "rule_save").click().run()
    assert not test.exception and "已新建" in said(test)
    with home.store.reading() as session:
        (key,) = set(questions.standing(session)) - set(DEFAULTS)
    assert key in test.query_params["rule"]
    kept = standing(home, key)
    assert (kept.rule.limit, kept.rule.direction, kept.rule.name) == (5.0, "above", "订单 <b>太多</b>")
    assert "<b>太多</b>" not in html(test)

    button(test, "rule_switch").click().run()
    assert not standing(home, key).rule.is_on and "已停用" in said(test)
    button(test, "rule_remove_do").click().run()
    assert standing(home, key).is_removed and "rule" not in test.query_params
    test.session_state["rules_gone"] = True
    test.run()
    button(test, f"rule_restore_{key}").click().run()
    assert not standing(home, key).is_removed and "已恢复" in said(test)


def test_the_default_is_restored_and_all_that_was_said_stays(opened):
    home = fill()
    work.change(home, wiring.accounts_store(), SYSTEM, "late", Rule("", "late", 3.0), revision=0, now=datetime.now(UTC))
    test = open_part(opened, rule="late")
    button(test, "rule_default").click().run()
    assert standing(home, "late").rule == DEFAULTS["late"] and "已恢复默认" in said(test)
    test.session_state["rule_history"] = True
    told = table(test.run(), "rule-said")
    assert next(row[2] for row in told) == "恢复默认" and "3 倍" in told[1][2]


def test_a_test_fire_raises_a_warning_that_counts_nowhere(opened):
    home = fill()
    test = open_part(opened, rule="late")
    button(test, "rule_test").click().run()
    assert "已试触发" in said(test)
    with home.store.reading() as session:
        assert [row.is_test for row in warnings.listed(session)] == [True]
    assert table(open_again(test), "rule-rows")[-1][4] == "0"


def open_again(test):
    del test.query_params["rule"]
    return test.run()


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(opened):
    home = fill()
    key = added(home)
    test = open_part(opened, rule=key)
    field(test, "limit_threshold_orders").set_value(7.0).run()
    work.change(home, wiring.accounts_store(), SYSTEM, key, busy(8.0), revision=1, now=datetime.now(UTC))
    button(test, "rule_save").click().run()
    assert "刚才有人改过这条规则" in said(test) and standing(home, key).rule.limit == 8.0


@pytest.mark.parametrize(("role", "units"), [("manager", None), ("executive", None), ("analyst", ["sh"])])
def test_who_may_not_change_rules_reads_them(opened, role, units):
    fill()
    test = open_part(opened, role, units=units)
    assert not test.exception and len(table(test, "rule-rows")) == len(DEFAULTS)
    test.query_params["rule"] = "late"
    test.run()
    assert not test.exception and not [one for one in test.button if (one.key or "").startswith("rule_")]
    assert "数据来源没有新数据的时间" in said(test)
