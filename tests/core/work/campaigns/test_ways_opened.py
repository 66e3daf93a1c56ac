"""Connectors opened for sending: each kind reaches its platform, keeps what it knows, and says how it stands."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from core.campaigns import hours
from core.campaigns.rate import Rate
from core.errors import Forbidden, Unknown
from core.privacy.pseudonyms import Keys
from core.scope import Operator
from core.senders import bounces
from core.senders.outcomes import Halted
from core.senders.parcels import Parcel
from core.senders.sender import Temporary
from core.senders.sms.aliyun import Aliyun
from core.senders.sms.tencent import Tencent
from core.senders.wecom.calls import Calls
from core.store import connectors as rows
from core.work.campaigns.ways_out import connection_tests, connectors, ways
from core.work.campaigns.ways_out.connector_kinds import KINDS
from core.work.campaigns.ways_out.ways import Ways
from tests.core.work.connector_parts import SECRET, SECRETS, add
from tests.core.work.notice_parts import ADMIN, NOW, house
from tests.fakes import aliyun_sms, official, tencent_sms
from tests.fakes.certificates import trust
from tests.fakes.hooks import receiving
from tests.fakes.mail import PASSWORD, USER, post_office
from tests.fakes.robots import chatting
from tests.fakes.wecom import CORP, GETTOKEN, working

LIN = "+8613800138000"


@pytest.fixture
def home(tmp_path):
    made = house(tmp_path)
    yield made
    made.store.close()


class Platforms:
    """All platforms on this machine, and a connector of each kind that reaches them."""

    def __init__(self, home, stack):
        self.corp = stack.enter_context(working(NOW))
        self.corp.customers, self.corp.owners = {"wo1": ["lisi"]}, {"wr1": "lisi"}
        self.group = stack.enter_context(chatting(NOW))
        self.wechat = stack.enter_context(official.platform(NOW))
        self.wechat.followers, self.wechat.grants = {"oLin"}, {("oLin", official.ORDER): 2}
        self.ali = stack.enter_context(aliyun_sms.texting(NOW))
        self.qq = stack.enter_context(tencent_sms.texting(NOW))
        self.office = stack.enter_context(post_office())
        self.hook = stack.enter_context(receiving(NOW, SECRET))
        self.home = home
        self.settings = {
            "wecom": {"gateway": self.corp.base},
            "robot": {"gateway": self.group.base},
            "official_account": {"gateway": self.wechat.base},
            "mini_program": {"gateway": self.wechat.base},
            "aliyun_sms": {"gateway": self.ali.base},
            "tencent_sms": {"gateway": self.qq.base},
            "email": {"host": "127.0.0.1", "port": self.office.port, "security": "none"},
            "webhook": {},
            "console": {},
        }

    def add(self, kind, *, is_on=True, secrets=None, **more):
        hidden = {"address": self.hook.address} if kind == "webhook" else {}
        return add(self.home, kind, is_on=is_on, secrets=hidden | (secrets or {}), **(self.settings[kind] | more))


@pytest.fixture
def platforms(home):
    with ExitStack() as stack:
        yield Platforms(home, stack)


def opened(home, ways_, channel, place=None):
    with home.store.reading() as session:
        return ways_.open(session, channel, place)


def tried(home, number, now=NOW):
    return connection_tests.test(home, home.store, ADMIN, number, now=now)


def kept(home, number):
    with home.store.reading() as session:
        row = rows.one(session, number)
        return row.tested_at, row.test_error


PARCELS = {
    "wecom": Parcel("c1-1", "wo1", "上新"),
    "group_chat": Parcel("c1-2", "wr1", "上新", sender="lisi"),
    "robot": Parcel("c1-3", "", "上新"),
    "official_account": Parcel("c1-4", "oLin", "到期", template=official.ORDER, values={"thing1": "a", "time2": "b"}),
    "mini_program": Parcel("c1-5", "oLin", "到期", template=official.ORDER, values={"thing1": "a", "time2": "b"}, page=official.PAGE),
    "email": Parcel("c1-6", "lin@example.com", "上新", title="上新", way_out="https://s.example/u/1"),
    "webhook": Parcel("c1-7", "m-7", "上新"),
    "console": Parcel("c1-8", "m-7", "上新"),
}  # fmt: skip
STATES = {
    "wecom": "accepted", "group_chat": "accepted", "robot": "delivered", "official_account": "accepted", "mini_program": "accepted", "email": "accepted", "webhook": "delivered",
    "console": "delivered",
}  # fmt: skip


def test_what_is_sent_on_each_channel_reaches_its_platform(home, platforms):
    for kind in KINDS:
        if not kind.endswith("_sms"):
            number = platforms.add(kind)
            robot = str(number) if kind == "robot" else None
            for channel in KINDS[kind].channels:
                way = opened(home, Ways(home), channel, robot).way
                (fate,) = way.send([PARCELS[channel]], NOW)
                assert (channel, fate.state) == (channel, STATES[channel])
    assert (len(platforms.corp.masses), platforms.group.texts) == (2, ["上新"])
    assert [kind for kind, *_ in platforms.wechat.read] == ["subscription", "mini"]
    assert (len(platforms.office.letters), platforms.hook.ids) == (1, ["c1-7"])


@pytest.mark.parametrize(("kind", "template"), [("aliyun_sms", aliyun_sms.TEMPLATE), ("tencent_sms", tencent_sms.MARKETING)])  # fmt: skip
def test_text_messages_go_through_the_provider_that_is_on(home, platforms, kind, template):
    platforms.add(kind)
    text = Parcel("c1-1", LIN, "上新", template=template, values={"name": "会员", "days": "3"}, reference="c1")
    (fate,) = opened(home, Ways(home), "sms").way.send([text], NOW)
    assert fate.state == "accepted"
    assert len(platforms.ali.texts) + len(platforms.qq.texts) == 1


def test_of_what_is_off_or_not_there_nothing_is_open(home, platforms):
    held, number = Ways(home), platforms.add("robot", is_on=False)
    places = (None, "", "x", "999", "²", str(number), str(platforms.add("console")))
    assert [opened(home, held, "robot", place) for place in places] == [None] * 7
    assert opened(home, held, "email") is None


def test_a_robot_is_found_by_its_number_and_by_its_name(home, platforms):
    number, held = platforms.add("robot"), Ways(home)
    assert [opened(home, held, "robot", place).connector_id for place in (str(number), "robot")] == [number, number]


def test_an_open_way_says_its_rate_its_hours_its_price_and_how_it_stands(home, platforms):
    number = platforms.add("wecom", price_minor=7, quota="week7")
    held = Ways(home)
    one, group = opened(home, held, "wecom"), opened(home, held, "group_chat")
    assert (one.connector_id, one.channel, one.rate, one.quota, one.price_minor) == (number, "wecom", Rate(100_000, 60, 10_000), "week7", 7)  # fmt: skip
    assert (one.quiet, group.quiet, group.channel) == (hours.PERSONAL, hours.GROUPS, "group_chat")
    assert (one.closed, one.paused_until) == (None, None)
    with home.store.transaction() as session:
        connectors.blame(session, number, Halted("wecom.60020"), NOW)
    assert opened(home, held, "wecom").closed == "wecom.60020"


def test_a_token_is_asked_for_once_for_as_long_as_the_connector_stays_as_it_is(home, platforms):
    number = platforms.add("wecom")
    held = Ways(home)
    for _ in range(3):
        opened(home, held, "wecom").way.send([PARCELS["wecom"]], NOW)
    opened(home, held, "group_chat").way.send([PARCELS["group_chat"]], NOW)
    assert platforms.corp.calls[GETTOKEN] == 1
    connectors.resume(home, home.store, ADMIN, number, now=NOW)
    opened(home, held, "wecom").way.send([PARCELS["wecom"]], NOW)
    assert platforms.corp.calls[GETTOKEN] == 2


def test_a_changed_secret_is_used_at_once(home, platforms):
    number = platforms.add("wecom", secrets={"secret": "wrong"})
    held = Ways(home)
    with pytest.raises(Halted):
        opened(home, held, "wecom").way.send([PARCELS["wecom"]], NOW)
    with home.store.reading() as session:
        row = rows.one(session, number)
    connectors.change(
        home, home.store, ADMIN, number, "wecom", row.settings, {"secret": SECRETS["wecom"]["secret"]}, revision=2, now=NOW
    )  # fmt: skip
    assert opened(home, held, "wecom").way.send([PARCELS["wecom"]], NOW)[0].state == "accepted"


def test_a_connector_whose_key_is_lost_is_closed_and_sends_nothing(home, platforms):
    platforms.add("webhook")
    lost = replace(home, keys=Keys(b"x" * 32))
    found = opened(lost, Ways(lost), "webhook")
    assert found.closed == "key.wrong"
    with pytest.raises(Halted, match=r"key\.wrong"):
        found.way.send([PARCELS["webhook"]], NOW)
    assert platforms.hook.requests == []


def test_in_the_demo_a_host_that_the_house_no_longer_names_is_closed(home, platforms):
    platforms.add("webhook")
    demo = replace(home, world="demo")
    assert opened(demo, Ways(demo), "webhook").closed is None
    lonely = replace(demo, settings=replace(demo.settings, inner_hosts=frozenset()))
    assert opened(lonely, Ways(lonely), "webhook").closed == "connector.demo"


def test_the_secret_before_signs_for_a_day_beside_the_new_one(home, platforms):
    number = platforms.add("webhook")
    held = Ways(home)
    opened(home, held, "webhook")
    fresh = connectors.rotate(home, home.store, ADMIN, number, revision=2, now=NOW)
    way = opened(home, held, "webhook").way
    way.send([PARCELS["webhook"]], NOW)
    platforms.hook.secrets = [fresh]
    way.send([Parcel("c1-9", "m-7", "x")], NOW)
    assert platforms.hook.ids == ["c1-7", "c1-9"]
    after = NOW + timedelta(hours=24)
    platforms.hook.now = after
    way.send([Parcel("c1-10", "m-7", "x")], after)
    assert [len(one.headers["webhook-signature"].split()) for one in platforms.hook.requests] == [2, 2, 1]


def test_letters_come_back_to_the_mailbox_that_was_named_and_only_ours_count(home, platforms):
    platforms.add("email", return_mailbox="back@brand.example")
    opened(home, Ways(home), "email").way.send([PARCELS["email"]], NOW)
    path = platforms.office.envelopes[0][0]
    told = ways.returns(home, {"return_mailbox": "back@brand.example", "from_address": "news@brand.example"})
    assert (path.startswith("back+c1_6-"), bounces.message_of(told, path)) == (True, "c1_6")
    other = replace(home, keys=Keys(b"x" * 32))
    assert bounces.message_of(ways.returns(other, {"return_mailbox": "back@brand.example"}), path) is None


def test_what_asks_platforms_is_of_wecom_and_text_messages(home, platforms):
    held = Ways(home)
    kinds = {"wecom": Calls, "aliyun_sms": Aliyun, "tencent_sms": Tencent, "email": type(None), "console": type(None)}
    with home.store.reading() as session, pytest.raises(Unknown):
        held.calls(session, 99)
    for kind, of in kinds.items():
        number = platforms.add(kind, is_on=False)
        with home.store.reading() as session:
            assert type(held.calls(session, number)) is of


# -- tests of connections ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_is_set_up_rightly_is_well_and_nobody_gets_anything(home, platforms, kind):
    number = platforms.add(kind, is_on=False)
    assert tried(home, number) is None
    assert kept(home, number) == (NOW, None)
    assert (platforms.corp.masses, platforms.group.texts, platforms.wechat.read, platforms.office.letters) == (
        {},
        [],
        [],
        [],
    )
    assert (platforms.ali.texts, platforms.qq.texts) == ([], [])
    assert [one["type"] for one in platforms.hook.taken] == (["connector.ping"] if kind == "webhook" else [])


@pytest.mark.parametrize(
    ("kind", "secrets", "settings", "code"),
    [
        ("wecom", {"secret": "wrong"}, {}, "wecom.40001"),
        ("wecom", {}, {"corp_id": "wwother"}, "wecom.40013"),
        ("robot", {"key": "another-key-of-somebody"}, {}, "robot.93000"),
        ("official_account", {"secret": "wrong"}, {}, "wechat.40125"),
        ("mini_program", {}, {"app_id": "wxother"}, "wechat.40013"),
        ("aliyun_sms", {"secret": "wrong"}, {}, "aliyun.SignatureDoesNotMatch"),
        ("tencent_sms", {"secret": "wrong"}, {}, "tencent.AuthFailure.SignatureFailure"),
        ("webhook", {"secret": "whsec_" + "d" * 43 + "="}, {}, "http.400"),
    ],
)
def test_what_is_wrong_is_told_by_its_code(home, platforms, kind, secrets, settings, code):
    number = platforms.add(kind, is_on=False, secrets=secrets, **settings)
    assert tried(home, number) == code
    assert kept(home, number) == (NOW, code)


def test_a_secret_that_wecom_has_called_wrong_is_not_tried_again_before_it_is_changed(home, platforms):
    number = platforms.add("wecom", is_on=False, secrets={"secret": "wrong"})
    assert [tried(home, number) for _ in range(3)] == ["wecom.40001"] * 3
    assert platforms.corp.calls[GETTOKEN] == 1
    with home.store.reading() as session:
        settings = rows.one(session, number).settings
    right = {"secret": SECRETS["wecom"]["secret"]}
    connectors.change(home, home.store, ADMIN, number, "wecom", settings, right, revision=1, now=NOW)
    assert tried(home, number) is None
    assert CORP in settings.values()


def test_a_mail_server_is_asked_for_encryption_and_log_in(home, tmp_path):
    made = trust(tmp_path)
    with post_office(starttls=made.server, wants_login=True) as box:
        here = {"host": "127.0.0.1", "port": box.port}
        numbers = [add(home, "email", f"m{at}", secrets={"password": said}, user=USER, **here) for at, said in enumerate((PASSWORD, "no"))]  # fmt: skip
        held = Ways(home, context=made.believer)
        with home.store.reading() as session:
            right, wrong = (held.client(rows.one(session, number)) for number in numbers)
        right.check(NOW)
        with pytest.raises(Temporary, match=r"smtp\.login"):
            wrong.check(NOW)
        assert tried(home, numbers[0]) == "smtp.certificate"
        assert box.letters == []
    assert tried(home, numbers[0]) == "smtp.unreachable"


def test_who_may_not_set_up_connectors_may_not_try_them(home):
    number = add(home, "console")
    with pytest.raises(Forbidden):
        connection_tests.test(home, home.store, Operator(2, "kai", "analyst"), number, now=NOW)
    with pytest.raises(Unknown):
        tried(home, 99)


def test_a_connector_whose_key_is_lost_says_so_when_tried(home):
    number = add(home, "wecom")
    assert tried(replace(home, keys=Keys(b"x" * 32)), number) == "key.wrong"
