"""The registry of indicators: what is watched. An indicator is a metric over the days that end with a day, told of the house or of its places, day by day."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from core.errors import Unknown
from core.metrics import kpis
from core.metrics.catalog import Metric
from core.metrics.parts import Part
from core.risk import measures
from core.risk.rules import By

Field = Literal["activity", "content", "response", "compliance", "trade", "growth", "system"]
WHOLE: By = ""
MEMBERS: tuple[By, ...] = ("", "unit")
"""Of all members, and of those of each unit."""
FACTS: tuple[By, ...] = ("", "channel", "unit")
GROUPS: tuple[By, ...] = ("", "unit", "group")
ROLLED = ("members", "rows", "sum", "stock_end", "stock_start", "balance_start")
"""How parts may be counted that are told for every day at once."""
MOST_WINDOW = 90


@dataclass(frozen=True, slots=True)
class Place:
    """Where an indicator is told of: the whole house (both empty), or one channel, unit or group by its key."""

    by: By
    key: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """``metric`` over the ``window_days`` days that end with a day; ``by``: what it may be told apart by, the whole house first."""

    name: str
    field: Field
    metric: Metric
    window_days: int
    by: tuple[By, ...] = (WHOLE,)

    def __post_init__(self) -> None:
        if not 1 <= self.window_days <= MOST_WINDOW or self.by[:1] != (WHOLE,):
            raise ValueError(
                f"The indicator {self.name} has no window of 1 to {MOST_WINDOW} days or leaves out the whole house."
            )
        wrong = [part.name for part in self.metric.parts if part.how not in ROLLED]
        if wrong or self.metric.per_day:
            raise ValueError(f"The indicator {self.name} cannot be told day by day: {', '.join(wrong) or 'per day'}.")
        if len(self.by) > 1 and not all(part.is_of_members for part in self.metric.parts):
            raise ValueError(f"The indicator {self.name} names nobody and has no places.")


def _named(indicators: Iterable[Indicator]) -> dict[str, Indicator]:
    return {one.name: one for one in indicators}


INDICATORS: dict[str, Indicator] = _named(
    (
        Indicator("member_growth", "growth", kpis.member_growth, 30, MEMBERS),
        Indicator("new_members", "growth", kpis.new_members, 1, MEMBERS),
        Indicator("member_loss", "growth", kpis.exit_rate, 1, MEMBERS),
        Indicator("members_left", "growth", measures.members_left, 1, GROUPS),
        Indicator("group_leave_share", "growth", measures.group_leave_share, 7, GROUPS),
        Indicator("active_members", "activity", kpis.active_members, 1, FACTS),
        Indicator("interaction_rate", "activity", kpis.interaction_rate, 30, MEMBERS),
        Indicator("interaction_rate_week", "activity", kpis.interaction_rate, 7, MEMBERS),
        Indicator("silence_rate", "activity", kpis.silence_rate, 30, MEMBERS),
        Indicator("visits", "activity", measures.visits, 1, FACTS),
        Indicator("events", "activity", measures.events, 1, FACTS),
        Indicator("messages", "activity", measures.messages, 1, GROUPS),
        Indicator("speaking_members", "activity", measures.speaking_members, 7, GROUPS),
        Indicator("content_interaction", "content", measures.content_interaction, 7, FACTS),
        Indicator("promotion_share", "content", measures.promotion_share, 7, GROUPS),
        Indicator("days_without_content", "content", measures.days_without_content, 7, GROUPS),
        Indicator("open_rate", "response", kpis.open_rate, 7, FACTS),
        Indicator("reply_rate", "response", kpis.reply_rate, 7, FACTS),
        Indicator("failed_share", "response", measures.failed_share, 7, FACTS),
        Indicator("opt_outs", "response", measures.opt_outs, 1, MEMBERS),
        Indicator("nps", "response", kpis.nps, 30, FACTS),
        Indicator("satisfaction", "response", kpis.satisfaction, 30, FACTS),
        Indicator("complaints", "compliance", measures.complaints, 1, FACTS),
        Indicator("complaint_rate", "compliance", kpis.complaint_rate, 30, FACTS),
        Indicator("sensitive_complaints", "compliance", measures.sensitive_complaints, 1, GROUPS),
        Indicator("disputes", "compliance", measures.disputes, 1, FACTS),
        Indicator("dispute_rate", "compliance", measures.dispute_rate, 30, FACTS),
        Indicator("conversion", "trade", kpis.conversion_rate, 7, FACTS),
        Indicator("orders", "trade", kpis.orders, 1, FACTS),
        Indicator("gross_revenue", "trade", kpis.gross_revenue, 1, FACTS),
        Indicator("refund_share", "trade", kpis.refund_share, 30, FACTS),
        Indicator("returning_share", "trade", measures.returning_share, 30, FACTS),
        Indicator("logins_per_member", "system", measures.logins_per_member, 1, MEMBERS),
        Indicator("scripted_accounts", "system", measures.scripted_accounts, 1, MEMBERS),
    )
)


def find(name: str) -> Indicator:
    """The indicator of that name. Raises ``Unknown`` with near names."""
    if name not in INDICATORS:
        raise Unknown("indicator", name, INDICATORS)
    return INDICATORS[name]


def asked(rows: object, by: By) -> dict[Part, tuple[int, ...]]:
    """The parts that count these rows (``Part.rows``) in indicators told by this, each with its windows, so that one scan serves them all."""
    found: dict[Part, set[int]] = {}
    for one in INDICATORS.values():
        for part in one.metric.parts:
            if part.rows is rows and by in one.by:
                found.setdefault(part, set()).add(one.window_days)
    return {part: tuple(sorted(windows)) for part, windows in found.items()}


LEAD = max(one.window_days for one in INDICATORS.values()) - 1
"""Days before the first one told that its windows reach back to."""
