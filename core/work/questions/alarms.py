"""What was written that a warning of sensitive words counts: the newest complaints, disputes and messages, masked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import ibis
import ibis.expr.types as ir

from core.metrics import sensitive
from core.metrics.sensitive import Rule
from core.metrics.talk import NOT_SAID
from core.privacy import disclosure
from core.risk.indicators import Place
from core.work.questions import wordlists
from core.work.questions.apart import COMPLAINING, ESCALATING
from core.work.questions.reading import Reading

LONGEST = 160


@dataclass(frozen=True, slots=True)
class Alarm:
    """``kind``: ``complaint``, ``dispute`` or ``message``. ``source``: that brought it. ``group``: of a message. ``rules``: names of those that it breaks. ``at`` is UTC without saying so."""

    at: datetime
    kind: str
    source: str
    group: str | None
    member_id: int | None
    rules: tuple[str, ...]
    text: str


def alarms(reading: Reading, place: Place, first: date, last: date, most: int = 20) -> tuple[Alarm, ...]:
    """On the days ``[first, last]``, at one place, within scope: those that ``sensitive_complaints`` counts, the newest first."""
    filters = reading.filters
    if place.by == "channel":
        filters = replace(filters, channels=(place.key,))
    if place.by == "unit":
        filters = replace(filters, units=(place.key,))
    cut = replace(reading, filters=filters)
    rules = [rule for rule in wordlists.rules() if rule.of in ("member", "both")]
    found: list[Alarm] = []
    for rows, some in _written(cut, place, rules):
        inside = rows.filter((rows.local_date >= first) & (rows.local_date <= last) & rows.text.notnull())
        broken = inside.filter(ibis.or_(*(sensitive.breaks(inside.text, rule) for rule in some))) if some else inside.limit(0)  # fmt: skip
        newest = broken.order_by([ibis.desc("at"), "kind", "text"]).limit(most)
        told = newest.mutate(**{f"rule_{n}": sensitive.breaks(newest.text, rule) for n, rule in enumerate(some)})
        for row in reading.snapshot.arrow(told).to_pylist():
            names = tuple(rule.name for n, rule in enumerate(some) if row[f"rule_{n}"])
            found.append(Alarm(row["at"], row["kind"], row["source"], row["group_id"], row["member_id"], names, _shown(row["text"])))  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.at, reverse=True)[:most])


def _written(reading: Reading, place: Place, rules: Sequence[Rule]) -> list[tuple[ir.Table, list[Rule]]]:
    told = []
    nowhere = ibis.null("string")
    if reading.snapshot.files("feedback") and place.by != "group":
        answers = reading.table("feedback")
        answers = answers.filter(answers.feedback_kind.isin(COMPLAINING))
        told.append((_plain(answers, answers.feedback_kind.cast("string"), nowhere), list(rules)))
    if reading.snapshot.files("group_messages"):
        said = reading.table("group_messages")
        said = said.filter((said.sender_kind == "member") & said.message_kind.fill_null("text").notin(NOT_SAID))
        if place.by == "group":
            said = said.filter(said.group_id == place.key)
        loud = [rule for rule in rules if rule.category in ESCALATING]
        told.append((_plain(said, ibis.literal("message"), said.group_id.cast("string")), loud))
    return told


def _plain(rows: ir.Table, kind: ir.StringValue, group: ir.StringValue) -> ir.Table:
    return rows.select("member_id", "local_date", "source", "text", at=rows.occurred_at, kind=kind, group_id=group)


def _shown(text: str) -> str:
    bare = " ".join(disclosure.words(text).split())
    return bare if len(bare) <= LONGEST else f"{bare[: LONGEST - 1]}…"
