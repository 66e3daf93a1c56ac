"""What ``ask`` prints: rows of plain values, money in major units, times in UTC with Z, undefined as null. Of groups, service, activities,
surveys, content and channels a rate of fewer than 30 is null as well, as on the pages; its counts stand beside it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, get_args

import pandas as pd
from babel.numbers import get_currency_precision

from core.errors import Refusal, Unknown
from core.metrics import catalog
from core.metrics.catalog import METRICS, Metric
from core.schema import CHANNELS
from core.scope import Filters
from core.work.home import Home
from core.work.questions import (
    activities,
    aftermath,
    campaigned,
    care,
    clustered,
    community,
    conversation,
    figures,
    foretold,
    group_statistics,
    personal,
    places,
    publishing,
    rhythm,
    scored,
    segmented,
    sequences,
    serial,
    surveys,
    tiered,
    units,
    untold,
    valued,
    valuing,
    warned,
)
from core.work.questions.figures import Figure
from core.work.questions.reading import Reading, reading

Row = dict[str, Any]


def overview(home: Home, filters: Filters, _options: Row) -> list[Row]:
    """One row per KPI that the data supports: ``metric value unit previous as_of``."""
    with reading(home, filters) as open_lake:
        return [_figure(figure, open_lake) for figure in figures.overview(open_lake, with_series=False)]


def single(metric: Metric) -> Callable[[Home, Filters, Row], list[Row]]:
    """The question that answers one KPI: one row."""

    def answer(home: Home, filters: Filters, _options: Row) -> list[Row]:
        with reading(home, filters) as open_lake:
            return [_figure(f, open_lake) for f in figures.overview(open_lake, [metric], with_series=False)]

    return answer


def people(home: Home, filters: Filters, options: Row) -> list[Row]:
    """The people behind a KPI: ``member_id value``, value as ``core.metrics.parts.people`` says."""
    if not options.get("of"):
        raise Refusal("Say whose people: --of METRIC.", option="--of")
    with reading(home, filters) as open_lake:
        return _rows(figures.behind(open_lake, str(options["of"])))


def chats(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per group chat, owner, unit, or for all: see ``core.work.questions.community``."""
    by = str(options.get("by") or "group")
    if by not in get_args(places.By):
        raise Unknown("breakdown", by, get_args(places.By))
    with reading(home, filters) as open_lake:
        found = community.groups(open_lake, by)  # type: ignore[arg-type]
    return [] if found is None else _rows(untold.without_few(found.rows, untold.COMMUNITY))


def serviced(home: Home, filters: Filters, options: Row) -> list[Row]:
    """Service per employee, unit, or for all: see ``core.work.questions.care``."""
    by = _chosen(options, get_args(care.By))
    with reading(home, filters) as open_lake:
        found = care.quality(open_lake, by)  # type: ignore[arg-type]
    return [] if found is None else _rows(untold.without_few(found.rows, untold.CARE))


