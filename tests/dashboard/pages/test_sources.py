"""数据源与质量: from a file to a queued import, what came of it, held names, the way back, the way out of the demo."""

import io
from datetime import UTC, datetime

import pytest
import streamlit as st
from sqlalchemy import select

from core.scope import Operator
from core.store import profile_fields
from core.store.tables import Account, AuditEntry, Batch, ColumnMapping, Job
from core.work import duties, uploads
from dashboard import i18n
from dashboard.web import wiring
from tests.dashboard.pages.conftest import go, look, said

GOOD = [f"2026-11-{day:02d} 10:00,{'spin_wheel' if day == 5 else 'page_view'},u{day % 4}" for day in range(1, 12)]
CSV = "\n".join(["timestamp,event,user_id", *GOOD, "soon,page_view,u2"]) + "\n"
PEOPLE = "手机号,入会时间,昵称\n13800138000,2026-01-01,小满山人\n13911112222,2026-01-01,\n"


@pytest.fixture
def page(opened):
    def call(role="admin", language="zh"):
        return opened("sources", role, language)

    return call


def receive(test, text=CSV, name="app_events.csv"):
    home = wiring.house().live
    operator = Operator(test.who.operator.account_id, test.who.operator.name, test.who.operator.role)
    saved = uploads.save(home, operator, name, io.BytesIO(text.encode()))
    test.session_state["_upload"] = saved.upload_id
    test.run()
    return saved


def work():
    worker = duties.worker(wiring.house(), lambda: datetime.now(UTC), print)
    assert worker.step()


def press(test, key):
    test.button(key=key).click()
    return test.run()


def submit(test, label):
    next(button for button in test.button if button.label == label).click()
    return test.run()


def imported(test):
    receive(test)
    press(test, "start_import")
    work()
    return test.run()


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有导入过数据"), ("en", "Nothing was imported yet")])
def test_an_empty_world_says_what_to_do(page, language, words):
    test = look(page(language=language), "sources_tab", i18n.text(language, "sources.tab_log"))
    assert not test.exception
    assert words in said(test)


def test_compliance_looks_but_finds_nothing_to_change(page):
    test = page("compliance")
    assert not test.exception
    assert "选择文件" not in said(test)
    assert [tab.label for tab in test.tabs] == ["更新日志", "质量"]


def test_a_file_that_was_brought_in_outlives_a_look_at_another_tab(page):
    test = page()
    receive(test)
    test.text_input(key="mapping_name").set_value("halb")
    look(test, "sources_tab", "更新日志")
    assert "还没有导入过数据" in said(test)
    look(test, "sources_tab", "导入文件")
    assert test.text_input(key="mapping_name").value == "halb"


LOG = "[10:00] <Ann> 有茶吗\n[10:01] <店员小王> 有的\n[10:02] <Ann> 好的，来一罐\n[10:03] <Bo> 我也要\n"


def spoken():
    """Who wrote as what, in the order of the log; whether each is known."""
    with wiring.house().live.lake.open() as snapshot:
        rows = snapshot.table("group_messages").order_by("row_number").select("sender_kind", "group_id", "identity_key")
        return [
            (row["sender_kind"], row["group_id"], row["identity_key"] is not None)
            for row in snapshot.arrow(rows).to_pylist()
        ]


def test_a_chat_log_keeps_its_speakers_and_its_group(page):
    test = page()
    receive(test, LOG, "茶友会 2026-11-20.txt")
    assert not test.exception
    assert "「nick」同时用作：身份 · " in said(test)
    press(test, "start_import")
    work()
    assert spoken() == [("member", "茶友会", True)] * 4


def test_staff_is_marked_and_a_group_is_named_where_the_file_does_not(page, monkeypatch):
    real = st.data_editor

    def edited(frame, *, key, **options):
        found = real(frame, key=key, **options)
        if not key.startswith("map_senders_"):
            return found
        assert found["from"].tolist() == ["Ann", "店员小王", "Bo"] and found["messages"].tolist() == [2, 1, 1]
        return found.assign(to=["会员", "员工", "会员"])

    monkeypatch.setattr(st, "data_editor", edited)
    test = page()
    receive(test, LOG, "2026-11-20.txt")
    field = next(one for one in test.text_input if one.label == "群（没有写明群的行）")
    field.set_value("茶友会").run()
    press(test, "start_import")
    work()
    assert spoken() == [(kind, "茶友会", True) for kind in ("member", "staff", "member", "member")]


def test_a_tab_that_is_not_open_is_not_drawn(page):
    test = page()
    assert "还没有导入过数据" not in said(test)
    assert "选择文件" not in said(look(test, "sources_tab", "更新日志"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", "前 **12** 行中，**11** 行可以导入，**1** 行会被拒收"),
        ("en", "Of the first **12** rows, **11** can be imported"),
    ],
)
def test_a_file_is_understood_and_previewed_before_anything_is_written(page, language, words):
    test = page(language=language)
    receive(test)
    assert not test.exception
    assert words in said(test)
    table = "\n".join(frame.value.astype(str).to_string() for frame in test.dataframe)
    assert {"zh": "时间无法识别", "en": "the time cannot be read"}[language] in table
    assert wiring.house().live.lake.manifests.latest().tables == {}


