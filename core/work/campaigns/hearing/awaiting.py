"""What must be asked for, because nobody tells it by himself: who has sent a mass message of WeCom and who got it, and what SMS providers keep until somebody takes it.

WeCom is asked seldomer and seldomer, for a week. Nothing is asked inside a transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.errors import Refusal
from core.scope import SYSTEM, Operator
from core.senders.outcomes import Halted
from core.senders.sender import NotSent, Temporary
from core.senders.wecom import mass, progress
from core.senders.wecom.calls import Calls
from core.senders.wecom.progress import Result, ResultState, Task, TaskState
from core.store import campaigns, mass_tasks, message_marks, outbox, topics
from core.store import connectors as rows_of_connectors
from core.store.campaign_tables import Campaign, MassTask, Outgoing
from core.store.session import Session, Store
from core.work.campaigns.hearing import whom
from core.work.campaigns.outgoing.sending import ASKED_BY_EMPLOYEES
from core.work.campaigns.turns import turn
from core.work.campaigns.ways_out import connectors
from core.work.campaigns.ways_out.ways import Ways
from core.work.home import Home

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WAITS = (MINUTE, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR, HOUR, 2 * HOUR, 4 * HOUR)
LONGEST_WAIT = 6 * HOUR
AWAITED = timedelta(days=7)
"""So long employees are waited for; what they send later is found by nobody."""
MOST, CHUNK = 50, 500
RUNNING = ("sending", "paused", "completed")
GIVEN_UP = ("cancelled", "failed")
OPEN = ("accepted", "unknown")
SENT_BY = {ResultState.NOT_FRIEND: "wecom.not_friend", ResultState.CAPPED: "wecom.capped"}
CANCELLED, UNTOLD = "campaign.cancelled", "wecom.untold"


class ReminderTooMuch(Refusal):
    """Its employees cannot be reminded. ``reason``: ``often`` (three times in 24 hours; ``free_at``: when there is room again), ``asked`` (somebody has just asked for it) or ``over`` (nobody is waited for)."""

    code = "campaign.remind"


@dataclass(slots=True)
class Looked:
    """``troubles``: codes of why a platform could not be asked."""

    tasks: int = 0
    messages: int = 0
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A task as it stood when it was asked about. ``is_over``: its campaign was cancelled."""

    task_id: int
    connector_id: int
    campaign_id: int
    msgid: str
    asked_at: datetime
    looks: int
    reminded: tuple[str, ...]
    remind_by: str | None
    is_over: bool


def look(home: Home, ways: Ways, now: datetime) -> Looked:
    """At the mass messages that are due."""
    looked = Looked()
    _found(home, now)
    with home.store.reading() as session:
        waiting = mass_tasks.due(session, now, MOST)
    for task_id in waiting:
        with home.store.reading() as session:
            asked = _asked(session, task_id)
        if asked is None:
            continue
        looked.tasks += 1
        try:
            looked.messages += _looked(home, _calls(home, ways, asked.connector_id), asked, now)
        except NotSent as trouble:
            looked.troubles.append(trouble.code)
            looked.messages += _later(home, asked, trouble, now)
    return looked


def remind(home: Home, log: Store, operator: Operator, task_id: int, now: datetime) -> None:
    """Have the worker remind the employees who have not sent a mass message. Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``ReminderTooMuch``."""
    with home.store.reading() as session:
        task = session.get(MassTask, task_id)
    if task is None:
        raise ReminderTooMuch("There is no such mass message.", reason="over")
    with turn(home, log, operator, task.campaign_id, permission="campaign.write", states=RUNNING, now=now) as one:
        here = mass_tasks.locked(one.session, task_id)
        if here is None:
            raise ReminderTooMuch("Nobody is waited for any more.", reason="over")
        if here.remind_by is not None:
            raise ReminderTooMuch("Somebody has just asked for it.", reason="asked")
        free_at = mass.next_reminder([datetime.fromisoformat(at) for at in here.reminded], now)
        if free_at > now:
            raise ReminderTooMuch("Employees are reminded three times a day at most.", reason="often", free_at=free_at)
        mass_tasks.remind(one.session, task_id, operator.name)
        one.tell("reminded", task=task_id)


# -- one mass message --------------------------------------------------------------------------------------------------