def played(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per group activity, or per kind of them: see ``core.work.questions.activities``."""
    by = _chosen(options, ("activity", "kind"))
    with reading(home, filters) as open_lake:
        found = activities.held(open_lake)
        digits = get_currency_precision(open_lake.currency)
    if found is None:
        return []
    rows = untold.without_few(found.kinds if by == "kind" else found.rows, untold.ACTIVITIES)
    rows = rows.rename(columns={"revenue_minor": "revenue"})
    rows["revenue"] = (rows["revenue"].astype("Float64") / 10**digits).round(digits)
    for name in ("start_on", "last_on"):
        if name in rows:
            rows[name] = rows[name].astype(str)
    return _rows(rows)


def statistics_of_groups(home: Home, filters: Filters, options: Row) -> list[Row]:
    """What the platform counted beside what was told, per group, owner, unit or for all, or since when each source tells: ``--by source``."""
    by = _chosen(options, ("group", "owner", "unit", "total", "source"))
    with reading(home, filters) as open_lake:
        found = group_statistics.reconciled(open_lake, "total" if by == "source" else by)  # type: ignore[arg-type]
    if found is None:
        return []
    rows = found.sources if by == "source" else found.rows
    dates = [name for name in ("first_on", "last_on", "since_on", "until_on") if name in rows]
    return _rows(rows.astype(dict.fromkeys(dates, str)))


def surveyed(home: Home, filters: Filters, options: Row) -> list[Row]:
    """NPS, satisfaction, service and trust in total, or by unit, channel or employee: see ``core.work.questions.surveys``."""
    by = _chosen(options, ("total", "unit", "channel", "staff"))
    with reading(home, filters) as open_lake:
        found = surveys.results(open_lake, by)  # type: ignore[arg-type]
    return [] if found is None else _rows(untold.without_few(found.rows, untold.SURVEYS))


def complained(home: Home, filters: Filters, _options: Row) -> list[Row]:
    """Complaints and disputes by category."""
    with reading(home, filters) as open_lake:
        found = surveys.troubles(open_lake)
    return [] if found is None else _rows(found.rows)


def timed(part: rhythm.Part) -> Callable[[Home, Filters, Row], list[Row]]:
    """The question that answers one part of ``core.work.questions.rhythm``: in total, or by group, owner or unit; with ``of`` one."""

    def answer(home: Home, filters: Filters, options: Row) -> list[Row]:
        by, of = _chosen(options, ("total", "group", "owner", "unit")), options.get("of")
        with reading(home, filters) as open_lake:
            found = rhythm.rhythm(open_lake, by, of, (part,))  # type: ignore[arg-type]
        return [] if found is None else _rows(found.rows[part])

    return answer


def sent(home: Home, filters: Filters, options: Row) -> list[Row]:
    """Leaves after sends of each group, owner, unit, or of all: see ``core.work.questions.aftermath``."""
    by = _chosen(options, get_args(places.By))
    with reading(home, filters) as open_lake:
        found = aftermath.sends(open_lake, by)  # type: ignore[arg-type]
    return [] if found is None else _rows(found.rows)


def _chosen(options: Row, known: Sequence[str]) -> str:
    """What to break down by; the first where nothing is said. Raises ``Unknown``."""
    by = str(options.get("by") or known[0])
    if by not in known:
        raise Unknown("breakdown", by, known)
    return by


QUESTIONS: dict[str, Callable[[Home, Filters, Row], list[Row]]] = {
    "overview": overview,
    "people": people,
    "funnel": sequences.funnel,
    "retention": sequences.retained,
    "lifecycle": sequences.stages_of_life,
    "paths": sequences.followed,
    "sessions": sequences.visits,
    "community": chats,
    "voices": conversation.carrying,
    "successors": conversation.succeeding,
    "terms": conversation.spoken_of,
    "topics": conversation.about,
    "sensitive": conversation.checked,
    "care": serviced,
    "rhythm": timed("heat"),
    "mix": timed("mix"),
    "slots": timed("slots"),
    "sends": sent,
    "activities": played,
    "group_statistics": statistics_of_groups,
    "surveys": surveyed,
    "complaints": complained,
    "contents": publishing.read,
    "fatigue": publishing.tired,
    "lives": publishing.watched,
    "channels": publishing.side_by_side,
    "best_hour": publishing.best_hour,
    "overlap": publishing.shared,
    "segment": segmented.counted,
    "reach": segmented.reached,
    "ltv": valuing.lifetime,
    "rfm": valued.worth,
    "membership": tiered.standing,
    "clusters": clustered.clustered,
    "campaign": campaigned.told,
    "member": personal.told,
    "scores": scored.told,
    "series": serial.by_day,
    "forecast": foretold.told,
    "warnings": warned.listed,
    "indicator": warned.daily,
    "moved": warned.moved,
} | {name: single(metric) for name, metric in METRICS.items()}


def ask(home: Home, name: str, filters: Filters, options: Row) -> list[Row]:
    """Answer a question by name. Raises ``Unknown`` with near names."""
    if name not in QUESTIONS:
        raise Unknown("metric", name, QUESTIONS)
    _refuse_unknown(home, filters)
    return QUESTIONS[name](home, filters, options)


def _refuse_unknown(home: Home, filters: Filters) -> None:
    """Raise ``Unknown`` for a channel or unit that does not exist: a figure of 0 would look like an answer."""
    for channel in filters.channels:
        if channel not in CHANNELS:
            raise Unknown("channel", channel, CHANNELS)
    if filters.units:
        known = units.known(home)
        for unit in filters.units:
            if unit not in known:
                raise Unknown("unit", unit, known)


def unit_of(metric: Metric, currency: str) -> str:
    return currency if metric.unit == "money" else metric.unit


def _figure(figure: Figure, open_lake: Reading) -> Row:
    return {
        "metric": figure.metric.name,
        "value": _plain(figure.metric, figure.value, open_lake.currency),
        "unit": unit_of(figure.metric, open_lake.currency),
        "previous": _plain(figure.metric, figure.previous, open_lake.currency),
        "as_of": utc(figure.as_of),
    }


def _plain(metric: Metric, value: float | int | None, currency: str) -> float | int | None:
    """Money in major units, rounded to its smallest; other fractions to six digits."""
    if value is None:
        return None
    if metric.unit == "money":
        digits = get_currency_precision(currency)
        return round(value / 10**digits, digits)
    return round(value, 6) if isinstance(value, float) else value


def utc(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _rows(frame: pd.DataFrame) -> list[Row]:
    return [{str(k): (None if pd.isna(v) else v) for k, v in row.items()} for row in frame.to_dict("records")]


def catalogue() -> list[Row]:
    """All metrics: name, goal, unit, the tables it needs, and its contract in words."""
    return [
        {"metric": m.name, "goal": m.goal, "unit": m.unit, "needs": list(m.needs), "text": m.text}
        for goal in catalog.GOALS
        for m in METRICS.values()
        if m.goal == goal
    ]
