"""Surveys and complaints: results by unit, channel, employee and in total, over time, whose answers they are, and their words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.errors import Unknown
from core.metrics import scores, surveys
from core.metrics.community import within
from core.metrics.surveys import SURVEYS, TROUBLES, Grain
from core.periods import Period, comparable
from core.work.questions import untold
from core.work.questions.places import TOTAL
from core.work.questions.reading import Reading

By = Literal["unit", "channel", "staff", "total"]
Standing = Literal["up", "middle", "down", "answers"]
"""Promoters or satisfied people, those between, detractors or dissatisfied people, all of them."""
_STANDINGS = {"up": 1, "middle": 0, "down": -1}
KINDS = (*SURVEYS, *TROUBLES)
COUNTS = ("answers", "up", "middle", "down")


@dataclass(frozen=True, slots=True)
class Results:
    """``rows``: one per key and survey that was answered in the period or the one before, ordered by both: ``key``, ``name``, ``survey``,
    ``answers``, ``up``, ``middle``, ``down``, ``value`` (NPS as a difference of shares, -1 to 1; else the mean, 1 to 5) with ``value_low``,
    ``value_high`` and ``standard_error``; the counts and the value with ``_before`` for the period before. Undefined is null, as is all of
    the period before where feedback (from ``since`` on) does not reach back over the whole of it."""

    by: By
    now: Period
    before: Period
    since: date
    as_of_on: date
    rows: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Troubles:
    """``rows``: one per kind (complaint, dispute) and category of the period or the one before, the most frequent first: ``kind``,
    ``category`` (empty: not told), ``count``, ``people`` (known members), both with ``_before`` (null where feedback, from ``since`` on,
    does not reach back over all of it)."""

    now: Period
    before: Period
    since: date
    as_of_on: date
    rows: pd.DataFrame


def results(reading: Reading, by: By = "total") -> Results | None:
    """All four surveys; None in a lake without data or without feedback.

    A scope of units leaves what its members answered; where an answer names a unit or an employee outside of it, or none, its key is empty.
    """
    spans = _spans(reading)
    if spans is None or reading.as_of_on is None:
        return None
    now, before = spans
    answers, since = _answers(reading, by), reading.since("feedback")
    parts = [_frame(reading, surveys.figures(answers.filter(within(answers, one)), "key")) for one in spans]
    if since > before.start_on:
        parts[1] = parts[1].head(0)
    found = parts[0].merge(parts[1], on=["key", "survey"], how="outer", suffixes=("", "_before"))
    rows = _valued(_valued(found, ""), "_before").merge(_names(reading, by), on="key", how="left")
    if since > before.start_on:
        rows = untold.without_before(rows)
    sums = [f"score_{one}{suffix}" for one in ("sum", "squares") for suffix in ("", "_before")]
    columns = [c for c in rows if c not in ("key", "name", "survey", *sums)]
    rows = rows[["key", "name", "survey", *columns]].sort_values(["key", "survey"], ignore_index=True)
    return Results(by, now, before, since, reading.as_of_on, rows)


def trend(reading: Reading, survey: str, grain: Grain, by: By = "total", key: str = TOTAL) -> pd.DataFrame:
    """One survey of one key over the period to date, oldest first, buckets without answers as well: ``on``, ``is_whole`` (all its days lie
    in the period, up to the newest data), ``answers``, ``up``, ``middle``, ``down``, ``value``, ``value_low``, ``value_high``."""
    _known("survey", survey, SURVEYS)
    spans = _spans(reading)
    if spans is None:
        return pd.DataFrame()
    answers = _answers(reading, by)
    answers = answers.filter(within(answers, spans[0]) & (answers.key == key) & (answers.survey == survey))
    counted = _frame(reading, surveys.figures(surveys.bucketed(answers, grain), "on"))
    found = _buckets(spans[0], grain).merge(_dated(counted), on="on", how="left")
    found["survey"] = survey
    return _valued(found, "").drop(columns=["score_sum", "score_squares", "standard_error"])


def distribution(reading: Reading, survey: str, by: By = "total", key: str = TOTAL) -> pd.DataFrame:
    """Answers of the period by whole score, lowest first: ``score``, ``answers``; every score that can be given has a row."""
    _known("survey", survey, SURVEYS)
    low, high = surveys.HIGHEST[survey]
    found = pd.DataFrame({"score": range(low, high + 1)})
    spans = _spans(reading)
    if spans is None:
        return found.assign(answers=0)
    answers = _answers(reading, by)
    answers = answers.filter(within(answers, spans[0]) & (answers.key == key) & (answers.survey == survey))
    counted = _frame(reading, surveys.distribution(answers))[["whole", "answers"]]
    counted["whole"] = counted["whole"].clip(low, high)
    counted = counted.groupby("whole", as_index=False).sum().rename(columns={"whole": "score"})
    found = found.merge(counted, on="score", how="left")
    return found.assign(answers=found["answers"].fillna(0).astype("int64"))


def troubles(reading: Reading) -> Troubles | None:
    """Complaints and disputes by what they are about; None in a lake without data or without feedback."""
    spans = _spans(reading)
    if spans is None or reading.as_of_on is None:
        return None
    rows, since = surveys.troubles(reading.table("feedback")), reading.since("feedback")
    has_before = since <= spans[1].start_on
    parts = []
    for period in spans:
        inside = rows.filter(within(rows, period))
        counted = inside.group_by("kind", "category").aggregate(count=inside.count(), people=inside.member_id.nunique())
        parts.append(_frame(reading, counted))
    if not has_before:
        parts[1] = parts[1].head(0)
    found = parts[0].merge(parts[1], on=["kind", "category"], how="outer", suffixes=("", "_before"))
    for name in ("count", "people", "count_before", "people_before"):
        found[name] = found[name].fillna(0).astype("int64")
    order = ["kind", "count", "count_before", "category"]
    found = found.sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    return Troubles(*spans, since, reading.as_of_on, found if has_before else untold.without_before(found))


def trouble_trend(reading: Reading, kind: str, grain: Grain) -> pd.DataFrame:
    """Complaints or disputes of the period to date by category and time: ``on``, ``is_whole``, ``category``, ``count``; oldest first, buckets
    without any left out of no category that has some."""
    _known("kind", kind, TROUBLES)
    spans = _spans(reading)
    if spans is None:
        return pd.DataFrame(columns=["on", "is_whole", "category", "count"])
    rows = surveys.troubles(reading.table("feedback"))
    rows = surveys.bucketed(rows.filter(within(rows, spans[0]) & (rows.kind == kind)), grain)
    counted = _dated(_frame(reading, rows.group_by("on", "category").aggregate(count=rows.count())))
    every = _buckets(spans[0], grain).merge(counted[["category"]].drop_duplicates(), how="cross")
    found = every.merge(counted, on=["on", "category"], how="left")
    return found.assign(count=found["count"].fillna(0).astype("int64"))


def behind(reading: Reading, survey: str, standing: Standing, by: By = "total", key: str = TOTAL) -> pd.DataFrame:
    """Whose answers a figure of one row counts: ``member_id``, ``value`` (how many answers), the greatest first, ties by number. The values
    add up to the figure, but for answers of nobody known. Raises ``Unknown``."""
    _known("survey", survey, SURVEYS)
    _known("standing", standing, get_args(Standing))
    spans = _spans(reading)
    if spans is None:
        return _nobody()
    rows = _answers(reading, by)
    rows = rows.filter(within(rows, spans[0]) & (rows.key == key) & (rows.survey == survey))
    if standing != "answers":
        rows = rows.filter(rows.standing == _STANDINGS[standing])
    return _people(reading, rows)


def complaining(reading: Reading, kind: str, category: str | None = None) -> pd.DataFrame:
    """Who complained or disputed in the period, of one category or of all: as ``behind``. Raises ``Unknown``."""
    _known("kind", kind, TROUBLES)
    spans = _spans(reading)
    if spans is None:
        return _nobody()
    rows = surveys.troubles(reading.table("feedback"))
    rows = rows.filter(within(rows, spans[0]) & (rows.kind == kind))
    return _people(reading, rows if category is None else rows.filter(rows.category == category))


def words(reading: Reading, kind: str, most: int) -> tuple[pd.DataFrame, int]:
    """What was said in the period with answers of a kind, the newest ``most``: ``member_id`` (null where nobody is known), ``occurred_at``,
    ``score``, ``category``, ``text``; and how many there are in all. Personal: for those alone who may see people. Raises ``Unknown``."""
    _known("kind", kind, KINDS)
    spans = _spans(reading)
    empty = pd.DataFrame(columns=["member_id", "occurred_at", "score", "category", "text"])
    if spans is None:
        return empty, 0
    rows = reading.table("feedback")
    rows = rows.filter(
        within(rows, spans[0]) & (rows.feedback_kind == kind) & rows.text.notnull() & (rows.text.strip() != "")
    )
    count = reading.snapshot.value(rows.count())
    newest = rows.order_by([ibis.desc("occurred_at"), ibis.desc("batch_id"), ibis.desc("row_number")]).limit(most)
    told = newest.select("member_id", "occurred_at", "category", "text", score=newest.score.cast("float64"))
    assert isinstance(count, int)
    return _frame(reading, told), count


def _frame(reading: Reading, expression: ir.Table) -> pd.DataFrame:
    """Rows with texts as plain objects: pandas cannot join empty Arrow texts."""
    found = reading.snapshot.frame(expression)
    return found.astype({name: object for name in found.columns if found[name].dtype == "string"})


def _spans(reading: Reading) -> tuple[Period, Period] | None:
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("feedback"):
        return None
    return comparable(reading.period, reading.as_of_on)


def _answers(reading: Reading, by: By) -> ir.Table:
    rows = surveys.answers(reading.table("feedback"))
    if by == "total":
        return rows.mutate(key=ibis.literal(TOTAL))
    if by == "channel":
        return rows.mutate(key=rows.channel.fill_null(""))
    if reading.units is None:
        return rows.mutate(key=rows["unit_id" if by == "unit" else "staff_id"].fill_null(""))
    inside = ibis.literal(False)
    if reading.units:
        inside = rows.unit_id.isin(sorted(reading.units))
    if by == "unit":
        return rows.mutate(key=ibis.ifelse(inside, rows.unit_id, "").fill_null(""))
    staff = reading.snapshot.current("staff")
    named = staff.filter(staff.unit_id.isin(sorted(reading.units)) if reading.units else ibis.literal(False))
    joined = rows.left_join(named.select(_staff="staff_id"), rows.staff_id == named.staff_id)
    return joined.mutate(key=joined._staff.fill_null("")).drop("_staff")


def _names(reading: Reading, by: By) -> pd.DataFrame:
    if by in ("total", "channel"):
        return pd.DataFrame({"key": pd.Series(dtype=object), "name": pd.Series(dtype=object)})
    table, column = ("staff", "staff_id") if by == "staff" else ("units", "unit_id")
    return _frame(reading, reading.snapshot.current(table).select("name", key=column))


def _valued(rows: pd.DataFrame, suffix: str) -> pd.DataFrame:
    """With the value, and in the period itself its bounds; counts of nothing are 0."""
    for name in COUNTS:
        rows[f"{name}{suffix}"] = rows[f"{name}{suffix}"].fillna(0).astype("int64")
    n, up, down = (rows[f"{name}{suffix}"] for name in ("answers", "up", "down"))
    total, squares = (rows[f"{name}{suffix}"].fillna(0.0).astype("float64") for name in ("score_sum", "score_squares"))
    net, mean = scores.differences(up, down, n), scores.means(n, total, squares, surveys.ENDS)
    is_nps = rows["survey"] == "nps"
    parts = {"value": (net.value, mean.value)}
    if not suffix:
        error = (mean.high - mean.low) * float("nan")
        parts |= {"value_low": (net.low, mean.low), "value_high": (net.high, mean.high)}
        parts |= {"standard_error": (scores.errors_of_differences(up, down, n), error)}
    for name, (of_nps, of_mean) in parts.items():
        values = pd.Series(of_nps, index=rows.index).where(is_nps, pd.Series(of_mean, index=rows.index))
        rows[f"{name}{suffix}"] = values.astype("Float64").mask(values.isna())
    return rows


def _buckets(period: Period, grain: Grain) -> pd.DataFrame:
    starts, on = [], period.start_on
    on = on - timedelta(days=on.weekday()) if grain == "week" else on.replace(day=1)
    while on < period.end_on:
        end = on + timedelta(days=7) if grain == "week" else (on + timedelta(days=32)).replace(day=1)
        starts.append((on, on >= period.start_on and end <= period.end_on))
        on = end
    return pd.DataFrame(starts, columns=["on", "is_whole"])


def _dated(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(on=pd.to_datetime(rows["on"]).dt.date)


def _people(reading: Reading, rows: ir.Table) -> pd.DataFrame:
    known = rows.filter(rows.member_id.notnull())
    people = known.group_by("member_id").aggregate(value=known.count())
    return _frame(reading, people.order_by([ibis.desc("value"), "member_id"]))


def _nobody() -> pd.DataFrame:
    return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})


def _known(what: str, one: str, of: Sequence[str]) -> None:
    if one not in of:
        raise Unknown(what, one, of)
