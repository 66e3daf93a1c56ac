"""What members talk about: terms that set a period or a group apart, topics, and messages that hold a word.

Only what members say in words counts (``core.metrics.talk``). The text of messages is the dearest column of the lake: it is read for the
days asked for alone, once per answer, and each distinct text is cut into words once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import Unknown
from core.metrics import facts, talk, terms
from core.metrics.community import within
from core.periods import Period, comparable
from core.privacy import disclosure
from core.work.questions import wordlists
from core.work.questions.places import By, dimension, keyed
from core.work.questions.reading import Reading

Against = Literal["before", "others"]
"""What a side is held against: itself in the period before, or all others in the same one."""
MOST_TEXTS = 100_000
"""Distinct texts that are cut into words; of more a part is taken, by a number made from the text."""
MOST_TERMS = 20
"""Terms told of each side."""
MOST_TOPICS = 8
EXAMPLES = 4
LONGEST_EXAMPLE = 120
_MESSAGE = ("group_id", "member_id", "local_date", "batch_id", "row_number", "text_id")


@dataclass(frozen=True, slots=True)
class Read:
    """How much was read: ``used`` of ``texts`` distinct texts were cut into words. ``since``: the first day with any message."""

    used: int
    texts: int
    now: Period
    before: Period
    since: date


@dataclass(frozen=True, slots=True)
class Terms:
    """``rising`` belong to the side asked for, ``falling`` to what it is held against, the surest first: ``term``, ``score`` (standard errors),
    ``messages`` and ``speakers`` of the side, ``messages_other``; these count every message that holds the term anywhere
    (``mentions``), whether its text was cut into words or not. Against a period before that messages do not reach back over as a whole
    there are none."""

    read: Read
    rising: pd.DataFrame
    falling: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Mentions:
    """Messages that hold any of some words. ``days``: ``local_date``, ``messages`` of the period's days with one; ``places``: ``key name messages
    speakers`` by what was asked, most messages first; ``examples``: texts written most often, masked. Of the period before nothing is told
    (null) where messages (from ``since`` on) do not reach back over the whole of it."""

    now: Period
    before: Period
    since: date
    messages: int
    speakers: int
    messages_before: int | None
    speakers_before: int | None
    days: pd.DataFrame
    places: pd.DataFrame
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    labels: tuple[str, ...]
    messages: int
    speakers: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topic with the most messages first. ``messages``: of all that was read; those of no topic are the rest."""

    read: Read
    messages: int
    topics: tuple[Topic, ...]


def terms_of(reading: Reading, by: By, key: str, against: Against = "before") -> Terms | None:
    """Terms that set a key of ``by`` apart. None in a lake without messages. Raises ``Unknown``."""
    if against not in get_args(Against):
        raise Unknown("comparison", against, get_args(Against))
    spans = _spans(reading)
    if spans is None:
        return None
    now, before = spans
    rows, texts = _said(reading, by, (now, before) if against == "before" else (now,))
    rows = _sided(rows, key, now, against)
    counted = rows.group_by("text_id").aggregate(own=_count(rows.is_own), other=_count(~rows.is_own))
    used, read = _sampled(reading, counted, texts, now, before)
    held = terms.held(used["text"].to_pylist(), wordlists.cut(reading.snapshot), wordlists.stops())
    own, other = (held.by_text.T @ used[side].to_numpy() for side in ("own", "other"))
    own, other = own.astype(np.int64), other.astype(np.int64)
    score = terms.apart(own, other)
    sides = terms.distinctive(own, other, MOST_TERMS)
    if against == "before" and read.since > before.start_on:
        sides = sides[0][:0], sides[1][:0]
    names = [held.terms[place] for side in sides for place in side]
    figures = _counted(reading, rows, texts, names)
    frames = []
    for side in sides:
        frame = pd.DataFrame({"term": pd.array([held.terms[place] for place in side], "str"), "score": score[side]})
        frames.append(frame.merge(figures, on="term", how="left"))
    return Terms(read, *frames)


def topics_of(reading: Reading, by: By, key: str) -> Topics | None:
    """What the messages of a key are about. None in a lake without messages."""
    spans = _spans(reading)
    if spans is None:
        return None
    rows, _, used, found, read = _clustered(reading, by, key, spans)
    named = pd.DataFrame({"text_id": used["text_id"].to_pylist(), "topic": found.of_text})
    figures = reading.snapshot.frame(
        _of_topics(rows, named)
        .group_by("topic")
        .aggregate(messages=ibis._.count(), speakers=ibis._.member_id.nunique())
    ).set_index("topic")
    texts = used["text"].to_pylist()
    listed = []
    for number, labels in enumerate(found.labels):
        typical = np.where(found.of_text == number, found.weight, -1.0)
        best = np.argsort(-typical, kind="stable")[:EXAMPLES]
        examples = tuple(_shown(texts[place]) for place in best if typical[place] >= 0)
        listed.append(
            Topic(labels, int(figures.messages.get(number, 0)), int(figures.speakers.get(number, 0)), examples)
        )
    every = int(np.sum(used["n"].to_numpy())) if len(texts) else 0
    return Topics(read, every, tuple(listed))


