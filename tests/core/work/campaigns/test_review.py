"""From a draft to its start: nothing is sent that somebody else has not read as it is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from core.campaigns.body import Content, InvalidCampaign, Schedule, Variant
from core.errors import Forbidden, Refusal, Unknown
from core.store import segments
from core.store.notice_tables import SaidNotice
from core.store.tables import AuditEntry
from core.work import segments as saved
from core.work.campaigns import drafts, policy, review
from core.work.campaigns.policy import InvalidPolicy, Policy, PolicyChanged
from core.work.campaigns.review import Incomplete, NotAllowed, NotYours, WrongCount
from core.work.campaigns.turns import CampaignChanged, CampaignState
from tests.core.work.campaigns.written import ADMIN, BOSS, LIN, MEI, NOW, TEXT, WU, Draft, body, segment
from tests.core.work.people import in_city


@pytest.fixture
def draft(home):
    return Draft(home, segment(home))


def strict(home, **values):
    policy.change(home, home.store, ADMIN, Policy(**{"alone": 0, **values}), was=Policy(), now=NOW)


def test_a_campaign_goes_from_draft_to_scheduled_through_a_second_person(home, draft):
    strict(home)
    digest = draft.hand_in()
    assert (draft.row.state, draft.row.content_hash) == ("in_review", digest)
    draft.approve(digest)
    assert (draft.row.state, draft.row.approved_by, draft.row.approved_count) == ("approved", "wu", 3)
    assert review.start(home, home.store, LIN, draft.id, now=NOW) == NOW
    assert (draft.row.state, draft.row.starts_at) == ("scheduled", NOW)
    assert draft.log == ["created", "changed", "handed_in", "approved", "started"]
    with home.store.reading() as session:
        told = [
            one.action
            for one in session.query(AuditEntry).order_by(AuditEntry.sequence)
            if one.action.startswith("campaign.")
        ]
    assert sorted(told) == sorted(["campaign.policy", *(f"campaign.{action}" for action in draft.log)])


def test_a_draft_that_is_saved_as_it_was_stays_at_its_revision(draft):
    before = draft.row.revision
    assert draft.save(draft.row.body) == before
    assert draft.save(draft.row.body, name="Tea for friends") == before
    assert draft.save(draft.row.body, name="Tea  for all") == before + 1
    assert draft.row.name == "Tea for all"


def test_whoever_saves_what_somebody_else_has_changed_meanwhile_is_told(draft):
    draft.save({"v": 1})
    with pytest.raises(CampaignChanged) as refused:
        draft.save({"v": 1, "note": "x"}, revision=2)
    assert refused.value.details["revision"] == 3


def test_what_cannot_be_read_is_not_saved(draft):
    with pytest.raises(InvalidCampaign):
        draft.save({"v": 1, "holdout": 2})
    with pytest.raises(InvalidCampaign):
        draft.save(draft.row.body, name=" ")
    with pytest.raises(Unknown):
        draft.save(body(99))


def test_every_edit_voids_an_approval(home, draft):
    for _ in range(2):
        draft.approved()
        draft.save(draft.row.body | {"note": f"n{draft.row.revision}"})
        assert (draft.row.state, draft.row.approved_by, draft.row.content_hash) == ("draft", None, None)
        assert draft.log[-2:] == ["voided", "changed"]


def test_what_was_approved_and_whose_audience_is_defined_otherwise_since_is_not_started(home, draft):
    draft.approved()
    (number,) = draft.row.body["segments"]
    with home.store.reading() as session:
        known = segments.one(session, number)
    saved.change(home, home.store, LIN, number, revision=known.revision, tree=in_city("北京"), now=NOW)
    with pytest.raises(CampaignChanged):
        review.start(home, home.store, LIN, draft.id, now=NOW)
    with home.store.reading() as session:
        assert review.launch_trouble(session, draft.row, 3) == {"reason": "audience"}


def test_an_approver_who_has_read_something_else_is_told(home, draft):
    digest = draft.hand_in()
    review.take_back(home, home.store, LIN, draft.id, now=NOW)
    draft.save(draft.row.body | {"note": "other"})
    draft.hand_in()
    with pytest.raises(CampaignChanged):
        draft.approve(digest)
    assert draft.row.state == "in_review"


def test_the_number_typed_must_be_that_of_the_messages(draft):
    digest = draft.hand_in()
    with pytest.raises(WrongCount):
        draft.approve(digest, count=3, typed=30)
    draft.approve(digest, count=3)


def test_nobody_approves_more_than_a_few_of_what_they_wrote_themselves(home, draft):
    strict(home, alone=3)
    draft.save(draft.row.body | {"note": "improved"}, who=WU)
    digest = draft.hand_in()
    for who in (LIN, WU):
        with pytest.raises(NotYours) as refused:
            draft.approve(digest, who=who, count=4)
        assert refused.value.details["reason"] == "own"
    draft.approve(digest, who=LIN, count=3)
    assert draft.row.approved_by == "lin"


def test_very_many_are_approved_only_by_who_answers_for_the_whole_house(home, draft):
    strict(home, grand=1000)
    digest = draft.hand_in()
    with pytest.raises(NotYours) as refused:
        draft.approve(digest, count=1001)
    assert (refused.value.details["reason"], refused.value.details["most"]) == ("grand", 1000)
    draft.approve(digest, who=ADMIN, count=1001)


def test_an_audience_that_has_grown_beyond_what_was_approved_is_not_launched(home, draft):
    strict(home, growth=0.5)
    draft.approved(count=100)
    with home.store.reading() as session:
        assert review.launch_trouble(session, draft.row, 150) is None
        told = review.launch_trouble(session, draft.row, 151)
    assert told == {"reason": "grown", "approved": 100, "count": 151}


def test_what_is_not_launched_after_all_is_a_draft_again_and_somebody_is_told(home, draft):
    draft.approved()
    review.start(home, home.store, LIN, draft.id, now=NOW)
    trouble = {"reason": "grown", "approved": 3, "count": 300}
    with home.store.transaction() as session:
        assert review.void(session, draft.row, trouble, NOW)
        assert not review.void(session, draft.row, trouble, NOW)
    assert (draft.row.state, draft.row.starts_at, draft.log[-1]) == ("draft", None, "voided")
    with home.store.reading() as session:
        told = [(one.kind, one.params["campaign"]) for one in session.query(SaidNotice).order_by(SaidNotice.id)]
    assert told == [("campaign.waiting", "Tea for friends"), ("campaign.voided", "Tea for friends")]


def test_what_is_sent_back_says_why_and_is_a_draft_again(home, draft):
    draft.hand_in()
    review.send_back(home, home.store, WU, draft.id, "The price is wrong", now=NOW)
    assert (draft.row.state, draft.log[-1]) == ("draft", "sent_back")


def test_what_is_incomplete_or_forbidden_is_not_handed_in(home, draft):
    draft.save(body(draft.row.body["segments"][0], channels=()))
    with pytest.raises(Incomplete) as refused:
        draft.hand_in()
    assert (refused.value.details["step"], refused.value.details["field"]) == ("audience", "channels")
    worst = {"A": Content(TEXT + "全网最低价，国家级"), "B": Content("{{nickname|亲}}，专享")}
    said = tuple(Variant(name, 1, {"wecom": one}) for name, one in worst.items())
    draft.save(body(draft.row.body["segments"][0], variants=said))
    with pytest.raises(NotAllowed) as refused:
        draft.hand_in()
    assert refused.value.details["count"] >= 2


def test_a_finding_may_be_let_pass_with_a_reason_unless_it_blocks(home, draft):
    said = (Variant("A", 1, {"wecom": Content("茶里提醒您：专享")}),)
    number = draft.row.body["segments"][0]
    draft.save(body(number, variants=said))
    with pytest.raises(NotAllowed) as refused:
        draft.hand_in()
    rule = refused.value.details["rule"]
    draft.save(body(number, variants=said, reasons={rule: "Members may delete their guide"}))
    draft.hand_in()


def test_it_starts_at_the_time_that_it_names_and_twice_is_once(home):
    later = NOW + timedelta(days=1)
    draft = Draft(home, segment(home), schedule=Schedule("at", later)).approved()
    assert review.start(home, home.store, LIN, draft.id, now=NOW) == later
    with pytest.raises(CampaignState):
        review.start(home, home.store, LIN, draft.id, now=NOW)


def test_of_many_who_start_one_starts(home, draft):
    draft.approved()

    def start(_number):
        try:
            return review.start(home, home.store, LIN, draft.id, now=NOW)
        except Refusal as refusal:
            return type(refusal)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(start, range(4)))
    assert sorted(map(str, told)) == sorted(map(str, [NOW, *[CampaignState] * 3]))
    assert draft.log.count("started") == 1


def test_a_campaign_is_of_the_units_of_who_made_it_and_others_leave_it_alone(home):
    mine = Draft(home, segment(home))
    theirs = drafts.create(home, home.store, MEI, "North", now=NOW)
    with pytest.raises(Forbidden):
        mine.save(mine.row.body | {"note": "x"}, who=MEI)
    with pytest.raises(Forbidden):
        drafts.copy(home, home.store, MEI, mine.id, "Mine", now=NOW)
    drafts.discard(home, home.store, LIN, theirs, now=NOW)


@pytest.mark.parametrize("who", [BOSS, replace(LIN, role="analyst"), replace(LIN, role="compliance")])
def test_only_who_may_write_campaigns_does(home, draft, who):
    with pytest.raises(Forbidden):
        drafts.create(home, home.store, who, "x", now=NOW)
    with pytest.raises(Forbidden):
        draft.save({"v": 1}, who=who)


def test_a_copy_says_the_same_and_draws_its_holdout_anew(home, draft):
    number = drafts.copy(home, home.store, WU, draft.id, "Again", now=NOW)
    other = Draft.__new__(Draft)
    other.home, other.id = home, number
    assert (other.row.body, other.row.state, other.log) == (draft.row.body, "draft", ["copied"])
    assert other.row.salt != draft.row.salt and other.row.code != draft.row.code


def test_rules_of_sending_that_cannot_be_or_were_changed_meanwhile_are_refused(home):
    strict(home, names=("茶里",))
    with home.store.reading() as session:
        assert policy.read(session) == Policy(("茶里",), alone=0)
    for wrong in (
        Policy(alone=-1),
        Policy(alone=9, grand=8),
        Policy(growth=2),
        Policy(days=0),
        Policy(names=("x" * 41,)),
    ):
        with pytest.raises(InvalidPolicy):
            policy.change(home, home.store, ADMIN, wrong, was=Policy(("茶里",), alone=0), now=NOW)
    with pytest.raises(PolicyChanged):
        strict(home)
