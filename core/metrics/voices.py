"""Who carries the conversation of a group chat (KOC), who could take over, and what hangs on them. Rules of thumb, ours.

Of what is written in a period, staff, bots, notices and acknowledgements aside (``core.metrics.talk``), each member of a key (a group,
or what groups belong to) has seven parts. More is better in every one of them:

- ``said``: messages; ``days``: business days with one.
- ``drawn``: other members whom this member drew into talking: who replied to a message of this member, or who had the next turn in the
  group within ten minutes of it without replying to anything else. A turn is what one person writes until somebody else does.
- ``answers``: questions of other members that this member answered in the same two ways, otherwise than by asking back.
- ``made``: pieces of content of the member's own (UGC): pictures and videos, texts of 50 Chinese (150 Latin) letters or more that ask nothing, and links to
  places where people publish notes of their own.
- ``suggested``: messages that suggest something; ``adopted``: of these, the ones that the staff answered, with a reply to them, in words
  of adoption, at any time until the newest data.

Everything but that last answer lies in the period. Whoever draws, is drawn or asks may be anybody, in the scope or not.
"""

from dataclasses import dataclass
from datetime import timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.metrics import talk

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

NEAR = timedelta(minutes=10)
"""How long after a turn the next one is taken for what it drew."""
LONG = 150
"""Bytes from which a text is a piece of content: 50 Chinese letters, or 150 Latin ones, which say about as much."""
PARTS = ("drawn", "said", "days", "answers", "made", "suggested", "adopted")
WEIGHTS = {"drawn": 30, "said": 20, "days": 15, "answers": 15, "made": 10, "suggested": 5, "adopted": 5}
LEAST_SAID, LEAST_DAYS = 5, 2
"""Whoever said less, or on fewer days, carries nothing."""
FEWEST, ONE_IN = 3, 100
"""A key has three KOCs, or one for each hundred of its speakers where that is more."""
RISE, RISE_LEAST = 1.2, 3
"""Rising: at least a fifth more messages than in the period before, and at least three more."""
CONTACTS = 0.75
"""A successor's contacts are broad: the member drew in more others than three quarters of those who speak did."""

_PUBLISHED = r"(?i)\b(?:xhslink|xiaohongshu|douyin|kuaishou|weibo|zhihu|bilibili|b23|douban|mp\.weixin\.qq|instagram|tiktok|youtube|youtu)\.(?:com|cn|tv|be)\b"
_SUGGESTS = (
    r"建议|(?:要是|如果|假如).{1,30}就(?:更)?好了|希望.{0,20}(?:能|可以|出|多|加|改|早|增)|能不能(?:多|再|出|加|办|改|换|开|增|做|搞|早|少)"
    r"|(?i)\b(?:i(?:'d| would)? suggest|my suggestion|it would be (?:nice|great|good)|(?:would|could) you add|please add|i wish (?:you|there|it))\b"
)
_ASKS_ADVICE = r"(?:什么|有没有|求|给点|给个|听听|谢谢|感谢|多谢)(?:.{0,4})建议|建议(?:吗|么|呢|是什么)|不建议"
_ADOPTS = (
    r"采纳|(?:已经?|马上|这就|正在)(?:为您|给您|帮您)?(?:安排|改|调整|加上|增加|上线|上架|落实)|安排上了|会改进|上线了|上架了"
    r"|(?i)\b(?:adopted|implemented|now (?:live|available)|we(?:'ve| have) added|we(?:'ll| will) (?:add|improve) (?:it|this|that))\b"
)
_REFUSES = r"(?:不|没|未|无法|难以|暂)[^，。！,.!]{0,5}(?:采纳|安排|改进|调整|上线|上架|落实)|(?i)\bnot (?:be )?(?:adopted|implemented)"


@ibis.udf.scalar.builtin(name="strlen")
def _bytes(text: str) -> int:  # type: ignore[empty-body]
    """Bytes of a text in UTF-8."""


