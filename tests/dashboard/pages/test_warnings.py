"""预警 and 风险矩阵, through the frame: the list, one warning with its causes and its people, what is done with it, the cells of the matrix, the bell, and Today."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, quote

import pytest

from core.risk.rules import Rule
from core.scope import SYSTEM, Operator
from core.work import risk_rules, warnings, watching
from core.work.questions import risk_rules as rules_of
from core.work.questions import warnings as questions
from dashboard.web import wiring
from dashboard.widgets.risk import moved
from tests import lakes
from tests.core.work.cases import warning
from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.parts import html, tile
from tests.dashboard.pages.test_register import button, opens, put, table
from tests.lakes import at, sale

LAST = date(2026, 3, 31)
LIN = Operator(1, "lin", "analyst")
MANY = Rule("complaints", "threshold", 10, "above", likelihood=3, impact=5, skips_holidays=False, name="Complaints pile up")  # fmt: skip


@pytest.fixture(autouse=True)
def only_own_rules(monkeypatch):
    monkeypatch.setattr(rules_of, "DEFAULTS", {})


def complaint(who: int, on: date, category: str, text: str | None = None) -> dict[str, object]:
    return {
        "identity_key": who, "occurred_at": at(f"{on} 04:00"), "feedback_id": f"{who}-{on}-{category}", "feedback_kind": "complaint", "category": category, "text": text,
    }  # fmt: skip


def fill(**more) -> int:
    """Two complaints about service on each of sixty days, and twelve about quality on the last. Returns the number of the warning."""
    home, now = wiring.house().live, datetime.now(UTC)
    facts = [complaint(who, LAST - timedelta(days=day), "service") for day in range(60) for who in (1, 2)]
    facts += [complaint(10 + n, LAST, "quality", "假货，我要投诉到 12315，电话 13800138000") for n in range(12)]
    lakes.add(home, 1, feedback=facts, order_lines=[sale(1, "2026-03-31 05:00", "o1", 9)])
    risk_rules.add(home, home.store, LIN, MANY, now)
    for rule in more.get("rules", ()):
        risk_rules.add(home, home.store, LIN, rule, now)
    watching.evaluate(home, now)
    return next(one.id for one in questions.open_ones(home, SYSTEM, now) if one.rule_name == MANY.name)


def quick(**more) -> int:
    """A warning that data is missing, which is read without looking at any figure."""
    home = wiring.house().live
    if home.lake.manifests.latest().version == 0:
        lakes.add(home, 1, order_lines=[sale(1, "2026-03-31 05:00", "o1", 9)])
    told = {
        "kind": "missing",
        "indicator": "missing",
        "first": LAST,
        "last": LAST,
        "likelihood": 3,
        "impact": 5,
        "value": 3.0,
        "unit": "days",
    }
    return warning(home, by="table", key=more.pop("key", "touches"), **(told | more))


def open_part(opened, part="warnings", role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    test.query_params["part"] = part
    for name, value in query.items():
        test.query_params[name] = str(value)
    return go(test, "risk")


def follow(test, pattern: str):
    """A link whose address holds this."""
    found = next(one for one in re.findall(r'href="\?([^"]*)"', html(test)) if pattern in unescape(one))
    for key in list(test.query_params):
        del test.query_params[key]
    for key, values in parse_qs(unescape(found), keep_blank_values=True).items():
        test.query_params[key] = values
    return test.run()


def told(number: int) -> questions.Warned:
    return questions.one(wiring.house().live, SYSTEM, number, datetime.now(UTC)).warned


@pytest.mark.parametrize(
    ("language", "level", "since"), [("zh", "严重", "2026年3月31日"), ("en", "Critical", "Mar 31, 2026")]
)
def test_an_open_warning_is_listed_with_its_value_limit_and_level(opened, language, level, since):
    number = fill()
    test = open_part(opened, language=language)
    assert not test.exception
    assert tile(test, "open")[0] == "1" and tile(test, "new")[0] == "1" and tile(test, "snoozed")[0] == "0"
    (row,) = table(test)
    assert row[0].startswith("Complaints pile up") and row[1].startswith(level) and row[2].startswith(since)
    assert row[3] == "14" and "10" in row[4]
    assert f'id="warning-{number}"' in html(test)


def test_without_a_warning_the_list_says_so(opened):
    lakes.add(wiring.house().live, 1, order_lines=[sale(1, "2026-03-31 05:00", "o1", 9)])
    test = open_part(opened)
    assert not test.exception and "没有进行中的预警" in said(test)
    assert tile(test, "precision")[0] == "—"


def test_filters_narrow_the_list_and_stand_in_the_address(opened):
    quick()
    test = open_part(opened, wa_level="low")
    assert "没有符合条件的预警" in said(test)
    test = follow(test, "wa_level=critical")
    assert len(table(test)) == 1
    test = follow(test, "wa_state=closed")
    assert "没有符合条件" in said(test) or "没有进行中的预警" in said(test)


@pytest.mark.parametrize(
    ("language", "sentence", "cause"),
    [("zh", "2026年3月31日投诉为 14，界限为 10。", "质量 解释了变化的 100%"), ("en", "Complaints on Mar 31, 2026: 14, limit 10.", "100% of the change comes from Quality")],
)  # fmt: skip
def test_one_warning_says_what_happened_and_which_part_moved_it(opened, language, sentence, cause):
    number = fill()
    test = open_part(opened, language=language, warning=number)
    assert not test.exception
    assert sentence in said(test) and cause in said(test)
    parts = table(test)
    assert [cell.split("  ")[0].split()[0] for cell in (parts[0][0], parts[1][0])] in (["质量", "服务"], ["Quality", "Service"])  # fmt: skip
    assert [row[1] for row in parts] == ["12", "2", "14"]
    assert [row[3] for row in parts] == ["+12", "0", "+12"]  # adds up to the change


def test_a_part_is_looked_into_and_its_people_are_as_many_as_it_counts(opened):
    number, part = fill(), moved.packed([("feedback_category", "quality")])
    test = open_part(opened, warning=number)
    test = follow(test, f"who={quote(part)}")
    assert not test.exception and "12 位会员" in said(test) and "数字" in said(test)
    test.query_params["who"] = ""
    test = follow(test, f"wc_in={quote(part)}")
    assert not test.exception and 'aria-current="page">反馈类别：质量' in html(test)
    assert "为 12" in said(test) and "没有可以再拆开的维度" in said(test)


def test_an_executive_reads_warnings_without_people_and_without_forms(opened):
    number = fill()
    test = open_part(opened, role="executive", warning=number, who="all")
    assert not test.exception and "位会员" not in said(test)
    assert "wa_reopen" not in {one.key for one in test.button} and "warning-people" not in html(test)


def test_a_verdict_is_kept_with_its_note_and_measured(opened):
    number = quick()
    test = opens(open_part(opened, warning=number), "wa_judge")
    next(one for one in test.radio if one.key == "wa_judge_verdict").set_value("true")
    put(test, "wa_judge_note", "坏茶 <b>批次</b>")
    test = button(test, "wa_judge_do").click().run()
    assert not test.exception and told(number).verdict == "true"
    assert "坏茶 <b>批次</b>" in said(test) and "<b>批次" not in html(test)
    test = open_again(test)
    assert tile(test, "precision")[0] == "100%"


def open_again(test):
    for key in list(test.query_params):
        del test.query_params[key]
    return test.run()


def test_a_warning_is_assigned_silenced_closed_and_opened_again(opened):
    number = quick()
    test = opens(open_part(opened, warning=number), "wa_assign")
    put(test, "wa_assign_owner", "analyst1")
    test = button(test, "wa_assign_do").click().run()
    assert not test.exception and told(number).owner == "analyst1"
    test = opens(test, "wa_snooze")
    test = button(test, "wa_snooze_do").click().run()
    assert not test.exception and told(number).is_silent
    test = button(test, "wa_unsnooze").click().run()
    assert not told(number).is_silent
    test = opens(test, "wa_close")
    put(test, "wa_close_why", "促销说明写错了，已更正")
    test = button(test, "wa_close_do").click().run()
    assert not test.exception and told(number).closed_how == "by_hand" and "促销说明写错了" in said(test)
    test = button(test, "wa_reopen").click().run()
    assert not test.exception and told(number).state == "open"


def test_what_is_refused_is_told_and_what_was_typed_stays(opened):
    number = quick()
    test = opens(open_part(opened, warning=number), "wa_close")
    test = button(test, "wa_close_do").click().run()
    assert "请说明原因" in said(test) and told(number).state == "open"
    put(test, "wa_close_why", "重复的一条")
    home, now = wiring.house().live, datetime.now(UTC)
    warnings.assign(home, home.store, LIN, number, "lin", revision=told(number).revision, now=now)
    test = button(test, "wa_close_do").click().run()
    assert "刚才有人改过这条预警" in said(test) and told(number).state == "open"
    assert next(one for one in test.text_area if one.key == "wa_close_why").value == "重复的一条"


def test_a_warning_is_merged_into_another_and_split_off_again(opened):
    number, other = quick(), quick(key="offer_events")
    test = opens(open_part(opened, warning=number), "wa_merge")
    put(test, "wa_merge_into", other)
    test = button(test, "wa_merge_do").click().run()
    assert not test.exception and told(number).merged_into_id == other
    assert f"已并入预警 {other}" in said(test)
    test = button(test, "wa_reopen").click().run()
    assert not test.exception and told(number).state == "open"


def test_an_incident_is_opened_of_a_warning_and_another_joins_it(opened):
    number, other = quick(), quick(key="offer_events")
    test = opens(open_part(opened, warning=number), "wa_incident")
    put(test, "wa_incident_title", "坏茶批次")
    test = button(test, "wa_incident_do").click().run()
    incident = told(number).incident_id
    assert not test.exception and incident is not None and f"/incidents?incident={incident}" in html(test)
    for key, value in {"part": "warnings", "warning": str(other)}.items():
        test.query_params[key] = value
    test = opens(test.run(), "wa_incident")
    test = button(test, "wa_attach_do").click().run()
    assert not test.exception and told(other).incident_id == incident


def test_the_matrix_opens_its_warnings_and_these_their_people(opened):
    number = fill()
    test = open_part(opened, "matrix")
    assert matrix_cells(test) == {"3x5": "1"}
    test = follow(test, "wa_cell=3x5")
    assert len(table(test)) == 1 and f'id="warning-{number}"' in html(test)
    test = follow(test, "who=all")
    assert not test.exception and "14 位会员" in said(test)


def matrix_cells(test) -> dict[str, str]:
    return dict(re.findall(r'wa_cell=(\d+x\d+)"[^>]*>(\d+)</a>', html(test)))


def test_an_address_that_says_nothing_is_told(opened):
    quick()
    test = open_part(opened, warning="x")
    assert "没有这条预警" in said(test)
    test.query_params["warning"] = "999"
    test = test.run()
    assert not test.exception and "没有这条预警" in said(test)


def test_what_was_not_spoken_of_again_says_since_when_and_when_it_is_over(opened):
    number = fill()
    lakes.add(wiring.house().live, 9, order_lines=[sale(2, f"{LAST + timedelta(days=3)} 05:00", "o9", 9)])
    test = open_part(opened)
    assert "进行中 3月31日之后没有再触发" in " ".join(said(test).split())
    test.query_params["warning"] = str(number)
    assert f"连续 {MANY.quiet_days} 天没有再触发就结束" in said(test.run())


def test_who_is_limited_to_units_learns_nothing_of_what_was_judged_of_the_whole_house(opened):
    home, number = wiring.house().live, quick()
    warnings.judge(home, wiring.accounts_store(), SYSTEM, number, "true", datetime.now(UTC))
    assert tile(open_part(opened), "precision")[0] == "100%"
    assert tile(open_part(opened, role="manager", units=["north"]), "precision")[0] == "—"


def test_who_is_limited_to_units_sees_no_warning_of_the_whole_house(opened):
    number = quick()
    test = open_part(opened, role="manager", units=["north"])
    assert not test.exception and tile(test, "open")[0] == "0"
    test.query_params["warning"] = str(number)
    test = test.run()
    assert not test.exception and "触达记录" not in said(test)


def test_what_was_written_is_shown_masked_with_its_source_to_who_may_read_it(opened):
    alarm = Rule("sensitive_complaints", "threshold", 5, "above", skips_holidays=False, name="Sensitive words")
    fill(rules=[alarm])
    number = next(one.id for one in questions.open_ones(wiring.house().live, SYSTEM, datetime.now(UTC)) if one.rule_name == alarm.name)  # fmt: skip
    test = open_part(opened, warning=number)
    assert not test.exception and "触发的原文" in said(test)
    shown = "".join(frame.value.to_string() for frame in test.dataframe)
    assert "12315" in shown and "13800138000" not in shown and shown.count("投诉到") == 12
    test = open_part(opened, role="executive", warning=number)
    assert "您的角色不能查看会员写的内容" in said(test) and not test.dataframe


def test_the_bell_counts_what_is_unseen_and_forgets_what_was_seen(opened):
    fill()
    test = open_part(opened)
    test.session_state["bell_box"] = True
    test = test.run()
    assert not test.exception and "Complaints pile up" in said(test)
    assert "/risk?warning=" in html(test)
    test = button(test, "bell_seen").click().run()
    assert not test.exception and "bell_seen" not in {one.key for one in test.button}


def test_today_tells_of_grave_warnings_that_speak(opened):
    number = quick()
    test = opened("today", "analyst")
    assert "1 条“严重”预警在进行" in said(test)
    home, now = wiring.house().live, datetime.now(UTC)
    until = now + timedelta(days=2)
    warnings.snooze(home, home.store, LIN, number, until, revision=told(number).revision, now=now)
    assert "预警在进行" not in said(test.run())
