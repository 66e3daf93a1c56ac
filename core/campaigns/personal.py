r"""Personal fields in the texts of messages: ``{{nickname|亲}}`` becomes the member's nickname, or 亲 where there is none.

Between the braces stand the name of a field and, behind the first bar, what to say where the value is missing. ``\{{`` and ``\}}`` are braces that are meant as such. A text is read once;
values are put between its parts and never read again, so a nickname of ``{{points}}`` is told as it stands. A value becomes one line of what can be printed.
Fields are an allow-list. Places are letters from the start of the text, from 0.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from core.errors import Refusal

Kind = Literal["text", "whole", "money", "day", "link"]
Reason = Literal["unknown", "unclosed", "unopened", "nested", "line", "no_default", "letter", "long"]
Policy = Literal["default", "skip"]
Unit = Literal["bytes", "letters"]
MOST_LETTERS = 20_000
FIELDS: Mapping[str, Kind] = {
    "nickname": "text",
    "tier": "text",
    "city": "text",
    "unit": "text",
    "staff": "text",
    "last_product": "text",
    "points": "whole",
    "days_since_last_order": "whole",
    "last_order_on": "day",
    "joined_on": "day",
    "coupon_code": "text",
    "coupon_amount": "money",
    "coupon_ends_on": "day",
    "unsubscribe_link": "link",
}
"""What a text may name, and of what kind it is. Values: texts; whole numbers; money in the smallest unit; dates; links as texts."""
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters that are told as printable and show nothing: favourites of nicknames that are to look empty."""
_TOKEN = re.compile(r"\\\{\{|\\\}\}|\{\{|\}\}")
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Controls, and halves of letters, which cannot be sent."""


@dataclass(frozen=True, slots=True)
class Problem:
    """``at``: where in the text. ``line``: a default of several lines; ``no_default``: a field without one, where the campaign's policy asks for it;
    ``letter``: a control, or half a letter; ``long``: more than ``MOST_LETTERS``."""

    reason: Reason
    at: int


class InvalidText(Refusal):
    """A text that cannot be filled: ``reason`` and ``at`` of the first of its ``problems``. The text itself is not repeated."""

    code = "campaign.text"

    def __init__(self, problems: tuple["Problem", ...]) -> None:
        first = problems[0]
        super().__init__(f"A text cannot be like this at letter {first.at}.", reason=first.reason, at=first.at)
        self.problems = problems


class InvalidValue(Refusal):
    """A value is not of its field's kind. ``field``: the field."""

    code = "campaign.value"


