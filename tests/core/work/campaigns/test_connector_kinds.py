"""Fields of connectors: what is refused, and what stands where nobody says otherwise."""

import pytest

from core.campaigns import body, caps, hours
from core.campaigns.hours import Quiet
from core.store.campaign_tables import CONNECTOR_KINDS
from core.work.campaigns.ways_out import connector_kinds
from core.work.campaigns.ways_out.connector_kinds import KINDS, DemoConnector, InvalidConnector
from tests.core.work.connector_parts import SECRETS, SETTINGS

INNER = frozenset({"127.0.0.1", "wecom.inside:8080"})


def read(kind, **more):
    return connector_kinds.read(kind, {**SETTINGS[kind], **more}, INNER)


def refused(call, *args, **more):
    with pytest.raises(InvalidConnector) as error:
        call(*args, **more)
    return error.value.field, error.value.reason


def test_every_kind_of_connector_has_its_fields_and_every_channel_a_kind():
    assert set(KINDS) == set(CONNECTOR_KINDS)
    assert {channel for kind in KINDS.values() for channel in kind.channels} == set(body.CHANNELS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_reads_as_the_same_again(kind):
    told = read(kind)
    assert connector_kinds.read(kind, told, INNER) == told
    assert connector_kinds.rate(told).burst >= 1


def test_where_nobody_says_otherwise_the_rules_of_platform_and_house_hold():
    wecom = read("wecom")
    assert (connector_kinds.quota(wecom, "wecom"), connector_kinds.quota(wecom, "group_chat")) == ("month_days",) * 2
    assert (connector_kinds.quiet(wecom, "wecom"), connector_kinds.quiet(wecom, "group_chat")) == (hours.PERSONAL, hours.GROUPS)  # fmt: skip
    assert connector_kinds.quiet(read("robot"), "robot") == hours.GROUPS
    others = {kind: connector_kinds.quota(read(kind), KINDS[kind].channels[0]) for kind in KINDS if kind != "wecom"}
    assert others == {kind: caps.QUOTA_OF.get(KINDS[kind].channels[0], "none") for kind in others}


def test_a_robot_never_speaks_more_than_twenty_times_in_a_minute():
    """Within any time t at most burst + t / interval units pass."""
    rate = connector_kinds.rate(read("robot"))
    assert rate.burst + 60 * 10**9 // rate.interval_ns <= 20


def test_a_whole_call_of_each_way_fits_into_its_burst():
    assert connector_kinds.rate(read("wecom")).burst >= 10_000
    assert connector_kinds.rate(read("aliyun_sms")).burst >= 1000
    assert connector_kinds.rate(read("tencent_sms")).burst >= 200


def test_quiet_hours_and_quota_are_as_said():
    told = read("wecom", quiet_start="22:30", quiet_end="07:00", quota="day1")
    assert connector_kinds.quiet(told, "wecom") == Quiet(hours.time(22, 30), hours.time(7))
    assert connector_kinds.quota(told, "group_chat") == "day1"


@pytest.mark.parametrize(
    ("kind", "more", "wrong"),
    [
        ("wecom", {"corp_id": " "}, ("corp_id", "empty")),
        ("wecom", {"corp_id": "w w"}, ("corp_id", "form")),
        ("wecom", {"corp_id": "w" * 65}, ("corp_id", "long")),
        ("wecom", {"agent_id": "12"}, ("agent_id", "form")),
        ("wecom", {"agent_id": True}, ("agent_id", "form")),
        ("wecom", {"agent_id": 0}, ("agent_id", "range")),
        ("wecom", {"quota": "none"}, ("quota", "choice")),
        ("wecom", {"nonsense": 1}, ("settings", "unknown")),
        ("wecom", {"gateway": "https://elsewhere.example"}, ("gateway", "inner")),
        ("wecom", {"gateway": "http://elsewhere.example"}, ("gateway", "scheme")),
        ("wecom", {"gateway": "http://wecom.inside:8080/cgi"}, ("gateway", "address")),
        ("wecom", {"gateway": "http://wecom.inside:81"}, ("gateway", "scheme")),
        ("wecom", {"quiet_start": "24:00"}, ("quiet_start", "form")),
        ("wecom", {"price_minor": -1}, ("price_minor", "range")),
        ("wecom", {"rate_count": 0}, ("rate_count", "range")),
        ("wecom", {"burst": 20_001}, ("burst", "range")),
        ("aliyun_sms", {"signature": ""}, ("signature", "empty")),
        ("aliyun_sms", {"signature": "签\n名"}, ("signature", "form")),
        ("official_account", {"forms": {"t": "loud"}}, ("forms", "choice")),
        ("official_account", {"forms": {"a b": "template"}}, ("forms", "form")),
        ("email", {"host": "-mail"}, ("host", "form")),
        ("email", {"security": "none"}, ("security", "plain")),
        ("email", {"from_address": "a@b, c@d"}, ("from_address", "form")),
        ("email", {"from_name": "a\r\nBcc: x@y"}, ("from_name", "form")),
        ("email", {"from_address": f"{'n' * 25}@brand.example"}, ("return_mailbox", "long")),
        ("email", {"port": 65_536}, ("port", "range")),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_is_refused_by_its_name(kind, more, wrong):
    assert refused(read, kind, **more) == wrong


def test_there_is_no_other_kind():
    assert refused(connector_kinds.read, "telex", {}, INNER) == ("kind", "choice")


def test_a_gateway_of_the_house_is_taken_without_its_slash():
    assert read("wecom", gateway="http://wecom.inside:8080/")["gateway"] == "http://wecom.inside:8080"


def test_the_port_follows_the_encryption():
    assert [read("email", security=one)["port"] for one in ("starttls", "ssl")] == [587, 465]
    assert read("email", security="none", host="localhost", port=2525)["port"] == 2525


@pytest.mark.parametrize(
    ("kind", "secrets", "wrong"),
    [
        ("wecom", {}, ("secret", "empty")),
        ("wecom", {"secret": "s", "callback_key": "short"}, ("callback_key", "form")),
        ("wecom", {"secret": "a\nb"}, ("secret", "form")),
        ("wecom", {"secret": "s" * 2001}, ("secret", "long")),
        ("wecom", {"secret": "s", "password": "p"}, ("secrets", "unknown")),
        ("robot", {"key": "no key!"}, ("key", "form")),
        ("webhook", {}, ("address", "empty")),
        ("webhook", {"address": "http://hooks.example.com/"}, ("address", "scheme")),
        ("webhook", {"address": "https://10.0.0.1/"}, ("address", "private")),
        ("webhook", {"address": "https://hooks.example.com/", "secret": "hush"}, ("secret", "form")),
    ],
)
def test_a_secret_that_cannot_be_is_refused_and_never_repeated(kind, secrets, wrong):
    with pytest.raises(InvalidConnector) as error:
        connector_kinds.read_secrets(kind, secrets, INNER)
    assert (error.value.field, error.value.reason) == wrong
    assert not any(one and one in str(error.value.details) for one in secrets.values() if len(one) > 5)
    assert error.value.__cause__ is None


def test_a_secret_that_is_not_given_stays_and_of_a_webhook_is_made():
    kept = {"secret": "old", "callback_token": "t"}
    assert connector_kinds.read_secrets("wecom", {"secret": " new "}, INNER, kept=kept) == kept | {"secret": "new"}
    assert connector_kinds.read_secrets("wecom", {"secret": ""}, INNER, kept=kept) == kept
    made = connector_kinds.read_secrets("webhook", {"address": "https://hooks.example.com/"}, INNER)
    assert made["secret"].startswith("whsec_")


@pytest.mark.parametrize(
    ("kind", "settings", "secrets", "is_inside"),
    [
        ("console", {}, {}, True),
        ("wecom", {}, {}, False),
        ("wecom", {"gateway": "http://wecom.inside:8080"}, {}, True),
        ("aliyun_sms", {}, {}, False),
        ("webhook", {}, {"address": "https://hooks.example.com/"}, False),
        ("webhook", {}, {"address": "http://127.0.0.1:8000/x"}, True),
        ("email", {"host": "mail.example.com"}, {}, False),
        ("email", {"host": "localhost"}, {}, True),
        ("email", {"host": "127.0.0.1"}, {}, True),
    ],
)
def test_in_the_demo_nothing_leaves_the_house(kind, settings, secrets, is_inside):
    told, hidden = SETTINGS[kind] | settings, SECRETS[kind] | secrets
    if is_inside:
        connector_kinds.refuse_demo(kind, told, hidden, INNER)
        return
    with pytest.raises(DemoConnector):
        connector_kinds.refuse_demo(kind, told, hidden, INNER)
