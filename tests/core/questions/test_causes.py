"""Causes of churn in a lake, whom to call back first, and the house's own playbooks."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from core.errors import Forbidden, InvalidPlaybook, Unknown
from core.metrics.causes import CAUSES
from core.scope import Filters, Operator, Scope
from core.store import scores as kept_scores
from core.store import topics
from core.store.tables import ScoreModel
from core.work import playbooks as use
from core.work import scores as use_scores
from core.work.home import Home
from core.work.questions import callbacks, causes, playbooks, scores, scoring
from core.work.questions.reading import reading
from core.work.questions.scores import Asked
from tests import lakes
from tests.core.questions import test_scores, test_scoring

LAST = date(2026, 11, 30)
NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
AN = Operator(1, "an", "analyst")
TRUST, SERVICE, MANY, SAMEY, BARE = range(1, 4), range(4, 7), range(7, 10), range(10, 13), range(13, 16)
UNREACHED = 16
SILENT, ACTIVE = range(1, 61), range(61, 101)


def at(days_ago: int, minute: int = 0) -> datetime:
    day = LAST - timedelta(days=days_ago)
    return datetime(day.year, day.month, day.day, 3, minute)


def touch(who: int, days_ago: int, *states: str, number: int = 0, begins=("sent", "delivered"), **more) -> list[dict]:
    name = f"t{who}-{days_ago}-{number}"
    return [
        {"identity_key": who, "occurred_at": at(days_ago, place), "touch_id": name, "state": state, "channel": "wecom"}
        | more
        for place, state in enumerate((*begins, *states))
    ]


def fill(home: Home) -> Home:
    """Members 1 to 60 bought for 100 yuan times their number and fell silent 40 days ago, three for each cause, 61 to 100 come every other week. Twenty messages to
    ``UNREACHED`` failed, those to ``MANY`` only at first."""
    events = [lakes.event(who, at(40).isoformat(), "page_view") for who in SILENT]
    events += [lakes.event(who, at(day).isoformat(), "page_view") for who in ACTIVE for day in range(0, 60, 14)]
    lines = [lakes.sale(who, at(120).isoformat(), f"o{who}", 100 * who) for who in SILENT]
    touches = [row for who in range(1, 101) for row in touch(who, 60, "opened", campaign_id="C", channel="sms")]
    touches += [
        row
        for who in MANY
        for day in range(45, 65)
        for row in touch(who, day, campaign_id="C", number=1, begins=("failed", "delivered"))
    ]
    touches += [
        row
        for who in SAMEY
        for place, day in enumerate(range(45, 125, 10))
        for row in touch(who, day, "opened", campaign_id="C", content_id=f"c{place % 2}", number=2)
    ]
    touches += [row for who in BARE for day in range(45, 105, 10) for row in touch(who, day, number=3)]
    touches += [
        row
        for day in range(45, 65)
        for row in touch(UNREACHED, day, content_id="c0", number=4, begins=("sent", "failed"))
    ]
    feedback = [
        {"identity_key": who, "occurred_at": at(50, n), "feedback_id": f"f{who}{n}", "feedback_kind": kind, "category": about, "score": score}
        for whose, category, asked in ((TRUST, "privacy", "trust"), (SERVICE, "service", "service"))
        for who in whose
        for n, (kind, about, score) in enumerate((("complaint", category, None), (asked, None, 1)))
    ]  # fmt: skip
    talks = [
        {"identity_key": who, "occurred_at": at(48), "conversation_id": f"v{who}", "first_reply_at": at(48, 5), "resolved_at": None, "score": 1}
        for who in SERVICE
    ]  # fmt: skip
    lakes.add(
        home, 1, events=events, order_lines=lines, touches=touches, feedback=feedback, service_conversations=talks
    )
    with home.writer.change("import", 2) as change:
        pieces = [{"content_id": f"c{n}", "title": f"茶 {n}", "topic": "茶"} for n in range(2)]
        change.merge("contents", lakes.rows("contents", pieces))
        change.merge("units", lakes.rows("units", [{"unit_id": "north", "name": "北区"}]))
        profiles = [{"identity_key": who, "unit_id": "north"} for who in (1, 4, 5)]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    return home


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Only read by the tests of this module."""
    home = fill(lakes.home(tmp_path_factory.mktemp("causes")))
    yield home
    home.store.close()


