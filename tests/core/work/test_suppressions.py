"""Stopping and taking back by hand: by whom, for whom, what it stops, and what it takes to take it back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from core.errors import Forbidden, InvalidDecision, Unknown
from core.privacy import pseudonyms, short_names
from core.privacy.vault import Vault, identity_label
from core.scope import Operator, Scope
from core.store import identity_values, suppressions
from core.store.campaign_tables import Outgoing, Suppression
from core.store.tables import AuditEntry
from core.work import suppressions as use
from core.work.questions import suppressions as question
from core.work.questions.reading import reading
from core.work.suppressions import Added, AlreadyLifted, Consent, ConsentMissing, InvalidSuppression, Wanted
from tests import lakes
from tests.core.work.campaigns.worlds import NOW, campaign
from tests.core.work.campaigns.written import body
from tests.core.work.people import NORTH

LIN = Operator(1, "lin", "compliance")
ADMIN = Operator(2, "adm", "admin")
MEI = Operator(3, "mei", "admin", Scope(frozenset({NORTH})))
BOSS = Operator(4, "boss", "manager")
PHONES = {1: "13800000001", 2: "13800000002", 3: "13800000003"}
MAILS = {1: "wu@example.com"}
SAID = Wanted("manual", "sms", "marketing", "asked at the till")
AFTER = Consent(date(2026, 11, 20), "form 12, signed in the shop")


def identity(home, kind, text):
    mac = pseudonyms.mac_text(home.keys, kind, "", text)
    return pseudonyms.key_of(mac), bytes.fromhex(mac)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Members 1 to 3 with phones, 1 with an e-mail address; 3 is of the unit ``north``."""
    made = lakes.home(tmp_path_factory.mktemp("suppressed"))
    known = [(kind, text, member) for kind, of in (("phone", PHONES), ("email", MAILS)) for member, text in of.items()]
    keys = {(kind, text): identity(made, kind, text)[0] for kind, text, _ in known}
    identities = [
        {"identity_key": keys[kind, text], "identity_type": kind, "namespace": "", "first_seen_at": lakes.at("2026-01-01 00:00")}
        for kind, text, _ in known
    ]  # fmt: skip
    profiles = [
        {"identity_key": keys["phone", PHONES[one]], "unit_id": NORTH if one == 3 else "south"} for one in PHONES
    ]
    lakes.add(made, 1, identities=identities, member_profiles=profiles)
    lakes.members(made, {keys[kind, text]: member for kind, text, member in known} | {one: one for one in PHONES})
    return made


@pytest.fixture
def home(lake, store):
    vault = Vault(lake.keys)
    known = [(kind, text) for kind, of in (("phone", PHONES), ("email", MAILS)) for text in of.values()]
    rows = []
    for kind, text in known:
        key, mac = identity(lake, kind, text)
        rows.append((key, kind, "", mac, vault.seal([text], [identity_label(key)])[0]))
    with store.transaction() as session:
        identity_values.add(session, rows)
    return replace(lake, store=store)


def add(home, members, wanted=SAID, who=LIN, now=NOW):
    return use.add(home, home.store, who, members, wanted, now=now)


def lift(home, number, reason="a mistake", who=LIN, now=NOW, consent=None):
    use.lift(home, home.store, who, number, reason, consent=consent, now=now)


def seen(home, who=LIN, **asked):
    usual = {"kind": None, "channel": None, "member_id": None, "is_lifted": False, "limit": 50, "offset": 0}
    with reading(home, scope=who.scope) as opened:
        return question.page(home, opened, who, **(usual | asked))


def one_of(home, number, who):
    """Which member an entry is shown to be of."""
    with reading(home, scope=who.scope) as opened:
        found = question.one(home, opened, who, number)
    return None if found is None else found.member_id


def audited(home):
    with home.store.reading() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)).all()
        return [(row.action, row.object, row.details) for row in rows if row.action.startswith("suppression.")]


def test_whoever_is_stopped_by_hand_is_stopped_by_number_and_by_address(home):
    assert add(home, [1, 2]) == Added(2, 0)
    assert add(home, [1, 3]) == Added(1, 1)
    with home.store.reading() as session:
        stopped = suppressions.everybody(session, "sms", "marketing")
        assert stopped.members == {1, 2, 3}
        assert stopped.macs == {identity(home, "phone", one)[1] for one in PHONES.values()}
        assert suppressions.everybody(session, "sms", "service").members == frozenset()
        assert suppressions.everybody(session, "email", "marketing").members == frozenset()


def test_of_every_channel_all_addresses_are_stopped(home):
    add(home, [1], Wanted("unsubscribed", None, None, "called the hotline"))
    with home.store.reading() as session:
        for channel, kind, text in (
            ("sms", "phone", PHONES[1]),
            ("email", "email", MAILS[1]),
            ("wecom", "email", MAILS[1]),
        ):
            found = suppressions.everybody(session, channel, "service")
            assert found.members == {1}
            assert identity(home, kind, text)[1] in found.macs


