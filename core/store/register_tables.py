"""Tables of what a house writes down about risks: its register, drills, typed readings and the market situation it declared."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
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

RISK_KINDS = ("market", "operations", "technical", "legal")
RISK_STATES = ("open", "treated", "closed")
RISK_ACTIONS = ("added", "adopted", "changed", "reviewed", "treated", "closed", "reopened")
TREATMENTS = ("avoid", "reduce", "transfer", "accept")
DRILL_STATES = ("planned", "done", "cancelled")
READING_SOURCES = ("hand", "import", "worker")


class RegisterRisk(Base):
    """A risk that the house knows of, one row per revision; the newest of a ``key`` stands. Only ever appended to.

    ``likelihood``, ``impact``: 1 to 5, before anything is done about it; ``residual_…``: after the treatment, null = not judged. ``review_on``: looked
    at again on that day. ``rules``: keys of rules of warnings; ``incidents``: numbers. ``action``: what made this revision; ``note``: why.
    """

    __tablename__ = "register_risks"
    __table_args__ = (
        one_of("kind", RISK_KINDS),
        one_of("state", RISK_STATES),
        one_of("treatment", TREATMENTS),
        one_of("action", RISK_ACTIONS),
        CheckConstraint("likelihood BETWEEN 1 AND 5 AND impact BETWEEN 1 AND 5", name="level"),
        CheckConstraint("(residual_likelihood IS NULL) = (residual_impact IS NULL)", name="residual"),
        UniqueConstraint("key", "revision"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    key: Mapped[Code]
    revision: Mapped[int]
    kind: Mapped[Code]
    title: Mapped[Name]
    description: Mapped[LongText]
    likelihood: Mapped[int]
    impact: Mapped[int]
    residual_likelihood: Mapped[int | None]
    residual_impact: Mapped[int | None]
    owner: Mapped[Name]
    treatment: Mapped[Code]
    plan: Mapped[LongText]
    state: Mapped[Code]
    review_on: Mapped[date]
    rules: Mapped[list[str]] = mapped_column(JSON_VALUE)
    incidents: Mapped[list[int]] = mapped_column(JSON_VALUE)
    action: Mapped[Code]
    note: Mapped[LongText]
    by: Mapped[Name]
    at: Mapped[Time]


class Drill(Base):
    """An emergency that is played through. ``first_on``: the day that its rhythm of ``repeats_months`` (null = once) counts from. ``people``: names. ``field``: of
    indicators, whose playbook is followed; empty = none. ``minutes``: by step, from the start; ``actions``: what came of it (``told``, ``owner``,
    ``due_on``). ``note``: why it was cancelled. ``follows_id``: the drill that this one repeats."""

    __tablename__ = "drills"
    __table_args__ = (
        one_of("state", DRILL_STATES),
        CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name="done"),
        Index("ix_drills_planned_on", "planned_on"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    planned_on: Mapped[date]
    first_on: Mapped[date]
    repeats_months: Mapped[int | None]
    scenario: Mapped[Name]
    people: Mapped[list[str]] = mapped_column(JSON_VALUE)
    field: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="planned")
    done_on: Mapped[date | None]
    went_well: Mapped[LongText] = mapped_column(default="")
    went_badly: Mapped[LongText] = mapped_column(default="")
    minutes: Mapped[Object] = mapped_column(default=dict)
    actions: Mapped[list[dict[str, Any]]] = mapped_column(JSON_VALUE, default=list)
    note: Mapped[LongText] = mapped_column(default="")
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("drills.id"), unique=True)
    revision: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[Name]
    created_at: Mapped[Time]
    changed_by: Mapped[str | None] = mapped_column(String(200))
    changed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RiskReading(Base):
    """A figure of a day that no data tells, one row per revision; the newest of ``kind`` and ``key`` stands. Only ever appended to.

    ``key``: the day, for figures of which a day has one; of changes of a platform's policy a code, for a day may have several. ``value``: in the unit of the
    kind; of a change its impact, 1 to 5. ``note``: of a change what it is; else a remark, and of the worker's own what it was counted by.
    """

    __tablename__ = "risk_readings"
    __table_args__ = (
        one_of("source", READING_SOURCES),
        UniqueConstraint("kind", "key", "revision"),
        Index("ix_risk_readings_kind_day_on", "kind", "day_on"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    kind: Mapped[Code]
    key: Mapped[Code]
    revision: Mapped[int]
    day_on: Mapped[date]
    value: Mapped[float]
    note: Mapped[LongText]
    is_removed: Mapped[bool] = mapped_column(default=False)
    source: Mapped[Code]
    by: Mapped[Name]
    at: Mapped[Time]


class SituationTurn(Base):
    """The market situation that somebody declared, from ``since_on`` until the next one. Only ever appended to. ``number``: from 1, without gaps."""

    __tablename__ = "situation_turns"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(unique=True)
    situation: Mapped[Name]
    reason: Mapped[LongText]
    since_on: Mapped[date]
    by: Mapped[Name]
    at: Mapped[Time]
