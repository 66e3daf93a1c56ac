"""Targets of notices: who may set them up, what is refused, and that nothing secret is ever to be read again."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.errors import Forbidden, Unknown, WrongKey
from core.privacy.pseudonyms import Keys
from core.scope import Operator, Scope
from core.senders.posting import Poster
from core.senders.webhook import Webhook
from core.store.notice_tables import NoticeTarget
from core.store.tables import AuditEntry
from core.work import notice_secrets, notice_targets
from core.work.deliveries import deliver
from core.work.notice_targets import InvalidTarget, TargetChanged, Wanted
from core.work.questions import notices as asked
from tests.core.work.notice_parts import ADMIN, LIN, NOW, house, say, target
from tests.fakes.hooks import receiving
from tests.fakes.robots import KEY
from tests.lakes import add

SECRET = "whsec_" + "b2xk" * 10
PUBLIC = "https://hooks.example.com/in?token=hush"


@pytest.fixture
def home(tmp_path):
    made = house(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def either(store, tmp_path):
    return house(tmp_path, store)


def audited(home):
    with home.store.reading() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)))


def change(home, one, revision=1, address=None, **wanted):
    return notice_targets.change(
        home, home.store, ADMIN, one, Wanted(**({"name": "t"} | wanted)), address=address, revision=revision, now=NOW
    )


def test_a_target_is_added_and_shown_without_what_is_secret(either):
    target(either, "webhook", PUBLIC, "hook")
    target(either, "robot", f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}", "robot")
    target(either, "email", LIN, "mail", most_per_hour=5, digest_minutes=30, kinds=("drill.late",))
    shown = [(one.kind, one.name, one.address) for one in asked.targets(either, ADMIN)]
    assert shown == [
        ("webhook", "hook", "https://hooks.example.com/…"),
        ("email", "mail", LIN),
        ("robot", "robot", "…5aaa"),
    ]
    mail = asked.targets(either, ADMIN)[1]
    assert (mail.most_per_hour, mail.digest_minutes, mail.kinds, mail.units) == (5, 30, ("drill.late",), None)


def test_a_secret_is_made_and_shown_once_or_brought_along(home):
    add_one = lambda name, secret: notice_targets.add(  # noqa: E731
        home, home.store, ADMIN, "webhook", PUBLIC, Wanted(name), secret=secret, now=NOW
    )
    assert add_one("made", None).secret.startswith("whsec_")
    assert add_one("brought", SECRET).secret is None
    assert "whsec_" not in repr(add_one("printed", None))


def test_neither_addresses_nor_secrets_stand_readable_in_the_store_or_in_its_audit_log(home):
    one = target(home, "webhook", PUBLIC, secret=SECRET)
    fresh = notice_targets.rotate(home, home.store, ADMIN, one, revision=1, now=NOW)
    target(home, "robot", KEY, "robot")
    target(home, "email", LIN, "mail")
    notice_targets.test(home, home.store, ADMIN, one, now=NOW)
    with home.store.reading() as session:
        names = [row[0] for row in session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))]
        everything = "".join(str(session.execute(text(f"SELECT * FROM {name}")).all()) for name in names)
    for secret in (SECRET, fresh, "token=hush", KEY):
        assert secret not in everything
    log = json.dumps([one.details for one in audited(home)], ensure_ascii=False)
    assert LIN not in log
    assert "l…@example.com" in log


def test_every_change_stands_in_the_audit_log(home):
    one = target(home, "webhook", PUBLIC)
    change(home, one, least_urgency="high")
    notice_targets.rotate(home, home.store, ADMIN, one, revision=2, now=NOW)
    notice_targets.test(home, home.store, ADMIN, one, now=NOW)
    notice_targets.resume(home, home.store, ADMIN, one, now=NOW)
    notice_targets.remove(home, home.store, ADMIN, one, revision=3, now=NOW)
    told = [(entry.action.partition(".")[2], entry.actor, entry.object) for entry in audited(home)]
    assert told == [
        (action, "ada", f"target:{one}") for action in ("added", "changed", "rotated", "tested", "resumed", "removed")
    ]


@pytest.mark.parametrize(
    ("kind", "address", "reason"),
    [
        ("webhook", "http://hooks.example.com/", "scheme"),
        ("webhook", "https://hooks.example.com:8080/", "port"),
        ("webhook", "https://u:p@hooks.example.com/", "user"),
        ("webhook", "https://10.0.0.1/", "private"),
        ("webhook", "hooks.example.com", "scheme"),
        ("webhook", "https://a b/", "address"),
        ("email", "lin", "address"),
        ("email", f"{LIN}\r\nBcc: all@example.com", "address"),
        ("email", f"{LIN},b@example.com", "address"),
        ("robot", "https://evil.example/cgi-bin/webhook/send?key=" + KEY, "key"),
        ("pigeon", "roof", "kind"),
    ],
)
def test_an_address_that_cannot_be_is_refused_by_its_reason(home, kind, address, reason):
    with pytest.raises(InvalidTarget) as error:
        target(home, kind, address)
    assert error.value.details["reason"] == reason
    assert asked.targets(home, ADMIN) == []


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"name": " "}, "name"),
        ({"name": "a" * 61}, "name"),
        ({"name": "a\nb\x00"}, "name"),
        ({"language": "fr"}, "language"),
        ({"least_urgency": "loud"}, "urgency"),
        ({"kinds": ()}, "kinds"),
        ({"kinds": ("warning.lost",)}, "kinds"),
        ({"units": ()}, "units"),
        ({"units": ("nowhere",)}, "units"),
        ({"most_per_hour": 0}, "cap"),
        ({"most_per_hour": 1001}, "cap"),
        ({"digest_minutes": -1}, "digest"),
        ({"digest_minutes": 1441}, "digest"),
    ],
)
def test_what_a_target_cannot_want_is_refused_by_its_reason(home, wanted, reason):
    add(home, 1, units=[{"unit_id": "n"}])
    one = target(home, "webhook", PUBLIC)
    with pytest.raises(InvalidTarget) as error:
        change(home, one, **wanted)
    assert error.value.details["reason"] == reason


def test_e_mail_needs_a_server_and_a_secret_that_is_brought_must_be_one(home):
    bare = replace(home, settings=replace(home.settings, mail=None))
    with pytest.raises(InvalidTarget) as error:
        target(bare, "email", LIN)
    assert error.value.details["reason"] == "mail"
    with pytest.raises(InvalidTarget) as error:
        target(home, "webhook", PUBLIC, secret="whsec_short")
    assert error.value.details["reason"] == "secret"
    with pytest.raises(InvalidTarget) as error:
        notice_targets.rotate(home, home.store, ADMIN, target(home, "email", LIN), revision=1, now=NOW)
    assert error.value.details["reason"] == "rotate"
    assert [one.has_sender for one in asked.targets(bare, ADMIN)] == [False]


def test_a_change_keeps_the_address_unless_another_is_given_and_frees_what_was_halted(home):
    one = target(home, "webhook", PUBLIC, secret=SECRET)
    with home.store.transaction() as session:
        session.get(NoticeTarget, one).halted = "http.410"
    assert change(home, one, name="other", is_on=False) == 2
    assert (asked.targets(home, ADMIN)[0].halted, asked.targets(home, ADMIN)[0].name) == ("http.410", "other")
    assert change(home, one, revision=2, address="https://b.example/x") == 3
    with home.store.reading() as session:
        row = session.get(NoticeTarget, one)
        kept = notice_secrets.unseal(home, row)
    assert (kept.address, kept.secrets, row.address, row.halted) == (
        "https://b.example/x",
        (SECRET,),
        "https://b.example/…",
        None,
    )


def test_who_has_not_seen_the_newest_revision_changes_nothing(home):
    one = target(home, "webhook", PUBLIC)
    change(home, one)
    for do in (
        lambda: change(home, one),
        lambda: notice_targets.rotate(home, home.store, ADMIN, one, revision=1, now=NOW),
        lambda: notice_targets.remove(home, home.store, ADMIN, one, revision=1, now=NOW),
    ):
        with pytest.raises(TargetChanged) as error:
            do()
        assert error.value.details["revision"] == 2
    with pytest.raises(Unknown):
        change(home, 99)


def test_of_several_who_take_a_name_at_once_one_has_it(either):
    def take(_):
        try:
            return target(either, "webhook", PUBLIC, "same")
        except InvalidTarget as refusal:
            return refusal.details["reason"]

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(take, range(4)))
    assert sorted(map(str, told))[1:] == ["taken"] * 3
    other = target(either, "webhook", PUBLIC, "other")
    with pytest.raises(InvalidTarget):
        change(either, other, name="same")


def test_only_an_administrator_of_the_whole_house_sets_up_targets(home):
    one = target(home, "webhook", PUBLIC)
    for who in (
        Operator(2, "m", "manager"),
        Operator(3, "x", "analyst"),
        Operator(4, "n", "admin", Scope(frozenset({"n"}))),
    ):
        for do in (
            lambda who: notice_targets.add(home, home.store, who, "robot", KEY, Wanted("r"), now=NOW),
            lambda who: notice_targets.change(home, home.store, who, one, Wanted("r"), revision=1, now=NOW),
            lambda who: notice_targets.remove(home, home.store, who, one, revision=1, now=NOW),
            lambda who: notice_targets.rotate(home, home.store, who, one, revision=1, now=NOW),
            lambda who: notice_targets.test(home, home.store, who, one, now=NOW),
            lambda who: notice_targets.resume(home, home.store, who, one, now=NOW),
        ):
            with pytest.raises(Forbidden):
                do(who)


def test_for_a_day_messages_are_signed_with_the_old_secret_as_well(home):
    with receiving(NOW, SECRET) as hook:
        one = target(home, "webhook", hook.address, secret=SECRET)
        fresh = notice_targets.rotate(home, home.store, ADMIN, one, revision=1, now=NOW)
        for days, believed in ((0, SECRET), (0.9, fresh), (1.1, fresh), (1.2, SECRET)):
            hook.now, hook.secrets = NOW + timedelta(days=days), [believed]
            say(home, str(days))
            deliver(home, {"webhook": Webhook(Poster({"127.0.0.1"}))}, hook.now)
        assert (len(hook.taken), hook.refused) == (3, ["signature"])


def test_what_is_sealed_for_one_target_opens_for_no_other_and_with_no_other_key(home):
    one, other = target(home, "webhook", PUBLIC, "a"), target(home, "webhook", PUBLIC, "b")
    with home.store.transaction() as session:
        session.get(NoticeTarget, other).sealed = session.get(NoticeTarget, one).sealed
    say(home, "x")
    done = deliver(home, {"webhook": Webhook(Poster())}, NOW)
    halted = {target.name: target.halted for target in asked.targets(home, ADMIN)}
    assert (done.sent, halted["b"]) == (0, "key.wrong")
    with home.store.reading() as session, pytest.raises(WrongKey):
        notice_secrets.unseal(replace(home, keys=Keys(b"x" * 32)), session.get(NoticeTarget, one))
