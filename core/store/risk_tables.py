"""Tables of warnings: the rules that the house changed, what they raised, what people said of it, and when it was looked."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.store.columns import (
    JSON_OR_NULL,
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

WARNING_KINDS = ("figure", "missing", "failing", "late")
WARNING_STATES = ("open", "closed", "merged")
CLOSED_HOW = ("recovered", "gone", "by_hand")
VERDICTS = ("true", "false", "unclear")
EPISODE = ("rule_key", "indicator", "place_by", "place_key", "started_on")
"""What makes two warnings the same one."""


class RiskRule(Base):
    """What the house says of a rule, one row per revision; the newest of a ``key`` stands. Only ever appended to.

    ``body``: the rule as ``core.risk.rules`` writes it. ``is_removed``: nothing is said any more: a rule that the product brings stands as it
    comes, one of the house's own is gone.
    """

    __tablename__ = "risk_rules"
    __table_args__ = (UniqueConstraint("key", "revision"), NEVER_REUSED)

    id: Mapped[Id]
    key: Mapped[Code]
    revision: Mapped[int]
    body: Mapped[Object]
    is_removed: Mapped[bool] = mapped_column(default=False)
    by: Mapped[Name]
    at: Mapped[Time]


class RiskWarning(Base):
    """Something out of order, from the first day on which it was to the last one that is known of.

    ``kind``: a ``figure`` broke a rule, data of a table is ``missing``, a query is ``failing``, a source is ``late``. ``place_by``: ``""`` for the house, else
    ``channel``, ``unit``, ``group``, or for the system's own kinds ``table`` and ``source``. ``unit_id``: the unit that the place is or lies in, where it is one of
    a unit. ``value``, ``expected``, ``limit`` in the indicator's ``unit``, of the day farthest out (``peak_on``); null = there is none. ``details``: of a
    failing query its code and message.

    ``state``: ``merged`` is another one's part (``merged_into_id``, itself never merged). ``closed_how``: the figure is back to normal (``recovered``), rule
    or data say it no longer (``gone``), or somebody closed it. ``snoozed_until``: it says nothing before. ``is_test``: raised by somebody to try the rule.
    """

    __tablename__ = "risk_warnings"
    __table_args__ = (
        one_of("kind", WARNING_KINDS),
        one_of("state", WARNING_STATES),
        one_of("closed_how", CLOSED_HOW),
        Index("uq_risk_warnings_episode", *EPISODE, unique=True, sqlite_where=text("NOT is_test"),
              postgresql_where=text("NOT is_test")),
        Index("ix_risk_warnings_state", "state"),
        NEVER_REUSED,
    )  # fmt: skip

    id: Mapped[Id]
    kind: Mapped[Code]
    rule_key: Mapped[Code]
    rule_revision: Mapped[int]
    indicator: Mapped[Name]
    place_by: Mapped[Code]
    place_key: Mapped[Name]
    place_name: Mapped[Name]
    unit_id: Mapped[str | None] = mapped_column(String(200))
    started_on: Mapped[date]
    last_on: Mapped[date]
    peak_on: Mapped[date]
    ended_on: Mapped[date | None]
    raised_at: Mapped[Time]
    value: Mapped[float | None]
    expected: Mapped[float | None]
    limit: Mapped[float | None]
    unit: Mapped[Code]
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    likelihood: Mapped[int]
    impact: Mapped[int]
    owner: Mapped[Name]
    state: Mapped[Code]
    closed_how: Mapped[str | None] = mapped_column(String(64))
    closed_by: Mapped[str | None] = mapped_column(String(200))
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    reason: Mapped[LongText] = mapped_column(default="")
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcTime)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("risk_warnings.id"), index=True)
    is_test: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)


class RiskVerdict(Base):
    """What a person says of a warning: that there was something (``true``), that there was not, or that it cannot be told. Their last word stands."""

    __tablename__ = "risk_verdicts"
    __table_args__ = (one_of("verdict", VERDICTS),)

    warning_id: Mapped[int] = mapped_column(ForeignKey("risk_warnings.id", ondelete="CASCADE"), primary_key=True)
    by: Mapped[Name] = mapped_column(primary_key=True)
    verdict: Mapped[Code]
    note: Mapped[LongText]
    at: Mapped[Time]


class RiskEvaluation(Base):
    """One look at all rules: at which version of the lake, how long it took, and what came of it. ``failed``: indicator, code and message of each that could
    not be read."""

    __tablename__ = "risk_evaluations"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[Id]
    at: Mapped[Time]
    lake_id: Mapped[Name]
    lake_version: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]
    rule_count: Mapped[int]
    line_count: Mapped[int]
    raised_count: Mapped[int]
    closed_count: Mapped[int]
    failed: Mapped[list[dict[str, str]]] = mapped_column(JSON_OR_NULL)
