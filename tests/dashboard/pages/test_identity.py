"""身份合并: found without a trace, shown masked, decided with a reason, undone."""

from datetime import datetime

import ibis
import pyarrow as pa
import pytest
from sqlalchemy import select

from core.privacy.pseudonyms import key_of, mac_text, namespace
from core.store.tables import AuditEntry, IdentityDecision
from core.work import identities
from dashboard.web import wiring
from tests.dashboard.pages.conftest import go, look, said, title

PHONE, MAIL, CARD = ("phone", "13800138000"), ("email", "lin@example.com"), ("pos_card", "C-77001")
OTHER = ("phone", "13911112222")


def bring(*people):
    """One batch; every person is the identities seen in one row."""
    home = wiring.house().live
    seen, links, when = {}, [], datetime(2026, 11, 1)
    for row in people:
        keys = []
        for kind, value in row:
            space = namespace(kind, "shop")
            mac = mac_text(home.keys, kind, space, value)
            keys.append(key_of(mac))
            seen[keys[-1]] = {
                "identity_type": kind, "namespace": space, "value": value, "mac": mac, "identity_key": keys[-1],
                "seen_at": when, "row_number": len(seen) + 1,
            }  # fmt: skip
        for other in keys[1:]:
            links.append(
                {
                    "left_key": keys[0],
                    "right_key": other,
                    "rule": "same_row",
                    "seen_at": when,
                    "row_number": len(links) + 1,
                }
            )
    times = {"seen_at": pa.timestamp("us")}
    with home.writer.change("import", 1) as change:
        identities.record(
            change, home.store, home.keys, source="shop", seen=_table(list(seen.values()), times),
            links=_table(links, times) if links else None,
        )  # fmt: skip
    return home


def _table(rows, times):
    plain = pa.Table.from_pylist(rows)
    for name, kind in times.items():
        plain = plain.set_column(plain.schema.get_field_index(name), name, plain[name].cast(kind))
    return ibis.memtable(plain)


def find(test, text):
    test.text_input(key="identity_search").set_value(text)
    submit(test, {"zh": "查找", "en": "Find"}[test.language])


def submit(test, label, place=0):
    [button for button in test.button if button.label == label][place].click()
    return test.run()


@pytest.fixture
def page(opened):
    def call(role="admin", language="zh"):
        test = opened("identity", role, language)
        test.language = language
        return test

    return call


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有可识别的身份"), ("en", "No identities yet")])
def test_an_empty_world_says_what_to_do(page, language, words):
    test = page(language=language)
    assert not test.exception
    assert words in said(test)


@pytest.mark.parametrize(("language", "name"), [("zh", "身份合并"), ("en", "Identity")])
def test_it_counts_members_and_never_shows_a_whole_value(page, language, name):
    bring([PHONE, MAIL], [OTHER])
    test = page(language=language)
    assert not test.exception
    assert title(test) == name
    assert test.metric[0].value == "2"
    find(test, PHONE[1])
    table = test.dataframe[0].value.astype(str).to_string()
    assert "138****8000" in table
    assert "l***@example.com" in table
    assert PHONE[1] not in table + said(test)
    (link,) = (part.value for part in test.html if "/member?m=" in part.value)
    rows = look(test, "identity_tab", {"zh": "标识最多的会员", "en": "Most identities"}[language]).dataframe[-1].value
    assert any(f'"{one.partition("#")[0]}"' in link for one in rows.iloc[:, 0]), "the list leads to the same file"


def test_what_was_typed_is_kept_nowhere_and_that_it_was_looked_up_in_the_audit_log(page, store):
    bring([PHONE, MAIL])
    test = page()
    find(test, " 138 0013 8000 ")
    with store.reading() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "member.looked_up"))
    assert (entry.actor, entry.details["types"], len(entry.details["members"])) == (
        test.who.operator.name,
        ["phone"],
        1,
    )
    assert "8000" not in str(entry.details) + entry.object
    assert "identity_chosen" in test.session_state
    assert "8000" not in str(dict(test.query_params))
    assert test.text_input(key="identity_search").value == ""


def test_a_number_nobody_has_says_so(page):
    bring([PHONE, MAIL])
    test = page()
    find(test, "13700000000")
    assert "没有找到这个标识" in said(test)


def test_only_compliance_reveals_a_value_and_only_with_a_reason_which_is_audited(page, store):
    bring([PHONE, MAIL])
    test = page("compliance")
    find(test, PHONE[1])
    chosen = [key_of(mac_text(wiring.house().live.keys, *(PHONE[0], "", PHONE[1])))][0]
    test.selectbox(key="identity_chosen").set_value(chosen)
    submit(test, "查看原文")
    assert "请填写理由" in said(test)
    test.text_input(key="reason_reveal").set_value("客户要求更正")
    submit(test, "查看原文")
    assert test.code[0].value == PHONE[1]
    with store.reading() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.action == "identity.revealed"))
    assert entry.details["reason"] == "客户要求更正"
    test.button(key="hide").click().run()
    assert len(test.code) == 0


def test_an_admin_may_not_reveal_and_an_analyst_may_not_decide(page):
    bring([PHONE, MAIL])
    for role, has, lacks in (("admin", "拉黑", "查看原文"), ("analyst", None, "拉黑")):
        test = page(role)
        find(test, PHONE[1])
        labels = [button.label for button in test.button]
        assert lacks not in labels
        assert has is None or has in labels


def test_cutting_needs_a_reason_and_can_be_undone(page):
    home = bring([PHONE, MAIL])
    test = page()
    find(test, PHONE[1])
    submit(test, "拆开")
    assert "请填写理由" in said(test)
    test.text_input(key="reason_cut").set_value("夫妻共用邮箱")
    submit(test, "拆开")
    assert "已拆开" in said(test)
    assert test.metric[0].value == "2"
    look(test, "identity_tab", "人工决定")
    test.text_input(key="reason_undo_undo_chosen").set_value("弄错了")
    submit(test, "撤销")
    assert "已撤销" in said(test)
    assert test.metric[0].value == "1"
    with home.store.reading() as session:
        assert [row.kind for row in session.scalars(select(IdentityDecision))] == ["cut", "uncut"]


def test_two_members_are_merged_by_what_the_other_one_has(page):
    bring([PHONE, MAIL], [OTHER, CARD])
    test = page()
    find(test, PHONE[1])
    test.text_input(key="merge_with").set_value(OTHER[1])
    test.text_input(key="reason_merge").set_value("电话确认同一人")
    submit(test, "与另一位会员合并")
    assert "已合并" in said(test)
    assert test.metric[0].value == "1"


def test_whoever_lost_the_permission_can_decide_nothing_more(page, store):
    home = bring([PHONE, MAIL])
    test = page()
    find(test, PHONE[1])
    with store.transaction() as session:
        from core.store.tables import Account

        session.get_one(Account, test.who.operator.account_id).role = "analyst"
    test.text_input(key="reason_block").set_value("试试")
    submit(test, "拉黑")
    with home.store.reading() as session:
        assert list(session.scalars(select(IdentityDecision))) == []


def test_limits_are_changed_with_a_reason(page):
    bring([PHONE, MAIL])
    test = look(page(), "identity_tab", "合并规则")
    test.number_input(key="limit_phone").set_value(9)
    test.text_input(key="reason_limits").set_value("家庭共用较多")
    submit(test, "保存并重算")
    assert "已保存新的上限" in said(test)
    assert look(go(test, "identity"), "identity_tab", "合并规则").number_input(key="limit_phone").value == 9
