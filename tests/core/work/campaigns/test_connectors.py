"""Connectors: who may set them up, what is refused, what halts them, and that nothing secret is ever to be read again."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.errors import Forbidden, Unknown, WrongKey
from core.privacy.pseudonyms import Keys
from core.scope import Operator
from core.senders.outcomes import Halted, Unfit
from core.senders.sender import Gone, Permanent, Temporary, Uncertain
from core.store import connectors as rows
from core.store import outbox, topics
from core.store.campaign_tables import Connector
from core.store.tables import AuditEntry
from core.work.campaigns.ways_out import connector_secrets, connectors
from core.work.campaigns.ways_out.connector_kinds import KINDS, DemoConnector, InvalidConnector
from core.work.campaigns.ways_out.connectors import LONGEST_PAUSE, ConnectorChanged, ConnectorInUse
from tests.core.work.connector_parts import HOOK, SECRET, SECRETS, SETTINGS, add
from tests.core.work.notice_parts import ADMIN, NOW, house

KAI = Operator(2, "kai", "analyst")


@pytest.fixture
def home(store, tmp_path):
    return house(tmp_path, store)


def one(home, connector_id):
    with home.store.reading() as session:
        return rows.one(session, connector_id)


def opened(home, connector_id):
    return connector_secrets.unseal(home.keys, one(home, connector_id))


def change(home, connector_id, revision=1, name="wecom", secrets=None, **settings):
    row = one(home, connector_id)
    return connectors.change(
        home, home.store, ADMIN, connector_id, name, {**row.settings, **settings}, secrets or {}, revision=revision, now=NOW
    )  # fmt: skip


def switch(home, connector_id, is_on=True, revision=1):
    return connectors.switch(home, home.store, ADMIN, connector_id, is_on=is_on, revision=revision, now=NOW)


def blamed(home, connector_id, trouble, now=NOW):
    with home.store.transaction() as session:
        return connectors.blame(session, connector_id, trouble, now)


def praised(home, connector_id):
    with home.store.transaction() as session:
        connectors.praise(session, connector_id)


def audited(home):
    with home.store.reading() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)))


# -- set up ------------------------------------------------------------------------------------------------------------


def test_a_connector_of_each_kind_is_added_off_and_its_secrets_open_again(home):
    numbers = {kind: add(home, kind) for kind in KINDS}
    found = {kind: one(home, number) for kind, number in numbers.items()}
    assert {kind: (row.channel, row.is_on, row.revision, row.by) for kind, row in found.items()} == {
        kind: (KINDS[kind].channels[0], False, 1, "ada") for kind in KINDS
    }
    assert {kind: opened(home, number) for kind, number in numbers.items()} == SECRETS


def test_nothing_secret_stands_readable_in_the_store_or_in_its_audit_log(home):
    numbers = {kind: add(home, kind) for kind in KINDS}
    connectors.rotate(home, home.store, ADMIN, numbers["webhook"], revision=1, now=NOW)
    with home.store.reading() as session:
        table = session.execute(text("SELECT * FROM connectors")).all()
        entries = [json.dumps(entry.details, ensure_ascii=False) for entry in session.scalars(select(AuditEntry))]
    secrets = [secret for some in SECRETS.values() for secret in some.values()]
    assert [one for one in secrets if any(one in str(row) or one.encode() in bytes(row.sealed) for row in table)] == []
    names = ("mail.example.com", "news@brand.example", "某某旗舰店", "hooks.example.com")
    assert [one for one in (*secrets, *names) if any(one in entry for entry in entries)] == []


def test_what_was_sealed_for_one_connector_or_with_another_key_does_not_open(home):
    first, second = add(home, "wecom"), add(home, "robot")
    with home.store.transaction() as session:
        rows.one(session, second).sealed = rows.one(session, first).sealed
    with pytest.raises(WrongKey):
        opened(home, second)
    with pytest.raises(WrongKey):
        connector_secrets.unseal(Keys(b"x" * 32), one(home, first))


def test_a_change_keeps_secrets_that_nobody_typed_and_frees_what_was_halted(home):
    number = add(home, "wecom")
    blamed(home, number, Halted("wecom.40001"))
    assert change(home, number, price_minor=3) == 2
    row = one(home, number)
    assert (row.settings["price_minor"], row.halted, opened(home, number)) == (3, None, SECRETS["wecom"])
    change(home, number, 2, secrets={"secret": "another"})
    assert opened(home, number) == SECRETS["wecom"] | {"secret": "another"}


def test_a_webhook_says_its_secret_once_and_signs_with_the_old_one_beside_a_new(home):
    told = connectors.add(home, home.store, ADMIN, "webhook", "made", {}, {"address": HOOK}, now=NOW)
    assert told.secret == opened(home, told.connector_id)["secret"]
    assert "whsec_" not in repr(told)
    number = add(home, "webhook", "brought")
    fresh = connectors.rotate(home, home.store, ADMIN, number, revision=1, now=NOW)
    kept = opened(home, number)
    assert (kept["secret"], kept["old_secret"]) == (fresh, SECRET)
    change(home, number, 2, name="brought", secrets={"secret": SECRET})
    assert "old_secret" not in opened(home, number)


def test_only_a_webhook_has_a_secret_that_is_made_anew(home):
    with pytest.raises(InvalidConnector):
        connectors.rotate(home, home.store, ADMIN, add(home, "wecom"), revision=1, now=NOW)


@pytest.mark.parametrize(
    ("name", "reason"), [(" ", "empty"), ("n" * 61, "long"), ("a\x00b", "form"), ("wecom", "taken")]
)
def test_a_name_is_a_short_line_that_no_other_has(home, name, reason):
    add(home, "wecom")
    with pytest.raises(InvalidConnector) as error:
        connectors.add(home, home.store, ADMIN, "console", name, {}, {}, now=NOW)
    assert (error.value.field, error.value.reason) == ("name", reason)


def test_who_changes_what_somebody_else_changed_meanwhile_is_told(home):
    number = add(home, "wecom")
    change(home, number)
    with pytest.raises(ConnectorChanged):
        change(home, number, 1)
    with pytest.raises(ConnectorChanged):
        switch(home, number)


def test_of_each_channel_one_is_on_and_of_robots_any_number(home):
    ali, qq = add(home, "aliyun_sms", is_on=True), add(home, "tencent_sms")
    with pytest.raises(ConnectorInUse) as error:
        switch(home, qq)
    assert error.value.details["name"] == "aliyun_sms"
    switch(home, ali, is_on=False, revision=2)
    switch(home, qq)
    for name in ("robot 1", "robot 2"):
        add(home, "robot", name, is_on=True)
    with home.store.reading() as session:
        assert rows.in_use(session, "sms").id == qq
        assert rows.in_use(session, "email") is None


def test_of_two_who_switch_on_at_once_one_is_refused(home):
    numbers = [add(home, "aliyun_sms"), add(home, "tencent_sms")]

    def tried(number):
        try:
            return switch(home, number)
        except ConnectorInUse:
            return None

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(tried, numbers))
    assert sorted(ends, key=str) == [2, None]
    assert sum(one(home, number).is_on for number in numbers) == 1


def test_what_was_never_sent_through_is_removed_and_all_else_stays(home):
    fresh, on, used = add(home, "wecom"), add(home, "email", is_on=True), add(home, "console")
    with home.store.transaction() as session:
        outbox.arrived(session, rows.rate_key(used), 1)
    remove = lambda number, revision=1: connectors.remove(  # noqa: E731
        home, home.store, ADMIN, number, revision=revision, now=NOW
    )
    remove(fresh)
    with pytest.raises(Unknown):
        one(home, fresh)
    for number, revision, reason in ((on, 2, "on"), (used, 1, "used")):
        with pytest.raises(ConnectorInUse) as error:
            remove(number, revision)
        assert error.value.details["reason"] == reason


def test_in_the_demo_no_connector_reaches_out(home):
    demo = replace(home, world="demo")
    with pytest.raises(DemoConnector):
        add(demo, "wecom")
    number = add(demo, "wecom", gateway="http://127.0.0.1:9")
    outside = {**one(demo, number).settings, "gateway": ""}
    with pytest.raises(DemoConnector):
        connectors.change(demo, demo.store, ADMIN, number, "wecom", outside, {}, revision=1, now=NOW)
    lonely = replace(demo, settings=replace(demo.settings, inner_hosts=frozenset()))
    with pytest.raises(DemoConnector):
        switch(lonely, number)


def test_who_may_not_set_up_connectors_is_refused_everywhere(home):
    number = add(home, "webhook")
    calls = {
        "add": lambda: add(home, "console", operator=KAI),
        "change": lambda: connectors.change(home, home.store, KAI, number, "n", {}, {}, revision=1, now=NOW),
        "rotate": lambda: connectors.rotate(home, home.store, KAI, number, revision=1, now=NOW),
        "switch": lambda: connectors.switch(home, home.store, KAI, number, is_on=True, revision=1, now=NOW),
        "remove": lambda: connectors.remove(home, home.store, KAI, number, revision=1, now=NOW),
        "resume": lambda: connectors.resume(home, home.store, KAI, number, now=NOW),
        "tested": lambda: connectors.tested(home, home.store, KAI, number, None, revision=1, now=NOW),
    }
    for call in calls.values():
        with pytest.raises(Forbidden):
            call()
    assert one(home, number).revision == 1


def test_what_was_done_stands_in_the_audit_log(home):
    number = add(home, "webhook", is_on=True)
    connectors.resume(home, home.store, ADMIN, number, now=NOW)
    switch(home, number, is_on=False, revision=3)
    connectors.remove(home, home.store, ADMIN, number, revision=4, now=NOW)
    told = [(entry.action, entry.object) for entry in audited(home)]
    assert told == [(f"connector.{did}", f"connector:{number}") for did in ("added", "switched_on", "resumed", "switched_off", "removed")]  # fmt: skip


# -- trouble -----------------------------------------------------------------------------------------------------------


def test_a_platform_that_refuses_the_house_halts_the_connector_until_somebody_says_otherwise(home):
    number = add(home, "wecom")
    assert blamed(home, number, Halted("wecom.60020")) is True
    assert blamed(home, number, Halted("wecom.48002")) is False
    assert one(home, number).halted == "wecom.60020"
    praised(home, number)
    assert one(home, number).halted == "wecom.60020"
    other = add(home, "aliyun_sms")
    assert blamed(home, other, Halted("aliyun.isv.AMOUNT_NOT_ENOUGH")) is True
    connectors.resume(home, home.store, ADMIN, number, now=NOW)
    row = one(home, number)
    assert (row.halted, row.revision) == (None, 2)


def test_from_the_fifth_failure_in_a_row_it_is_left_alone_twice_as_long_each_time(home):
    number, told = add(home, "email"), []
    for count in range(14):
        is_new = blamed(home, number, (Temporary, Uncertain)[count % 2]("smtp.unreachable"))
        until = one(home, number).paused_until
        told.append((is_new, until and (until - NOW).total_seconds()))
    assert told == [(False, None)] * 4 + [(True, 60.0)] + [(False, 60.0 * 2**n) for n in range(1, 6)] + [(False, LONGEST_PAUSE.total_seconds())] * 4  # fmt: skip
    praised(home, number)
    row = one(home, number)
    assert (row.failures, row.paused_until) == (0, None)


def test_a_pause_is_told_again_once_the_one_before_is_over(home):
    number = add(home, "email")
    for _ in range(5):
        blamed(home, number, Temporary("smtp.unreachable"))
    assert blamed(home, number, Temporary("smtp.unreachable"), NOW + timedelta(minutes=2)) is True


def test_it_is_left_alone_at_least_as_long_as_it_asks(home):
    number = add(home, "webhook")
    for _ in range(5):
        blamed(home, number, Temporary("http.503", 900.0))
    assert one(home, number).paused_until == NOW + timedelta(minutes=15)


@pytest.mark.parametrize(
    "trouble",
    [
        Permanent("http.400"), Gone("wecom.40096"), Unfit("aliyun.isv.SMS_TEMPLATE_ILLEGAL"), Temporary("sms.hours", 3600.0), Temporary("aliyun.isv.BUSINESS_LIMIT_CONTROL", 3600.0),
        Temporary("tencent.LimitExceeded.PhoneNumberDailyLimit", 3600.0), Temporary("smtp.450"),
    ],
)  # fmt: skip
def test_what_is_about_one_recipient_or_the_content_is_not_the_connectors_fault(home, trouble):
    number = add(home, "email")
    for _ in range(9):
        assert blamed(home, number, trouble) is False
    assert (one(home, number).failures, one(home, number).paused_until) == (0, None)


def test_failures_that_two_workers_see_at_once_all_count(home):
    number = add(home, "email")
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: blamed(home, number, Temporary("smtp.unreachable")), range(4)))
    assert (told, one(home, number).failures) == ([False] * 4, 4)


def test_praise_of_what_is_well_writes_nothing(home):
    number = add(home, "email")
    with home.store.reading() as session:
        before = topics.revision(session, connectors.TOPIC)
    praised(home, number)
    with home.store.reading() as session:
        assert topics.revision(session, connectors.TOPIC) == before


def test_what_a_test_of_an_older_connector_came_to_is_not_kept(home):
    number = add(home, "email")
    connectors.tested(home, home.store, ADMIN, number, "smtp.login", revision=1, now=NOW)
    assert (one(home, number).test_error, one(home, number).tested_at) == ("smtp.login", NOW)
    change(home, number, name="email")
    assert one(home, number).tested_at is None
    connectors.tested(home, home.store, ADMIN, number, "smtp.login", revision=1, now=NOW)
    assert one(home, number).tested_at is None


def test_settings_of_each_kind_are_kept_as_they_are_meant(home):
    assert all(SETTINGS[kind].items() <= one(home, add(home, kind)).settings.items() for kind in KINDS)


def test_rows_of_connectors_come_in_one_order(home):
    for kind in KINDS:
        add(home, kind)
    with home.store.reading() as session:
        found = [(row.channel, row.name) for row in rows.every(session)]
        assert found == sorted(found)
        assert len(session.scalars(select(Connector)).all()) == len(KINDS)