@pytest.fixture(scope="module")
def board(world):
    with reading(world) as lake:
        return callbacks.board(lake, Asked())


def rows(frame, *names):
    return [tuple(row) for row in frame[list(names)].itertuples(index=False)]


# -- causes --------------------------------------------------------------------------------------------------------------


def test_each_cause_is_found_by_its_evidence_and_nobody_else_has_one(world):
    with reading(world) as lake:
        found = causes.causes(lake, LAST + timedelta(days=1))
    told = {cause: found.ids[found.cause == place].tolist() for place, cause in enumerate(CAUSES)}
    whose = dict(zip(CAUSES, (TRUST, SERVICE, MANY, SAMEY, BARE), strict=True))
    assert told == {cause: list(who) for cause, who in whose.items()}
    evidence = {one.figure.name: (one.value, one.topic) for one in found.evidence(found.place(4), "poor_service")}
    assert evidence == {
        "service_troubles": (4.0, None), "service_complaints": (1.0, None), "low_service_scores": (1.0, None), "unsolved": (1.0, None), "low_talks": (1.0, None),
    }  # fmt: skip
    evidence = {one.figure.name: (one.value, one.topic) for one in found.evidence(found.place(10), "samey_content")}
    assert evidence == {"same_topic_messages": (8.0, "茶")}, (
        "all who got any piece got one topic: the share is as usual"
    )
    assert [one.value for one in found.evidence(found.place(7), "too_many_messages")] == [21.0]
    assert found.place(999) is None


@pytest.mark.parametrize("seed", [3, pytest.param(4, marks=pytest.mark.long)])
def test_causes_are_the_same_whatever_lies_after_the_cut_off(tmp_path_factory, seed):
    facts = test_scoring.Lives(seed).facts
    told = []
    for part in (test_scoring.known_by(facts, test_scoring.CUT), facts):
        home = test_scoring.world(lakes.home(tmp_path_factory.mktemp("lives")), part)
        with reading(home) as lake:
            found = causes.causes(lake, test_scoring.ON)
        told.append(
            (
                found.ids.tolist(),
                found.strength.tobytes(),
                found.cause.tolist(),
                {name: one.tobytes() for name, one in found.figures.items()},
            )
        )
        home.store.close()
    assert told[0] == told[1] and len(told[0][3]) == 16


def test_an_empty_lake_has_no_causes_and_nobody_to_call(tmp_path):
    home = lakes.home(tmp_path)
    with reading(home) as lake:
        assert callbacks.board(lake, Asked()) is None
        assert callbacks.behind(lake, Asked(), "none").empty
        assert causes.causes(lake, LAST).ids.tolist() == []
    home.store.close()


# -- whom to call back ---------------------------------------------------------------------------------------------------


def test_without_a_score_the_silent_are_at_risk_and_the_list_begins_with_most_at_stake(board):
    assert (board.asked, board.members, board.is_worth_told) == (None, 60, True)
    worth = {cause: sum(who) * 10_000 for cause, who in zip(CAUSES, (TRUST, SERVICE, MANY, SAMEY, BARE), strict=True)}
    assert rows(board.rows, "key", "members", "at_stake_minor") == [
        *((cause, 3, amount) for cause, amount in worth.items()), ("none", 45, sum(range(16, 61)) * 10_000),
    ]  # fmt: skip
    assert board.rows["share"].tolist() == [3 / 60] * 5 + [45 / 60]
    assert board.calls["member_id"].tolist() == list(range(15, 0, -1))
    assert board.calls["chance"].isna().all()
    first = board.calls.iloc[0]
    assert (first["key"], first["figure"], first["value"]) == ("impersonal", "impersonal_share", 6 / 7)
    assert (first["channel"], str(first["last_contact_on"])[:10]) == ("sms", "2026-10-16")
    samey = board.calls.set_index("member_id").loc[10]
    assert (samey["channel"], samey["topic"]) == ("wecom", "茶")


