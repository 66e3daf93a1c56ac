"""Asking for trials: who may, to whom, how often, and what is known of a text that was tried; and that nothing of many messages is handed in untried."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from core.campaigns.body import Content, Offer, Variant, text_digest
from core.errors import Forbidden, Unknown, WrongKey
from core.privacy import pseudonyms
from core.scope import Operator
from core.senders.parcels import Card, Parcel
from core.store import campaigns, connectors, suppressions
from core.store.campaign_tables import CampaignEntry, CampaignTrial, Outgoing, SendRate
from core.store.tables import AuditEntry
from core.work.campaigns import drafts, policy, review, stopping, trials
from core.work.campaigns.policy import InvalidPolicy, Policy
from core.work.campaigns.trials import MOST_A_DAY, CannotTry, Untried, opened
from core.work.campaigns.turns import CampaignChanged, CampaignState
from tests import lakes
from tests.core.work.campaigns.sending_parts import Clock
from tests.core.work.campaigns.trying import GO, SAID, ask, content, draft, reaching, rows, states, trying
from tests.core.work.campaigns.written import ADMIN, BOSS, LIN, MEI, NOW, WU, body, segment
from tests.core.work.connector_parts import add
from tests.core.work.people import NORTH, people_of

MAIL = "somebody.else@example.com"
CHECKER = Operator(7, "cheng", "compliance")
OWN = {"email": MAIL, "sms": "138 0013 8000", "wecom": "wo1", "official_account": "oLin", "mini_program": "oLin", "webhook": "", "console": ""}  # fmt: skip


@pytest.fixture
def home(home):
    return reaching(home)


@pytest.fixture
def lin(home):
    """A segment of Lin's."""
    return segment(home)


def way(home, channel):
    """A connector that the channel is sent through is on."""
    kind = {"group_chat": "wecom", "sms": "aliyun_sms"}.get(channel, channel)
    with home.store.reading() as session:
        is_known = connectors.named(session, kind) is not None
    if not is_known:
        add(home, kind, is_on=True)


def made(home, segment_id, channel="email", text=SAID, **values):
    way(home, channel)
    return draft(home, channel, text, segment_id=segment_id, **values)


def parcel(home, at=0):
    row = rows(home)[at]
    with home.store.reading() as session:
        return opened(home.keys, row, campaigns.one(session, row.campaign_id).code)


def refused(made, *args, **values):
    with pytest.raises(CannotTry) as told:
        ask(made, *args, **values)
    return told.value.details["reason"]


def texts(made):
    with made.home.store.reading() as session:
        return trials.texts(session, made.id, made.saying)


def tell(made, state, error=None, now=NOW):
    """The newest trial came to this."""
    with made.home.store.transaction() as session:
        row = session.scalars(select(CampaignTrial).order_by(CampaignTrial.id.desc()).limit(1)).one()
        row.state, row.error, row.sealed, row.ended_at = state, error, None, now


# -- what is asked for -------------------------------------------------------------------------------------------------


def test_a_text_of_every_channel_waits_for_the_worker_as_its_reader_would_get_it(home, lin):
    for at, channel in enumerate(OWN):
        waits_for_the_worker(home, lin, channel, at)


def waits_for_the_worker(home, lin, channel, at):
    here = made(home, lin, channel, SAID + " {{unsubscribe_link|-}}", more={"link": "https://shop.example.com/x", "link_title": "看看"})  # fmt: skip
    ask(here, OWN[channel])
    row, one = rows(home)[at], parcel(home, at)
    assert (row.state, row.by, row.channel, row.variant, row.asked_at) == ("waiting", "lin", channel, "A", NOW)
    assert row.digest == text_digest(here.saying, "A", channel)
    assert one.link == "https://shop.example.com/x", "no click is counted"
    assert one.message_id == f"{here.row.code}-t{row.id}"
    assert one.text.endswith(f"本地的朋友 {one.way_out}") and one.way_out.startswith(f"{GO}/u/trial~")
    is_template = channel in ("sms", "official_account", "mini_program")
    marked = one.title if channel == "email" else one.text
    assert marked.startswith("【试发】") is not is_template
    assert one.address == {"sms": "+8613800138000", "webhook": "trial", "console": "trial"}.get(channel, OWN[channel])