@pytest.mark.parametrize(
    ("language", "words", "column"),
    [
        ("zh", "昵称加密保存，不写入数据湖", "昵称（加密保存）"),
        ("en", "Nicknames are kept encrypted", "Nickname (kept encrypted)"),
    ],
)
def test_a_column_of_nicknames_is_found_and_masked_and_said_to_be_kept_encrypted(page, language, words, column):
    test = page(language=language)
    receive(test, PEOPLE, "会员.csv")
    assert not test.exception
    assert words in said(test)
    (preview,) = (frame.value for frame in test.dataframe if column in frame.value)
    assert preview[column].tolist() == ["小***", ""]
    shown = "\n".join(frame.value.astype(str).to_string() for frame in test.dataframe)
    assert "小满" not in shown + said(test)


def test_nicknames_are_imported_as_the_guess_has_them(page):
    test = page()
    receive(test, PEOPLE, "会员.csv")
    press(test, "start_import")
    work()
    with wiring.house().live.store.reading() as session:
        assert len(profile_fields.holders(session, "nickname")) == 1


def test_files_without_nicknames_say_nothing_of_them(page):
    test = page()
    receive(test)
    assert "昵称" not in said(test)


def test_an_import_is_done_by_the_worker_and_its_counts_reconcile_on_screen(page, store):
    test = page()
    receive(test)
    press(test, "start_import")
    assert "1 个导入进行中" in said(test)
    assert "后台程序没有运行" in "".join(str(one.value) for one in test.warning)
    work()
    test.run()
    assert not test.exception
    assert "app\\_events\\.csv 已导入" in said(test)
    assert "读取 12 = 接收 11 + 重复 0 + 拒收 1" in said(test)
    with store.reading() as session:
        batch = session.scalars(select(Batch)).one()
    assert (batch.state, batch.accepted_count, batch.rejected_count) == ("committed", 11, 1)


def test_a_mapping_that_is_given_a_name_is_saved_and_chosen_for_the_next_such_file(page, store):
    test = page()
    receive(test)
    test.text_input(key="mapping_name").set_value("app 埋点")
    press(test, "start_import")
    with store.reading() as session:
        assert [row.name for row in session.scalars(select(ColumnMapping))] == ["app 埋点"]
    work()
    test.run()
    receive(test)
    assert test.selectbox(key="mapping_chosen").value == "app 埋点"


def test_names_nobody_knows_are_held_and_count_once_approved(page):
    test = imported(page())
    assert "2 个新事件名等待审核" in said(test)
    submit(test, "放行所选")
    assert "已放行 2 个事件名" in said(test)
    assert "等待审核" not in "".join(str(part.value) for part in test.subheader)
    home = wiring.house().live
    with home.lake.open() as snapshot:
        names = snapshot.current("event_names")
        assert snapshot.value(names.filter(names.is_held).count()) == 0


def test_names_that_stay_hidden_are_not_brought_up_again(page):
    test = imported(page())
    submit(test, "保持隐藏")
    assert "2 个事件名保持隐藏" in said(test)
    go(test, "sources")
    assert "等待审核" not in "".join(str(part.value) for part in test.subheader)


def test_a_waiting_import_is_cancelled(page, store):
    test = page()
    receive(test)
    press(test, "start_import")
    with store.reading() as session:
        job = session.scalars(select(Job)).one()
    press(test, f"cancel_{job.id}")
    with store.reading() as session:
        assert session.scalars(select(Job)).one().state == "cancelled"


def test_a_rollback_needs_a_reason(page, store):
    test = look(imported(page()), "sources_tab", "更新日志")
    submit(test, "确认回滚")
    assert "请填写回滚的理由" in said(test)
    test.text_input(key="reason_rollback").set_value("选错了文件")
    submit(test, "确认回滚")
    assert "已回滚" in said(test)
    with store.reading() as session:
        assert session.scalars(select(Batch)).one().state == "rolled_back"


def test_a_file_that_cannot_be_read_says_why_and_offers_another(page):
    test = page()
    receive(test, "", "empty.csv")
    assert not test.exception
    assert [button.label for button in test.button if button.key == "discard"] == ["换一个文件"]
    press(test, "discard")
    assert "选择文件" in said(test)


def test_whoever_lost_the_role_starts_nothing_with_a_page_that_is_still_open(page, store):
    test = page()
    receive(test)
    with store.transaction() as session:
        session.get_one(Account, test.who.operator.account_id).role = "manager"
    press(test, "start_import")
    with store.reading() as session:
        assert list(session.scalars(select(Job))) == []


def test_only_an_admin_removes_the_demo_and_it_is_gone_for_good(page, store, tmp_path):
    (tmp_path / "demo" / "lake").mkdir(parents=True)
    assert "remove_demo" not in [button.key for button in page("analyst").button]
    test = page("admin")
    press(test, "remove_demo")
    assert not test.exception
    assert "演示数据已移除" in said(test)
    assert not (tmp_path / "demo").exists()
    with store.reading() as session:
        assert session.scalar(select(AuditEntry).where(AuditEntry.action == "demo.removed"))
