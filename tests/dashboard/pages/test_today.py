"""今日待办: what needs me now, for each role what it can do, and calm when there is nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest

from core.scope import SYSTEM
from core.store import campaigns, outbox, scores, workers
from core.store.tables import Batch, ScoreModel
from core.work import drills, incident_changes, incidents, register
from core.work.questions import incidents as questions
from core.work.questions.drills import Planned
from core.work.questions.register import Described
from dashboard.data import today
from dashboard.data.today import Item, ItemKind
from dashboard.pages.today import ICONS
from dashboard.web import wiring
from tests.core.work.campaigns.written import Draft, segment
from tests.dashboard.pages.conftest import said
from tests.dashboard.pages.parts import html
from tests.lakes import add, event


@pytest.fixture
def fresh(store):
    """A world with data of today, and a worker that is alive."""
    now = datetime.now(UTC)
    add(wiring.house().live, 1, events=[event(1, (now - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M"))])
    with store.transaction() as session:
        workers.seen(session, "w", pid=1, started_at=now, now=now)
    return store


def fail(store, name="坏了.csv"):
    now = datetime.now(UTC)
    with store.transaction() as session:
        session.add(
            Batch(
                table_name="events", source="app", file_name=name, state="failed", read_count=0, accepted_count=0, duplicate_count=0,
                rejected_count=0, actor="lin", created_at=now, finished_at=now, error_code="file.unreadable",
            )
        )  # fmt: skip


@pytest.mark.parametrize("role", ["manager", "executive", "analyst", "admin", "compliance"])
@pytest.mark.parametrize(("language", "words"), [("zh", "一切正常"), ("en", "All is well")])
def test_when_nothing_needs_anybody_it_says_so(opened, fresh, role, language, words):
    test = opened("today", role, language)
    assert not test.exception
    assert words in said(test)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", get_args(ItemKind))
def test_everything_that_there_may_be_to_do_is_shown_in_words(opened, fresh, monkeypatch, language, kind):
    calm = today.state
    item = Item(kind, "error", "campaigns", 3, on=date(2026, 11, 1), usual_days=2.0, check="stale")
    monkeypatch.setattr(today, "state", lambda: replace(calm(), items=(item,)))
    test = opened("today", "admin", language)
    assert not test.exception
    assert "3" in said(test) or kind in ("late", "sending_stopped", "quality")
    assert ICONS[kind] in said(test)
    assert f"today.{kind}" not in said(test)


def test_a_campaign_that_is_sent_and_what_nobody_knows_of_it_are_told(opened, fresh):
    live, now = wiring.house().live, datetime.now(UTC)
    draft = Draft(live, segment(live))
    with fresh.transaction() as session:
        campaigns.move(session, draft.id, before="draft", state="sending", now=now)
        outbox.plan(session, draft.id, [{"member_id": 1, "channel": "sms", "state": "unknown"}], now)
    test = opened("today", "manager")
    assert not test.exception
    assert "1 个活动正在发送" in said(test)
    assert "1 条消息不知是否送达" in said(test)
    assert "/campaigns" in html(test)


@pytest.mark.parametrize(
    ("role", "words"), [("analyst", "先在「数据源与质量」导入"), ("manager", "等管理员或分析师导入")]
)
def test_an_empty_world_says_who_can_bring_data(opened, role, words):
    test = opened("today", role)
    assert "还没有数据" in said(test)
    assert words in said(test)


def test_a_failed_import_is_told_to_those_who_can_do_something_about_it(opened, fresh):
    fail(fresh)
    for role, sees in (("admin", True), ("analyst", True), ("manager", False), ("executive", False)):
        assert ("1 个文件导入失败" in said(opened("today", role))) is sees


def test_a_worker_that_stopped_is_told_and_the_name_of_a_file_is_never_a_link(opened, fresh):
    fail(fresh, "[x](http://evil.test).csv")
    with fresh.transaction() as session:
        workers.seen(session, "w", pid=1, started_at=datetime.now(UTC), now=datetime.now(UTC) - timedelta(hours=1))
    test = opened("today")
    assert "后台程序没有运行" in said(test)
    assert "](http" not in said(test).replace("\\", "\0")


@pytest.mark.parametrize(
    ("language", "words", "to"), [("zh", "1 个评分模型需要重新训练", "去看模型登记"), ("en", "1 model of a score needs", "Go to the models of scores")]
)  # fmt: skip
def test_a_model_that_needs_training_leads_to_the_models(opened, fresh, language, words, to):
    now = datetime.now(UTC)
    with fresh.transaction() as session:
        model = ScoreModel(
            target="churn_order", days=30, algorithm="logistic", state="live", parameters={}, window={}, metrics={}, lake_version=1,
            made_by="lin", made_at=now,
        )  # fmt: skip
        session.add(model)
        session.flush()
        scores.check(session, model.id, "drift", "retrain", {}, version=1, by="lin", now=now)
    test = opened("today", "analyst", language)
    assert not test.exception
    assert words in said(test)
    assert f'<a href="/scores?part=models">{to}</a>' in html(test)


@pytest.mark.parametrize(("language", "review", "drill"), [("zh", "1 项风险到了复查日", "1 次演练过了计划日还没做"), ("en", "1 risk", "1 drill")])  # fmt: skip
def test_reviews_that_are_due_and_late_drills_are_told_to_those_who_can_do_them(opened, fresh, language, review, drill):
    before = datetime.now(UTC) - timedelta(days=20)
    home, log, on = wiring.house().live, wiring.accounts_store(), before.date() + timedelta(days=5)
    register.add(home, log, SYSTEM, Described("market", "甲", 4, 4, "林", "reduce", on), now=before)
    drills.plan(home, log, SYSTEM, Planned(on, "负面舆情"), now=before)
    test = opened("today", "analyst", language)
    assert not test.exception and review in said(test) and drill in said(test)
    assert 'href="/risk?part=register"' in html(test) and 'href="/risk?part=drills"' in html(test)
    assert review not in said(opened("today", "manager", language))


def test_open_and_late_incidents_and_own_tasks_are_told(opened, fresh):
    home, log, now = wiring.house().live, wiring.accounts_store(), datetime.now(UTC)
    test = opened("today", "manager")
    me, before = test.who.operator, now - timedelta(days=30)
    late = incidents.open_by_hand(home, log, me, "退货激增", "客服反馈", now=before)
    running = incidents.open_by_hand(home, log, me, "群里炸锅", "群主反馈", now=now)
    case = questions.one(home, me, running.incident_id, now=now).case
    incident_changes.add_task(home, log, me, running.incident_id, "response", "逐个回复", me.name, now.date() + timedelta(days=2), revision=case.revision, now=now)  # fmt: skip
    assert late.incident_id != running.incident_id
    test = test.run()
    assert not test.exception
    for words in ("1 个事件这一步已超过时限", "1 个事件正在处理", "1 项事件任务等您完成"):
        assert words in said(test)
    assert 'href="/incidents"' in html(test)