def test_evidence_of_a_cause_is_the_median_of_its_members_beside_the_usual(board):
    own = {
        row["figure"]: row["value"]
        for row in board.evidence[board.evidence["key"] == "too_many_messages"].to_dict("records")
    }
    assert own == {"most_messages_30d": 21.0}
    assert board.evidence.groupby("key").first()["figure"].to_dict() == {
        "lost_trust": "trust_troubles", "poor_service": "service_troubles", "too_many_messages": "most_messages_30d", "samey_content": "same_topic_messages",
        "impersonal": "impersonal_share",
    }  # fmt: skip


def test_people_behind_a_cause_are_as_many_as_its_figure_and_obey_the_scope(world, board):
    with reading(world) as lake:
        for row in board.rows.to_dict("records"):
            found = callbacks.behind(lake, Asked(), row["key"])
            assert (len(found), found["value"].sum()) == (row["members"], row["at_stake_minor"])
        assert callbacks.behind(lake, Asked(), "all")["member_id"].tolist()[:2] == [60, 59]
        with pytest.raises(Unknown):
            callbacks.behind(lake, Asked(), "boredom")
        with pytest.raises(Unknown):
            callbacks.board(lake, Asked("conversion"))
    with reading(world, Filters(), Scope(frozenset({"north"}))) as lake:
        found = callbacks.board(lake, Asked())
        assert found is not None and found.calls["member_id"].tolist() == [5, 4, 1]
    with reading(world, Filters(), Scope(frozenset({"south"}))) as lake:
        assert callbacks.board(lake, Asked()) is None


