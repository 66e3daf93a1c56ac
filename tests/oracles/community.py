"""Figures of group chats by loops over rows, as product.md 5.7 words them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from core.periods import Period

Row = Mapping[str, Any]
HEARD = {"收到", "谢谢", "ok", ""}
"""The only acknowledgements that histories for this oracle hold."""
ASKED = {"能开发票吗", "还有货吗？"}
"""The only questions."""


def figures(messages: Iterable[Row], moves: Iterable[Row], now: Period, before: Period, since: date) -> dict[str, Any]:
    """One key's figures. ``messages``: ``member on sender text``, ``moves``: ``member group on change`` in the order they happened.
    ``since``: the first day of any message of the lake."""
    messages, moves = list(messages), list(moves)
    said = [m for m in messages if m["sender"] == "member" and m["member"] is not None and m["text"] not in HEARD]
    first: dict[int, date] = {}
    by_day: dict[date, set[int]] = defaultdict(set)
    counts: Counter[int] = Counter()
    earlier: set[int] = set()
    for one in said:
        if one["on"] >= now.end_on:
            continue
        first[one["member"]] = min(first.get(one["member"], one["on"]), one["on"])
        by_day[one["on"]].add(one["member"])
        if inside(one["on"], now):
            counts[one["member"]] += 1
        if inside(one["on"], before):
            earlier.add(one["member"])
    speakers = set(counts)
    new = {who for who in speakers if first[who] >= now.start_on}
    shares = sorted(counts.values(), reverse=True)
    whole, n = sum(shares), len(shares)
    found: dict[str, Any] = {
        "messages": sum(inside(m["on"], now) for m in messages),
        "said": whole,
        "speakers": n,
        "new_speakers": len(new),
        "kept_speakers": len(speakers & earlier),
        "reactivated_speakers": len(speakers - earlier - new),
        "lost_speakers": len(earlier - speakers),
        "speaker_days": sum(len(who) for on, who in by_day.items() if inside(on, now)),
        "wau": len(set().union(*last(by_day, now, 7))),
        "mau": len(set().union(*last(by_day, now, 30))),
        "top_share": sum(shares[:10]) / whole if whole else None,
        "gini": sum(abs(a - b) for a in shares for b in shares) / (2 * n * whole) if whole else None,
        "absence": next((k for k in range(1, n + 1) if 2 * sum(shares[:k]) >= whole), 0),
    }
    if since > before.start_on:  # all are the first that are known of
        found |= dict.fromkeys(("new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers"))
    days = [now.start_on + timedelta(days=n) for n in range(now.days)]
    known = sum(on >= since for on in days)
    found["dau"] = found["speaker_days"] / known if known else None
    known = sum(now.end_on - timedelta(days=n) >= since for n in range(1, 31))
    found["stickiness"] = sum(map(len, last(by_day, now, 30))) / known / found["mau"] if found["mau"] else None
    return found | membership(moves, now) | _ladder(moves, now, speakers, set(first))


def behind(
    messages: Iterable[Row], moves: Iterable[Row], now: Period, before: Period, since: date
) -> dict[str, dict[int, int]]:
    """Whom each figure of one key counts, with what each counts for. Rows and ``since`` as for ``figures``; nobody where it is unknown."""
    moves = list(moves)
    said = [m for m in messages if m["sender"] == "member" and m["member"] is not None and m["text"] not in HEARD]
    during = Counter(m["member"] for m in said if inside(m["on"], now))
    earlier = Counter(m["member"] for m in said if inside(m["on"], before))
    older = {m["member"] for m in said if m["on"] < now.start_on}
    there = inside_at(moves, now.end_on)
    silent = there - older - set(during)
    found: dict[str, dict[int, int]] = {
        "members": dict.fromkeys(there, 1),
        "joined": Counter(m["member"] for m in effective(moves) if inside(m["on"], now) and m["change"] == "join"),
        "left": Counter(m["member"] for m in effective(moves) if inside(m["on"], now) and m["change"] == "leave"),
        "speakers": during,
        "new_speakers": {who: count for who, count in during.items() if who not in older},
        "kept_speakers": {who: count for who, count in during.items() if who in earlier},
        "reactivated_speakers": {w: count for w, count in during.items() if w in older and w not in earlier},
        "lost_speakers": {who: count for who, count in earlier.items() if who not in during},
        "lurkers": dict.fromkeys(silent, 1),
        "ever_spoke": dict.fromkeys(there - silent, 1),
        "speaking": {who: count for who, count in during.items() if who in there},
    }
    if since > before.start_on:
        found |= {name: {} for name in ("new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers")}
    return found


def health(
    messages: Iterable[Row], moves: Iterable[Row], now: Period, as_of: datetime, first_on: date
) -> dict[str, Any]:
    """The figures that health rests on, of the last 30 days of the period and of the 30 before; nothing is too small. ``first_on``: of the
    whole lake."""
    messages, moves = list(messages), list(moves)
    month = Period(now.end_on - timedelta(days=30), now.end_on)
    found: dict[str, Any] = {}
    for name, span in (("now", month), ("before", month.before())):
        told = figures(messages, moves, span, span.before(), first_on)
        asked = replies(messages, span, as_of)
        days = {
            one["on"]
            for one in messages
            if inside(one["on"], span)
            and one["sender"] == "member"
            and one["member"] is not None
            and one["text"] not in HEARD
        }
        known = sum(span.end_on - timedelta(days=n) >= first_on for n in range(1, 31))
        earlier = figures(messages, moves, span.before(), span, first_on)["speakers"]
        ever = any(
            figures(messages, moves, one, one.before(), first_on)["speakers"]
            for one in (month, month.before(), month.before().before())
        )
        parts = {
            "staying": told["left"] / told["members_before"] if told["members_before"] else None,
            "speaking": told["speaking"] / told["members"] if told["members"] else None,
            "regular": len(days) / known if ever and known else None,
            "renewal": told["speakers"] / earlier - 1 if earlier and first_on <= span.before().start_on else None,
            "spread": told["top_share"],
            "answering": asked["answered"] / asked["questions"] if asked["questions"] else None,
        }
        is_known = name == "now" or first_on <= span.start_on
        found |= {f"{part}_{name}": value if is_known else None for part, value in parts.items()}
    return found


def membership(moves: Iterable[Row], now: Period) -> dict[str, int]:
    moves = list(moves)
    return {
        "members": len(inside_at(moves, now.end_on)),
        "members_before": len(inside_at(moves, now.start_on)),
        "joined": sum(inside(m["on"], now) and m["change"] == "join" for m in effective(moves)),
        "left": sum(inside(m["on"], now) and m["change"] == "leave" for m in effective(moves)),
    }


def _ladder(moves: list[Row], now: Period, speakers: set[int], ever: set[int]) -> dict[str, int]:
    there = inside_at(moves, now.end_on)
    return {"speaking": len(there & speakers), "ever_spoke": len(there & ever)}


def inside_at(moves: Iterable[Row], end_on: date) -> set[int]:
    """Members of any group at the start of a day; who is first heard of by leaving had been in before."""
    there: dict[tuple[str, int], bool] = {}
    for move in moves:
        place = move["group"], move["member"]
        if move["on"] < end_on:
            there[place] = move["change"] == "join"
        elif place not in there:
            there[place] = move["change"] == "leave"
    return {who for (_, who), is_in in there.items() if is_in}


def effective(moves: Iterable[Row]) -> list[Row]:
    """Changes that change something: nobody joins who is in, nobody leaves who is out."""
    there: dict[tuple[str, int], str] = {}
    found = []
    for move in moves:
        place = move["group"], move["member"]
        if there.get(place) != move["change"]:
            found.append(move)
        there[place] = move["change"]
    return found


def inside(on: date, period: Period) -> bool:
    return period.start_on <= on < period.end_on


def last(by_day: Mapping[date, set[int]], now: Period, days: int) -> list[set[int]]:
    return [by_day.get(now.end_on - timedelta(days=back), set()) for back in range(1, days + 1)]


def replies(messages: Iterable[Row], now: Period, as_of: datetime) -> dict[str, Any]:
    """Questions of the period. ``messages``: ``id group person member on at sender text reply_to content``, local times, of one key."""
    messages = list(messages)
    judged, waits, open_ = 0, [], 0
    for one in messages:
        if one["sender"] != "member" or one["text"] not in ASKED or not inside(one["on"], now):
            continue
        later = [m for m in messages if m["group"] == one["group"] and m["at"] >= one["at"] and m["id"] != one["id"]]
        direct = [
            m["at"] for m in later
            if m["reply_to"] == one["id"] and (m["sender"] == "staff" or (m["sender"] == "member" and m["person"] != one["person"]))
        ]  # fmt: skip
        plain = [m["at"] for m in later if m["sender"] == "staff" and m["reply_to"] is None and m["content"] is None]
        near = [at for at in plain if at - one["at"] <= timedelta(hours=2)]
        answers = direct + near
        if answers:
            waits.append(sum(on_duty(one["at"], min(answers))))
        elif one["at"] > as_of - timedelta(days=1):
            open_ += 1
            continue
        judged += 1
    return {
        "questions": judged,
        "answered": len(waits),
        "open_questions": open_,
        "first_reply_seconds": median(waits) if waits else None,
    }


def on_duty(start: datetime, end: datetime) -> Iterable[float]:
    """Seconds of each day between 9 and 21 o'clock that lie between two times."""
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= end:
        opens, closes = day + timedelta(hours=9), day + timedelta(hours=21)
        yield max((min(end, closes) - max(start, opens)).total_seconds(), 0.0)
        day += timedelta(days=1)
