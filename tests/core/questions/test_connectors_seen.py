"""What may be seen of connectors: everything but what is secret."""

from dataclasses import replace

import pytest

from core.errors import Forbidden
from core.privacy.pseudonyms import Keys
from core.scope import Operator
from core.work.campaigns.ways_out.connector_kinds import KINDS
from core.work.questions import connectors
from tests.core.work.connector_parts import SECRETS, add
from tests.core.work.notice_parts import ADMIN, house


@pytest.fixture
def home(store, tmp_path):
    return house(tmp_path, store)


def test_all_are_seen_and_of_secrets_only_which_are_set(home):
    for kind in KINDS:
        add(home, kind)
    found = {one.kind: one for one in connectors.listed(home, ADMIN)}
    assert {kind: one.told for kind, one in found.items()} == {kind: tuple(some) for kind, some in SECRETS.items()}
    assert (found["webhook"].address, found["robot"].address, found["email"].address) == ("https://hooks.example.com/…", "…5aaa", "")  # fmt: skip
    assert found["wecom"].channels == ("wecom", "group_chat")
    assert not any(secret in repr(found) for some in SECRETS.values() for secret in some.values())


def test_one_whose_key_is_lost_is_seen_and_says_so(home):
    add(home, "webhook")
    (one,) = connectors.listed(replace(home, keys=Keys(b"x" * 32)), ADMIN)
    assert (one.is_openable, one.told, one.address) == (False, (), "")


def test_who_may_not_set_them_up_does_not_see_them(home):
    with pytest.raises(Forbidden):
        connectors.listed(home, Operator(2, "kai", "analyst"))


def test_the_signature_of_text_messages_is_that_of_the_provider_that_is_on(home):
    add(home, "aliyun_sms", signature="别家")
    with home.store.reading() as session:
        assert connectors.signature(session) == ""
    add(home, "tencent_sms", is_on=True, signature="某某")
    with home.store.reading() as session:
        assert connectors.signature(session) == "某某"


def test_robots_that_are_on_are_places_by_their_number(home):
    add(home, "robot", "off")
    on = add(home, "robot", "店长群", is_on=True)
    with home.store.reading() as session:
        assert connectors.robots(session) == {str(on): "店长群"}


def test_platforms_are_told_where_to_tell_and_only_administrators_learn_it(home):
    away = replace(home, settings=replace(home.settings, links_url="https://go.brand.example"))
    told = {kind: connectors.heard_at(away, ADMIN, 7, kind) for kind in KINDS}
    assert told["wecom"] == {"events": "https://go.brand.example/in/7/events"}
    assert [sorted(told[kind]) for kind in ("aliyun_sms", "email", "console")] == [
        ["receipts", "replies"],
        ["bounces"],
        [],
    ]
    assert connectors.heard_at(replace(away, world="demo"), ADMIN, 7, "wecom") == {"events": "https://go.brand.example/in/demo-7/events"}  # fmt: skip
    assert (connectors.heard_at(home, ADMIN, 7, "wecom"), connectors.heard_at(home, ADMIN, 7, "webhook")) == (None, {})
    with pytest.raises(Forbidden):
        connectors.heard_at(away, Operator(2, "kai", "analyst"), 7, "wecom")
