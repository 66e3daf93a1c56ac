"""Who may answer for an incident, and whose tasks it has: those in use who see it; those who only look may take tasks."""

import pytest

from core.errors import Forbidden, Unknown
from core.scope import Operator
from core.work import incident_changes, incidents
from core.work.questions import incident_owners
from core.work.questions import incidents as questions
from tests import lakes
from tests.core.work.cases import HE, LIN, NOW, TODAY, WU, people, warning


@pytest.fixture
def home(tmp_path):
    made = lakes.home(tmp_path)
    people(made.store)
    yield made
    made.store.close()


def begin(home, *place):
    return incidents.open_from(home, home.store, LIN, [warning(home, *place)], "Members leave", now=NOW).incident_id


def told(home, incident_id, who=LIN):
    found = incident_owners.owners(home, home.store, who, incident_id)
    return [(one.name, one.can_own) for one in found]


def test_whoever_is_in_use_and_sees_it_is_named_and_an_executive_takes_tasks_only(home):
    everybody = [("he", False), ("lin", True), ("qin", True)]
    assert told(home, begin(home, "unit", "north")) == [*everybody, ("wu", True)]
    assert told(home, begin(home, "unit", "south")) == everybody


def test_of_what_one_does_not_see_nobody_is_named(home):
    with pytest.raises(Unknown):
        told(home, begin(home, "unit", "south"), WU)
    with pytest.raises(Forbidden):
        told(home, begin(home, "unit", "north"), HE)
    with pytest.raises(Forbidden):
        told(home, 1, Operator(9, "x", "executive"))


def test_whose_task_is_not_done_finds_its_incident(home):
    one, other = begin(home, "unit", "north"), begin(home, "unit", "south")
    for number, owner in ((one, "he"), (other, "qin")):
        incident_changes.add_task(home, home.store, LIN, number, "response", "Call", owner, TODAY, revision=1, now=NOW)

    def of(name):
        return [case.id for case in questions.listed(home, LIN, now=NOW, helper=name)]

    assert (of("he"), of("qin"), of("lin")) == ([one], [other], [])
    incident_changes.complete_task(home, home.store, LIN, 1, now=NOW)
    assert of("he") == []
