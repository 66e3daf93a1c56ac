"""Tables of incidents and of what is paused on their account. They belong to a world's store."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.store.columns import (
    JSON_VALUE,
    NEVER_REUSED,
    Base,
    Code,
    Id,
    LongText,
    Name,
    Object,
    Time,
    UtcTime,
    one_of,
)

STATES = ("detect", "assess", "respond", "communicate", "monitor", "review", "closed")
SEVERITIES = ("low", "medium", "high", "critical")
ENTRY_KINDS = (
    "opened", "moved", "note", "evidence", "assigned", "severity", "due", "target", "criteria", "met", "cause", "lessons", "task", "task_done",
    "action", "waived", "message", "linked", "split", "merged", "escalated", "task_late",
)  # fmt: skip
TASK_KINDS = ("response", "review")
HOLD_KINDS = ("all", "channel", "campaign")


class Incident(Base):
    """Something that went wrong and is seen through.

    ``places``: ``{by, key, name, unit, is_stated}`` of what it concerns; stated by somebody, or told by a warning. ``units``: the units that all of it lies in; null = it reaches beyond units, and is for those only who see
    all. ``is_severity_set``: a person said how severe it is; before that it follows scope and duration. ``round``: how often it was opened; what a step asks for
    is asked anew in each. ``clock`` grows with every new deadline, ``level`` says how far the present one has escalated. ``target_at``: by when it is to be over,
    ``due_at``: by when its present step is to be left. ``revision`` grows with every change but notes, evidence and escalation. ``merged_into_id``: it goes on as part of another, and is only read.
    """

    __tablename__ = "incidents"
    __table_args__ = (
        one_of("state", STATES),
        one_of("severity", SEVERITIES),
        Index("ix_incidents_open", "due_at", sqlite_where=text("state != 'closed' AND merged_into_id IS NULL"),
              postgresql_where=text("state != 'closed' AND merged_into_id IS NULL")),
        NEVER_REUSED,
    )  # fmt: skip

    id: Mapped[Id]
    title: Mapped[Name]
    field: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="detect")
    severity: Mapped[Code]
    is_severity_set: Mapped[bool] = mapped_column(default=False)
    owner: Mapped[Name] = mapped_column(default="")
    places: Mapped[list[dict[str, Any]]] = mapped_column(JSON_VALUE)
    units: Mapped[list[str] | None] = mapped_column(JSON_VALUE)
    first_on: Mapped[date]
    last_on: Mapped[date]
    round: Mapped[int] = mapped_column(default=1)
    clock: Mapped[int] = mapped_column(default=1)
    level: Mapped[int] = mapped_column(default=0)
    opened_by: Mapped[Name]
    opened_at: Mapped[Time]
    state_at: Mapped[Time]
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    target_at: Mapped[datetime | None] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    exit_criteria: Mapped[LongText] = mapped_column(default="")
    exit_met_at: Mapped[datetime | None] = mapped_column(UtcTime)
    cause: Mapped[LongText] = mapped_column(default="")
    lessons: Mapped[LongText] = mapped_column(default="")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1)


class IncidentWarning(Base):
    """A warning belongs to one incident at most: the key says so, whoever comes second finds it taken."""

    __tablename__ = "incident_warnings"

    warning_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    by: Mapped[Name]
    at: Mapped[Time]


class IncidentEntry(Base):
    """One line of the time line: who did what, when, in which step. Never changed. ``clock`` and ``level``: of an escalation, told once each. ``request``: a key of
    whoever asked, so that a repeat says nothing twice."""

    __tablename__ = "incident_entries"
    __table_args__ = (
        one_of("kind", ENTRY_KINDS),
        one_of("state", STATES),
        UniqueConstraint("incident_id", "clock", "level"),
        UniqueConstraint("incident_id", "request"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    kind: Mapped[Code]
    state: Mapped[Code]
    round: Mapped[int]
    body: Mapped[LongText]
    details: Mapped[Object]
    by: Mapped[Name]
    at: Mapped[Time]
    clock: Mapped[int | None]
    level: Mapped[int | None]
    request: Mapped[str | None] = mapped_column(String(64))


class IncidentTask(Base):
    """Something that somebody does by a day, in answer to an incident or after its review. ``late_at``: when it was told that it is late."""

    __tablename__ = "incident_tasks"
    __table_args__ = (
        one_of("kind", TASK_KINDS),
        Index("ix_incident_tasks_open", "due_on", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
        NEVER_REUSED,
    )  # fmt: skip

    id: Mapped[Id]
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    kind: Mapped[Code]
    round: Mapped[int]
    title: Mapped[Name]
    owner: Mapped[Name]
    due_on: Mapped[date]
    created_by: Mapped[Name]
    created_at: Mapped[Time]
    done_by: Mapped[str | None] = mapped_column(String(200))
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)
    late_at: Mapped[datetime | None] = mapped_column(UtcTime)


class SendingHold(Base):
    """Nothing is sent while it stands: at all, on a channel, or of a campaign (``kind``, ``key``). ``holder``: ``incident:7`` or ``house``; each has its own, so
    that one who lets go does not let go for another."""

    __tablename__ = "sending_holds"
    __table_args__ = (
        one_of("kind", HOLD_KINDS),
        Index("uq_sending_holds_standing", "kind", "key", "holder", unique=True, sqlite_where=text("released_at IS NULL"),
              postgresql_where=text("released_at IS NULL")),
        NEVER_REUSED,
    )  # fmt: skip

    id: Mapped[Id]
    kind: Mapped[Code]
    key: Mapped[Name]
    holder: Mapped[Code]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    reason: Mapped[LongText]
    by: Mapped[Name]
    at: Mapped[Time]
    released_by: Mapped[str | None] = mapped_column(String(200))
    released_at: Mapped[datetime | None] = mapped_column(UtcTime)
    released_reason: Mapped[LongText] = mapped_column(default="")
