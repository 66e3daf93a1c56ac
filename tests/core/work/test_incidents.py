"""Incidents: opened once, led step by step by those who may, joined, parted and opened again; the audit log knows of it all."""

import shutil
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.app import House
from core.errors import Forbidden, Unknown
from core.periods import Period
from core.risk.incidents import HOURS, IllegalMove, IncidentIncomplete, InvalidIncident
from core.scope import Operator
from core.settings import Settings
from core.store import incidents as rows
from core.store.incidents import IncidentChanged
from core.store.notice_tables import SaidNotice
from core.store.tables import AuditEntry
from core.work import incident_changes, incidents
from core.work.incidents import Opened, WarningTaken
from core.work.questions import incidents as questions
from tests.core.work.cases import DAY, HE, HOUR, LIN, NOW, QIN, TODAY, WU, Case, people, warning


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A home with accounts and empty stores, made once."""
    folder = tmp_path_factory.mktemp("empty")
    made = House(Settings(home=folder))
    people(made.live.store)
    made.demo.store.close()
    made.live.store.close()
    return folder


@pytest.fixture
def house(tmp_path, empty):
    shutil.copytree(empty, tmp_path / "home")
    made = House(Settings(home=tmp_path / "home"))
    yield made
    made.live.store.close()
    made.demo.store.close()


@pytest.fixture
def home(house, request):
    return house.world(getattr(request, "param", "demo"))


@pytest.fixture
def log(house):
    return house.live.store


@pytest.fixture
def begin(home, log):
    """An incident of one warning."""

    def call(*warnings, who=LIN, name="Members leave"):
        opened = incidents.open_from(home, log, who, warnings or [warning(home)], name, now=NOW)
        return Case(home, log, opened.incident_id, who)

    return call


def audited(log):
    with log.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(entry.actor, entry.action, entry.object) for entry in entries]


def told(home):
    with home.store.reading() as session:
        return [
            (row.kind, row.params.get("state")) for row in session.scalars(select(SaidNotice).order_by(SaidNotice.id))
        ]


def shown(home, case, who=LIN, now=NOW):
    return questions.one(home, who, case.id, now=now)


def test_an_incident_of_a_warning_has_its_place_days_severity_and_deadline(home, log):
    first = warning(home, first=TODAY - 3 * DAY, indicator="exit_rate")
    opened = incidents.open_from(home, log, LIN, [first], "  Members   leave ", note="Seen at noon", now=NOW)
    whole = questions.one(home, LIN, opened.incident_id, now=NOW)
    case = whole.case
    assert (opened.is_new, case.title, case.state, case.severity, case.owner) == (
        True,
        "Members leave",
        "detect",
        "medium",
        "",
    )
    assert (case.places, case.units, case.first_on, case.last_on) == (
        (("unit", "north", "North"),),
        ("north",),
        TODAY - 3 * DAY,
        TODAY,
    )
    assert (case.due_at, case.is_late, case.warning_count, whole.warning_ids) == (NOW + 24 * HOUR, False, 1, (first,))
    assert [(line.kind, line.body, line.details["warnings"]) for line in whole.lines] == [
        ("opened", "Seen at noon", [first])
    ]
    assert audited(log) == [("lin", "incident.opened", f"incident:{case.id}")]
    assert told(home) == [("incident.opened", "detect")]


def test_the_same_warning_never_opens_two(home, log, begin):
    seen = warning(home)
    case = begin(seen)
    again = incidents.open_from(home, log, QIN, [seen], "Once more", now=NOW)
    assert again == Opened(case.id, False)
    assert len(audited(log)) == len(case.said()) == 1


def test_a_warning_that_is_part_of_another_is_the_other_one(home, log, begin):
    whole = warning(home)
    part = warning(home, key="south", state="merged", merged_into_id=whole)
    case = begin(part)
    assert shown(home, case).warning_ids == (whole,)
    assert incidents.open_from(home, log, LIN, [whole], "x", now=NOW) == Opened(case.id, False)


def test_warnings_of_an_incident_and_others_are_not_mixed_silently(home, log, begin):
    seen, other = warning(home), warning(home, key="south")
    case = begin(seen)
    with pytest.raises(WarningTaken) as refused:
        incidents.open_from(home, log, LIN, [seen, other], "Both", now=NOW)
    assert refused.value.details["incidents"] == str(case.id)
    case.attach([seen, other])
    assert shown(home, case).warning_ids == (seen, other)
    assert (case.row.severity, case.row.units) == ("medium", ["north", "south"])


def test_a_warning_of_another_incident_is_not_attached(home, begin):
    one, other = begin(), begin(warning(home, key="south"))
    [taken] = shown(home, other).warning_ids
    with pytest.raises(WarningTaken):
        one.attach([taken])
    with pytest.raises(InvalidIncident):
        one.attach(shown(home, one).warning_ids)
    assert one.row.revision == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\x00b", "a\u202eb"])
def test_a_title_is_one_line_of_words(home, log, name):
    with pytest.raises(InvalidIncident):
        incidents.open_from(home, log, LIN, [warning(home)], name, now=NOW)
    assert audited(log) == []


def test_an_incident_by_hand_says_what_happened_and_where(home, log):
    opened = incidents.open_by_hand(
        home, log, LIN, "Angry post", "A blogger is angry", places=[("channel", "social")], now=NOW
    )
    whole = questions.one(home, LIN, opened.incident_id, now=NOW)
    assert (whole.case.severity, whole.case.units, whole.case.field, whole.asks) == ("medium", None, "general", ())
    with pytest.raises(InvalidIncident):
        incidents.open_by_hand(home, log, LIN, "Angry post", "", now=NOW)


@pytest.mark.parametrize(
    "places", [[], [("unit", "moon")], [("group", "g")], [("channel", "smoke")], [("", ""), ("channel", "sms")]]
)
def test_a_place_that_does_not_exist_is_refused(home, log, places):
    with pytest.raises(InvalidIncident) as refused:
        incidents.open_by_hand(home, log, LIN, "x", "y", places=places, now=NOW)
    assert refused.value.details["reason"] == "places"


@pytest.mark.parametrize("home", ["live", "demo"], indirect=True)
def test_an_incident_is_led_through_all_its_steps(home, log, begin):
    case = begin().to("closed")
    whole = shown(home, case)
    moves = [line.details["to"] for line in whole.lines if line.kind == "moved"]
    assert moves == ["assess", "respond", "communicate", "monitor", "review", "closed"]
    assert (whole.case.state, whole.case.due_at, whole.case.closed_at, whole.asks) == ("closed", None, NOW, ())
    assert whole.moves == {"assess": "reopen"}
    assert told(home)[1:] == [("incident.moved", state) for state in moves]
    assert [name for _, name, _ in audited(log) if name == "incident.moved"] == ["incident.moved"] * 6


def test_a_step_that_lacks_something_is_not_left_and_nothing_is_written(home, log, begin):
    case = begin().to("assess")
    case.assign("lin")
    before = case.said(), audited(log), case.row.revision
    with pytest.raises(IncidentIncomplete) as refused:
        case.move("respond")
    assert refused.value.details["asks"] == "severity,target"
    assert shown(home, case).asks == ("severity", "target")
    with pytest.raises(IllegalMove):
        case.move("communicate", reason="faster")
    assert (case.said(), audited(log), case.row.revision) == before


def test_back_needs_a_reason_and_keeps_what_was_done(home, begin):
    case = begin().to("communicate")
    with pytest.raises(InvalidIncident):
        case.move("respond")
    case.move("respond", reason="It goes on")
    assert (case.row.state, shown(home, case).asks) == ("respond", ())
    assert case.said("moved")[-1][1] == {"to": "respond", "way": "back"}


def test_what_is_opened_again_is_asked_for_anew(home, begin):
    case = begin().to("closed")
    case.move("assess", reason="It came back")
    row = case.row
    assert (row.round, row.closed_at, row.target_at, row.exit_criteria, row.cause) == (2, None, None, "", "")
    assert shown(home, case).asks == ("severity", "target")
    case.set_severity(row.severity)
    case.set_target(NOW + DAY)
    case.move("respond")
    assert shown(home, case).asks == ("action",)
    assert case.row.due_at == NOW + DAY  # sooner than the 72 hours of the step


def test_nothing_but_opening_again_changes_a_closed_incident(begin):
    case = begin().to("closed")
    for act, *args in (
        ("assign", "lin"),
        ("set_severity", "low"),
        ("act", "x"),
        ("state_criteria", "x"),
        ("attach", [1]),
    ):
        with pytest.raises(InvalidIncident) as refused:
            getattr(case, act)(*args)
        assert refused.value.details["reason"] == "closed"


def test_whoever_read_an_older_revision_changes_nothing(home, log, begin):
    case = begin()
    case.assign("lin")
    for act, args in ((incident_changes.assign, ["qin"]), (incidents.move, ["assess"]), (incident_changes.act, ["x"])):
        with pytest.raises(IncidentChanged) as refused:
            act(home, log, QIN, case.id, *args, revision=1, now=NOW)
        assert refused.value.details["revision"] == 2
    assert case.row.owner == "lin"


def test_notes_are_no_change_and_are_written_once_for_one_request(home, log, begin):
    case = begin()
    for body, request in (("a", "r1"), ("a", "r1"), ("a", None), ("a", None)):
        incident_changes.note(home, log, QIN, case.id, body, request=request, now=NOW)
    assert (len(case.said("note")), case.row.revision) == (3, 1)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "ftp://a.b/c", "//a.b", "https://", "https://user:word@a.b", "http://a b", "https://a.b/\u202e", "http://[", "https://a.b/" + "x" * 1000]
)  # fmt: skip
def test_evidence_links_to_pages_only(home, log, begin, link):
    case = begin()
    with pytest.raises(InvalidIncident) as refused:
        incident_changes.evidence(home, log, LIN, case.id, "See", link=link, now=NOW)
    assert refused.value.details["reason"] == "link"


def test_evidence_keeps_a_link_and_a_figure(home, log, begin):
    case = begin()
    figure = {"indicator": "orders", "by": "unit", "key": "north", "on": TODAY, "more": "x"}
    incident_changes.evidence(
        home, log, LIN, case.id, "See", link=" https://shop.example/p?a=1 ", figure=figure, now=NOW
    )
    assert case.said("evidence") == [
        ("evidence", {"link": "https://shop.example/p?a=1", "figure": {"indicator": "orders", "by": "unit", "key": "north", "on": "2026-11-20"}})
    ]  # fmt: skip


@pytest.mark.parametrize("owner", ["nobody", "gone", "he"])
def test_only_who_can_work_an_incident_answers_for_it(begin, owner):
    with pytest.raises(InvalidIncident) as refused:
        begin().assign(owner)
    assert refused.value.details["reason"] == "owner"


def test_who_does_not_see_an_incident_does_not_answer_for_it(home, begin):
    begin().assign("wu")
    with pytest.raises(InvalidIncident):
        begin(warning(home, "", "")).assign("wu")


def test_another_severity_than_usual_needs_a_reason_and_moves_the_deadline(begin):
    case = begin().to("assess")
    with pytest.raises(InvalidIncident):
        case.set_severity("critical")
    case.set_severity("critical", reason="The press is here")
    assert (case.row.severity, case.row.is_severity_set, case.row.due_at) == ("critical", True, NOW + 2 * HOUR)
    assert case.said("severity")[-1][1] == {"severity": "critical", "before": "low", "suggested": "low"}


def test_deadlines_lie_ahead_and_another_one_needs_a_reason(begin):
    case = begin()
    for wrong in (NOW, NOW - HOUR, NOW + 400 * DAY):
        with pytest.raises(InvalidIncident):
            case.set_due(wrong, "later")
        with pytest.raises(InvalidIncident):
            case.set_target(wrong)
    with pytest.raises(InvalidIncident):
        case.set_due(NOW + HOUR, " ")
    case.set_due(NOW + 90 * HOUR, "The owner is away")
    assert (case.row.due_at, case.row.clock) == (NOW + 90 * HOUR, 2)
    case.set_target(NOW + 100 * HOUR)
    with pytest.raises(InvalidIncident):
        case.set_target(NOW + 200 * HOUR)


def test_hours_of_the_house_hold_for_steps_that_begin_later(home, log, begin):
    running = begin()
    fresh = incident_changes.change_hours(home, log, QIN, {"detect": {"low": 5}}, was=HOURS, now=NOW)
    assert fresh["detect"] == {"critical": 1, "high": 4, "medium": 24, "low": 5}
    assert running.row.due_at == NOW + 48 * HOUR
    assert begin(warning(home, key="south")).row.due_at == NOW + 5 * HOUR
    with pytest.raises(IncidentChanged):
        incident_changes.change_hours(home, log, QIN, None, was=HOURS, now=NOW)
    assert incident_changes.change_hours(home, log, QIN, None, was=fresh, now=NOW) == HOURS
    with pytest.raises(Forbidden):
        incident_changes.change_hours(home, log, LIN, None, was=HOURS, now=NOW)


def test_criteria_are_met_while_it_is_watched_and_others_are_not_met_yet(home, begin):
    case = begin().to("monitor")
    with pytest.raises(InvalidIncident):
        case.met("fine")
    case.state_criteria("Below 5 %")
    case.met("2 %")
    case.state_criteria("Below 1 %")
    assert shown(home, case).asks == ("met",)


def test_a_reason_stands_for_an_action_only_where_one_is_asked_for(home, begin):
    case = begin()
    with pytest.raises(InvalidIncident):
        case.waive("no")
    case.to("respond").waive("It went away by itself")
    case.move("communicate")
    assert shown(home, case).waivable == "message"


def test_a_task_is_done_once_by_its_owner_or_who_works_incidents_also_when_all_is_closed(home, log, begin):
    case = begin().to("closed")
    [task] = shown(home, case).tasks
    assert (task.owner, task.is_late) == ("he", False)
    stranger = Operator(9, "li", "executive")
    with pytest.raises(Forbidden):
        incident_changes.complete_task(home, log, stranger, task.id, now=NOW)
    done = [incident_changes.complete_task(home, log, HE, task.id, result="Done", now=NOW) for _ in range(2)]
    assert (done, len(case.said("task_done")), shown(home, case).tasks[0].done_by) == ([True, False], 1, "he")


@pytest.mark.parametrize(
    ("kind", "owner", "due"), [("other", "lin", TODAY), ("review", "gone", TODAY), ("review", "lin", TODAY - DAY), ("review", "lin", TODAY + 400 * DAY)]
)  # fmt: skip
def test_a_task_has_an_owner_and_a_day_ahead(begin, kind, owner, due):
    with pytest.raises(InvalidIncident):
        begin().add_task(kind, "Do it", owner, due)


def test_a_response_that_is_done_is_an_action(home, log, begin):
    case = begin().to("respond")
    task = case.add_task("response", "Call them", "lin", TODAY)
    assert shown(home, case).asks == ("action",)
    incident_changes.complete_task(home, log, LIN, task, now=NOW)
    assert shown(home, case).asks == ()


def test_two_become_one_with_warnings_tasks_and_days_and_both_stories_are_told(home, log, begin):
    one = begin(warning(home, first=TODAY - 8 * DAY))
    into = begin(warning(home, key="south"))
    one.add_task("response", "Call them", "lin", TODAY)
    incidents.merge(home, log, LIN, one.id, into.id, revision=one.row.revision, into_revision=1, now=NOW)
    whole = shown(home, into)
    assert (len(whole.warning_ids), len(whole.tasks), [part.id for part in whole.parts]) == (2, 1, [one.id])
    assert (whole.case.first_on, whole.case.severity, whole.case.units) == (
        TODAY - 8 * DAY,
        "critical",
        ("north", "south"),
    )
    assert {line.incident_id for line in whole.lines} == {one.id, into.id}
    assert [case.id for case in questions.listed(home, LIN, now=NOW)] == [into.id]
    with pytest.raises(IncidentChanged) as refused:
        one.assign("lin")
    assert (refused.value.details["reason"], refused.value.details["into"]) == ("merged", into.id)
    with pytest.raises(IncidentChanged):
        incident_changes.note(home, log, LIN, one.id, "x", now=NOW)


def test_what_was_merged_into_one_that_is_merged_is_part_of_the_last(home, log, begin):
    first, second, third = (begin(warning(home, key=key)) for key in ("a", "b", "c"))
    for one, into in ((first, second), (second, third)):
        incidents.merge(
            home, log, LIN, one.id, into.id, revision=one.row.revision, into_revision=into.row.revision, now=NOW
        )
    assert [part.id for part in shown(home, third).parts] == [first.id, second.id]
    assert shown(home, third).case.warning_count == 3


def test_nothing_is_merged_into_itself_or_into_what_is_closed_or_gone(home, log, begin):
    one, closed = begin(), begin(warning(home, key="south")).to("closed")
    for into, seen, kind in (
        (one.id, 1, InvalidIncident),
        (closed.id, closed.row.revision, InvalidIncident),
        (99, 1, Unknown),
    ):
        with pytest.raises(kind):
            incidents.merge(home, log, LIN, one.id, into, revision=1, into_revision=seen, now=NOW)
    assert one.row.revision == 1


def test_a_warning_is_split_off_into_an_incident_of_its_own(home, begin):
    north, south = warning(home, last=TODAY + 9 * DAY), warning(home, key="south", indicator="orders")
    case = begin(north, south)
    fresh = Case(home, case.log, case.split([south], "The south alone"))
    assert (shown(home, case).warning_ids, shown(home, fresh).warning_ids) == ((north,), (south,))
    assert (case.row.units, case.row.severity, fresh.row.units, fresh.row.severity) == (
        ["north"],
        "high",
        ["south"],
        "low",
    )
    assert fresh.row.state == "detect"
    with pytest.raises(InvalidIncident):
        case.split([north], "All of it")
    with pytest.raises(Unknown):
        case.split([south], "Gone already")


def test_who_is_limited_to_units_works_what_lies_wholly_inside(home, log, begin):
    mine, beyond = begin(who=WU), begin(warning(home, key="south"))
    house, both = (
        begin(warning(home, "", "")),
        begin(warning(home, key="north", indicator="x"), warning(home, key="south", indicator="x")),
    )
    chat = begin(warning(home, "group", "g1", unit="north"))
    assert {case.id for case in questions.listed(home, WU, now=NOW)} == {mine.id, chat.id}
    assert questions.counts(home, WU, now=NOW).open == 2
    mine.assign("wu")
    for hidden in (beyond, house, both):
        hidden.who = WU
        with pytest.raises(Unknown):
            hidden.assign("wu")
        with pytest.raises(Unknown):
            incident_changes.note(home, log, WU, hidden.id, "x", now=NOW)
        with pytest.raises(Unknown):
            shown(home, hidden, WU)
        with pytest.raises(Unknown):
            incidents.open_from(home, log, WU, shown(home, hidden).warning_ids, "x", now=NOW)
    with pytest.raises(Forbidden):
        incidents.open_by_hand(home, log, WU, "x", "y", now=NOW)


WORK = {
    "attach": ([1],),
    "move": ("assess",),
    "split": ([1], "x"),
    "assign": ("lin",),
    "set_severity": ("low",),
    "set_due": (NOW + DAY, "x"),
    "set_target": (NOW + DAY,),
    "act": ("x",),
    "waive": ("x",),
    "state_criteria": ("x",),
    "met": ("x",),
    "add_task": ("review", "x", "lin", TODAY),
}


def test_who_may_not_work_incidents_reads_them(home, log, begin):
    case = begin()
    case.who = HE
    for act, args in WORK.items():
        with pytest.raises(Forbidden):
            getattr(case, act)(*args)
    with pytest.raises(Forbidden):
        case.review(cause="x")
    with pytest.raises(Forbidden):
        incidents.merge(home, log, HE, case.id, case.id + 1, revision=1, into_revision=1, now=NOW)
    for act in (incident_changes.note, incident_changes.evidence):
        with pytest.raises(Forbidden):
            act(home, log, HE, case.id, "x", now=NOW)
    with pytest.raises(Forbidden):
        incidents.open_from(home, log, HE, [warning(home, key="south")], "x", now=NOW)
    with pytest.raises(Forbidden):
        incidents.open_by_hand(home, log, HE, "x", "y", now=NOW)
    assert (shown(home, case, HE).case.revision, len(audited(log))) == (1, 1)


def test_lists_begin_with_what_escalated_then_what_is_late_then_what_is_gravest(home, begin):
    low, grave, late = begin(), begin(warning(home, "", "")), begin(warning(home, key="south"))
    late.set_due(NOW + HOUR, "soon")
    now = NOW + 2 * HOUR
    found = questions.listed(home, LIN, now=now)
    assert [(case.id, case.is_late) for case in found] == [(late.id, True), (grave.id, False), (low.id, False)]
    assert [case.id for case in questions.listed(home, LIN, now=now, severities=["high"], owner="")] == [grave.id]
    assert questions.listed(home, LIN, now=now, states=["closed"]) == ()


def test_counts_are_of_open_ones_and_of_whoever_asks(home, begin):
    begin().assign("lin")
    grave = begin(warning(home, "", ""))
    begin(warning(home, key="south")).to("closed")
    grave.add_task("response", "Call", "lin", TODAY)
    counts = questions.counts(home, LIN, now=NOW + DAY)
    assert (counts.open, counts.late, counts.mine, counts.unowned) == (2, 1, 1, 1)
    assert counts.by_severity == (("critical", 0), ("high", 1), ("medium", 0), ("low", 1))
    assert (counts.my_tasks, counts.late_tasks, counts.holds) == (1, 1, 0)


def test_paces_are_the_middle_of_those_that_came_so_far(home, begin):
    for hours, end in ((2, "closed"), (4, "respond"), (9, "respond")):
        case = begin(warning(home, key=f"u{hours}"))
        case.now = NOW + hours * HOUR
        case.to(end)
    begin()
    paces = questions.paces(home, LIN, Period(TODAY, TODAY + DAY))
    assert paces.opened == 4
    assert (paces.assessed.hours, paces.assessed.count) == (4, 3)
    assert (paces.responded.hours, paces.responded.count) == (paces.closed.hours, paces.closed.count) == (2, 1)
    nothing = questions.paces(home, LIN, Period(TODAY - DAY, TODAY))
    assert (nothing.opened, nothing.closed.hours) == (0, None)


def test_those_of_some_days_are_the_ones_that_were_on(home, begin):
    over = begin(warning(home, first=TODAY - 9 * DAY, last=TODAY - 5 * DAY)).to("closed")
    still = begin(warning(home, key="south", first=TODAY - 9 * DAY, last=TODAY - 5 * DAY))
    for start, end, found in ((5, 4, [over, still]), (4, 0, [still]), (12, 9, []), (12, 8, [over, still])):
        cases = questions.during(home, LIN, TODAY - start * DAY, TODAY - end * DAY, now=NOW)
        assert [case.id for case in cases] == [one.id for one in found]


def test_the_incident_of_a_warning_follows_where_that_is_merged(home, begin):
    part, whole = warning(home), warning(home, key="south")
    case = begin(part)
    with home.store.transaction() as session:
        rows.follow(session, part, whole)
    assert questions.of_warnings(home, LIN, [part, whole]) == {part: case.id, whole: case.id}
    assert questions.of_warnings(home, WU, [whole, 99]) == {whole: case.id}


def test_times_do_not_pass_backwards_in_a_time_line(home, begin):
    case = begin().to("closed")
    at = [line.at for line in shown(home, case).lines]
    assert at == sorted(at)
    assert timedelta() <= at[-1] - at[0]