def test_where_it_goes_and_what_it_says_stand_nowhere_in_plain_words(home, lin):
    here = made(home, lin, text="茶里：只有您知道的话")
    ask(here, MAIL)
    with home.store.reading() as session:
        kept = [
            {column.name: getattr(one, column.name) for column in table.__table__.columns}
            for table in (CampaignTrial, CampaignEntry, AuditEntry)
            for one in session.scalars(select(table))
            if table is not CampaignEntry or one.action == "tried"
        ]
    told = json.dumps(kept, default=lambda one: one.decode("latin-1") if isinstance(one, bytes) else str(one), ensure_ascii=False)  # fmt: skip
    assert "campaign.tried" in told
    assert not [one for one in (MAIL, "somebody", "example.com", "只有您知道") if one in told]
    assert MAIL not in repr(parcel(home)) and MAIL not in repr(trials.To(MAIL))


def test_all_that_a_message_can_say_comes_back_out_of_its_seal(home):
    whole = {
        "message_id": "c1-t7", "address": MAIL, "text": "茶", "purpose": "service", "title": "t", "link": "https://a.example", "link_title": "l", "link_text": "x", "picture": "p", "template": "t1",
        "values": {"name": "林"}, "page": "q", "way_out": "w", "sender": "lisi", "reference": "trial-c1", "data": {"variant": "A", "trial": True},
        "card": Card("c", "wx1", "pages/a", "m1", NOW),
    }  # fmt: skip
    assert whole.keys() == {one.name for one in fields(Parcel)}, "whatever a message says from now on is sealed too"
    row = CampaignTrial(id=7, sealed=trials.sealed(home.keys, 7, Parcel(**whole)))
    assert opened(home.keys, row, "c1") == Parcel(**whole)
    with pytest.raises(WrongKey):
        opened(home.keys, CampaignTrial(id=8, sealed=row.sealed), "c1")


def test_a_refusal_does_not_repeat_what_was_typed(home, lin):
    with pytest.raises(CannotTry) as told:
        ask(made(home, lin), "not an address")
    assert "not an address" not in f"{told.value} {told.value.details}"


def test_a_members_values_are_those_of_the_preview(home, lin):
    here = made(home, lin)
    ask(here, MAIL, member_id=2)
    assert parcel(home).text == "茶里提醒您：北京的朋友"
    with pytest.raises(Forbidden):
        ask(here, MAIL, member_id=2, who=BOSS)
    with pytest.raises(Unknown):
        ask(here, MAIL, member_id=404)


def test_an_english_text_has_an_english_mark_and_one_without_room_has_none(home, lin):
    ask(made(home, lin, "webhook", "Tea for you"))
    assert parcel(home).text == "[Trial] Tea for you"
    ask(made(home, lin, "wecom", "茶" * 1333), "wo1")
    assert parcel(home, 1).text == "茶" * 1333, "3999 of 4000 bytes"


def test_without_a_receiver_a_trial_has_no_way_out_as_the_message_has_none(home, lin):
    bare = replace(home, settings=replace(home.settings, links_url=None))
    ask(made(bare, lin), MAIL)
    assert parcel(bare).way_out == ""


# -- what is refused ---------------------------------------------------------------------------------------------------


WRONG = [
    ("email", "lin", "", "address"), ("email", "", "", "address"), ("email", f"{'l' * 250}@example.com", "", "address"), ("email", MAIL, "lisi", "sender"),
    ("sms", "12345", "", "address"), ("wecom", "wo 1", "", "address"), ("wecom", "wo1", "li si", "sender"), ("official_account", "", "", "address"),
]  # fmt: skip


def test_what_is_no_address_of_the_channel_is_refused(home, lin):
    here = {channel: made(home, lin, channel) for channel in ("email", "sms", "wecom", "official_account")}
    for channel, address, sender, reason in WRONG:
        assert refused(here[channel], address, sender=sender) == reason
    assert rows(home) == []


