"""Group messages checked for sensitive words and platform rules: how many break which, of members and of the staff, and which ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.errors import Unknown
from core.metrics import facts, sensitive
from core.metrics.community import within
from core.metrics.sensitive import CATEGORIES, Rule
from core.metrics.talk import NOT_SAID
from core.periods import Period, comparable
from core.privacy import disclosure
from core.work.questions import wordlists
from core.work.questions.places import By, dimension, keyed
from core.work.questions.reading import Reading

Sender = Literal["member", "staff"]
SENDERS: tuple[Sender, ...] = get_args(Sender)
MOST = 200
"""Messages that a list of hits shows; the figures count all."""
LONGEST = 160
HIT = ("occurred_at", "group_id", "group_name", "member_id", "staff_id", "staff_name", "rules", "text")


@dataclass(frozen=True, slots=True)
class Checked:
    """``rows``: one per key and category and sender with a message now or before: ``key name category sender_kind``, ``messages``,
    ``messages_before``, ``people`` (members or employees who wrote them). A message counts once per category, whatever number of its rules it
    breaks. ``checked``: messages with a text that were read, by sender. ``messages_before`` is null where messages (from ``since`` on) do not
    reach back over the whole period before."""

    now: Period
    before: Period
    since: date
    checked: dict[str, int]
    rows: pd.DataFrame


def checked(reading: Reading, by: By = "group") -> Checked | None:
    """None in a lake without messages."""
    spans = _spans(reading)
    if spans is None:
        return None
    now, before = spans
    since = reading.since("group_messages")
    has_before = since <= before.start_on
    rows, found = _found(reading, by, spans if has_before else spans[:1], wordlists.rules())
    # A message of two rules of one category is one message.
    found = found.group_by("key", "category", "sender_kind", "batch_id", "row_number").aggregate(
        local_date=found.local_date.min(), who=found.who.max()
    )
    is_now = within(found, now)
    counted = reading.snapshot.frame(
        found.group_by("key", "category", "sender_kind").aggregate(
            messages=_count(is_now), messages_before=_count(~is_now), people=found.who.nunique(where=is_now)
        )
    )
    every = reading.snapshot.frame(rows.filter(within(rows, now)).group_by("sender_kind").aggregate(n=ibis._.count()))
    if not has_before:
        counted["messages_before"] = pd.array([pd.NA] * len(counted), "Int64")
    names = dimension(reading, by)[["key", "name"]]
    counted = counted.merge(names, on="key", how="left")
    counted["order"] = counted["category"].map(CATEGORIES.index)
    counted = counted.sort_values(["key", "order", "sender_kind"], ignore_index=True).drop(columns="order")
    read: dict[str, int] = {one: int(every.loc[every["sender_kind"] == one, "n"].sum()) for one in SENDERS}
    return Checked(now, before, since, read, counted)


def hits(reading: Reading, by: By, key: str, category: str, sender: Sender) -> pd.DataFrame:
    """The newest messages of the period that break a category's rules, at most 200: ``occurred_at``, ``group_id``, ``group_name``, ``member_id``,
    ``staff_id``, ``staff_name``, ``rules`` (their names), ``text`` (masked). Raises ``Unknown``."""
    _refuse(category, sender)
    found = _of(reading, by, key, category, sender)
    if found is None:
        return pd.DataFrame(columns=list(HIT))
    rules = found.group_by("batch_id", "row_number").aggregate(
        occurred_at=found.occurred_at.min(), group_id=found.group_id.min(), member_id=found.member_id.min(),
        staff_id=found.staff_id.min(), text=found.text.min(), rules=found.rule.group_concat(sep=" ", order_by="rule"),
    )  # fmt: skip
    newest = rules.order_by([ibis.desc("occurred_at"), "batch_id", "row_number"]).limit(MOST)
    groups = reading.snapshot.current("groups").select(_group="group_id", group_name="name")
    staff = reading.snapshot.current("staff").select(_staff="staff_id", staff_name="name")
    named = newest.left_join(groups, newest.group_id == groups._group).left_join(staff, newest.staff_id == staff._staff)
    named = named.drop("_group", "_staff").order_by([ibis.desc("occurred_at"), "batch_id", "row_number"])
    frame = reading.snapshot.frame(named).drop(columns=["batch_id", "row_number"])
    return frame.assign(text=[_shown(text) for text in frame["text"]])


def behind(reading: Reading, by: By, key: str, category: str) -> pd.DataFrame:
    """Members whose messages break a category's rules: ``member_id``, ``value`` (messages), the greatest first. Raises ``Unknown``."""
    _refuse(category, "member")
    found = _of(reading, by, key, category, "member")
    if found is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    found = found.filter(found.member_id.notnull()).select("member_id", "batch_id", "row_number").distinct()
    counted = found.group_by("member_id").aggregate(value=found.count())
    return reading.snapshot.frame(counted.order_by([ibis.desc("value"), "member_id"]))


