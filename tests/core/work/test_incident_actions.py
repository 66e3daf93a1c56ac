"""The buttons of a playbook: sending is paused and let go by those who may, people are kept within the scope, what was told is recorded whole."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import Forbidden, Unknown
from core.risk.incidents import InvalidIncident
from core.risk.messages import GAP, InvalidMessage
from core.scope import Operator, Scope
from core.store import incidents as rows
from core.store import segments
from core.store.incidents import IncidentChanged
from core.store.notice_tables import SaidNotice
from core.store.segments import NameTaken
from core.store.tables import AuditEntry
from core.work import incident_actions as actions
from core.work import incidents
from core.work.campaigns import stopping
from core.work.questions import incident_messages, incident_people
from core.work.questions import incidents as questions
from tests import lakes
from tests.core.work.cases import HE, LIN, NOW, QIN, TODAY, WU, Case, people, warning
from tests.core.work.people import people_of

ADMIN = Operator(9, "admin", "admin")
NORTH_AND_SOUTH = {1: ("Xi'an", "north"), 2: ("Xi'an", "north"), 3: ("Hangzhou", "south")}


@pytest.fixture
def home(tmp_path):
    made = lakes.home(tmp_path)
    people(made.store)
    yield made
    made.store.close()


@pytest.fixture
def begin(home):
    def call(*places):
        found = [warning(home, *place) for place in places or [("unit", "north")]]
        opened = incidents.open_from(home, home.store, LIN, found, "Members leave", now=NOW)
        return Case(home, home.store, opened.incident_id)

    return call


@pytest.fixture
def do(home):
    def call(act, case, *args, who=LIN, **named):
        revision = named.pop("revision", case.row.revision)
        return getattr(actions, act)(home, home.store, who, case.id, *args, revision=revision, now=NOW, **named)

    return call


def standing(home):
    return [(one.kind, one.key, one.incident_id) for one in questions.holds(home, LIN)]


def is_held(home, **what):
    with home.store.reading() as session:
        return rows.is_held(session, **what)


def audited(home):
    with home.store.reading() as session:
        return [entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))]


def test_a_pause_stands_until_it_is_let_go_and_is_told_once(home, begin, do):
    case = begin().to("respond")
    assert [do("hold", case, "channel", "sms", "Complaints") for _ in range(2)] == [True, False]
    assert (standing(home), is_held(home, channel="sms"), is_held(home, channel="email")) == (
        [("channel", "sms", case.id)],
        True,
        False,
    )
    assert questions.one(home, LIN, case.id, now=NOW).asks == ()
    assert [do("release", case, "channel", "sms", "Over") for _ in range(2)] == [True, False]
    assert (standing(home), is_held(home, channel="sms")) == ([], False)
    assert [details["act"] for _, details in case.said("action")] == ["hold", "release"]
    assert [name for name in audited(home) if name.startswith("sending")] == ["sending.held", "sending.released"]
    [pause] = questions.one(home, LIN, case.id, now=NOW).holds
    assert (pause.released_by, pause.released_at) == ("lin", NOW)


def test_the_kill_switch_holds_everything_and_a_campaign_is_held_alone(home, begin, do):
    case = begin()
    do("hold", case, "campaign", "c7", "Wrong price")
    assert (is_held(home, channel="sms", campaign="c7"), is_held(home, channel="sms", campaign="c8")) == (True, False)
    do("hold", case, "all", "", "Leak")
    assert is_held(home, channel="sms", campaign="c8")
    do("release", case, "all", "", "No leak")
    assert not is_held(home, channel="sms", campaign="c8")


def test_what_one_lets_go_another_may_still_hold(home, begin, do):
    one, other = begin(), begin(("unit", "south"))
    for case in (one, other):
        do("hold", case, "channel", "sms", "Complaints")
    stopping.stop(home, home.store, LIN, "channel", "sms", "The operator is down", now=NOW)
    do("release", one, "channel", "sms", "Over")
    assert (standing(home), is_held(home, channel="sms")) == (
        [("channel", "sms", other.id), ("channel", "sms", None)],
        True,
    )
    assert questions.counts(home, LIN, now=NOW).holds == 1
    do("release", other, "channel", "sms", "Over")
    assert stopping.let_go(home, home.store, ADMIN, "channel", "sms", "It is up", now=NOW)
    assert not is_held(home, channel="sms")


def test_pauses_of_what_is_merged_are_those_of_what_it_is_part_of(home, begin, do):
    one, into = begin(), begin(("unit", "south"))
    for case, key in ((one, "sms"), (one, "email"), (into, "sms")):
        do("hold", case, "channel", key, "Complaints")
    incidents.merge(
        home, home.store, LIN, one.id, into.id, revision=one.row.revision, into_revision=into.row.revision, now=NOW
    )
    assert sorted(standing(home)) == [("channel", "email", into.id), ("channel", "sms", into.id)]


def test_an_incident_is_not_closed_while_it_holds_something(home, begin, do):
    case = begin().to("review")
    do("hold", case, "channel", "sms", "Complaints")
    assert "holds" in questions.one(home, LIN, case.id, now=NOW).asks


@pytest.mark.parametrize(
    ("kind", "key"),
    [("all", "sms"), ("channel", "smoke"), ("channel", ""), ("campaign", " "), ("campaign", "x" * 201), ("other", "x")],
)
def test_what_cannot_be_paused_is_refused(begin, do, kind, key):
    with pytest.raises(InvalidIncident) as refused:
        do("hold", begin(), kind, key, "why")
    assert refused.value.details["reason"] == "key"


def test_who_sees_some_units_only_pauses_nothing_of_the_house(home, begin, do):
    case = begin()
    for who in (WU, HE):
        with pytest.raises(Forbidden):
            do("hold", case, "all", "", "why", who=who)
    with pytest.raises(InvalidIncident):
        do("hold", case, "all", "", "  ")
    assert standing(home) == []


def test_people_are_kept_within_the_scope_of_who_keeps_them(home, begin, do):
    people_of(home, NORTH_AND_SOUTH)
    case = begin()
    kept = do("keep_people", case, "North leavers", [3, 2, 1, 2], version=1, is_recall=True, who=WU)
    with home.store.reading() as session:
        segment = segments.one(session, kept)
        assert (segments.members(session, kept), segment.units, segment.kind) == ((1, 2), ["north"], "list")
        assert segment.definition == {"kind": "incident", "incident": case.id, "is_recall": True}
    assert case.said("action") == [("action", {"act": "recall", "segment": kept, "members": 2})]
    assert audited(home)[-2:] == ["incident.people", "segment.saved"]


def test_people_that_cannot_be_kept_leave_no_line(home, begin, do):
    people_of(home, NORTH_AND_SOUTH)
    case = begin()
    do("keep_people", case, "Leavers", [1], version=1)
    before = case.row.revision
    with pytest.raises(NameTaken):
        do("keep_people", case, "Leavers", [2], version=1)
    with pytest.raises(InvalidIncident):
        do("keep_people", case, "South", [3, 99], version=1, who=WU)
    with pytest.raises(Forbidden):
        do("keep_people", case, "Mine", [1], version=1, who=Operator(5, "po", "compliance"))
    with pytest.raises(IncidentChanged):
        do("keep_people", case, "Late", [1], version=1, revision=1)
    assert (case.row.revision, len(case.said("action"))) == (before, 1)


def test_people_behind_are_those_of_the_warnings_on_their_days_within_the_scope(home, begin, do):
    people_of(home, NORTH_AND_SOUTH)
    ordered = [
        lakes.sale(who, f"2026-11-{day} 02:00", f"o{day}{who}", 9) for who, day in ((1, 18), (2, 19), (3, 19), (3, 18))
    ]
    lakes.add(home, 9, order_lines=ordered)
    day = TODAY - timedelta(days=1)
    figures = [
        warning(home, "", "", indicator="orders", first=day),
        warning(home, "unit", "north", indicator="orders", first=day - timedelta(days=1)),
        warning(home, "", "", indicator="made_up", first=day),
        warning(home, "source", "crm", indicator="", kind="late", first=day),
    ]
    opened = incidents.open_from(home, home.store, LIN, figures, "Few orders", now=NOW)
    found = incident_people.people(home, LIN, opened.incident_id, now=NOW)
    assert (found.members, found.told) == ((1, 2, 3), ((figures[0], day, 2), (figures[1], day - timedelta(days=1), 1)))
    kept = do("keep_people", Case(home, home.store, opened.incident_id), "Buyers", found.members, version=found.version)
    with home.store.reading() as session:
        assert segments.members(session, kept) == found.members
    with pytest.raises(Forbidden):
        incident_people.people(home, HE, opened.incident_id, now=NOW)
    with pytest.raises(Unknown):
        incident_people.people(home, WU, opened.incident_id, now=NOW)
    mine = incidents.open_from(
        home, home.store, WU, [warning(home, "unit", "north", indicator="orders", first=day)], "x", now=NOW
    )
    assert incident_people.people(home, WU, mine.incident_id, now=NOW).members == (2,)


def test_a_reminder_is_told_to_all_who_are_told_of_incidents(home, begin, do):
    case = begin()
    do("remind", case)
    with home.store.reading() as session:
        told = [(row.kind, row.urgency) for row in session.scalars(select(SaidNotice).order_by(SaidNotice.id))]
    assert told == [("incident.opened", "normal"), ("incident.reminder", "high")]


def test_what_was_told_is_recorded_whole_and_answers_for_the_step(home, begin, do):
    case = begin().to("communicate")
    draft = incident_messages.draft(LIN, "staff_over", "en", {"number": "1", "what": "Late tea"})
    with pytest.raises(InvalidMessage) as refused:
        do("told", case, "staff", "Group of the shop", draft)
    assert refused.value.details["reason"] == "gap"
    do("told", case, "staff", "Group of the shop", draft.replace(GAP, "a bad batch"))
    assert questions.one(home, LIN, case.id, now=NOW).asks == ()
    assert case.said("message") == [("message", {"audience": "staff", "by": "Group of the shop"})]
    with pytest.raises(InvalidIncident):
        do("told", case, "press", "Phone", "x")


@pytest.mark.parametrize("language", incident_messages.LANGUAGES)
def test_every_template_can_be_filled_wholly(language):
    for key, template in incident_messages.templates(language).items():
        assert template.audience in actions.AUDIENCES
        values = {name: f"<{name}>" for name in template.places}
        text = incident_messages.draft(QIN, key, language, values)
        assert GAP not in text
        assert all(value in text for value in values.values())


def test_templates_of_both_languages_ask_for_the_same():
    zh, en = (incident_messages.templates(language) for language in incident_messages.LANGUAGES)
    assert list(zh) == list(en)
    assert [(one.audience, one.places) for one in zh.values()] == [(one.audience, one.places) for one in en.values()]


@pytest.mark.parametrize("key", ["authority_breach", "customers_breach"])
def test_a_breach_is_told_with_all_that_the_law_asks_for(key):
    """PIPL article 57: kinds, cause, possible harm, remedies, what people can do, contact."""
    assert {"kinds", "cause", "harm", "measures", "advice", "contact"} <= set(
        incident_messages.templates("zh")[key].places
    )


def test_what_an_incident_tells_of_itself_is_known_to_templates(begin):
    known = incident_messages.known_of(begin().row)
    assert (known["what"], known["began_on"]) == ("Members leave", "2026-11-20")
    assert set(known) <= set(incident_messages.KNOWN)


def test_who_may_not_work_incidents_drafts_nothing():
    with pytest.raises(Forbidden):
        incident_messages.draft(HE, "staff_over", "zh", {})
    with pytest.raises(Unknown):
        incident_messages.draft(LIN, "press", "zh", {})
    with pytest.raises(Unknown):
        incident_messages.templates("fr")


def test_units_below_own_ones_are_own(home, begin, do):
    lakes.add(home, 1, units=[{"unit_id": "all"}, {"unit_id": "north", "parent_unit_id": "all"}])
    case = begin()
    who = Operator(6, "su", "manager", Scope(frozenset({"all"})))
    assert do("remind", case, who=who) == 2
