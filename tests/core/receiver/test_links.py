"""What customers' phones ask: where links lead, whose clicks count, and who gets no more messages."""

import re

import pytest

from core.campaigns import links
from core.campaigns.links import Link
from core.receiver.guarding import WRONG_PER_MINUTE
from core.receiver.pages import TEXTS
from core.senders import leaving
from core.senders.leaving import Leaving
from core.store import message_marks, suppressions
from core.store.campaign_tables import Click, MessageMark, Outgoing, Suppression
from tests.core.receiver.conftest import LATER, MAC, NOW, PHONE, SOON, URL

FORM = "application/x-www-form-urlencoded"
LEAVE = {"method": "POST", "body": "leave=yes", "Content_Type": FORM}
ONE_CLICK = {"method": "POST", "body": "List-Unsubscribe=One-Click", "Content_Type": FORM}


def clicks(world):
    return [(one.message_id, one.number, one.count, one.machine_count) for one in world.rows(Click)]


def marks(world):
    return [(one.message_id, one.mark, one.at) for one in world.rows(MessageMark)]


def test_a_short_link_leads_where_the_campaign_says_and_a_persons_clicks_count(world):
    message = world.message(world.campaign(), 7, begun_at=NOW)
    world.now = LATER
    answers = [world.click(message) for _ in range(3)]
    assert [(one.status, one.headers["location"]) for one in answers] == [(302, URL)] * 3
    assert clicks(world) == [(message, 0, 3, 0)]
    assert marks(world) == [(message, "clicked", LATER)]