def test_what_waits_for_them_is_not_sent(home):
    number = campaign(home.store, body(99), state="sending")
    with home.store.transaction() as session:
        for member, channel, state in ((1, "sms", "planned"), (1, "email", "planned"), (2, "sms", "planned"), (3, "sms", "accepted")):  # fmt: skip
            session.add(
                Outgoing(campaign_id=number, member_id=member, channel=channel, state=state, planned_at=NOW, due_at=NOW, step=0, variant="", fence=0, attempts=0)
            )  # fmt: skip
    add(home, [1, 3])
    with home.store.reading() as session:
        rows = {(row.member_id, row.channel): (row.state, row.reason) for row in session.scalars(select(Outgoing))}
    assert rows == {
        (1, "sms"): ("skipped", "gate.suppressed"), (1, "email"): ("planned", None), (2, "sms"): ("planned", None), (3, "sms"): ("accepted", None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (replace(SAID, kind="bounced"), "kind"),
        (replace(SAID, channel="group_chat"), "channel"),
        (replace(SAID, purpose="profiling"), "purpose"),
        (replace(SAID, reason="ab" * 101), "long"),
    ],
)
def test_what_cannot_be_said_by_hand_is_refused_and_stops_nobody(home, wanted, reason):
    with pytest.raises(InvalidSuppression) as refused:
        add(home, [1], wanted)
    assert refused.value.details["reason"] == reason
    assert seen(home).total == 0


def test_nobody_is_stopped_without_a_reason_or_a_member_or_with_one_who_is_not_there(home):
    with pytest.raises(InvalidDecision):
        add(home, [1], replace(SAID, reason="  . "))
    with pytest.raises(InvalidSuppression):
        add(home, [])
    with pytest.raises(Unknown):
        add(home, [1, 99])
    assert seen(home).total == 0
    assert audited(home) == []


def test_only_those_with_the_right_stop_and_lift_and_only_within_their_units(home):
    for refused in (lambda: add(home, [1], who=BOSS), lambda: lift(home, 1, who=BOSS)):
        with pytest.raises(Forbidden):
            refused()
    with pytest.raises(Unknown):
        add(home, [1], who=MEI)
    assert add(home, [3], who=MEI) == Added(1, 0)
    add(home, [1], now=NOW + timedelta(seconds=1))
    mine, others = seen(home, MEI, member_id=None).rows, seen(home).rows
    assert [one.member_id for one in mine] == [3]
    assert [one.member_id for one in others] == [1, 3]
    numbers = [one.entry.suppression_id for one in others]
    assert [one_of(home, number, MEI) for number in numbers] == [None, 3]
    assert [one_of(home, number, LIN) for number in (*numbers, 99)] == [1, 3, None]
    with pytest.raises(Unknown):
        lift(home, numbers[0], who=MEI)
    lift(home, mine[0].entry.suppression_id, who=MEI)
    assert [one.member_id for one in seen(home).rows] == [1]


def test_an_address_of_nobody_in_sight_is_seen_masked_by_those_who_see_all_alone(home):
    mac = identity(home, "phone", PHONES[3])[1]
    with home.store.transaction() as session:
        suppressions.add(session, "bounced", channel="sms", purpose=None, address_mac=mac, by="platform", now=NOW)
        suppressions.add(
            session, "blocked", channel="wecom", purpose=None, address_mac=b"x" * 32, by="platform", now=NOW
        )
        suppressions.add(session, "invalid", channel="group_chat", purpose=None, member_id=-5, by="system", now=NOW)
    found = {one.entry.kind: (one.member_id, one.address, one.is_place) for one in seen(home).rows}
    assert found == {
        "bounced": (3, "138****0003", False),
        "blocked": (None, None, False),
        "invalid": (None, None, True),
    }
    assert seen(home, MEI).total == 0
    assert [one.entry.kind for one in seen(home, MEI, member_id=3).rows] == ["bounced"]
    assert seen(home, MEI, member_id=1).total == 0
    with pytest.raises(Unknown):
        lift(home, 1, who=MEI)
    lift(home, 1)


def test_a_refusal_is_taken_back_with_a_new_consent_that_came_after_it(home):
    add(home, [1], Wanted("unsubscribed", "sms", None, "called the hotline"))
    number = seen(home).rows[0].entry.suppression_id
    for consent in (None, Consent(date(2026, 11, 20), " ")):
        with pytest.raises(ConsentMissing):
            lift(home, number, consent=consent)
    for on in (date(2026, 11, 19), date(2026, 11, 22)):
        with pytest.raises(InvalidSuppression) as refused:
            lift(home, number, consent=Consent(on, "form 12"), now=NOW + timedelta(days=1))
        assert refused.value.details["reason"] == "on"
    with pytest.raises(InvalidDecision):
        lift(home, number, "", consent=AFTER)
    lift(home, number, "came to the shop", consent=AFTER)
    assert seen(home).total == 0
    (gone,) = seen(home, is_lifted=True).rows
    assert (gone.entry.lifted_by, gone.entry.lifted_reason) == ("lin", f"came to the shop\n2026-11-20 {AFTER.how}")
    with pytest.raises(AlreadyLifted):
        lift(home, number, consent=AFTER)


