"""Who was asked to send a mass message, who has, what arrived, and when they may be reminded: by hand, within units, on both databases."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from core.errors import Unknown
from core.scope import EVERYTHING, Filters, Scope
from core.store.campaign_tables import Connector, MassEmployee, MassTask
from core.store.session import Store
from core.work.home import Home
from core.work.questions import campaign_employees
from core.work.questions.campaign_employees import TOLD, Confirmations
from core.work.questions.reading import reading
from tests import lakes
from tests.campaign_worlds import DAY, HOUR, START, launch, message, send

NOW = START + 20 * HOUR


@pytest.fixture
def home(tmp_path: Path) -> Home:
    world = lakes.home(tmp_path / "home")
    lakes.add(
        world, 1, units=[{"unit_id": name, "name": name} for name in ("north", "south")], staff=[{"staff_id": "wang", "name": "Wang Li"}],
        member_profiles=[{"identity_key": n, "unit_id": "south" if n % 2 else "north"} for n in range(1, 21)],
    )  # fmt: skip
    return world


def task(
    home: Home,
    campaign_id: int,
    msgid: str,
    employees: dict[str, str],
    reminded: tuple[datetime, ...] = (),
    **more: object,
) -> None:
    with home.store.transaction() as session:
        row = MassTask(
            connector_id=1, campaign_id=campaign_id, msgid=msgid, asked_at=START, next_look_at=START, reminded=[at.isoformat() for at in reminded], **more
        )  # fmt: skip
        session.add(row)
        session.flush()
        for name, state in employees.items():
            sent_at = START + HOUR if state == "sent" else None
            session.add(MassEmployee(task_id=row.id, userid=name, state=state, sent_at=sent_at, recipient_count=3))


def asked(home: Home, campaign_id: int, scope: Scope = EVERYTHING) -> Confirmations:
    with reading(home, Filters(), scope) as opened:
        return campaign_employees.confirmations(home, opened, campaign_id, NOW)


def wecom(who: int, msgid: str, state: str, error: str | None = None) -> dict[str, object]:
    return message(who, state, channel="wecom", provider_id=msgid, error=error, marks={})


def asking(home: Home) -> int:
    """A campaign with four mass messages, and another one."""
    with home.store.transaction() as session:
        session.add(
            Connector(id=1, name="w", kind="wecom", channel="wecom", settings={}, sealed=b"", is_on=True, revision=1, by="lin", at=START)
        )  # fmt: skip
    found = launch(home.store)
    task(home, found, "m1", {"wang": "sent"}, ended_at=NOW)
    task(home, found, "m2", {"wang": "waiting"}, (NOW - 25 * HOUR, NOW - 5 * HOUR, NOW - 4 * HOUR, NOW - HOUR))
    task(home, found, "m3", {"zhao": "waiting"}, (NOW - HOUR,))
    task(home, found, "m4", {"wang": "sent", "zhao": "untold"})
    task(home, launch(home.store, "other"), "m9", {"zhao": "waiting"})
    send(
        home.store, found,
        [
            wecom(1, "m1", "delivered"), wecom(2, "m1", "delivered"), wecom(3, "m1", "failed", "not_friend"), wecom(4, "m1", "failed", "not_friend"),
            wecom(5, "m1", "failed", "capped"), wecom(6, "m2", "accepted"), wecom(7, "m2", "cancelled"), wecom(8, "m3", "accepted"),
            wecom(9, "m4", "delivered"), wecom(10, "m4", "accepted"), message(11, "planned", channel="wecom"),
        ],
    )  # fmt: skip
    return found


@pytest.fixture
def number(home: Home) -> int:
    return asking(home)


def test_employees_are_the_same_on_both_databases(home: Home, store: Store):
    found = [asked(one, asking(one)) for one in (home, replace(home, store=store))]
    for name in ("tasks", "employees", "reasons"):
        pd.testing.assert_frame_equal(getattr(found[0], name), getattr(found[1], name))


def test_each_employee_is_told_with_what_they_were_asked_and_what_became_of_it(home: Home, number: int):
    rows = asked(home, number).employees.set_index("userid")
    wang, zhao = rows.loc["wang"], rows.loc["zhao"]
    assert (wang["name"], wang["tasks"], wang["confirmed"], wang["waiting"], wang["untold"]) == ("Wang Li", 3, 2, 1, 0)
    assert [wang[name] for name in TOLD] == [7, 2, 1, 3, 1]
    assert pd.isna(zhao["name"]) and (zhao["tasks"], zhao["waiting"], zhao["untold"]) == (2, 1, 1)
    assert [zhao[name] for name in TOLD] == [1, 0, 1, 0, 0]
    assert wang["last_sent_at"] == START + HOUR and pd.isna(zhao["last_sent_at"])


def test_what_several_were_asked_for_is_nobodys_and_still_counted(home: Home, number: int):
    rows = asked(home, number).employees
    nobody = rows[rows["userid"].isna()].iloc[0]
    assert [nobody[name] for name in TOLD] == [2, 1, 1, 0, 0] and nobody["tasks"] == 0
    assert rows["asked"].sum() == 10 and (rows[list(TOLD[1:])].sum(axis=1) == rows["asked"]).all()


def test_reasons_of_failures_are_told_by_employee_the_most_frequent_first(home: Home, number: int):
    rows = asked(home, number).reasons
    assert rows.to_dict("records") == [
        {"userid": "wang", "reason": "not_friend", "messages": 2},
        {"userid": "wang", "reason": "capped", "messages": 1},
    ]


def test_three_reminders_fit_into_24_hours_and_nobody_is_reminded_of_what_is_over(home: Home, number: int):
    rows = asked(home, number).tasks
    assert rows["reminders"].tolist() == [0, 3, 1, 0] and rows["reminders_left"].tolist() == [3, 0, 2, 3]
    at = [None if pd.isna(one) else one for one in rows["next_reminder_at"]]
    assert at == [None, NOW - 5 * HOUR + DAY, NOW, NOW]
    assert rows["confirmed"].tolist() == [1, 0, 0, 1] and rows["waiting"].tolist() == [0, 1, 1, 0]


def test_a_reader_of_some_units_sees_messages_to_their_members_only(home: Home, number: int):
    found = asked(home, number, Scope(frozenset({"north"})))
    assert found.is_limited and found.employees["asked"].sum() == 5
    assert found.employees.set_index("userid").loc["wang", "failed"] == 1
    south = asked(home, number, Scope(frozenset({"south"})))
    assert len(south.tasks) == 3 and "zhao" in set(south.employees["userid"].dropna())


def test_nobody_was_asked_where_no_employee_confirms(home: Home):
    number = launch(home.store, "plain")
    send(home.store, number, [message(1)])
    for scope in (EVERYTHING, Scope(frozenset({"north"}))):
        found = asked(home, number, scope)
        assert found.employees.empty and found.tasks.empty and found.reasons.empty
    with pytest.raises(Unknown):
        asked(home, 99)
