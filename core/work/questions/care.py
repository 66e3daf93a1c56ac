"""Service of the staff: figures per employee, unit and in total, their weeks, and who stands behind a figure."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.errors import Unknown
from core.lake.writer import local_time
from core.metrics import care, scores
from core.metrics.community import within
from core.periods import Period, comparable
from core.work.questions import untold
from core.work.questions.places import TOTAL
from core.work.questions.reading import Reading

By = Literal["staff", "unit", "total"]
Which = Literal["conversations", "missed", "slow", "unsolved", "low", "overtime", "wrong"]
"""Figures that people stand behind, whose conversations they count."""
SHARES = {
    "answered_share": ("answered", "judged"), "resolution_rate": ("resolved", "settled"), "happy_share": ("happy", "scored"),
    "overtime_share": ("overtime", "answered"), "wrong_share": ("wrong", "settled"),
}  # fmt: skip
"""Rates: of what, of how many."""
ENDS = (1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Care:
    """``rows``: one per key that had a conversation in the period or the one before, ordered by it: ``key``, ``name``, the counts of
    ``core.metrics.care.figures``, the rates of ``SHARES`` with ``…_low`` and ``…_high``, ``mean_score`` with both,
    ``overtime_hours`` and ``overtime_hours_a_week`` (of the days since conversations begin); all of them with ``_before`` for the period
    before. Undefined is null, as is all of the period before where conversations (from ``since`` on) do not reach back over the whole of it.
    """

    by: By
    now: Period
    before: Period
    since: date
    as_of_on: date
    rows: pd.DataFrame


def quality(reading: Reading, by: By = "staff") -> Care | None:
    """All figures of service; None in a lake without data or without conversations.

    A scope of units leaves the employees of these units, and of what they did what concerns its members. A conversation counts on the day it
    began; an hour of overtime on its own.
    """
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("service_conversations"):
        return None
    now, before = comparable(reading.period, reading.as_of_on)
    judged = _judged(reading, by, before.start_on)
    if by == "total":
        found = pd.DataFrame({"key": [TOTAL]})
    else:
        known = judged.filter(within(judged, now) | within(judged, before)).select("key").distinct()
        found = _frame(reading, known)
    since = reading.since("service_conversations")
    hours = reading.snapshot.keep(care.overtime_hours(judged))
    for period, suffix in ((now, ""), (before, "_before")):
        part = _figures(reading, judged, hours, period)
        found = found.merge(part.rename(columns={c: f"{c}{suffix}" for c in part if c != "key"}), on="key", how="left")
        found = _finished(found, period.days_from(since), suffix)
    if since > before.start_on:
        found = untold.without_before(found)
    named = found.merge(_names(reading, by), on="key", how="left")
    ordered = ["key", "name", *(column for column in found if column != "key")]
    rows = named[ordered].sort_values("key", ignore_index=True)
    return Care(by, now, before, since, reading.as_of_on, rows)


def weeks(reading: Reading, by: By, key: str) -> pd.DataFrame:
    """By week of the period, oldest first: ``on`` (Monday), ``is_whole`` (all seven days lie in the period, up to the newest data),
    ``conversations``, ``answered``, ``overtime``, ``missed``, ``open``, ``overtime_hours``. Weeks without anything hold zeros."""
    names = ["conversations", "answered", "overtime", "missed", "open", "overtime_hours"]
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("service_conversations"):
        return pd.DataFrame(columns=["on", "is_whole", *names])
    now, _ = comparable(reading.period, reading.as_of_on)
    judged = _judged(reading, by, now.start_on)
    judged = judged.filter(judged.key == key)
    counted = _frame(reading, care.weekly(judged.filter(within(judged, now))))
    hours = care.overtime_hours(judged)
    hours = hours.filter(within(hours, now))
    hours = hours.mutate(on=hours.local_date.truncate("W").cast("date"))
    worked = _frame(reading, hours.group_by("on").aggregate(overtime_hours=ibis._.count()))
    monday = now.start_on - timedelta(days=now.start_on.weekday())
    mondays = [monday + timedelta(days=7 * n) for n in range((now.last_on - monday).days // 7 + 1)]
    found = pd.DataFrame({"on": mondays})
    found["is_whole"] = [on >= now.start_on and on + timedelta(days=7) <= now.end_on for on in mondays]
    for part in (counted, worked):
        part["on"] = pd.to_datetime(part["on"]).dt.date
        found = found.merge(part, on="on", how="left")
    found[names] = found[names].fillna(0).astype("int64")
    return found


def behind(reading: Reading, by: By, key: str, which: Which) -> pd.DataFrame:
    """Whose conversations a figure of one row counts: ``member_id``, ``value`` (how many of them), the greatest first, ties by number.

    The values add up to the figure, but for conversations of nobody known. Raises ``Unknown`` for a figure that is none of these.
    """
    if which not in get_args(Which):
        raise Unknown("figure", which, get_args(Which))
    nobody = pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("service_conversations"):
        return nobody
    now, _ = comparable(reading.period, reading.as_of_on)
    rows = _judged(reading, by, now.start_on)
    rows = rows.filter(within(rows, now) & (rows.key == key) & rows[f"is_{which}"] & rows.member_id.notnull())
    people = rows.group_by("member_id").aggregate(value=rows.count())
    return _frame(reading, people.order_by([ibis.desc("value"), "member_id"]))


def _frame(reading: Reading, expression: ir.Table) -> pd.DataFrame:
    """Rows with texts as plain objects: pandas cannot join empty Arrow texts."""
    found = reading.snapshot.frame(expression)
    return found.astype({name: object for name in found.columns if found[name].dtype == "string"})


def _judged(reading: Reading, by: By, since: date) -> ir.Table:
    """Conversations of which anything happened since a day."""
    assert reading.as_of is not None
    rows = _keyed(reading, reading.table("service_conversations"), by)
    local = {
        name: local_time(rows[column], reading.zone)
        for name, column in (("asked_local", "occurred_at"), ("replied_local", "first_reply_at"), ("resolved_local", "resolved_at"))
    }  # fmt: skip
    rows = rows.mutate(**local)
    late = (rows.replied_local.date() >= since) | (rows.resolved_local.date() >= since)
    rows = rows.filter((rows.local_date >= since) | late.fill_null(False))
    return reading.snapshot.keep(care.judged(rows, reading.as_of.astimezone(UTC).replace(tzinfo=None)))


def _keyed(reading: Reading, rows: ir.Table, by: By) -> ir.Table:
    """Conversations with ``key``, those of employees in the scope; an empty key stands for those that name nobody."""
    staff = reading.snapshot.current("staff").select(_staff="staff_id", _unit="unit_id")
    if reading.units is not None:
        staff = staff.filter(staff._unit.isin(sorted(reading.units)) if reading.units else ibis.literal(False))
    joined = rows.join(staff, rows.staff_id == staff._staff, how="left" if reading.units is None else "inner")
    key = {"staff": joined.staff_id, "unit": joined._unit}.get(by, ibis.literal(TOTAL))
    return joined.mutate(key=key.cast("string").fill_null("")).drop("_staff", "_unit")


def _names(reading: Reading, by: By) -> pd.DataFrame:
    if by == "total":
        return pd.DataFrame({"key": [TOTAL], "name": [None]})
    table, column = ("staff", "staff_id") if by == "staff" else ("units", "unit_id")
    return _frame(reading, reading.snapshot.current(table).select("name", key=column))


def _figures(reading: Reading, judged: ir.Table, hours: ir.Table, period: Period) -> pd.DataFrame:
    counted = _frame(reading, care.figures(judged.filter(within(judged, period))))
    late = hours.filter(within(hours, period))
    worked = _frame(reading, late.group_by("key").aggregate(overtime_hours=late.count()))
    return counted.merge(worked, on="key", how="outer")


def _finished(rows: pd.DataFrame, days: int, suffix: str) -> pd.DataFrame:
    """``days`` of the period that anything is known of."""

    def column(name: str) -> pd.Series:
        return rows[f"{name}{suffix}"]

    for name in (*care.COUNTS, "overtime_hours"):
        rows[f"{name}{suffix}"] = column(name).fillna(0).astype("int64")
    for name in ("score_sum", "score_squares"):
        rows[f"{name}{suffix}"] = column(name).fillna(0.0).astype("float64")
    for name, (top, bottom) in SHARES.items():
        _bounded(rows, f"{name}{suffix}", scores.shares(column(top), column(bottom)), suffix)
    mean = scores.means(column("scored"), column("score_sum"), column("score_squares"), ENDS)
    _bounded(rows, f"mean_score{suffix}", mean, suffix)
    a_week = column("overtime_hours") * 7 / max(days, 1)
    rows[f"overtime_hours_a_week{suffix}"] = (
        a_week.astype("Float64") if days else pd.array([pd.NA] * len(rows), "Float64")
    )
    return rows.drop(columns=[f"score_sum{suffix}", f"score_squares{suffix}"])


def _bounded(rows: pd.DataFrame, name: str, found: scores.Bounds, suffix: str) -> None:
    """The value, and its bounds in the period itself."""
    parts = {name: found.value} | ({} if suffix else {f"{name}_low": found.low, f"{name}_high": found.high})
    for column, values in parts.items():
        rows[column] = pd.Series(values, index=rows.index, dtype="Float64").mask(pd.isna(values))