def test_a_text_that_there_is_not_cannot_be_tried(home, lin):
    here = made(home, lin)
    assert refused(here, MAIL, variant="B") == refused(here, "wo1", channel="wecom") == "text"


def test_a_text_that_cannot_be_filled_is_told_by_why(home, lin):
    assert refused(made(home, lin, "sms", "{{points}} 分", missing="skip"), OWN["sms"]) == "missing"
    assert refused(made(home, lin, "sms", "茶" * 501), OWN["sms"]) == "long"


def test_a_channel_whose_connector_is_off_cannot_be_tried(home):
    add(home, "email")
    here = draft(home, "email", segment_id=segment(home))
    assert refused(here, MAIL) == "way"
    assert [one.can_be_tried for one in texts(here)] == [False]


def test_nobody_is_written_to_who_wants_no_messages(home, lin):
    mac = bytes.fromhex(pseudonyms.mac_text(home.keys, "email", "", MAIL))
    with home.store.transaction() as session:
        suppressions.add(session, "unsubscribed", channel="email", purpose="marketing", address_mac=mac, by="customer", now=NOW)  # fmt: skip
    here = made(home, lin)
    assert refused(here, MAIL.upper()) == "suppressed"
    ask(here, "lin@example.com")


def test_nothing_is_tried_on_an_address_beyond_the_askers_units(tmp_path, store):
    """Mei is of the north; of three addresses one is a member's of the south, one of the north, one nobody's."""
    home = reaching(replace(lakes.home(tmp_path), store=store))
    south, north = (pseudonyms.key_of(pseudonyms.mac_text(home.keys, "email", "", f"{one}@example.com")) for one in ("south", "north"))  # fmt: skip
    people_of(home, {south: ("上海", "south"), north: ("北京", NORTH)})
    here = made(home, segment(home))
    with store.transaction() as session:
        campaigns.one(session, here.id).units = [NORTH]
    assert refused(here, "south@example.com", who=MEI) == "scope"
    for address in ("north@example.com", "free@example.com"):
        ask(here, address, who=MEI)
    ask(here, "south@example.com")
    with store.transaction() as session:
        suppressions.add(session, "complained", channel=None, purpose=None, member_id=north, by="lin", now=NOW)
    assert refused(here, "north@example.com") == "suppressed", "by whoever has it"


def test_nothing_is_tried_in_a_group_chat_beyond_the_askers_units(tmp_path, store):
    home = reaching(replace(lakes.home(tmp_path), store=store))
    people_of(home, {1: ("上海", NORTH)})
    groups = [{"group_id": one, "name": one, "unit_id": unit, "staff_id": "s1"} for one, unit in (("wr1", NORTH), ("wr2", "south"))]  # fmt: skip
    lakes.add(home, 9, groups=groups)
    here = made(home, segment(home), "group_chat", segments=(), places=("wr1",))
    with store.transaction() as session:
        campaigns.one(session, here.id).units = [NORTH]
    assert refused(here, "wr2", who=MEI) == "scope"
    ask(here, "wr1", who=MEI)
    assert parcel(home).sender == "s1", "its owner is known"
    ask(here, "wr9", who=MEI, sender="lisi")
    ask(here, "wr2")


def test_while_sending_is_stopped_nothing_is_tried(home, lin):
    stopping.stop(home, home.store, ADMIN, "channel", "email", "wrong price", now=NOW)
    assert refused(made(home, lin), MAIL) == "held"
    ask(made(home, lin, "webhook"))


def test_a_day_has_so_many_trials_and_those_that_never_left_do_not_count(home, lin):
    first, second = made(home, lin), made(home, lin, "webhook")
    for at in range(MOST_A_DAY):
        ask(first if at % 2 else second, MAIL if at % 2 else "")
        if not at:
            tell(second, "refused", "trial.held")
    ask(second)
    with pytest.raises(CannotTry) as told:
        ask(first, MAIL)
    assert (told.value.details["reason"], told.value.details["most"]) == ("many", MOST_A_DAY)
    with home.store.reading() as session:
        assert trials.left_today(session, "lin", NOW, home.settings.zone) == 0
        assert trials.left_today(session, "wu", NOW, home.settings.zone) == MOST_A_DAY
    ask(first, MAIL, who=WU)
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)  # of the house, in Shanghai
    with pytest.raises(CannotTry):
        ask(first, MAIL, now=midnight - timedelta(microseconds=1))
    ask(first, MAIL, now=midnight)


