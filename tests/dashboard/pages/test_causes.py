"""流失原因 through the frame: causes counted by hand, their people, the list to call back and its file, playbooks, and what is refused to whom."""

import io
from datetime import timedelta

import pandas as pd
import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.scope import SYSTEM
from core.store.tables import AuditEntry
from core.work import playbooks as use
from core.work.home import Home
from core.work.questions import playbooks, scores, scoring
from core.work.questions.reading import reading
from core.work.questions.scores import Asked
from dashboard import i18n
from dashboard.actions import exports
from dashboard.data.people import labels
from dashboard.web import wiring
from tests import lakes
from tests.core.questions import test_scores
from tests.core.questions.test_causes import BARE, LAST, fill
from tests.dashboard.pages.conftest import choose, current, go, said
from tests.dashboard.pages.parts import follow, html, tile


def open_part(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    for name, value in ({"part": "causes"} | query).items():
        test.query_params[name] = value
    return go(test, "scores")


def filled() -> Home:
    return fill(wiring.house().live)


def listed(test: AppTest) -> pd.DataFrame:
    return test.dataframe[0].value


@pytest.mark.parametrize(
    ("language", "title", "evidence", "stake"),
    [("zh", "为什么会流失", "30 天内最多收到消息 21（平常 ", "面临损失 ¥2,400"), ("en", "Why members leave", "Most messages in 30 days 21 (usually ", "at stake")],
)  # fmt: skip
def test_causes_are_counted_with_their_evidence_in_both_languages(opened, language, title, evidence, stake):
    filled()
    test = open_part(opened, language=language)
    assert not test.exception
    assert title in said(test)
    for cause in ("lost_trust", "poor_service", "too_many_messages", "samey_content", "impersonal"):
        assert tile(test, f"cause-{cause}")[0] == "3"
        assert i18n.text(language, f"causes.{cause}") in said(test)
    assert tile(test, "cause-none")[0] == "45"
    many = tile(test, "cause-too_many_messages")[1]
    assert evidence in many and stake in many
    assert i18n.text(language, "causes.lead_silent", members="60", known="15", days=30, most=180) in said(test)
    test.session_state["causes_contract"] = True
    assert i18n.text(language, "causes.rule_window", days=180, after=90).replace("*", "") in said(test.run()).replace(
        "*", ""
    )


def test_a_cause_opens_its_people_who_can_be_kept_as_a_segment(opened):
    filled()
    test = follow(open_part(opened), "people-poor_service")
    assert not test.exception
    assert "3 位会员" in said(test) and "与数字完全一致" in said(test)
    test.text_input[0].input("要回访的")
    next(one for one in test.button if one.label == i18n.text("zh", "people.save_segment")).click().run()
    assert not test.exception and "要回访的" in said(test)
    lead = open_part(opened, language="en", role="manager")
    lead.query_params["part"], lead.query_params["sg"] = "list", "1"
    assert "Members at risk · Poor service" in said(go(lead, "segments"))


def test_a_share_of_fewer_than_thirty_is_not_told(opened):
    filled()
    assert "75.0%" in tile(open_part(opened), "cause-none")[1]
    few = open_part(opened, role="manager", units=["north"])
    assert tile(few, "cause-all")[0] == "3" and "%" not in tile(few, "cause-lost_trust")[1]


def test_all_at_risk_are_opened_from_their_figure(opened):
    filled()
    test = open_part(opened)
    assert tile(test, "cause-all")[0] == "60"
    assert "60 位会员** 与数字完全一致" in said(follow(test, "people-all"))


def test_the_list_begins_with_most_at_stake_and_obeys_the_chosen_cause(opened):
    filled()
    test = open_part(opened)
    rows = listed(test)
    assert [address.split("#")[1] for address in rows.iloc[:, 0]] == labels(pd.Series(range(15, 0, -1)))
    assert rows["原因"].tolist()[:3] == ["缺少个性化"] * 3
    assert rows["最强的证据"][0].startswith("无主题群发占比 86%（平常 ")
    assert (rows["面临损失"][0], rows["最合适的渠道"][0], rows["最近联系"][0]) == ("¥1,500", "短信", "2026年10月16日")
    assert "流失概率" not in rows, "there is no score"
    test = choose(test, "缺少个性化")
    assert current(test).count("缺少个性化") == 1 and len(listed(test)) == len(BARE)
    assert "playbook-impersonal" in html(test) and "playbook-poor_service" not in html(test)


def test_the_file_of_the_list_is_whole_and_written_down(opened, monkeypatch):
    made, deferred = {}, exports.deferred

    def listening(table, name, file, details):
        """A click on the button cannot be tried here, so what it would run is held on to."""
        made[file] = deferred(table, name, file, details)
        return made[file]

    monkeypatch.setattr(exports, "deferred", listening)
    filled()
    test = open_part(opened)
    assert not test.exception
    rows = pd.read_csv(io.BytesIO(made["csv"]()), dtype=str)
    assert len(rows) == 15
    assert rows["会员"].tolist() == labels(pd.Series(range(15, 0, -1)))
    assert rows["面临损失"][0] == "1500.0"
    with wiring.accounts_store().reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "people.exported")).one()
    assert (entry.object, entry.details["rows"]) == ("export:回访名单", 15)


