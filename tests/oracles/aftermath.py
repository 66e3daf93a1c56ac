"""Leaves after sends by loops over half hours, as ``core.metrics.aftermath`` words them. All times of a history are at half hours."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from scipy.stats import binom

from core.periods import Period

Row = Mapping[str, Any]
STEP, DAY = timedelta(minutes=30), timedelta(days=1)
BLOCK, LOOK_BACK = timedelta(days=28), timedelta(days=90)


def is_send(one: Row) -> bool:
    if one["sender"] != "staff" or one["reply_to"] is not None:
        return False
    return one["content"] is not None or one["kind"] in ("image", "link", "notice") or one["has_link"]


class Group:
    """One group's history, told in local times. ``messages``: ``at sender kind content reply_to has_link``; ``moves``: ``member at change`` in
    the order they happened. ``as_of``: the newest data of the lake."""

    def __init__(self, messages: Iterable[Row], moves: Iterable[Row], now: Period, as_of: datetime) -> None:
        self.start, asked_end = midnight(now.start_on), midnight(now.end_on)
        self.end = min(as_of + timedelta(seconds=1), asked_end) if as_of >= self.start else asked_end
        self.blocks = [asked_end - BLOCK]
        while self.blocks[0] > self.start:
            self.blocks.insert(0, self.blocks[0] - BLOCK)
        self.look = min(self.blocks[0], asked_end - LOOK_BACK)
        self.sends = sorted(one["at"] for one in messages if is_send(one))
        self.stays = stays(moves)
        said = [one["at"] for one in messages if self.look <= one["at"] < asked_end]
        there = [max(come, self.look) for come, gone, _ in self.stays if gone > self.look and come < self.end]
        self.since = min([midnight(at.date()) for at in said] + there, default=self.end)
        self.usual = self._median()

    def load(self, at: datetime) -> int:
        return sum(at - DAY < sent <= at for sent in self.sends)

    def members(self, at: datetime) -> int:
        return sum(come <= at < gone for come, gone, _ in self.stays)

    def cells(self, start: datetime) -> Iterable[tuple[datetime, float]]:
        """Beginnings of half hours and the seconds that each lasts."""
        while start < self.end:
            yield start, min(STEP, self.end - start).total_seconds()
            start += STEP

    def _median(self) -> int:
        lasting: dict[int, float] = defaultdict(float)
        for at, seconds in self.cells(self.look):
            if at >= self.since:
                lasting[self.load(at)] += seconds
        upto, whole = 0.0, sum(lasting.values())
        for load in sorted(lasting):
            upto += lasting[load]
            if 2 * upto >= whole:
                return load
        return 0

    def kind(self, at: datetime) -> str | None:
        is_loaded = self.load(at) > self.usual
        if is_loaded:
            return "after" if at >= self.start else None
        return "base" if at >= self.blocks[0] else None

    def compared(self) -> list[dict[str, Any]]:
        """One entry per block with time of both kinds: ``time``, ``usual_time``, ``left``, ``usual_left``, ``who`` left after sends."""
        found = []
        for number, start in enumerate(self.blocks):
            end = self.blocks[number + 1] if number + 1 < len(self.blocks) else datetime.max
            time = {"after": 0.0, "base": 0.0}
            for at, seconds in self.cells(start):
                kind = self.kind(at)
                if at < end and kind:
                    time[kind] += seconds * self.members(at)
            left: dict[str, list[int]] = {"after": [], "base": []}
            for come, gone, who in self.stays:
                kind = self.kind(gone) if start <= gone < min(end, self.end) and come < gone else None
                if kind:
                    left[kind].append(who)
            if time["after"] and time["base"]:
                found.append(
                    {"time": time["after"], "usual_time": time["base"], "left": len(left["after"]), "usual_left": len(left["base"]), "who": left["after"]}
                )  # fmt: skip
        return found


def told(groups: Iterable[Group]) -> dict[str, Any]:
    """The figures of some groups together."""
    blocks = [block for group in groups for block in group.compared()]
    total = {name: sum(block[name] for block in blocks) for name in ("time", "usual_time", "left", "usual_left")}
    gone = total["left"] + total["usual_left"]
    due = sum((b["left"] + b["usual_left"]) * b["time"] / (b["time"] + b["usual_time"]) for b in blocks)
    found = {
        "member_days": total["time"] / 86_400, "usual_member_days": total["usual_time"] / 86_400, "left": total["left"],
        "usual_left": total["usual_left"], "expected": None, "excess": None, "low": None, "high": None, "chance": None,
    }  # fmt: skip
    if not gone:
        return found
    share = due / gone
    found["chance"] = min(2 * float(binom.sf(total["left"] - 1, gone, share)), 1.0)
    found["expected"] = total["usual_left"] * share / (1 - share)
    found["excess"] = total["left"] - found["expected"]
    if total["usual_left"]:
        low = bound(lambda p: float(binom.sf(total["left"] - 1, gone, p)) - 0.025) if total["left"] else 0.0
        high = bound(lambda p: 0.025 - float(binom.cdf(total["left"], gone, p)))
        for name, at in (("low", low), ("high", high)):
            found[name] = found["expected"] * (at / (1 - at) * (1 - share) / share - 1)
    return found


def bound(rises: Callable[[float], float]) -> float:
    """Where something that grows with a share passes 0."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if rises(middle) > 0 else (middle, high)
    return low


def flagged(chances: Mapping[str, float | None]) -> set[str]:
    """Benjamini and Hochberg at 5 %: up to the last whose chance is below its rank's part of 5 %."""
    ranked = sorted((chance, key) for key, chance in chances.items() if chance is not None)
    last = max((n for n, (chance, _) in enumerate(ranked, 1) if chance <= 0.05 * n / len(ranked)), default=0)
    return {key for _, key in ranked[:last]}


def stays(moves: Iterable[Row]) -> list[tuple[datetime, datetime, int]]:
    """When whoever was in came and went. Who is first heard of by leaving had been in for as long as anybody knows."""
    found, open_, heard = [], {}, set()
    for move in moves:
        who = move["member"]
        if move["change"] == "join" and who not in open_:
            open_[who] = move["at"]
        elif move["change"] == "leave" and (who in open_ or who not in heard):
            found.append((open_.pop(who, datetime.min), move["at"], who))
        heard.add(who)
    return found + [(come, datetime.max, who) for who, come in open_.items()]


def midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day)
