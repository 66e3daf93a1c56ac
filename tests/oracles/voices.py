"""Who carries the conversation of group chats, by loops over messages in the order of time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import ceil
from typing import Any

from core.periods import Period
from tests.oracles.community import inside

Row = Mapping[str, Any]
HEARD = {"收到", "谢谢"}
ASKED = {"能开发票吗", "还有货吗？"}
SUGGESTED = {"建议出一个小罐装", "要是能预约茶席就好了"}
ADOPTED = {"已采纳，谢谢", "小罐装上线了"}
OWN = {"今天泡茶的笔记 https://www.xiaohongshu.com/a", "茶" * 50}
"""The only texts of histories for this oracle that are anything but plain."""
WEIGHTS = {"drawn": 30, "said": 20, "days": 15, "answers": 15, "made": 10, "suggested": 5, "adopted": 5}


def told(row: Row) -> dict[str, bool]:
    """What the words of a message say."""
    text, kind = row["text"], row["kind"] or "text"
    return {
        "is_said": kind != "system" and not (kind == "text" and text in HEARD),
        "asks": text in ASKED,
        "suggests": text in SUGGESTED and kind == "text" and row["sender"] == "member",
        "adopts": text in ADOPTED and row["sender"] == "staff" and row["reply_to"] is not None,
        "is_own": kind in ("image", "video") or (kind in ("text", "link") and text in OWN),
    }


def parts(rows: Iterable[Row], now: Period) -> dict[str, dict[int, dict[str, int]]]:
    """By key and member the seven parts. ``rows``: ``key group member sender kind text id reply_to on at`` and those of ``told``, in
    any order that breaks ties."""
    rows = sorted(rows, key=lambda row: row["at"])
    written = [row for row in rows if inside(row["on"], now) and row["is_said"]]
    by_id: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, row in enumerate(written):
        if row["id"] is not None:
            by_id[row["group"], row["id"]].append(place)
    drawn: dict[tuple[str, int], set[int]] = defaultdict(set)
    answered: dict[tuple[str, int], set[int]] = defaultdict(set)
    last: dict[str, int] = {}
    for place, row in enumerate(written):
        earlier = [one for one in by_id.get((row["group"], row["reply_to"]), ()) if written[one]["at"] <= row["at"]]
        if row["reply_to"] is None:
            one = last.get(row["group"])
            earlier = [one] if one is not None and row["at"] - written[one]["at"] <= timedelta(minutes=10) else []
        last[row["group"]] = place
        for one in earlier:
            before = written[one]
            if _who(before) is None or _who(row) is None or _who(before) == _who(row):
                continue
            drawn[row["key"], before["member"]].add(row["member"])
            if before["asks"] and not row["asks"]:
                answered[row["key"], row["member"]].add(one)
    written_by: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in written:
        if _who(row) is not None:
            written_by[row["key"], row["member"]].append(row)
    found: dict[str, dict[int, dict[str, int]]] = defaultdict(dict)
    for who, own in written_by.items():
        suggested = [row for row in own if row["suggests"]]
        found[who[0]][who[1]] = {
            "drawn": len(drawn[who]),
            "said": len(own),
            "days": len({row["on"] for row in own}),
            "answers": len(answered[who]),
            "made": sum(row["is_own"] for row in own),
            "suggested": len(suggested),
            "adopted": sum(_is_adopted(row, rows) for row in suggested),
        }
    return found


def _who(row: Row) -> int | None:
    return row["member"] if row["sender"] == "member" else None


def _is_adopted(row: Row, rows: list[Row]) -> bool:
    place = row["group"], row["id"]
    return any(one["adopts"] and (one["group"], one["reply_to"]) == place and one["at"] >= row["at"] for one in rows)


def ranks(members: dict[int, dict[str, int]]) -> dict[int, dict[str, float]]:
    """The share of the others who have less of each part."""
    return {
        who: {
            part: sum(other[part] < own[part] for other in members.values()) / max(len(members) - 1, 1)
            for part in WEIGHTS
        }
        for who, own in members.items()
    }


def scores(members: dict[int, dict[str, int]]) -> dict[int, float]:
    known = [part for part in WEIGHTS if any(own[part] for own in members.values())]
    total = sum(WEIGHTS[part] for part in known)
    return {
        who: round(100 * sum(WEIGHTS[part] * rank[part] for part in known) / total, 6)
        for who, rank in ranks(members).items()
    }


def placed(members: dict[int, dict[str, int]]) -> list[int]:
    """From the highest score down, equal ones by number."""
    found = scores(members)
    return sorted(members, key=lambda who: (-found[who], who))


def kocs(members: dict[int, dict[str, int]]) -> list[int]:
    able = [who for who in placed(members) if members[who]["said"] >= 5 and members[who]["days"] >= 2]
    return able[: max(3, ceil(len(members) / 100))]


def successors(members: dict[int, dict[str, int]], before: Mapping[int, int], there: set[int]) -> list[int]:
    carrying = kocs(members)
    standing = ranks(members)
    found = []
    for who in placed(members):
        own, earlier = members[who], before.get(who, 0)
        is_able = own["said"] >= 5 and own["days"] >= 2 and standing[who]["drawn"] >= 0.75
        is_rising = own["said"] >= 1.2 * earlier and own["said"] - earlier >= 3
        if is_able and is_rising and who in there and who not in carrying:
            found.append(who)
    return found


def said(rows: Iterable[Row], period: Period) -> dict[str, dict[int, int]]:
    """Messages by key and member."""
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if inside(row["on"], period) and row["is_said"] and _who(row) is not None:
            found[row["key"]][row["member"]] += 1
    return found