def _found(home: Home, now: datetime) -> None:
    """Mass messages that nobody looks at yet."""
    with home.store.reading() as session:
        fresh = mass_tasks.unknown_ones(session, ASKED_BY_EMPLOYEES, now)
    if not fresh:
        return
    with home.store.transaction() as session:
        connector = rows_of_connectors.in_use(session, "wecom")
        if connector is None:  # switched off: they are looked at when it is on again
            return
        for campaign_id, _, msgid, at in fresh:
            mass_tasks.add(session, connector.id, campaign_id, msgid, at or now, now)


def _asked(session: Session, task_id: int) -> _Asked | None:
    task = session.get(MassTask, task_id)
    if task is None or task.ended_at is not None:
        return None
    is_over = session.get_one(Campaign, task.campaign_id).state in GIVEN_UP
    return _Asked(
        task.id, task.connector_id, task.campaign_id, task.msgid, task.asked_at, task.looks, tuple(task.reminded), task.remind_by, is_over
    )  # fmt: skip


def _calls(home: Home, ways: Ways, connector_id: int) -> Calls:
    """Raises ``Halted`` where the connector cannot be opened."""
    try:
        with home.store.reading() as session:
            calls = ways.calls(session, connector_id)
    except Refusal as refusal:
        raise Halted(refusal.code) from refusal
    if not isinstance(calls, Calls):
        raise Halted("connector.kind")
    return calls


def _looked(home: Home, calls: Calls, asked: _Asked, now: datetime) -> int:
    """How many messages came to something new."""
    if asked.is_over:
        mass.cancel(calls, asked.msgid, now)
    elif asked.remind_by is not None:
        _reminded(home, calls, asked, now)
    employees = progress.tasks(calls, asked.msgid, now)
    with home.store.reading() as session:
        counted = mass_tasks.counted(session, asked.task_id)
    results: dict[str, list[Result]] = {}
    for one in employees:
        if one.state is not TaskState.WAITING or one.userid not in counted:
            results[one.userid] = progress.results(calls, asked.msgid, one.userid, now)
    done = _settled(home, asked, [result for some in results.values() for result in some], now)
    _written(home, asked, employees, {name: len(some) for name, some in results.items()} | _rest(counted, results), now)
    return done + _ended(home, asked, employees, results, now)


def _rest(counted: Mapping[str, int], results: Collection[str]) -> dict[str, int]:
    return {name: count for name, count in counted.items() if name not in results}


def _reminded(home: Home, calls: Calls, asked: _Asked, now: datetime) -> None:
    """Whoever dies between the two reminds once more; WeCom itself allows three a day. One that it refuses for now is not tried again: somebody may ask anew."""
    told: list[str] | None = [*asked.reminded, now.isoformat()]
    try:
        mass.remind(calls, asked.msgid, now)
    except Temporary:
        told = None
        raise
    finally:
        with home.store.transaction() as session:
            mass_tasks.remind(session, asked.task_id, None, reminded=told)


def _settled(home: Home, asked: _Asked, results: Sequence[Result], now: datetime) -> int:
    """In parts, so that nobody waits long for the store."""
    known = [one for one in results if one.state is ResultState.SENT or one.state in SENT_BY]
    of_key, of_place = _recipients(home, known)
    if not known:
        return 0
    with home.store.reading() as session:
        carried = mass_tasks.carried(session, asked.msgid, ASKED_BY_EMPLOYEES, OPEN)
    found = [(one, of_key.get(one.identity_key or 0) or of_place.get(one.place or "")) for one in carried]
    met = [(one, result) for one, result in found if result is not None]
    done = 0
    for at in range(0, len(met), CHUNK):
        with home.store.transaction() as session:
            done += _told(session, met[at : at + CHUNK], now)
    return done


def _recipients(home: Home, results: Sequence[Result]) -> tuple[dict[int, Result], dict[str, Result]]:
    """By the key of the identity, and by group chat. One whom several employees were asked to write to was written to where anybody did."""
    of_key: dict[int, Result] = {}
    of_place: dict[str, Result] = {}
    for one in sorted(results, key=lambda result: result.state is ResultState.SENT):
        of_place[one.recipient] = one
        of_key |= dict.fromkeys(whom.named(home, "wecom", one.recipient).macs, one)
    return of_key, of_place