def test_what_is_no_refusal_needs_no_consent_and_takes_its_address_along(home):
    add(home, [1])
    lift(home, seen(home).rows[0].entry.suppression_id)
    with home.store.reading() as session:
        left = suppressions.everybody(session, "sms", "marketing")
        assert (left.members, left.macs) == (frozenset(), frozenset())


def test_of_two_who_take_it_back_at_once_one_is_told_that_the_other_did(home):
    add(home, [1])
    number = seen(home).rows[0].entry.suppression_id

    def one(_):
        try:
            lift(home, number)
        except AlreadyLifted:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [False, False, False, True]
    assert [action for action, *_ in audited(home)] == ["suppression.added", "suppression.lifted"]


def test_the_audit_log_tells_who_was_stopped_and_why_and_no_address(home):
    add(home, [1])
    add(home, [2, 3], replace(SAID, kind="complained", channel=None, purpose=None))
    entries = seen(home, kind="complained").rows
    lift(home, entries[0].entry.suppression_id, "settled", consent=AFTER)
    assert audited(home) == [
        ("suppression.added", "member:1", {"kind": "manual", "channel": "sms", "purpose": "marketing", "reason": SAID.reason, "members": 1, "new": 1, "world": home.world}),
        ("suppression.added", "members", {"kind": "complained", "channel": None, "purpose": None, "reason": SAID.reason, "members": 2, "new": 2, "world": home.world}),
        ("suppression.lifted", f"suppression:{entries[0].entry.suppression_id}", {"kind": "complained", "channel": None, "purpose": None, "reason": "settled", "member": str(entries[0].member_id), "consent_on": "2026-11-20", "consent_how": AFTER.how, "world": home.world}),
    ]  # fmt: skip


def test_a_list_names_members_by_phone_and_by_number_and_says_which_lines_do_not(home):
    lines = [PHONES[1], "13900000000", PHONES[3], PHONES[1]]
    found = use.match(home, home.store, LIN, "phone", lines, now=NOW)
    assert (found.members, found.repeated, [(one.line, one.reason) for one in found.missed]) == (
        (1, 3),
        1,
        [(2, "unknown")],
    )
    assert use.match(home, home.store, MEI, "phone", lines, now=NOW).members == (3,)
    (label,) = short_names.labels(np.array([2]))
    assert use.match(home, home.store, LIN, "member", [label, "2"], now=NOW).members == (2,)
    with pytest.raises(Forbidden):
        use.match(home, home.store, BOSS, "phone", lines, now=NOW)


def test_counts_stand_beside_the_rows_whatever_is_asked_for(home):
    add(home, [1, 2])
    add(home, [3], replace(SAID, kind="complained", channel=None), now=NOW + timedelta(seconds=1))
    found = seen(home, kind="manual", limit=1)
    assert (len(found.rows), found.total) == (1, 2)
    assert [(one.channel, one.kind, one.entries) for one in found.counts] == [
        (None, "complained", 1),
        ("sms", "manual", 2),
    ]
    assert seen(home, channel=question.EVERY).total == 1
    with reading(home, scope=LIN.scope) as opened:
        every = question.every(home, opened, LIN, kind=None, channel=None, member_id=None, is_lifted=False)
        assert [one.member_id for one in every] == [3, 2, 1]


def test_what_a_message_caused_names_its_campaign_to_those_who_may_see_it(home):
    number = campaign(home.store, body(99), state="sending")
    with home.store.transaction() as session:
        row = Outgoing(campaign_id=number, member_id=3, channel="sms", state="accepted", planned_at=NOW, due_at=NOW, step=0, variant="", fence=0, attempts=0)  # fmt: skip
        session.add(row)
        session.flush()
        suppressions.add(
            session, "unsubscribed", channel="sms", purpose=None, member_id=3, message_id=row.id, by="customer", now=NOW
        )
    assert [one.campaign for one in seen(home).rows] == [(number, "c1")]
    assert [one.campaign for one in seen(home, MEI).rows] == [None]


def test_a_member_is_shown_what_stands_by_any_identity(home):
    key, mac = identity(home, "email", MAILS[1])
    with home.store.transaction() as session:
        suppressions.add(session, "bounced", channel="email", purpose=None, address_mac=mac, by="platform", now=NOW)
        suppressions.add(session, "manual", channel="sms", purpose=None, member_id=1, by="lin", now=NOW)
        suppressions.add(session, "manual", channel="sms", purpose=None, member_id=2, by="lin", now=NOW)
    with home.store.reading() as session:
        assert [one.kind for one in question.of_member(session, [1, key])] == ["manual", "bounced"]
        assert [row.kind for row in session.scalars(select(Suppression).order_by(Suppression.id))] == [
            "bounced",
            "manual",
            "manual",
        ]