def test_an_analyst_writes_the_steps_of_the_house_and_takes_the_usual_ones_again(opened):
    home = filled()
    test = open_part(opened, ca_cause="impersonal")
    assert playbooks.usual()["impersonal"][0].told["zh"] in said(test)
    test.session_state["playbook_write"] = True
    test.run()
    next(one for one in test.button if one.label == "保存步骤").click().run()
    assert not test.exception and "步骤已保存" in said(test)
    with home.store.reading() as session:
        assert playbooks.of(session)[1] == frozenset(), "as they were, they are the usual ones"
        step = playbooks.written("上门拜访", "guide", "call", 2)
    use.keep(home, home.store, SYSTEM, "impersonal", [step], lakes.NOW)
    test.session_state["playbook_write"] = True
    test.run()
    assert "上门拜访" in said(test) and "自定义" in said(test)
    test.button(key="playbook_usual").click().run()
    assert "上门拜访" not in said(test) and "已恢复默认步骤" in said(test)


def test_who_may_not_see_people_sees_figures_alone_and_a_manager_writes_no_steps(opened):
    filled()
    test = open_part(opened, role="executive")
    assert not test.exception and tile(test, "cause-none")[0] == "45"
    assert not test.dataframe and "people-none" not in html(test)
    assert "平常" not in tile(test, "cause-too_many_messages")[1], "three are too few to be told of alike"
    other = open_part(opened, role="manager", ca_cause="impersonal")
    assert len(listed(other)) == 3
    other.session_state["playbook_write"] = True
    assert not [one for one in other.run().button if one.label == "保存步骤"]


def test_with_a_score_the_list_tells_the_chance_and_a_conversion_is_told_as_churn(opened):
    home, asked = wiring.house().live, Asked("churn_order", 30)
    lakes.add(home, 1, order_lines=test_scores.orders())
    with reading(home) as lake:
        frame = scores.risks(lake, asked)[0]
        known = scoring.features(lake, test_scores.LAST + timedelta(days=1))
    angry = frame.sort_values("chance").tail(3)["member_id"].tolist()
    since = dict(zip(known.ids.tolist(), known.column("days_since_last_order"), strict=True))
    newest = lakes.at(f"{test_scores.LAST} 03:00")
    said_so = [
        {
            "identity_key": who,
            "occurred_at": newest - timedelta(days=since[who]),
            "feedback_id": f"{who}-{n}",
            "feedback_kind": "complaint",
            "category": "privacy",
        }
        for who in angry
        for n in range(2)
    ]
    lakes.add(home, 2, feedback=said_so)
    test = open_part(opened, sc_days="30")
    rows = listed(test)
    assert sorted(address.split("#")[1] for address in rows.iloc[:, 0]) == sorted(labels(pd.Series(angry)))
    assert all(one.endswith("%") for one in rows["流失概率"]) and set(rows["原因"]) == {"对数据处理失去信任"}
    assert "概率排在前 20%" in said(test)
    other = open_part(opened, sc_days="30", sc_target="conversion", language="en", role="manager")
    assert "goes by members who order no more" in said(other) and len(listed(other)) == 3


@pytest.mark.parametrize(("language", "words"), [("zh", "现在还不能打分"), ("en", "No scores yet")])
def test_where_nobody_can_be_scored_it_says_why_instead_of_that_nobody_leaves(opened, language, words):
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, f"{LAST} 03:00")])
    test = open_part(opened, language=language)
    assert not test.exception and words in said(test)
    assert "没有可能流失的会员" not in said(test)