def behind_topic(reading: Reading, by: By, key: str, number: int) -> pd.DataFrame:
    """Who writes about a topic of ``topics_of``: ``member_id``, ``value`` (messages), the greatest first. Nobody where there is none."""
    spans = _spans(reading)
    if spans is None:
        return _nobody()
    rows, _, used, found, _ = _clustered(reading, by, key, spans)
    named = pd.DataFrame({"text_id": used["text_id"].to_pylist(), "topic": found.of_text})
    return _members(reading, _of_topics(rows, named[named["topic"] == number]))


def mentions(reading: Reading, by: By, key: str, words: Sequence[str]) -> Mentions | None:
    """Messages of a key that hold any of some words. None in a lake without messages, and without a word.

    Chinese words are found anywhere in a text, Latin ones as whole words; small and capital letters are one.
    """
    spans = _spans(reading)
    needles = [one for one in map(needle, words) if one]
    if spans is None or not needles:
        return None
    now, before = spans
    rows, texts = _said(reading, by, spans)
    rows = reading.snapshot.keep(_holding(rows.filter(rows.key == key), texts, needles))
    is_now = within(rows, now)
    whole = rows.aggregate(
        messages=_count(is_now), speakers=rows.member_id.nunique(where=is_now),
        messages_before=_count(~is_now), speakers_before=rows.member_id.nunique(where=~is_now),
    )  # fmt: skip
    since = reading.since("group_messages")
    is_unknown = {name: since > before.start_on and name.endswith("_before") for name in whole.columns}
    row = reading.snapshot.arrow(whole).to_pylist()[0]
    figures: dict[str, Any] = {name: None if is_unknown[name] else int(value or 0) for name, value in row.items()}
    inside = rows.filter(is_now)
    days = reading.snapshot.frame(
        inside.group_by("local_date").aggregate(messages=inside.count()).order_by("local_date")
    )
    places = _places(reading, inside)
    often = inside.group_by("text_id").aggregate(n=inside.count()).inner_join(texts, "text_id")
    often = often.order_by([ibis.desc("n"), "text_id"]).limit(EXAMPLES).select("text")
    examples = tuple(_shown(text) for text in reading.snapshot.arrow(often)["text"].to_pylist())
    return Mentions(now, before, since, **figures, days=days, places=places, examples=examples)


def behind_mentions(reading: Reading, by: By, key: str, words: Sequence[str]) -> pd.DataFrame:
    """Who wrote the messages of the period that ``mentions`` counts: ``member_id``, ``value`` (messages), the greatest first."""
    spans = _spans(reading)
    needles = [one for one in map(needle, words) if one]
    if spans is None or not needles:
        return _nobody()
    rows, texts = _said(reading, by, spans[:1])
    return _members(reading, _holding(rows.filter(rows.key == key), texts, needles))


def needle(word: str) -> str:
    """What a word is looked for as in ``_haystack``; empty where it holds no letter and no figure."""
    word = " ".join(word.lower().split())
    if not any(letter.isalnum() for letter in word):
        return ""
    return f" {word} " if all(letter < "\u2e80" for letter in word) else word


def _haystack(text: ir.StringValue) -> ir.StringValue:
    """A text in small letters, and its Latin words once more, each between blanks."""
    low = text.lower()
    return low + ibis.literal("\n ") + low.re_replace(r"[^a-z0-9+#'-]+", " ") + ibis.literal(" ")


# -- what is read ------------------------------------------------------------------------------------------------------


def _spans(reading: Reading) -> tuple[Period, Period] | None:
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("group_messages"):
        return None
    return comparable(reading.period, reading.as_of_on)


def _said(reading: Reading, by: By, spans: Sequence[Period]) -> tuple[ir.Table, ir.Table]:
    """What members said in words on some days, keyed, without its text; and the distinct texts: ``text_id``, ``text``."""
    rows = facts.linked(reading.in_channels("group_messages"), reading.members)
    days = within(rows, spans[0])
    for span in spans[1:]:
        days = days | within(rows, span)
    is_text = rows.message_kind.fill_null("text").isin(("text", "link"))
    rows = rows.filter(days & is_text & talk.is_activity(rows) & rows.member_id.notnull() & rows.text.notnull())
    if reading.allowed is not None:
        rows = rows.semi_join(reading.allowed, "member_id")
    rows = reading.snapshot.keep(rows.select(*_MESSAGE[:-1], "text", text_id=rows.text.hash()))
    texts = reading.snapshot.keep(rows.group_by("text_id").aggregate(text=rows.text.arbitrary()))
    return reading.snapshot.keep(keyed(reading, rows.drop("text"), by)), texts


