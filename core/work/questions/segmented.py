"""Segments as the command line asks them: a definition as JSON or a file of it, or the number of a segment; answers as rows."""

from pathlib import Path
from typing import Any

from core.errors import NothingToTell, Refusal, Unknown, Unreadable
from core.schema import CHANNELS
from core.scope import Filters
from core.segments import language
from core.segments import reach as rules
from core.segments.language import Node, OneOf
from core.segments.reach import GATES
from core.work.home import Home
from core.work.questions import reach, segments
from core.work.questions.reading import Reading, reading

Row = dict[str, Any]


def counted(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row: ``count as_of``; with ``--of people`` a row per member: ``member_id``, ascending. Of a definition and a segment at once,
    who is in the segment and fits."""
    node, of = _asked(filters, options), options.get("of")
    if of not in (None, "people"):
        raise Unknown("breakdown", str(of), ["people"])
    with reading(home, filters) as lake:
        _refuse_empty(lake)
        if of is None:
            return [{"count": segments.count(lake, node), "as_of": _utc(lake)}]
        return [{"member_id": member} for member in segments.member_ids(lake, node).tolist()]


def reached(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per channel and gate, ``segment`` and ``reachable`` before and after all: ``channel gate applies left lost as_of``. With
    ``--of CHANNEL`` ``member_id`` of who can be reached there, with ``--of CHANNEL:GATE`` of who is lost at the gate."""
    node, of = _asked(filters, options), options.get("of")
    channel, _, gate = str(of or "").partition(":")
    if of is not None and channel not in CHANNELS:
        raise Unknown("channel", channel, rules.CHANNELS)
    if gate and gate not in GATES:
        raise Unknown("gate", gate, GATES)
    with reading(home, filters) as lake:
        _refuse_empty(lake)
        found = reach.reach(lake, node, rules.CHANNELS if of is None else (channel,))
        if of is None:
            return [row for name in found.channels for row in _steps(found, name, _utc(lake))]
        waterfall = found.channels[channel]
        flags = waterfall.reachable if not gate else next(s.lost for s in waterfall.steps if s.gate == gate)
        return [{"member_id": member} for member in found.people(flags)["member_id"].tolist()]


def _steps(found: reach.Reach, channel: str, as_of: str | None) -> list[Row]:
    waterfall = found.channels[channel]

    def row(gate: str, applies: bool, left: int, lost: int) -> Row:
        return {"channel": channel, "gate": gate, "applies": applies, "left": left, "lost": lost, "as_of": as_of}

    return [
        row("segment", True, waterfall.segment_count, 0),
        *(row(step.gate, step.applies, step.left_count, step.lost_count) for step in waterfall.steps),
        row("reachable", True, waterfall.reachable_count, waterfall.segment_count - waterfall.reachable_count),
    ]


def _asked(filters: Filters, options: Row) -> Node:
    """Raises ``InvalidSegment``, ``Unreadable``, and ``Refusal`` where nobody said who."""
    if options.get("tree"):
        return _read(str(options["tree"]))
    if filters.segment is None:
        raise Refusal("Say who: --tree FILE_OR_JSON, or --segment ID.", option="--tree")
    return OneOf("segment", (filters.segment,))


def _read(text: str) -> Node:
    if text.lstrip().startswith("{"):
        return language.read(text)
    try:
        with Path(text).open("rb") as file:
            return language.read(file.read(language.MOST_BYTES + 1))
    except OSError as error:
        message = f"{text[:200]!r} is no file that can be read, and no definition that begins with {{."
        raise Unreadable(message, file=text[:200], reason="missing") from error


def _refuse_empty(lake: Reading) -> None:
    """Raise ``NothingToTell`` where there is no data: nobody of nobody is no answer."""
    if lake.as_of is None:
        raise NothingToTell("There is no data yet, so nobody can be counted.")


def _utc(lake: Reading) -> str | None:
    return None if lake.as_of is None else lake.as_of.isoformat(timespec="seconds").replace("+00:00", "Z")