def test_of_two_that_ask_for_the_last_trial_of_a_day_one_gets_it(home, lin):
    here = [made(home, lin, "webhook"), made(home, lin, "console")]
    for _ in range(MOST_A_DAY - 1):
        ask(here[0])

    def at_once(one):
        try:
            return ask(one)
        except CannotTry:
            return None

    with ThreadPoolExecutor(2) as both:
        told = list(both.map(at_once, here))
    assert sorted(one is None for one in told) == [False, True] and len(rows(home)) == MOST_A_DAY


def test_writers_and_approvers_try_and_nobody_else_does(home, lin):
    here = made(home, lin, "webhook")
    here.hand_in()
    for who in (LIN, WU, CHECKER):
        ask(here, who=who)
    for who in (BOSS, Operator(8, "ana", "analyst")):
        with pytest.raises(Forbidden):
            ask(here, who=who)
    with pytest.raises(Forbidden):
        ask(here, who=MEI)
    assert [one.by for one in rows(home)] == ["lin", "wu", "cheng"]
    assert here.log[-4:] == ["handed_in", "tried", "tried", "tried"]


def test_what_was_changed_meanwhile_or_is_past_its_draft_is_not_tried(home, lin):
    here = made(home, lin, "webhook")
    with pytest.raises(CampaignChanged):
        ask(here, revision=1)
    here.approved()
    with pytest.raises(CampaignState):
        ask(here)


def test_a_group_chat_is_tried_by_whoever_was_named_where_its_owner_is_unknown(home, lin):
    here = made(home, lin, "group_chat", segments=(), places=("wr1",))
    assert refused(here, "wr1") == "sender"
    ask(here, "wr1", sender="lisi")
    assert (parcel(home).address, parcel(home).sender, parcel(home).way_out) == ("wr1", "lisi", "")


def test_a_robot_is_tried_where_the_campaign_would_speak(home, lin):
    here = made(home, lin, "robot", segments=(), places=("robot",))
    assert refused(here, "other") == "place"
    ask(here)
    assert parcel(home).address == "robot"
    assert [one.can_be_tried for one in texts(here)] == [True]


# -- how texts stand ---------------------------------------------------------------------------------------------------


def test_a_text_is_tried_once_its_platform_took_it_until_it_is_changed(home, lin):
    here = made(home, lin)
    (one,) = texts(here)
    assert (one.newest, one.tried, one.was_tried, one.can_be_tried) == (None, None, False, True)
    number = ask(here, MAIL)
    (one,) = texts(here)
    assert (one.newest.trial_id, one.newest.state, one.tried) == (number, "waiting", None)
    tell(here, "refused", "smtp.550")
    assert texts(here)[0].tried is None
    ask(here, MAIL)
    tell(here, "unknown", "worker.lost")
    assert texts(here)[0].tried is None
    ask(here, MAIL)
    tell(here, "sent")
    assert texts(here)[0].tried.state == "sent"
    here.save(here.row.body | {"note": "nothing of the text"})
    assert texts(here)[0].tried is not None
    here.save(here.row.body | {"variants": [{"name": "A", "weight": 1, "contents": {"email": {"title": "新茶到了", "text": "另一句"}}}]})  # fmt: skip
    (one,) = texts(here)
    assert (one.newest, one.tried, one.was_tried) == (None, None, True)


def test_what_several_variants_say_in_the_same_words_is_tried_for_all_of_them(home, lin):
    said = {"email": content("email")}
    here = made(home, lin, variants=(Variant("A", 1, said), Variant("B", 1, said), Variant("C", 1, {"email": content("email", "另一句")})))  # fmt: skip
    ask(here, MAIL)
    tell(here, "sent")
    assert [(one.variant, one.tried is not None) for one in texts(here)] == [("A", True), ("B", True), ("C", False)]