def _sided(rows: ir.Table, key: str, now: Period, against: Against) -> ir.Table:
    if against == "before":
        return rows.filter(rows.key == key).mutate(is_own=within(rows, now))
    return rows.mutate(is_own=rows.key == key)


def _sampled(
    reading: Reading, counted: ir.Table, texts: ir.Table, now: Period, before: Period
) -> tuple[pa.Table, Read]:
    """Distinct texts with their counts: all of them, or so many in the order of their numbers, which says nothing of their words."""
    counted = reading.snapshot.keep(counted)
    used = reading.snapshot.arrow(counted.inner_join(texts, "text_id").order_by("text_id").limit(MOST_TEXTS))
    every = reading.snapshot.value(counted.count())
    assert isinstance(every, int)
    return used, Read(len(used), every, now, before, reading.since("group_messages"))


def _counted(reading: Reading, rows: ir.Table, texts: ir.Table, names: Sequence[str]) -> pd.DataFrame:
    """``term messages speakers messages_other`` of some terms, by the rule of ``mentions``."""
    wanted = pa.table(
        {"term": pa.array(names, pa.string()), "needle": pa.array([needle(name) for name in names], pa.string())}
    )
    some = texts.select("text_id", haystack=_haystack(texts.text))
    looked = ibis.memtable(wanted)
    where = some.join(looked, some.haystack.contains(looked.needle)).select("text_id", "term")
    found = rows.inner_join(reading.snapshot.keep(where), "text_id")
    return reading.snapshot.frame(
        found.group_by("term").aggregate(
            messages=_count(found.is_own), speakers=found.member_id.nunique(where=found.is_own),
            messages_other=_count(~found.is_own),
        )
    )  # fmt: skip


def _holding(rows: ir.Table, texts: ir.Table, needles: Sequence[str]) -> ir.Table:
    haystack = _haystack(texts.text)
    holds = haystack.contains(needles[0])
    for one in needles[1:]:
        holds = holds | haystack.contains(one)
    return rows.semi_join(texts.filter(holds), "text_id")


def _clustered(
    reading: Reading, by: By, key: str, spans: tuple[Period, Period]
) -> tuple[ir.Table, ir.Table, pa.Table, terms.Topics, Read]:
    rows, texts = _said(reading, by, spans[:1])
    rows = rows.filter(rows.key == key)
    used, read = _sampled(reading, rows.group_by("text_id").aggregate(n=rows.count()), texts, *spans)
    held = terms.held(used["text"].to_pylist(), wordlists.cut(reading.snapshot), wordlists.stops())
    return rows, texts, used, terms.topics(held, used["n"].to_numpy(), MOST_TOPICS), read


def _of_topics(rows: ir.Table, named: pd.DataFrame) -> ir.Table:
    told = named[named["topic"] >= 0]
    table = pa.table({"text_id": pa.array(told["text_id"], pa.int64()), "topic": pa.array(told["topic"], pa.int64())})
    return rows.inner_join(ibis.memtable(table), "text_id")


def _places(reading: Reading, inside: ir.Table) -> pd.DataFrame:
    """By group, the one with the most messages first."""
    found = inside.group_by("group_id").aggregate(messages=inside.count(), speakers=inside.member_id.nunique())
    frame = reading.snapshot.frame(found.rename(key="group_id"))
    named = dimension(reading, "group")[["key", "name"]]
    frame = frame.merge(named, on="key", how="left")
    return frame.sort_values(["messages", "key"], ascending=[False, True], ignore_index=True)


def _members(reading: Reading, rows: ir.Table) -> pd.DataFrame:
    found = rows.group_by("member_id").aggregate(value=rows.count())
    return reading.snapshot.frame(found.order_by([ibis.desc("value"), "member_id"]))


def _nobody() -> pd.DataFrame:
    return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})


def _shown(text: str) -> str:
    """A text on one line, masked."""
    bare = " ".join(disclosure.words(text).split())
    return bare if len(bare) <= LONGEST_EXAMPLE else f"{bare[: LONGEST_EXAMPLE - 1]}…"


def _count(is_so: ir.BooleanValue) -> ir.IntegerScalar:
    return is_so.cast("int64").sum()