@dataclass(frozen=True, slots=True)
class Field:
    """``default``: null where the text gives none. ``[at, end)``: where it stands, braces and all."""

    name: str
    default: str | None
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Template:
    """A text that was read. ``parts``: what stands as it is, and fields."""

    parts: tuple["str | Field", ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are used, each once, in their order."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Field)))


@dataclass(frozen=True, slots=True)
class Filled:
    """``text``: null where the member is to be skipped. ``missing``: fields without a value, in their order."""

    text: str | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` of a unit; a letter outside the basic plane (an emoji) counts two, as networks and platforms count."""

    unit: Unit
    most: int


LIMITS: Mapping[str, Limit] = {
    "wecom": Limit("bytes", 4000),
    "group_chat": Limit("bytes", 4000),
    "robot": Limit("bytes", 2048),
    "sms": Limit("letters", 500),
}
"""Of a text on each channel once it is filled; channels that are not named set none. Of SMS with the signature before it (providers' usual limit)."""


def problems(text: str, policy: Policy | None = None) -> tuple[Problem, ...]:
    """All that is wrong with a text, in the order of places. ``policy``: of the campaign (``default`` asks for a default in every field)."""
    return _read(text, policy)[1]


def parse(text: str, policy: Policy | None = None) -> Template:
    """The text, read. Raises ``InvalidText``."""
    parts, wrong = _read(text, policy)
    if wrong:
        raise InvalidText(wrong)
    return Template(tuple(parts))


def shown(kind: Kind, value: Any) -> str | None:
    """A value as it is said: texts as one printable line, whole numbers in figures, money in major units (``12.50``; ``12`` without a rest), dates as
    ``2026-11-11``. Null where there is nothing to say. Raises ``TypeError`` for a value of another kind."""
    if value is None:
        return None
    if kind in ("text", "link"):
        return one_line(_of(value, str)) or None
    if kind == "day":
        if isinstance(value, datetime):
            raise TypeError("The day of a time depends on a zone.")
        return str(_of(value, date).isoformat())
    whole = _of(value, int)
    if kind == "whole":
        return str(whole)
    major, rest = divmod(abs(whole), 100)
    return f"{'-' if whole < 0 else ''}{major}" + (f".{rest:02d}" if rest else "")


def one_line(text: str) -> str:
    """What can be printed of a text, on one line: runs of blanks, line ends and letters that show nothing become one blank; controls, marks of direction
    and halves of letters go. Empty where nothing is to be seen."""
    spaced = "".join(" " if letter.isspace() or letter in BLANKS else letter for letter in text)
    return " ".join("".join(letter for letter in spaced if letter.isprintable()).split())


def fill(template: Template, values: Mapping[str, Any], policy: Policy = "default") -> Filled:
    """The text of one member. ``values``: by field; null or absent is missing, and so is a text of nothing to be seen. Policy ``skip``: whoever lacks any value
    gets no message; ``default``: the field's default, and no message where it has none. Raises ``InvalidValue``."""
    told = {name: _shown(name, values.get(name)) for name in template.fields}
    missing = tuple(name for name, one in told.items() if one is None)
    if missing and policy == "skip":
        return Filled(None, missing)
    said = [part if isinstance(part, str) else _said(part, told[part.name]) for part in template.parts]
    text = None if any(one is None for one in said) else "".join(one for one in said if one is not None)
    return Filled(text, missing)


def length(text: str, unit: Unit) -> int:
    """In UTF-8 bytes, or letters."""
    return len(text.encode()) if unit == "bytes" else len(text.encode("utf-16-le")) // 2


def longest(texts: Iterable[str | None], unit: Unit) -> tuple[int, int] | None:
    """Length and number (from 0) of the first of the longest texts; those that are null do not count. Null of no texts. What a channel
    allows is held against this, not against the text with its braces."""
    lengths = ((length(text, unit), -number) for number, text in enumerate(texts) if text is not None)
    found = max(lengths, default=None)
    return None if found is None else (found[0], -found[1])


def is_too_long(channel: str, text: str) -> bool:
    """Whether a filled text is longer than the channel takes."""
    limit = LIMITS.get(channel)
    return limit is not None and length(text, limit.unit) > limit.most


def shortest(text: str) -> str:
    """What every reader gets of a text that can be read, whatever is known of them: all but its fields. Raises ``InvalidText``."""
    return "".join(part for part in parse(text).parts if isinstance(part, str))


def _shown(name: str, value: Any) -> str | None:
    try:
        return shown(FIELDS[name], value)
    except TypeError:
        raise InvalidValue(f"A value of {name} is not of its kind.", field=name) from None


def _said(field: Field, told: str | None) -> str | None:
    return field.default if told is None else told


def _of(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError("A value is not of its field's kind.")
    return value


def _read(text: str, policy: Policy | None) -> tuple[list[str | Field], tuple[Problem, ...]]:
    if len(text) > MOST_LETTERS:
        return [], (Problem("long", MOST_LETTERS),)
    parts: list[str | Field] = []
    wrong = [Problem("letter", found.start()) for found in _UNFIT.finditer(text)]
    plain, end, opened, is_nested = "", 0, None, False
    for token in _TOKEN.finditer(text):
        sign, at = token[0], token.start()
        if opened is None:
            plain += text[end:at] + (sign[1:] if sign[0] == "\\" else "")
            if sign == "{{":
                opened, is_nested = at, False
            elif sign == "}}":
                wrong.append(Problem("unopened", at))
            end = token.end()
        elif sign == "{{":
            wrong.append(Problem("nested", at))
            is_nested = True
        elif sign == "}}":
            field = _field(text[opened + 2 : at], opened, token.end())
            wrong += [] if is_nested else [Problem(reason, opened) for reason in _wrong(field, policy)]
            parts += [plain, field]
            plain, end, opened = "", token.end(), None
            if text[end : end + 1] == "}" != text[end + 1 : end + 2]:  # one too many, which nobody means
                wrong.append(Problem("unopened", end))
    if opened is not None:
        wrong.append(Problem("unclosed", opened))
    parts.append(plain + text[end:])
    return [part for part in parts if part], tuple(sorted(wrong, key=lambda one: one.at))


def _field(inside: str, at: int, end: int) -> Field:
    """What stands between braces. Braces in a default are escaped as everywhere."""
    name, bar, default = inside.partition("|")
    said = _TOKEN.sub(lambda one: one[0].removeprefix("\\"), default) if bar else None
    return Field(name.strip(), said, at, end)


def _wrong(field: Field, policy: Policy | None) -> Iterator[Reason]:
    if field.name not in FIELDS:
        yield "unknown"
    if field.default and field.default.splitlines() != [field.default]:
        yield "line"
    if field.default is None and policy == "default":
        yield "no_default"