def _refuse(category: str, sender: str) -> None:
    if category not in CATEGORIES:
        raise Unknown("category", category, CATEGORIES)
    if sender not in SENDERS:
        raise Unknown("sender", sender, SENDERS)


def _spans(reading: Reading) -> tuple[Period, Period] | None:
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("group_messages"):
        return None
    return comparable(reading.period, reading.as_of_on)


def _of(reading: Reading, by: By, key: str, category: str, sender: Sender) -> ir.Table | None:
    """Messages of the period and of one sort of sender that break a category's rules; None without messages or rules."""
    spans = _spans(reading)
    some = [rule for rule in wordlists.rules() if rule.category == category and rule.of in (sender, "both")]
    if spans is None or not some:
        return None
    _, found = _found(reading, by, spans[:1], some)
    return found.filter((found.key == key) & (found.sender_kind == sender))


def _found(reading: Reading, by: By, spans: tuple[Period, ...], rules: Sequence[Rule]) -> tuple[ir.Table, ir.Table]:
    """What members and staff wrote on some days, keyed; and one row per message and rule that it breaks, with ``rule``, ``category``, ``text``
    and ``who`` (of the sender). Each distinct text is looked at once."""
    rows = facts.linked(reading.in_channels("group_messages"), reading.members)
    days = within(rows, spans[0])
    for span in spans[1:]:
        days = days | within(rows, span)
    is_said = rows.sender_kind.isin(SENDERS) & rows.message_kind.fill_null("text").notin(NOT_SAID)
    rows = rows.filter(days & is_said & rows.text.notnull())
    if reading.allowed is not None:
        allowed = reading.allowed.select(_allowed="member_id")
        rows = rows.left_join(allowed, rows.member_id == allowed._allowed)
        rows = rows.filter((rows.sender_kind == "staff") | rows._allowed.notnull()).drop("_allowed")
    rows = reading.snapshot.keep(
        rows.select(
            "group_id", "member_id", "staff_id", "sender_kind", "local_date", "occurred_at", "batch_id", "row_number",
            "text", text_id=rows.text.hash(),
        )
    )  # fmt: skip
    texts = reading.snapshot.keep(
        rows.group_by("text_id").aggregate(
            text=rows.text.arbitrary(),
            by_staff=(rows.sender_kind == "staff").any(),
            by_member=(rows.sender_kind == "member").any(),
        )
    )
    told = [{"rule": rule.name, "category": rule.category, "of": rule.of} for rule in rules]
    broken = sensitive.hits(texts, rules).inner_join(ibis.memtable(pd.DataFrame(told)), "rule")
    broken = reading.snapshot.keep(broken.inner_join(texts.select("text_id", "text"), "text_id"))
    keyed_rows = keyed(reading, rows.drop("text"), by)
    found = keyed_rows.inner_join(broken, "text_id")
    found = found.filter((found.of == "both") | (found.of == found.sender_kind))
    who = ibis.ifelse(found.sender_kind == "staff", found.staff_id, found.member_id.cast("string"))
    return keyed_rows, reading.snapshot.keep(found.mutate(who=who))


def _shown(text: str) -> str:
    bare = " ".join(disclosure.words(text).split())
    return bare if len(bare) <= LONGEST else f"{bare[: LONGEST - 1]}…"


def _count(is_so: ir.BooleanValue) -> ir.IntegerScalar:
    return is_so.cast("int64").sum()