def is_suggestion(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text suggests something to those who run the group; who asks for advice, or advises against, suggests nothing."""
    return text.re_search(_SUGGESTS) & ~text.re_search(_ASKS_ADVICE)


def is_adoption(text: ir.StringValue) -> ir.BooleanValue:
    """Whether an answer to a suggestion says that it is taken up."""
    return text.re_search(_ADOPTS) & ~text.re_search(_REFUSES)


def is_own(messages: ir.Table) -> ir.BooleanValue:
    """Whether a message is a piece of content of the member's own, by its kind or, with a column ``text``, its words."""
    kind = messages.message_kind.fill_null("text")
    is_long = (_bytes(messages.text) >= LONG) & ~messages.is_question
    is_note = messages.text.re_search(_PUBLISHED)
    return kind.isin(("image", "video")) | ((kind.isin(("text", "link"))) & (is_long | is_note)).fill_null(False)


def marked(messages: ir.Table) -> ir.Table:
    """Rows of ``group_messages`` with what their words say: ``is_suggestion``, ``is_adoption``, ``is_own``, false without a text, and
    ``is_question`` where it was not marked before."""
    rows = messages.mutate(is_question=messages.is_question.fill_null(talk.is_question(messages.text)).fill_null(False))
    is_text = rows.message_kind.fill_null("text") == "text"
    suggests = (rows.sender_kind == "member") & is_text & is_suggestion(rows.text)
    adopts = (rows.sender_kind == "staff") & rows.reply_to.notnull() & is_adoption(rows.text)
    return rows.mutate(
        is_suggestion=suggests.fill_null(False), is_adoption=adopts.fill_null(False), is_own=is_own(rows)
    )


def turns(messages: ir.Table) -> ir.Table:
    """What is said, one row per message: with ``before_id`` (the member whose message stands just before it in its group, at most ten
    minutes earlier; null where that is no member's), ``before_on`` (its day), and ``asked_batch`` and ``asked_row`` (of that message, where
    it asks).

    ``messages``: linked, with ``is_question``, whoever wrote them. ``member_id`` is null for whoever is no member.
    """
    said = messages.filter(talk.is_said(messages) & messages.group_id.notnull())
    order = ibis.window(group_by="group_id", order_by=["occurred_at", "batch_id", "row_number"])
    who = ibis.ifelse(said.sender_kind == "member", said.member_id, ibis.null("int64"))
    rows = said.select(
        "group_id", "message_id", "reply_to", "occurred_at", "local_date", "batch_id", "row_number",
        member_id=who, asks=said.is_question.fill_null(False) & who.notnull(),
    )  # fmt: skip
    seen = rows.mutate(
        _who=rows.member_id.lag().over(order), _at=rows.occurred_at.lag().over(order), _asked=rows.asks.lag().over(order),
        _batch=rows.batch_id.lag().over(order), _row=rows.row_number.lag().over(order), _on=rows.local_date.lag().over(order),
    )  # fmt: skip
    is_near = seen.occurred_at <= seen._at + ibis.interval(seconds=int(NEAR.total_seconds()))
    found = seen.mutate(
        before_id=ibis.ifelse(is_near, seen._who, None),
        before_on=seen._on,
        asked_batch=ibis.ifelse(is_near & seen._asked, seen._batch, None),
        asked_row=ibis.ifelse(is_near & seen._asked, seen._row, None),
    )
    return found.drop("_who", "_at", "_asked", "_batch", "_row", "_on")


def exchanges(turns: ir.Table) -> ir.Table:
    """Who reacted to whom: one row per reaction of one member to another, ``group_id``, ``member_id`` (who was reacted to),
    ``other_id``, ``local_date``, ``since_on`` (the day of what was reacted to), ``asked_batch`` and ``asked_row`` (of the question that it
    answers; null where it answers none). Those of a period: both days lie in it."""
    own = turns.filter(turns.member_id.notnull())
    near = own.filter(own.reply_to.isnull() & (own.before_id != own.member_id))
    said = own.filter(own.message_id.notnull()).select(
        _group="group_id", _id="message_id", _who="member_id", _at="occurred_at", _on="local_date",
        _batch=ibis.ifelse(own.asks, own.batch_id, None), _row=ibis.ifelse(own.asks, own.row_number, None),
    )  # fmt: skip
    replies = own.filter(own.reply_to.notnull())
    joined = replies.inner_join(said, [replies.group_id == said._group, replies.reply_to == said._id])
    joined = joined.filter((joined._who != joined.member_id) & (joined._at <= joined.occurred_at))
    return ibis.union(
        _reactions(near, near.before_id, near.before_on, near.asked_batch, near.asked_row),
        _reactions(joined, joined._who, joined._on, joined._batch, joined._row),
    )


def _reactions(rows: ir.Table, to: ir.Value, on: ir.Value, batch: ir.Value, row: ir.Value) -> ir.Table:
    """Whoever asks back answers nothing."""
    return rows.select(
        "group_id", "local_date", member_id=to, other_id=rows.member_id, since_on=on,
        asked_batch=ibis.ifelse(rows.asks, None, batch), asked_row=ibis.ifelse(rows.asks, None, row),
    )  # fmt: skip


def pieces(messages: ir.Table) -> ir.Table:
    """Content of members' own and suggestions: ``group_id``, ``member_id``, ``local_date``, ``made``, ``suggested``. ``messages``: linked, marked."""
    kept = messages.filter(talk.is_activity(messages) & messages.member_id.notnull() & messages.group_id.notnull())
    kept = kept.filter(kept.is_own | kept.is_suggestion)
    return kept.group_by("group_id", "member_id", "local_date").aggregate(
        made=_count(kept.is_own), suggested=_count(kept.is_suggestion)
    )


def contributions(talked: ir.Table, pieces: ir.Table, exchanges: ir.Table, adopted: ir.Table) -> ir.Table:
    """One row per key and member who said anything: ``key``, ``member_id`` and the seven parts. ``talked``: see
    ``core.metrics.community``; all four tables of a period, with ``key``."""
    said = talked.group_by("key", "member_id").aggregate(said=talked.said.sum(), days=talked.local_date.nunique())
    own = pieces.group_by("key", "member_id").aggregate(made=pieces.made.sum(), suggested=pieces.suggested.sum())
    drawn = exchanges.group_by("key", "member_id").aggregate(drawn=exchanges.other_id.nunique())
    given = exchanges.filter(exchanges.asked_row.notnull())
    given = given.select("key", "asked_batch", "asked_row", member_id="other_id").distinct()
    answers = given.group_by("key", "member_id").aggregate(answers=given.count())
    taken = adopted.group_by("key", "member_id").aggregate(adopted=adopted.count())
    found = said
    for part in (own, drawn, answers, taken):
        found = found.left_join(part, ["key", "member_id"]).drop("key_right", "member_id_right")
    return found.select("key", "member_id", **{name: found[name].fill_null(0).cast("int64") for name in PARTS})


def adopted(messages: ir.Table) -> ir.Table:
    """One row per suggestion that the staff took up: ``group_id``, ``member_id``, ``local_date`` (of the suggestion). ``messages``: linked,
    marked, whoever wrote them."""
    made = messages.filter(messages.is_suggestion & messages.member_id.notnull() & talk.is_activity(messages))
    yes = messages.filter(messages.is_adoption).select(_group="group_id", _to="reply_to", _at="occurred_at")
    joined = made.inner_join(yes, [made.group_id == yes._group, made.message_id == yes._to])
    joined = joined.filter(joined._at >= joined.occurred_at)
    return (
        joined.select("group_id", "member_id", "local_date", "batch_id", "row_number")
        .distinct()
        .drop("batch_id", "row_number")
    )


def _count(is_so: ir.BooleanValue) -> ir.IntegerScalar:
    return is_so.cast("int64").sum()


# -- who stands out ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """One entry per row that was given. ``rank``: one array per part, the share (0 to 1) of the other members of the key who have less
    of it. ``score``: 0 to 100. ``place``: within the key, from 1, the highest score first, equal ones by the member's number."""

    rank: dict[str, Floats]
    score: Floats
    place: Longs


def standing(key: Longs, member: Longs, parts: dict[str, Longs]) -> Standing:
    """How far members stand out among the others of their key.

    The score is the mean of the ranks, weighted by ``WEIGHTS``, over the parts that anybody of the key has at all: where nobody ever
    suggested anything, suggestions say nothing. Somebody alone in a key has a score of 0: there is nobody to stand out from.
    """
    rank = {name: _ranks(key, parts[name]) for name in PARTS}
    keys = int(key.max()) + 1 if len(key) else 0
    top, bottom = np.zeros(len(key)), np.zeros(len(key))
    for name in PARTS:
        known = np.zeros(keys, bool)
        known[key[parts[name] > 0]] = True
        top += WEIGHTS[name] * rank[name]
        bottom += WEIGHTS[name] * known[key]
    score = np.round(100 * np.divide(top, bottom, out=np.zeros(len(key)), where=bottom > 0), 6)
    order = np.lexsort((member, -score, key))
    place = np.empty(len(key), np.int64)
    place[order] = _within(key[order])
    return Standing(rank, score, place + 1)


def carriers(key: Longs, said: Longs, days: Longs, place: Longs) -> NDArray[np.bool_]:
    """Who of the key is a KOC: of those who said at least 5 things on at least 2 days, the best placed."""
    speakers = np.bincount(key, said > 0) if len(key) else np.zeros(0)
    most = np.maximum(np.ceil(speakers / ONE_IN), FEWEST).astype(np.int64)
    able = (said >= LEAST_SAID) & (days >= LEAST_DAYS)
    order = np.lexsort((place, ~able, key))
    found = np.empty(len(key), np.int64)
    found[order] = _within(key[order])
    return able & (found < most[key])


def is_rising(said: Longs, before: Longs) -> NDArray[np.bool_]:
    """At least a fifth more than before, and at least three messages more."""
    return (said >= RISE * before) & (said - before >= RISE_LEAST)


def _ranks(key: Longs, values: Longs) -> Floats:
    """The share of the others of a key who have less; 0 for somebody alone."""
    order = np.lexsort((values, key))
    sorted_key, sorted_values = key[order], values[order]
    within = _within(sorted_key)
    is_new = np.ones(len(key), bool)
    is_new[1:] = (sorted_values[1:] != sorted_values[:-1]) | (sorted_key[1:] != sorted_key[:-1])
    first = np.maximum.accumulate(np.where(is_new, np.arange(len(key)), 0)) if len(key) else order
    less = within[first]
    others = np.bincount(key)[sorted_key] - 1 if len(key) else within
    found = np.empty(len(key))
    found[order] = np.divide(less, others, out=np.zeros(len(key)), where=others > 0)
    return found


def _within(sorted_key: Longs) -> Longs:
    """Position within the run of equal keys, from 0."""
    if not len(sorted_key):
        return np.empty(0, np.int64)
    starts = np.flatnonzero(np.r_[True, sorted_key[1:] != sorted_key[:-1]])
    return np.arange(len(sorted_key)) - np.repeat(starts, np.diff(np.r_[starts, len(sorted_key)]))
