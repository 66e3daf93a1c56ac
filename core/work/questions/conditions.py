"""Conditions as text, the same in addresses, in saved views and on the command line: ``channel=app,web``, ``amount>20``.

========================  ==========================================
``name=a,b``              is one of these
``name!=a,b``             is none of these, or not set
``name~a,b``              contains one of these
``name?``, ``name!?``     is set, is not set
``name>20``, ``name<20``  a number above, below
========================  ==========================================

A backslash before a sign takes its meaning away. ``parse(written(condition)) == condition`` for every condition.
"""

from collections.abc import Sequence
from math import isfinite

from core.errors import InvalidFunnel
from core.work.questions.moments import OPS, Condition, Op

SIGNS: dict[Op, str] = {
    "is": "=", "is_not": "!=", "contains": "~", "is_set": "?", "is_not_set": "!?", "more_than": ">", "less_than": "<",
}  # fmt: skip
"""How each operator is written."""
WITHOUT_VALUE: tuple[Op, ...] = ("is_set", "is_not_set")
OF_A_NUMBER: tuple[Op, ...] = ("more_than", "less_than")
_IN_NAMES = "=!~?><,"
_LONGEST_FIRST = sorted(OPS, key=lambda op: -len(SIGNS[op]))


def written(condition: Condition) -> str:
    """The condition as text."""
    values = "" if condition.op in WITHOUT_VALUE else joined(condition.values, ",")
    return escaped(condition.name, _IN_NAMES) + SIGNS[condition.op] + values


LARGEST = 10**12
"""Of the numbers that a condition can name, above and below 0."""


def parse(text: str) -> Condition:
    """The condition that a text says. Raises ``InvalidFunnel`` with the problem ``condition``."""
    name, rest = _name(text)
    op = next((op for op in _LONGEST_FIRST if rest.startswith(SIGNS[op])), None)
    if op is None or not name:
        raise _refusal(text, "name=value, name!=value, name~part, name>20, name<20, name? or name!?")
    values = rest[len(SIGNS[op]) :]
    if op in WITHOUT_VALUE:
        if values:
            raise _refusal(text, f"nothing after {SIGNS[op]}")
        return Condition(name, op)
    given = tuple(split(values, ","))
    if op in OF_A_NUMBER and not (len(given) == 1 and is_number(given[0])):
        raise _refusal(text, f"one number after {SIGNS[op]}")
    return Condition(name, op, given)


def is_number(text: str) -> bool:
    """Whether a text is a number that is told exactly to the thousandth."""
    try:
        return isfinite(float(text)) and abs(float(text)) <= LARGEST
    except ValueError:
        return False


def is_count(text: str) -> bool:
    """Whether a text is a whole number of at most six digits: any that means something here is."""
    return text.isascii() and text.isdigit() and len(text) <= 6


def parse_of_step(text: str) -> tuple[int, Condition]:
    """``2:amount>20`` is a condition of step 2. Raises ``InvalidFunnel`` with the problem ``condition``."""
    number, mark, rest = text.partition(":")
    if not mark or not is_count(number) or int(number) < 1:
        raise _refusal(text, "the number of a step first, as in 2:amount>20")
    return int(number), parse(rest)


def by_step(conditions: Sequence[tuple[int, Condition]], steps: int) -> tuple[tuple[Condition, ...], ...]:
    """Conditions of each step, as ``funnels.Asked`` takes them; none at all where there is no condition. Raises
    ``InvalidFunnel`` for a step that the funnel does not have."""
    for number, condition in conditions:
        if number > steps:
            raise _refusal(f"{number}:{written(condition)}", f"a step from 1 to {steps}")
    if not conditions:
        return ()
    return tuple(tuple(one for number, one in conditions if number == k) for k in range(1, steps + 1))


def escaped(text: str, signs: str) -> str:
    """The text with a backslash before each of the signs, and before a backslash."""
    return "".join(f"\\{one}" if one in signs or one == "\\" else one for one in text)


def joined(parts: Sequence[str], sign: str) -> str:
    """Texts put together by a sign; what ``split`` takes apart."""
    return sign.join(escaped(part, sign) for part in parts)


def split(text: str, sign: str) -> list[str]:
    """The parts between signs that have no backslash before them; at least one."""
    parts, rest = [""], text
    while rest:
        taken, rest = _letter(rest)
        if taken == sign:
            parts.append("")
        else:
            parts[-1] += taken[-1]
    return parts


def _name(text: str) -> tuple[str, str]:
    """What stands before the first sign without a backslash, and the rest."""
    name, rest = "", text
    while rest:
        taken, after = _letter(rest)
        if taken in _IN_NAMES:
            break
        name, rest = name + taken[-1], after
    return name, rest


def _letter(text: str) -> tuple[str, str]:
    """The next letter, with the backslash before it, and the rest. A backslash at the very end stands for itself."""
    length = 2 if text[0] == "\\" and len(text) > 1 else 1
    return text[:length], text[length:]


def _refusal(text: str, wanted: str) -> InvalidFunnel:
    short = text if len(text) <= 80 else f"{text[:79]}…"
    return InvalidFunnel(f"{short!r} is no condition: {wanted}.", problem="condition", text=short)