PROGRAMS = [
    ("HEAD", {}, LATER),
    ("GET", {}, SOON),
    ("GET", {"User_Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}, LATER),
    ("GET", {"User_Agent": "curl/8.5.0"}, LATER),
    ("GET", {"User_Agent": ""}, LATER),
    ("GET", {"Sec_Purpose": "prefetch"}, LATER),
]


def test_a_program_that_checks_links_is_led_on_and_counted_apart(world):
    message = world.message(world.campaign(), 7, begun_at=NOW)
    for counted, (method, headers, at) in enumerate(PROGRAMS, 1):
        world.now = at
        assert world.click(message, method=method, **headers).status == 302
        assert (clicks(world), marks(world)) == ([(message, 0, counted, counted)], [])
    world.now = LATER
    world.click(message)
    assert (clicks(world), marks(world)) == ([(message, 0, 7, 6)], [(message, "clicked", LATER)])


def test_a_phone_whose_brand_sounds_like_a_program_is_a_person(plain):
    message = plain.message(plain.campaign(), 7, begun_at=NOW)
    plain.now = LATER
    plain.click(message, User_Agent="Mozilla/5.0 (Linux; Android 12; CUBOT X50) AppleWebKit/537.36")
    assert clicks(plain) == [(message, 0, 1, 0)]


def test_a_link_that_was_not_kept_or_is_not_ours_leads_nowhere(plain):
    campaign = plain.campaign()
    message = plain.message(campaign, 7)
    foreign = links.token(bytes(32), Link(message, 0))
    token = links.token(plain.desk.link_keys[0], Link(message, 0))
    wrong = [f"/c/{foreign}", f"/c/{token}x", "/c/https:%2F%2Fevil.example", "/c/", "/nowhere"]
    answers = [plain.click(message, 1), plain.click(message + 1), *map(plain.ask, wrong)]
    assert {one.status for one in answers} == {404}
    assert all("链接无效" in one.body and "This link does not work" in one.body for one in answers)
    assert clicks(plain) == []


def test_every_answer_is_hardened_and_kept_by_nobody(plain):
    message = plain.message(plain.campaign(), 7)
    for answer in (
        plain.click(message),
        plain.ask(plain.way_out(message, 7)),
        plain.ask("/c/x"),
        plain.ask("/healthz"),
    ):
        said = answer.headers
        assert said["cache-control"] == "no-store" and said["referrer-policy"] == "no-referrer"
        assert said["x-content-type-options"] == "nosniff" and said["x-frame-options"] == "DENY"
        assert "default-src 'none'" in said["content-security-policy"] and "strict-transport-security" in said
        assert "server" not in said


SPOKEN = {"zh-CN,zh;q=0.9": ("zh-CN", "确认退订"), "en-GB,en;q=0.9": ("en", "Unsubscribe"), "fr,en;q=0.5": ("en", "Unsubscribe"), "": ("zh-CN", "确认退订")}  # fmt: skip


def test_the_way_out_shows_one_button_in_the_language_of_the_phone_and_changes_nothing(plain):
    message = plain.message(plain.campaign(), 7)
    for spoken, (language, button) in SPOKEN.items():
        answer = plain.ask(plain.way_out(message, 7), Accept_Language=spoken)
        assert answer.status == 200 and f'lang="{language}"' in answer.body and answer.body.count("<button") == 1
        assert re.search(f">{button}</button>", answer.body) and "<script" not in answer.body
    assert plain.rows(Suppression) == [] and marks(plain) == []


def test_every_page_says_the_same_in_both_languages():
    assert set(TEXTS["zh"]) == set(TEXTS["en"])
    assert not any("\u4e00" <= letter <= "\u9fff" for text in TEXTS["en"].values() for letter in text)
    assert not any(sign in text for text in TEXTS["zh"].values() for sign in ",?!;")


@pytest.mark.parametrize("how", [LEAVE, ONE_CLICK])
def test_who_unsubscribes_gets_no_more_at_once_and_twice_is_once(world, how):
    campaign = world.campaign()
    message = world.message(campaign, 7, address_mac=MAC)
    service = world.message(world.campaign("c2", "service"), 7)
    elsewhere = world.message(world.campaign("c3"), 7, channel="sms")
    other = world.message(world.campaign("c4"), 8)
    waiting = world.message(world.campaign("c5"), 7)
    world.now = LATER
    for _ in range(2):
        answer = world.ask(world.way_out(message, 7), **how, Accept_Language="en")
        assert answer.status == 200 and "You are unsubscribed" in answer.body and "e-mail" in answer.body
    with world.store.reading() as session:
        stands = suppressions.everybody(session, "email", "marketing")
        free = (
            suppressions.everybody(session, "email", "service").members
            | suppressions.everybody(session, "sms", "marketing").members
        )
    assert (stands.members, stands.macs, free) == ({7}, {MAC}, frozenset())
    found = {one.id: (one.state, one.reason) for one in world.rows(Outgoing)}
    stopped = ("skipped", "gate.suppressed")
    assert (found[message], found[waiting]) == (stopped, stopped)
    assert {found[service], found[elsewhere], found[other]} == {("planned", None)}
    assert marks(world) == [(message, "unsubscribed", LATER)]


def test_a_way_out_works_when_its_message_is_long_gone(world):
    world.campaign()
    assert world.ask(world.way_out(99, 7), **LEAVE).status == 200
    assert [(one.member_id, one.message_id, one.kind) for one in world.rows(Suppression)] == [(7, None, "unsubscribed")]


UNMEANT = [("", FORM), ("leave=no", FORM), ("leave=yes", "text/plain"), ("leave=yes&x=" + "x" * 5000, FORM)]


def test_a_post_that_nobody_means_unsubscribes_nobody(plain):
    message = plain.message(plain.campaign(), 7)
    for body, kind in UNMEANT:
        assert plain.ask(plain.way_out(message, 7), "POST", body, Content_Type=kind).status == 400
    assert plain.rows(Suppression) == []


def test_a_token_of_another_house_or_purpose_unsubscribes_nobody(plain):
    message = plain.message(plain.campaign(), 7)
    path = plain.way_out(message, 7)
    for wrong in (
        path.replace("marketing", "service"),
        path.replace(".7~", ".8~"),
        path[:-1] + ("A" if path[-1] != "A" else "B"),
    ):
        assert [plain.ask(wrong).status, plain.ask(wrong, **LEAVE).status] == [404, 404]
    assert plain.rows(Suppression) == []


def test_who_guesses_tokens_is_told_to_wait_while_good_ones_of_the_same_network_are_answered(plain):
    message = plain.message(plain.campaign(), 7)
    told = [plain.ask(f"/c/x{number}").status for number in range(WRONG_PER_MINUTE + 1)]
    assert told == [404] * WRONG_PER_MINUTE + [429]
    assert plain.ask("/u/x1", **LEAVE).status == 429
    assert plain.click(message).status == 302
    assert plain.ask(plain.way_out(message, 7), **LEAVE).status == 200


def test_a_receiver_that_can_read_its_store_is_healthy(plain):
    assert (plain.ask("/healthz").status, plain.ask("/healthz").body) == (200, '{"status":"ok"}')


def test_tokens_and_bodies_stand_in_no_log(plain, caplog, capfd):
    message = plain.message(plain.campaign(), 7)
    with caplog.at_level(0):
        path = plain.way_out(message, 7)
        plain.ask(path, **LEAVE)
        plain.ask("/c/guessed")
        plain.click(message, User_Agent=PHONE)
    said = caplog.text + "".join(capfd.readouterr())
    assert path[3:] not in said and "guessed" not in said and "leave=yes" not in said


def test_marks_of_messages_are_what_results_count(world):
    campaign = world.campaign()
    message = world.message(campaign, 7)
    world.click(message)
    world.ask(world.way_out(message, 7), **LEAVE)
    with world.store.reading() as session:
        assert message_marks.counts(session, campaign) == {"clicked": 1, "unsubscribed": 1}


@pytest.mark.parametrize("asked", [LEAVE, ONE_CLICK])
def test_the_way_out_of_a_trial_asks_as_any_other_does_and_unsubscribes_nobody(world, asked):
    world.message(world.campaign(), 7)
    said = Leaving(links.TRIAL, "email", "marketing")
    path = "/u/" + leaving.token(world.desk.leaving_keys[0], said)
    shown = world.ask(path)
    assert shown.status == 200 and TEXTS["zh"]["leave.button"] in shown.body
    pressed = world.ask(path, **asked)
    assert pressed.status == 200 and TEXTS["zh"]["trial.title"] in pressed.body and "退订" in pressed.body
    assert not world.rows(Suppression) and not world.rows(MessageMark)
    assert world.ask(path.replace("trial", "trail")).status == 404
