"""Trying texts, through the frame: the form asks and says what it asked, each trial tells what became of it, and many messages are handed in only after their texts were tried."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from core.campaigns.body import Content, Schedule, Variant
from core.privacy import pseudonyms
from core.store import suppressions
from core.store.campaign_tables import CampaignTrial, Connector
from core.work.campaigns import policy
from core.work.campaigns.policy import Policy
from core.work.campaigns.ways_out import connectors
from dashboard.web import wiring
from tests.dashboard.pages.campaigning import (
    BOSS,
    HOUSE,
    TEXT,
    body,
    draft,
    fill,
    hand_in,
    home,
    in_review,
    log,
    now,
    page,
    press,
    row,
    save,
    segment,
)
from tests.dashboard.pages.conftest import go, said

MAIL = "lin@brand.example"


@pytest.fixture
def seg(store):
    fill()
    rules(names=HOUSE.names)
    on("console")
    return segment()


def rules(**values):
    with home().store.reading() as session:
        was = policy.read(session)
    policy.change(home(), wiring.accounts_store(), BOSS, replace(was, **values), was=was, now=now())


def on(kind, **more):
    settings = {"email": {"host": "mail.example.com", "from_address": "news@brand.example", "from_name": "茶里"}}
    secrets = {"email": {"password": "correct horse"}}
    log_, world = wiring.accounts_store(), home()
    made = connectors.add(
        world, log_, BOSS, kind, kind, settings.get(kind, {}) | more, secrets.get(kind, {}), now=now()
    ).connector_id
    connectors.switch(world, log_, BOSS, made, is_on=True, revision=1, now=now())
    return made


def mail(seg):
    return body(seg, channels=("email",), variants=(Variant("A", 1, {"email": Content(TEXT, title="新茶")}),))


def try_(test, number, channel="console", **typed):
    """What was typed goes into the fields of the channel; then the button."""
    for name, value in typed.items():
        (field,) = [
            one
            for one in test.text_input
            if (one.key or "").startswith(f"ct_{number}_") and one.key.endswith(f"{channel}_{name}")
        ]
        field.set_value(value)
    return press(test, "ct_do")


def trials():
    with home().store.reading() as session:
        return session.scalars(select(CampaignTrial).order_by(CampaignTrial.id)).all()


def came_to(state, error=None):
    """The newest trial."""
    with home().store.transaction() as session:
        one = session.scalars(select(CampaignTrial).order_by(CampaignTrial.id.desc()).limit(1)).one()
        one.state, one.error, one.sealed, one.ended_at = state, error, None, now()


def test_a_trial_is_asked_for_and_the_address_is_gone_from_its_field(opened, seg):
    on("email")
    number = draft(mail(seg))
    test = page(opened, number)
    assert not test.exception and "还没有试发" in said(test) and "今天还能试发 20 条" in said(test)
    test = try_(test, number, "email", to=MAIL)
    assert not test.exception
    (one,) = trials()
    assert (one.state, one.by, one.variant, one.channel) == ("waiting", "manager1", "A", "email")
    assert "已交给后台发送" in said(test) and "等待后台发送" in said(test)
    assert MAIL not in said(test) and [field.value for field in test.text_input if field.key.endswith("email_to")] == [""]  # fmt: skip
    assert log(number)[-1] == "tried"


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ("sent", None, "已试发"), ("refused", "trial.held", "发送已被停止"), ("refused", "smtp.550", "没有发出"), ("unknown", "worker.lost", "可能已经收到"), ("sending", None, "正在发送"),
    ],
)  # fmt: skip
def test_what_became_of_a_trial_is_told_with_who_and_of_which_text(opened, seg, state, error, words):
    number = draft(body(seg))
    test = try_(page(opened, number), number)
    (one,) = trials()
    came_to(state, error)
    told = said(test.run())
    assert words in told and "manager1" in told and f"现在的文案，指纹 {one.digest[:12]}" in told


def test_a_text_that_was_changed_has_not_been_tried_since(opened, seg):
    number = draft(body(seg))
    test = try_(page(opened, number), number)
    came_to("sent")
    save(number, body(seg, variants=(Variant("A", 1, {"console": Content("茶里：另一句")}),)))
    told = said(test.run())
    assert "改过，改后没有试发" in told and "改动前的文案" in told


def test_a_refusal_says_what_to_do_and_keeps_what_was_typed(opened, seg):
    on("email")
    number = draft(mail(seg))
    test = try_(page(opened, number), number, "email", to="lin")
    assert "地址不正确" in said(test) and not trials()
    assert [field.value for field in test.text_input if field.key.endswith("email_to")] == ["lin"]
    mac = bytes.fromhex(pseudonyms.mac_text(home().keys, "email", "", MAIL))
    with home().store.transaction() as session:
        suppressions.add(session, "bounced", channel="email", purpose=None, address_mac=mac, by="platform", now=now())
    test = try_(test, number, "email", to=MAIL)
    assert "已拒收" in said(test) and not trials()


def test_a_channel_without_a_connector_says_that_it_cannot_be_tried(opened, seg):
    test = page(opened, draft(mail(seg)))
    assert not test.exception and "暂时不能试发" in said(test)
    assert not [one for one in test.button if one.key == "ct_do"]


def test_whoever_approves_tries_while_in_review_and_whoever_only_looks_does_not(opened, seg):
    number = in_review(body(seg))
    try_(page(opened, number, role="compliance"), number)
    assert [one.by for one in trials()] == ["compliance1"]
    looking = page(opened, number, role="analyst")
    assert "等待后台发送" in said(looking) and not [one for one in looking.button if one.key == "ct_do"]


def test_members_fill_a_trial_as_they_fill_the_preview(opened, seg):
    test = page(opened, draft(body(seg)))
    (filled,) = [one for one in test.selectbox if one.key == "ct_filled"]
    assert len(filled.options) == 4 and filled.options[-1] == "没有任何资料的人"
    alone = page(opened, draft(body(seg)), role="compliance")
    assert not alone.exception


def test_so_many_messages_are_handed_in_only_after_their_texts_were_tried(opened, seg):
    rules(trial_from=38)
    number = draft(body(seg, schedule=Schedule(per_minute=60)))
    test = press(page(opened, number), "cp_hand_in")
    assert row(number).state == "draft"
    assert "将发送 38 条（从 38 条起须先试发），这些文案还没有试发成功：版本 A · 演练（不外发）" in said(test)
    test = try_(test, number)
    came_to("sent")
    press(test.run(), "cp_hand_in")
    assert row(number).state == "in_review"


def test_a_rule_of_none_asks_for_no_trial(opened, seg):
    rules(trial_from=0)
    number = draft(body(seg))
    assert "才能提交审批" not in said(page(opened, number))
    hand_in(number)
    assert row(number).state == "in_review"


def test_the_rule_is_read_by_all_and_changed_by_admins(opened, seg):
    test = opened("catalog", "admin", "zh")
    test.query_params["part"] = "rules"
    test = go(test, "campaigns")
    (field,) = [one for one in test.number_input if one.key.endswith("_trial_from")]
    assert field.value == 1_000
    field.set_value(50)
    (button,) = [one for one in test.button if one.key.endswith("_do")]
    button.click().run()
    with home().store.reading() as session:
        assert policy.read(session) == Policy(names=HOUSE.names, trial_from=50)
        assert session.scalars(select(Connector)).all()


def test_in_english_a_trial_is_told_in_english(opened, seg):
    number = draft(body(seg))
    test = try_(page(opened, number, language="en"), number)
    came_to("refused", "trial.late")
    told = said(test.run())
    assert "within fifteen minutes" in told and "Nobody knows" not in told