ASKED = Asked("churn_order", 30)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Members who bought, with a live model; only read by the tests of this module."""
    home = lakes.home(tmp_path_factory.mktemp("scored"))
    lakes.add(home, 1, order_lines=test_scores.orders())
    use_scores.train(home, "an", ASKED.target, ASKED.days, NOW, lambda *_: None, lambda: False)
    yield home
    home.store.close()


def test_where_there_is_a_score_those_it_places_highest_are_at_risk(scored):
    with reading(scored) as lake:
        found = callbacks.board(lake, ASKED)
        risks = scores.risks(lake, ASKED)
        assert found is not None and risks is not None
        high = risks[0][risks[0]["risk"] == "high"]
        assert (found.asked, found.members, found.cutoff_on) == (ASKED, len(high), scoring.today(lake))
        people = callbacks.behind(lake, ASKED, "none")
        stake = dict(zip(high["member_id"], (high["chance"] * high["worth_minor"]).round().astype(int), strict=True))
        assert dict(zip(people["member_id"], people["value"], strict=True)) == stake
        assert people["value"].is_monotonic_decreasing


def test_where_a_live_model_scores_nobody_the_silent_are_at_risk(scored, tmp_path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(who, at(day).isoformat()) for who, day in ((1, 40), (2, 0), (3, 200))])
    with scored.store.reading() as session:
        live = kept_scores.in_state(session, ASKED.target, ASKED.days, "live")
    names = [column.name for column in ScoreModel.__table__.columns if column.name not in ("id", "state")]
    with home.store.transaction() as session:
        number = kept_scores.add(session, {name: getattr(live, name) for name in names})
        kept_scores.move(session, number, "candidate", state="live")
    with reading(home) as lake:
        assert scores.risks(lake, ASKED) is None
        found = callbacks.board(lake, ASKED)
        assert found is not None and (found.asked, found.members) == (None, 1)
    home.store.close()


def test_the_best_channel_is_one_to_write_to_or_call_on_that_the_member_did_not_withdraw_from(tmp_path):
    home = lakes.home(tmp_path)
    on = LAST + timedelta(days=1)

    def said(who: int, days_ago: int, state: str, channel: str | None, purpose: str = "marketing") -> dict:
        return {
            "identity_key": who,
            "occurred_at": at(days_ago),
            "purpose": purpose,
            "channel": channel,
            "state": state,
        }

    touches = [
        row for who in range(1, 10) for n in range(2) for row in touch(who, 9, "opened", number=n, channel="sms")
    ]
    touches += [row for who in range(1, 10) for row in touch(who, 8, "opened", channel="email")]
    touches += [row for who in (6, 7) for row in touch(who, 5, "unsubscribed", channel="sms")]
    consents = [
        said(2, 4, "withdrawn", "sms"), said(3, 4, "withdrawn", None), said(4, 4, "withdrawn", "sms", "profiling"), said(5, 4, "withdrawn", None), said(5, 3, "given", "email"),
        said(7, 3, "given", "sms"), said(8, 4, "given", "sms"), said(8, 4, "withdrawn", "sms"), said(9, -1, "withdrawn", "sms"),
    ]  # fmt: skip
    events = [lakes.event(10, at(1).isoformat(), channel=channel) for channel in ("website", "website", "wecom")]
    lakes.add(home, 1, touches=touches, consents=consents, events=events)
    with reading(home) as lake:
        found = callbacks.contacts(lake, on, np.arange(1, 11)).set_index("member_id")["channel"]
    told = {who: channel if isinstance(channel, str) else None for who, channel in found.items()}
    assert told == {
        1: "sms", 2: "email", 3: None, 4: "sms", 5: "email", 6: "email", 7: "sms", 8: "email", 9: "email", 10: "wecom"
    }  # fmt: skip
    home.store.close()


# -- playbooks -----------------------------------------------------------------------------------------------------------


def test_every_cause_has_usual_steps_that_may_be_kept():
    assert list(playbooks.usual()) == list(CAUSES)
    for steps in playbooks.usual().values():
        playbooks.refuse(steps)
        assert all(set(step.told) == {"zh", "en"} and step.told["zh"] != step.told["en"] for step in steps)


def test_a_house_writes_its_own_steps_and_takes_the_usual_ones_again(tmp_path):
    home = lakes.home(tmp_path)
    step = playbooks.written("  打电话，\n道歉 ", "service", "call", 0)
    assert step.told == {"zh": "打电话， 道歉", "en": "打电话， 道歉"}
    before = revision(home)
    use.keep(home, home.store, AN, "poor_service", [step], NOW)
    with home.store.reading() as session:
        found, own = playbooks.of(session)
    assert (found["poor_service"], own) == ((step,), {"poor_service"})
    assert found["impersonal"] == playbooks.usual()["impersonal"] and revision(home) > before
    use.keep(home, home.store, AN, "poor_service", playbooks.usual()["poor_service"], NOW)
    assert kept(home) == frozenset(), "the usual ones are nobody's own"
    use.keep(home, home.store, AN, "poor_service", [step], NOW)
    use.keep(home, home.store, AN, "poor_service", None, NOW)
    assert kept(home) == frozenset()
    home.store.close()


def revision(home):
    with home.store.reading() as session:
        return topics.revisions(session, ("scores",))


def kept(home):
    with home.store.reading() as session:
        return playbooks.of(session)[1]


def test_steps_that_say_nothing_or_by_nobody_are_refused(tmp_path):
    home = lakes.home(tmp_path)
    good = ("道歉", "service", "call", 1)

    def reason(*steps):
        with pytest.raises(InvalidPlaybook) as refused:
            use.keep(home, home.store, AN, "impersonal", [playbooks.written(*step) for step in steps], NOW)
        return refused.value.details["reason"]

    assert [
        reason(), reason(*[good] * 9), reason((" ", *good[1:])), reason(("好" * 201, *good[1:])), reason(("道歉", "nobody", "call", 1)),
        reason(("道歉", "service", "pigeon", 1)), reason((*good[:3], 91)), reason((*good[:3], -1)),
    ] == ["none", "many", "empty", "long", "who", "by", "days", "days"]  # fmt: skip
    with pytest.raises(Unknown):
        use.keep(home, home.store, AN, "boredom", [playbooks.written(*good)], NOW)
    for who in (Operator(2, "bo", "manager"), Operator(3, "ce", "analyst", Scope(frozenset({"north"})))):
        with pytest.raises(Forbidden):
            use.keep(home, home.store, who, "impersonal", None, NOW)
    home.store.close()
