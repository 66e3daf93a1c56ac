"""Planning drills and keeping what came of them. A drill that repeats plans the next one when it is carried out or cancelled."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from core.errors import Refusal
from core.risk.playbooks import FIELDS
from core.scope import Operator
from core.store import audit, register
from core.store.register_tables import Drill
from core.store.session import Session, Store
from core.work.home import Home
from core.work.questions.drills import STEPS, Action, Held, Planned, Record, next_on, of_row
from core.work.questions.today import today_of

LONGEST_SCENARIO, LONGEST = 200, 4000
LONGEST_NAME, MOST_PEOPLE, MOST_ACTIONS = 60, 50, 30
MOST_MONTHS = 36
MOST_DAYS_AHEAD = 1100
MOST_MINUTES = 30 * 24 * 60


class InvalidDrill(Refusal):
    """A drill cannot be like this: ``reason`` is ``day``, ``taken``, ``scenario``, ``people``, ``field``, ``months``, ``done``, ``long``, ``minutes``, ``order``, ``actions``, ``note`` or
    ``state``; ``most``: letters, people, months, minutes or actions."""

    code = "drill.invalid"


def plan(home: Home, log: Store, operator: Operator, planned: Planned, *, now: datetime) -> Held:
    """A drill on a day from today on. ``log``: the store that keeps the audit log. Raises ``Forbidden``, ``InvalidDrill``, also for a scenario that is planned for that day already."""
    operator.require("risk.write")
    values = _planned(planned, today_of(home, now), is_new_day=True) | {"first_on": planned.planned_on}
    with audit.told(home.store, log) as (session, logged):
        register.hold(session)  # nobody plans the same between looking and writing
        same = (values["planned_on"], values["scenario"].casefold())
        if any(
            (one.planned_on, one.scenario.casefold()) == same for one in register.drills(session, states=("planned",))
        ):
            raise InvalidDrill("This drill is planned for that day already.", reason="taken")
        row = register.plan_drill(session, values, by=operator.name, now=now)
        assert row is not None  # it follows none
        return _told(home, logged, operator, "drill.planned", row, now)


def change(
    home: Home, log: Store, operator: Operator, drill_id: int, planned: Planned, *, revision: int, now: datetime
) -> Held:
    """A planned drill is another from now on. One whose day or rhythm changes counts its rhythm from its new day. Raises ``Forbidden``, ``Unknown``, ``InvalidDrill``,
    ``RegisterChanged``."""
    operator.require("risk.write")
    with audit.told(home.store, log) as (session, logged):
        was = _open_one(session, drill_id, revision, ("planned",))
        is_new_day = planned.planned_on != was.planned_on
        values = _planned(planned, today_of(home, now), is_new_day=is_new_day)
        if is_new_day or planned.repeats_months != was.repeats_months:
            values["first_on"] = planned.planned_on
        row = register.move_drill(
            session, drill_id, values, states=("planned",), revision=revision, by=operator.name, now=now
        )
        return _told(home, logged, operator, "drill.changed", row, now)


def carry_out(
    home: Home, log: Store, operator: Operator, drill_id: int, record: Record, *, revision: int, now: datetime
) -> tuple[Held, Held | None]:
    """Write down what came of a drill, or correct it. With it the one that this plans, where it repeats and none was planned yet. Raises as ``change``."""
    operator.require("risk.write")
    states = ("planned", "done")
    values = _recorded(record, today_of(home, now)) | {"state": "done"}
    with audit.told(home.store, log) as (session, logged):
        _open_one(session, drill_id, revision, states)
        row = register.move_drill(
            session, drill_id, values, states=states, revision=revision, by=operator.name, now=now
        )
        return _followed(home, session, logged, operator, "drill.done", row, now)


def cancel(
    home: Home, log: Store, operator: Operator, drill_id: int, *, note: str, is_last: bool = False, revision: int, now: datetime
) -> tuple[Held, Held | None]:  # fmt: skip
    """A planned drill does not take place. With it the next one, where it repeats and this was not the last of them (``is_last``). Raises as ``change``."""
    operator.require("risk.write")
    text = " ".join(note.split())
    if not 1 <= len(text) <= LONGEST:
        raise InvalidDrill(f"A reason has 1 to {LONGEST} letters.", reason="note", most=LONGEST)
    values = {"state": "cancelled", "note": text} | ({"repeats_months": None} if is_last else {})
    with audit.told(home.store, log) as (session, logged):
        _open_one(session, drill_id, revision, ("planned",))
        row = register.move_drill(
            session, drill_id, values, states=("planned",), revision=revision, by=operator.name, now=now
        )
        return _followed(home, session, logged, operator, "drill.cancelled", row, now)


def _open_one(session: Session, drill_id: int, revision: int, states: Iterable[str]) -> Drill:
    row = register.drill(session, drill_id)
    if row.revision == revision and row.state not in states:
        raise InvalidDrill(f"A drill that is {row.state} stays so.", reason="state", state=row.state)
    return row


def _followed(
    home: Home, session: Session, logged: Session, operator: Operator, action: str, row: Drill, now: datetime
) -> tuple[Held, Held | None]:
    done = _told(home, logged, operator, action, row, now)
    if row.repeats_months is None:
        return done, None
    # Days that were passed over are not made up for: the next one lies ahead, in the same rhythm.
    after = max(row.planned_on, row.done_on or row.planned_on, today_of(home, now))
    values = _columns(replace(done.planned, planned_on=next_on(row.first_on, row.repeats_months, after)))
    follower = {**values, "first_on": row.first_on, "follows_id": row.id}
    fresh = register.plan_drill(session, follower, by=operator.name, now=now)
    return done, None if fresh is None else _told(home, logged, operator, "drill.planned", fresh, now)


def _told(home: Home, logged: Session, operator: Operator, action: str, row: Drill, now: datetime) -> Held:
    held = of_row(row)
    details = {
        "revision": held.revision, "state": held.state, "scenario": held.planned.scenario, "planned_on": held.planned.planned_on.isoformat(),
        "world": home.world,
    }  # fmt: skip
    audit.append(logged, operator, action, f"drill:{held.drill_id}", details, now=now)
    return held


def _planned(planned: Planned, today: date, *, is_new_day: bool) -> dict[str, Any]:
    """Columns of a plan. Raises ``InvalidDrill``."""
    scenario = " ".join(planned.scenario.split())
    people = tuple(dict.fromkeys(" ".join(name.split()) for name in planned.people if name.strip()))
    if is_new_day and not today <= planned.planned_on <= today + timedelta(days=MOST_DAYS_AHEAD):
        raise InvalidDrill(f"A drill is planned from today on, within {MOST_DAYS_AHEAD} days.", reason="day", most=MOST_DAYS_AHEAD)  # fmt: skip
    if not 1 <= len(scenario) <= LONGEST_SCENARIO or not scenario.isprintable():
        raise InvalidDrill(f"A scenario has 1 to {LONGEST_SCENARIO} letters.", reason="scenario", most=LONGEST_SCENARIO)
    if len(people) > MOST_PEOPLE or not all(len(name) <= LONGEST_NAME and name.isprintable() for name in people):
        raise InvalidDrill(f"At most {MOST_PEOPLE} people, by their names.", reason="people", most=MOST_PEOPLE)
    if planned.field not in ("", *FIELDS):
        raise InvalidDrill(f"{planned.field!r} has no playbook.", reason="field")
    if planned.repeats_months is not None and not 1 <= planned.repeats_months <= MOST_MONTHS:
        raise InvalidDrill(f"It repeats every 1 to {MOST_MONTHS} months.", reason="months", most=MOST_MONTHS)
    return _columns(replace(planned, scenario=scenario, people=people))


def _columns(planned: Planned) -> dict[str, Any]:
    return {
        "planned_on": planned.planned_on, "scenario": planned.scenario, "people": list(planned.people), "field": planned.field,
        "repeats_months": planned.repeats_months,
    }  # fmt: skip


def _recorded(record: Record, today: date) -> dict[str, Any]:
    """Columns of what came of a drill. Raises ``InvalidDrill``."""
    if record.done_on > today or any(one.done_on is not None and one.done_on > today for one in record.actions):
        raise InvalidDrill("What is carried out was carried out by today.", reason="done")
    texts = [text.strip() for text in (record.went_well, record.went_badly)]
    if max(map(len, texts)) > LONGEST or "\0" in "".join(texts):
        raise InvalidDrill(f"A text has at most {LONGEST} letters.", reason="long", most=LONGEST)
    minutes = dict(record.minutes or {})
    _refuse_minutes(minutes)
    actions = [replace(one, told=" ".join(one.told.split()), owner=" ".join(one.owner.split())) for one in record.actions]  # fmt: skip
    if len(actions) > MOST_ACTIONS or not all(_is_action(one) for one in actions):
        raise InvalidDrill(
            f"At most {MOST_ACTIONS} actions, each with words and an owner.", reason="actions", most=MOST_ACTIONS
        )
    return {
        "done_on": record.done_on, "went_well": texts[0], "went_badly": texts[1], "minutes": minutes,
        "actions": [one.to_json() for one in actions],
    }  # fmt: skip


def _is_action(one: Action) -> bool:
    return 1 <= len(one.told) <= LONGEST_SCENARIO and 1 <= len(one.owner) <= LONGEST_NAME


def _refuse_minutes(minutes: Mapping[str, int]) -> None:
    if not minutes.keys() <= set(STEPS) or not all(
        isinstance(one, int) and 0 <= one <= MOST_MINUTES for one in minutes.values()
    ):
        raise InvalidDrill(f"Minutes to a step are 0 to {MOST_MINUTES}.", reason="minutes", most=MOST_MINUTES)
    told = [minutes[step] for step in STEPS if step in minutes]
    if told != sorted(told):
        raise InvalidDrill("Minutes count from the start: a later step is not through earlier.", reason="order")
