"""Chat logs as a table: ``[hh:mm] <nick> text``, one file per day, the day in the file's name.

Columns: ``group`` (what the file's name says beside the day: ``茶友会 2026-11-20.txt``; else the folder it lies in within an archive; or
nothing), ``message_id``, ``at`` (day and clock), ``nick``, ``also`` (another name of the same person), ``kind`` (``text``,
``action``, ``notice``, ``rename``, ``system``), ``text``. Nicks that differ only in small and large letters are one, so ``also`` is
the nick in small letters where that differs; of a rename, ``nick`` is the old one and ``also`` the new one, both in small letters.
A line about the channel has no nick; a line without a clock takes that of the line above; one that begins like none of these goes on
with the message above.

A log has no ids of its own. ``message_id`` counts equal lines of a minute, so that a longer export of the same day brings only what
is new.
"""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from core.sources.text import Broken

COLUMNS = ("group", "message_id", "at", "nick", "also", "kind", "text")
NO_DAY, NO_LINE = "row.chat_day", "row.chat_line"
ENOUGH, SOON = 0.3, 5
"""Share of the first lines that must read like a chat: messages of several lines fill the others. One of the first so many has to."""
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_CLOCK = r"\[(?P<clock>[01]\d:[0-5]\d(?::[0-5]\d)?|2[0-3]:[0-5]\d(?::[0-5]\d)?)\]"
_LINE = re.compile(
    rf"{_CLOCK} {{1,2}}(?:<(?P<speaker>[^<>\s][^<>]*)>(?: (?P<said>.*))?"
    r"|\* (?P<actor>\S+)(?: (?P<done>.*))?|-(?P<noticer>[^\s:]+)(?::\S+)?- (?P<told>.*))"
)
_SUFFIX = re.compile(r"(\.(txt|log|gz))+$", re.I)
_EDGES = re.compile(r"^[\s_.\-–—]+|[\s_.\-–—]+$")
_RENAME = re.compile(r"=== (?P<old>\S+) is now known as (?P<new>\S+)\s*")
_ABOUT = "=== "


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, or several that belong together. ``number``: of its first line, from 1."""

    number: int
    clock: str
    nick: str
    also: str
    kind: str
    text: str


def is_chat(text: str) -> bool:
    """Whether a file's beginning reads like a chat rather than cells."""
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    fitting = sum(bool(_LINE.match(line)) or line.startswith(_ABOUT) for line in lines)
    return any(_LINE.match(line) for line in lines[:SOON]) and fitting >= ENOUGH * len(lines)


def day_in(name: str) -> str | None:
    """The day that a file's name says, as ``2008-04-27``; None where it says none."""
    found = _DAY.search(PurePosixPath(name).name)
    return "-".join(found.groups()) if found else None


def group_in(name: str) -> str:
    """The group that a file's name says, as ``茶友会``; nothing where it says a day alone and lies in no folder."""
    path = PurePosixPath(name)
    rest = _DAY.sub(" ", _SUFFIX.sub("", path.name))
    return _EDGES.sub("", " ".join(rest.split())) or _EDGES.sub("", path.parent.name)


def written(logs: Iterable[tuple[str, Path]], target: Path) -> tuple[Broken, ...]:
    """Write logs, named and in order, as one CSV. Returns the lines that could not be read, numbered through all logs.

    A log whose name says no day cannot be dated, and none of its lines is read.
    """
    broken: list[Broken] = []
    row = 0
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name, path in logs:
            day, group = day_in(name), group_in(name)
            equal: Counter[tuple[str, ...]] = Counter()
            with path.open(encoding="utf-8-sig", errors="replace", newline=None) as lines:
                for entry in _entries(lines):
                    row += 1
                    if isinstance(entry, str) or day is None:
                        text = entry if isinstance(entry, str) else f"[{entry.clock}] <{entry.nick}> {entry.text}"
                        broken.append(Broken(row, text, NO_LINE if day else NO_DAY))
                        continue
                    said = (day, entry.clock, entry.nick, entry.kind, entry.text)
                    equal[said] += 1
                    at = f"{day} {entry.clock}"
                    writer.writerow([group, _id(said, equal[said]), at, entry.nick, entry.also, entry.kind, entry.text])
    return tuple(broken)


def _id(said: tuple[str, ...], ordinal: int) -> str:
    return hashlib.blake2b("\0".join((*said, str(ordinal))).encode(), digest_size=12).hexdigest()


def _entries(lines: Iterable[str]) -> Iterator[Entry | str]:
    """Entries in order; a text where nothing above it could be gone on with."""
    before: Entry | None = None
    clock = "00:00"
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\n").replace("\0", "")
        found = _read(number, text, clock)
        if found is None and not text.strip():
            continue
        if found is None and before is None:
            yield text
        elif found is None:
            assert before is not None
            before = replace(before, text=f"{before.text}\n{text}")
        else:
            if before is not None:
                yield before
            before, clock = found, found.clock
    if before is not None:
        yield before


def _read(number: int, line: str, clock: str) -> Entry | None:
    if found := _LINE.fullmatch(line):
        nick = (found["speaker"] or found["actor"] or found["noticer"]).strip()
        kind = "text" if found["speaker"] else "action" if found["actor"] else "notice"
        small = nick.lower()
        text = found["said"] or found["done"] or found["told"] or ""
        return Entry(number, found["clock"], nick, "" if small == nick else small, kind, text)
    if found := _RENAME.fullmatch(line):
        return Entry(number, clock, found["old"].lower(), found["new"].lower(), "rename", line)
    if line.startswith(_ABOUT):
        return Entry(number, clock, "", "", "system", line)
    return None