def test_the_fingerprint_of_a_text_is_of_all_that_its_readers_get():
    said = body(1)
    first = text_digest(said, "A", "wecom")
    plain = Content(said.variants[0].contents["wecom"].text)
    for other in (
        replace(said, purpose="service"),
        replace(said, missing="skip"),
        replace(said, variants=(Variant("A", 1, {"wecom": replace(plain, link="https://a.example")}),)),
        replace(said, variants=(Variant("A", 1, {"wecom": replace(plain, text="{{coupon_code|-}}")}),)),
    ):
        assert text_digest(other, "A", "wecom") != first
    for same in (replace(said, note="x"), replace(said, holdout=0.3), replace(said, offer=Offer("o", "o", 100))):
        assert text_digest(same, "A", "wecom") == first
    coupon = replace(said, variants=(Variant("A", 1, {"wecom": replace(plain, text="{{coupon_amount|-}}")}),))
    told = [text_digest(replace(coupon, offer=Offer("o", "o", face)), "A", "wecom") for face in (100, 200)]
    assert len({*told, text_digest(coupon, "A", "wecom"), text_digest(coupon, "A", "sms")}) == 4


# -- handing in --------------------------------------------------------------------------------------------------------


def strict(home, **values):
    with home.store.reading() as session:
        was = policy.read(session)
    policy.change(home, home.store, ADMIN, replace(was, **values), was=was, now=NOW)


def placed(home, segment_id, places=("robot",)):
    return made(home, segment_id, "robot", "茶里：大家好，不想再收到请回复T", segments=(), places=places, purpose="service")  # fmt: skip


def test_so_many_messages_are_not_handed_in_before_their_texts_were_tried(home, lin):
    strict(home, trial_from=1)
    here = placed(home, lin)
    with pytest.raises(Untried) as told:
        here.hand_in()
    assert {name: told.value.details[name] for name in ("texts", "count", "most")} == {"texts": ["A.robot"], "count": 1, "most": 1}  # fmt: skip
    assert here.row.state == "draft"
    ask(here)
    with pytest.raises(Untried):
        here.hand_in()
    tell(here, "sent")
    here.hand_in()
    assert here.row.state == "in_review"


def test_fewer_messages_a_rule_of_none_and_texts_that_cannot_be_tried_are_handed_in_as_before(home, lin):
    strict(home, trial_from=2)
    placed(home, lin).hand_in()
    strict(home, trial_from=0)
    placed(home, lin).hand_in()


def test_what_no_connector_sends_cannot_be_tried_and_so_need_not_be(home):
    strict(home, trial_from=1)
    add(home, "robot")
    draft(
        home, "robot", "茶里：大家好", segment_id=segment(home), segments=(), places=("robot",), purpose="service"
    ).hand_in()


def test_what_is_missing_is_told_before_what_was_not_tried(home, lin):
    strict(home, trial_from=1)
    here = placed(home, lin)
    here.save(here.row.body | {"goal": None})
    with pytest.raises(review.Incomplete):
        here.hand_in()
    with pytest.raises(Forbidden):
        here.hand_in(who=BOSS)


def test_rules_that_were_kept_before_there_were_trials_ask_for_them_from_a_thousand_on(home):
    with home.store.transaction() as session:
        assert policy.read(session).trial_from == 1_000
    strict(home, trial_from=0)
    with home.store.reading() as session:
        assert policy.read(session) == Policy(trial_from=0)
    with pytest.raises(InvalidPolicy):
        strict(home, trial_from=-1)


# -- giving up ---------------------------------------------------------------------------------------------------------


def test_a_campaign_that_was_given_up_is_not_tried_any_more(home, lin):
    here = made(home, lin, "webhook")
    ask(here)
    drafts.discard(home, home.store, LIN, here.id, now=NOW)
    assert trying(home, clock=Clock(NOW)).work().refused == 1
    assert states(home) == [("refused", "trial.given_up")]
    assert rows(home)[0].sealed is None


def test_asking_leaves_nothing_in_the_outbox(home, lin):
    ask(made(home, lin, "webhook"))
    with home.store.reading() as session:
        assert not session.scalars(select(Outgoing)).all() and not session.scalars(select(SendRate)).all()
