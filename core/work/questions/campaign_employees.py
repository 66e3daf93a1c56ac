"""Which employees were asked to send a mass message to their contacts, who has, what arrived, and when they may be reminded again.

A message belongs to the mass message whose number the platform gave it. Where that was asked of one employee, what became of it is theirs; of one that several were asked for nobody is told who sent which, and
its messages stand in the row without a ``userid``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from core.campaigns.states import AWAITED
from core.senders.wecom.mass import MOST_REMINDERS, REMINDER_SPAN, next_reminder
from core.store import campaign_rows, campaigns
from core.store.campaign_rows import Task
from core.work.home import Home
from core.work.questions.campaigns import current
from core.work.questions.reading import Reading

TOLD = ("asked", "delivered", "awaited", "failed", "other")


@dataclass(frozen=True, slots=True, eq=False)
class Confirmations:
    """``tasks``: ``task_id asked_at ended_at employees confirmed waiting untold reminders`` (in the last 24 hours) ``reminders_left next_reminder_at`` (None where nobody waits or it is over). ``employees``: ``userid name tasks confirmed waiting untold
    last_sent_at`` and messages: ``asked delivered awaited failed other``, which add up; those who wait first. ``reasons``: ``userid reason messages`` of those that failed. ``is_limited``: messages are those to members within the reader's
    units, and tasks those with any such message."""

    is_limited: bool
    tasks: pd.DataFrame
    employees: pd.DataFrame
    reasons: pd.DataFrame


def confirmations(home: Home, reading: Reading, campaign_id: int, now: datetime) -> Confirmations:
    """Raises ``Unknown``."""
    with home.store.reading() as session:
        campaigns.one(session, campaign_id)
        tasks = campaign_rows.tasks(session, campaign_id)
        messages = pd.DataFrame(campaign_rows.by_task(session, campaign_id))
    is_limited = reading.allowed is not None
    if reading.allowed is not None:
        allowed = reading.snapshot.arrow(reading.allowed)["member_id"].to_numpy()
        ids = current(reading, messages["member_id"].to_numpy(np.int64))
        messages = messages[np.isin(ids, allowed)]
        tasks = [task for task in tasks if task.msgid in set(messages["msgid"])]
    of = {task.msgid: task.employees[0].userid for task in tasks if len(task.employees) == 1}
    messages = messages.assign(
        userid=messages["msgid"].map(of), outcome=[_outcome(state) for state in messages["state"]]
    )
    return Confirmations(
        is_limited, _tasks(tasks, now), _employees(tasks, messages, _names(reading)), _reasons(messages)
    )


def _outcome(state: str) -> str:
    if state in AWAITED:
        return "awaited"
    return state if state in ("delivered", "failed") else "other"


def _tasks(tasks: Sequence[Task], now: datetime) -> pd.DataFrame:
    rows = []
    for task in tasks:
        states = [one.state for one in task.employees]
        reminded = [datetime.fromisoformat(at) for at in task.reminded]
        recent = sum(at > now - REMINDER_SPAN for at in reminded)
        may_be = task.ended_at is None and any(state != "sent" for state in states)
        rows.append(
            {
                "task_id": task.id, "asked_at": task.asked_at, "ended_at": task.ended_at, "employees": len(states), "confirmed": states.count("sent"),
                "waiting": states.count("waiting"), "untold": states.count("untold"), "reminders": recent, "reminders_left": max(MOST_REMINDERS - recent, 0),
                "next_reminder_at": next_reminder(reminded, now) if may_be else None,
            }
        )  # fmt: skip
    names = [
        "task_id", "asked_at", "ended_at", "employees", "confirmed", "waiting", "untold", "reminders", "reminders_left", "next_reminder_at",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _employees(tasks: Sequence[Task], messages: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    asked = [(one.userid, one.state, one.sent_at) for task in tasks for one in task.employees]
    people = pd.DataFrame(asked, columns=["userid", "state", "sent_at"])
    rows = people.groupby("userid").agg(tasks=("state", "size"), last_sent_at=("sent_at", "max"))
    for state, name in (("sent", "confirmed"), ("waiting", "waiting"), ("untold", "untold")):
        rows[name] = people[people["state"] == state].groupby("userid").size().reindex(rows.index, fill_value=0)
    counts = messages.groupby([messages["userid"].astype(object), "outcome"], dropna=False).size().unstack(fill_value=0)
    nobody = [key for key in counts.index if pd.isna(key)]
    rows = pd.concat([rows, pd.DataFrame(index=pd.Index(nobody, name="userid"))]) if nobody else rows
    for name in TOLD[1:]:
        column = counts[name] if name in counts else pd.Series(0, index=counts.index)
        rows[name] = [0 if key not in counts.index else int(column[key]) for key in rows.index]
    rows["asked"] = rows[list(TOLD[1:])].sum(axis=1)
    found = rows.reset_index(names="userid")
    found["name"] = [names.get(str(userid)) for userid in found["userid"]]
    counted = ["tasks", "confirmed", "waiting", "untold"]
    found[counted] = found[counted].fillna(0).astype("int64")
    found = found.sort_values(["waiting", "asked", "userid"], ascending=[False, False, True], ignore_index=True)
    return found[["userid", "name", *counted, "last_sent_at", *TOLD]]


def _reasons(messages: pd.DataFrame) -> pd.DataFrame:
    failed = messages[messages["outcome"] == "failed"]
    found = failed.groupby(["userid", "error"], dropna=False).size().reset_index(name="messages")
    return found.rename(columns={"error": "reason"}).sort_values(
        ["messages", "userid"], ascending=[False, True], ignore_index=True
    )


def _names(reading: Reading) -> dict[str, str]:
    """Employees as the data calls them; the platform's own ids are those of the data where it comes from there."""
    rows = reading.snapshot.arrow(reading.snapshot.current("staff").select("staff_id", "name"))
    return dict(zip(rows["staff_id"].to_pylist(), rows["name"].to_pylist(), strict=True))