def _told(session: Session, met: Sequence[tuple[Outgoing, Result]], now: datetime) -> int:
    sent = {one.id: min(result.sent_at or now, now) for one, result in met if result.state is ResultState.SENT}
    campaign = {one.id: one.campaign_id for one, _ in met}
    new = outbox.told_all(session, sent, before=OPEN, state="delivered", now=now)
    marks = [{"message_id": one, "campaign_id": campaign[one], "mark": mark, "at": sent[one]} for one in new for mark in ("sent", "delivered")]  # fmt: skip
    done = len(new)
    for state, code in SENT_BY.items():
        failed = [one.id for one, result in met if result.state is state]
        new = outbox.told_all(session, failed, before=OPEN, state="failed", now=now, error=code)
        marks += [{"message_id": one, "campaign_id": campaign[one], "mark": "failed", "at": now, "reason": code} for one in new]  # fmt: skip
        done += len(new)
    message_marks.mark_all(session, marks)
    return done


def _written(home: Home, asked: _Asked, employees: Sequence[Task], counts: Mapping[str, int], now: datetime) -> None:
    rows = [
        {"task_id": asked.task_id, "userid": one.userid, "state": str(one.state), "sent_at": one.sent_at, "recipient_count": counts.get(one.userid, 0)} for one in employees
    ]  # fmt: skip
    with home.store.transaction() as session:
        mass_tasks.asked(session, rows)
        task = mass_tasks.locked(session, asked.task_id)
        if task is not None:
            task.looks += 1
            task.next_look_at = now + (mass_tasks.WAIT_OF_CANCELLED if asked.is_over else wait(task.looks))
        topics.bump(session, campaigns.TOPIC)


def _ended(
    home: Home, asked: _Asked, employees: Sequence[Task], results: Mapping[str, Sequence[Result]], now: datetime
) -> int:
    """It is over when nobody's fate is open. Of a cancelled campaign those are taken back whose employee has not pressed send; after a week nobody knows what became of the rest."""
    pressed = {one.userid for one in employees if one.state is not TaskState.WAITING}
    with home.store.transaction() as session:
        task = mass_tasks.locked(session, asked.task_id)
        left = mass_tasks.carried(session, asked.msgid, ASKED_BY_EMPLOYEES, ("accepted",))
        done = 0
        if asked.is_over and left:
            pending = [one for name in pressed for one in results.get(name, ()) if one.state not in SENT_BY]
            of_key, of_place = _recipients(home, pending)
            back = [one.id for one in left if one.identity_key not in of_key and (one.place or "") not in of_place]
            done += len(outbox.told_all(session, back, before=("accepted",), state="cancelled", now=now, reason=CANCELLED))  # fmt: skip
            left = [one for one in left if one.id not in set(back)]
        if left and now >= asked.asked_at + AWAITED:
            done += _untold(session, asked, left, now)
            left = []
        if task is not None and not left:
            task.ended_at, task.remind_by = now, None
    return done


def _untold(session: Session, asked: _Asked, left: Sequence[Outgoing], now: datetime) -> int:
    gone = outbox.told_all(session, [one.id for one in left], before=("accepted",), state="unknown", now=now, error=UNTOLD)  # fmt: skip
    details = {"task": asked.task_id, "count": len(gone)}
    campaigns.tell(session, asked.campaign_id, "untold", details, by=SYSTEM.name, now=now)
    return len(gone)


def _later(home: Home, asked: _Asked, trouble: NotSent, now: datetime) -> int:
    """It is asked again later, or after a week no more."""
    after = timedelta(seconds=trouble.after_s or 0) if isinstance(trouble, Temporary) else timedelta()
    with home.store.transaction() as session:
        if isinstance(trouble, Halted):
            connectors.blame(session, asked.connector_id, trouble, now)
        task = mass_tasks.locked(session, asked.task_id)
        if task is None:
            return 0
        task.next_look_at = now + max(after, mass_tasks.WAIT_OF_CANCELLED)
        if now < asked.asked_at + AWAITED:
            return 0
        task.ended_at, task.remind_by = now, None
        return _untold(session, asked, mass_tasks.carried(session, asked.msgid, ASKED_BY_EMPLOYEES, ("accepted",)), now)


def wait(looks: int) -> timedelta:
    """Until the next look, after so many."""
    return WAITS[looks - 1] if 0 < looks <= len(WAITS) else LONGEST_WAIT
