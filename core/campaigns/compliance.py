"""What stands against sending a text: who writes and how to refuse must be told, some words are forbidden, and platforms have rules of their own.

What must be told and which words are forbidden stands in an editable list (``data/words/advertising.toml``), the sensitive words in the one that chats are checked by
(``core.metrics.sensitive``). A finding is a lead for a person, never a verdict of law: ``reason`` may be sent once somebody has said why, ``block`` never.
Places are letters of the text as it was typed, from 0, half-open.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.campaigns import personal
from core.campaigns.personal import Field, Template
from core.metrics.sensitive import Rule
from core.schema import CONSENT_PURPOSES
from core.segments import reach

Severity = Literal["block", "reason"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
CHANNELS = (*reach.CHANNELS, "robot", "webhook")
FORMS = ("template", "subscribe")
"""What an official account may send; facts let templates carry important notices only."""
MARKETING = reach.PURPOSE
PURPOSES = tuple(one for one in CONSENT_PURPOSES if one != "profiling")
TEMPLATE, SMS_LINK, OWN_TASK = "platform.template_marketing", "platform.sms_link", "platform.own_task"
OF_MANY = frozenset({"tier", "city", "unit", "staff"})
"""Fields that say the same to many."""
ABSOLUTE = "absolute"
FIELD = "\ufffc"
"""Stands for each letter of a personal field where only what everybody gets to read counts."""
_LINK = re.compile(
    r"(?i)https?://|www\.|[^\W_]\.(?:app|cc|cn|club|com|edu|gov|info|io|link|ltd|me|net|online|org|shop|site|store|tech|top|vip|xyz)(?![a-z0-9-])"
)
"""A scheme, ``www.``, or the end of a host: phones make links of all three."""
_END = re.compile(r"[\s。．.！!~]*")


@dataclass(frozen=True, slots=True)
class Sender:
    """``names``: under which members know the house. ``signature``: what the provider of text messages puts before each, without 【】."""

    names: tuple[str, ...] = ()
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Must:
    """``pattern``: any match will do; ``field``: or its use. Of neither: the sender."""

    rule: str
    channels: tuple[str, ...]
    purposes: tuple[str, ...]
    pattern: str
    field: str
    is_last: bool
    severity: Severity
    why: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Words:
    """``words`` are forbidden, except where they are part of one of the ``harmless``."""

    name: str
    words: tuple[str, ...]
    harmless: tuple[str, ...]
    purposes: tuple[str, ...]
    severity: Severity
    why: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Lists:
    """``severities``: of the categories of sensitive words; of others ``reason``."""

    musts: tuple[Must, ...]
    words: tuple[Words, ...]
    severities: Mapping[str, Severity]


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule``: ``must.opt_out``, ``must.opt_out_last``, ``must.sender``, ``word.…``, ``sensitive.…``, ``platform.…``. ``[start, end)``: null where what is
    found is that something is missing."""

    rule: str
    severity: Severity
    start: int | None = None
    end: int | None = None


def read(document: Mapping[str, Any]) -> Lists:
    """Lists of a TOML document. Raises ``ValueError`` that names the entry which cannot be read."""
    musts = [_must(one, number) for number, one in enumerate(document.get("must", ()), 1)]
    words = [_words(one, number) for number, one in enumerate(document.get("word", ()), 1)]
    names = [one.name for one in words]
    severities = dict(document.get("severity", {}))
    _expect(len(set(names)) == len(names), "word", "two of one name")
    _expect(set(severities.values()) <= set(SEVERITIES), "severity", "a value")
    return Lists(tuple(musts), tuple(words), severities)


def findings(
    text: str,
    channel: str,
    purpose: str,
    *,
    sender: Sender,
    lists: Lists,
    sensitive: Sequence[Rule] = (),
    form: str = "",
) -> tuple[Finding, ...]:
    """All that stands against a text, what is missing first, then by place. ``text``: with its personal fields; defaults are looked at too. ``form``: of an
    official account. Raises ``InvalidText`` for a text that cannot be filled, ``ValueError`` for a channel, purpose or form that there is not."""
    if channel not in CHANNELS or purpose not in PURPOSES or form not in ("", *FORMS):
        raise ValueError("A text is of a channel, a purpose and a form that there are.")
    template = personal.parse(text)
    missing = [*_platform(channel, purpose, form), *_missing(text, template, channel, purpose, sender, lists.musts)]
    forbidden = list(_forbidden(text, purpose, lists.words))
    links = _links(template) if channel == "sms" else _own_tasks(template) if channel == "wecom" else ()
    placed = [*forbidden, *_sensitive(text, sensitive, lists.severities, forbidden), *links]
    everything = dict.fromkeys([*missing, *placed])
    return tuple(sorted(everything, key=lambda one: (-1 if one.start is None else one.start, one.end or 0, one.rule)))


def standing(found: Iterable[Finding], reasons: Mapping[str, str]) -> tuple[Finding, ...]:
    """What still keeps a text from being approved. ``reasons``: why it may be sent all the same, by rule; blanks are no reason."""
    return tuple(one for one in found if one.severity == "block" or not reasons.get(one.rule, "").strip())


def is_refused_value(channel: str, value: str) -> bool:
    """Whether the channel's platform refuses a value between the words of its template: text messages refuse links."""
    return channel == "sms" and _LINK.search(_folded(value)[0]) is not None


def _platform(channel: str, purpose: str, form: str) -> Iterator[Finding]:
    if channel == "official_account" and form == "template" and purpose == MARKETING:
        yield Finding(TEMPLATE, "block")


def _links(template: Template) -> Iterator[Finding]:
    for part in template.parts:
        if isinstance(part, Field):
            if personal.FIELDS[part.name] == "link" or is_refused_value("sms", part.default or ""):
                yield Finding(SMS_LINK, "block", part.at, part.end)


def _own_tasks(template: Template) -> Iterator[Finding]:
    """An employee confirms each text of a WeCom mass message as a task of its own: what differs from member to member would be as many tasks as members."""
    for part in template.parts:
        if isinstance(part, Field) and part.name not in OF_MANY:
            yield Finding(OWN_TASK, "reason", part.at, part.end)


def _missing(
    text: str, template: Template, channel: str, purpose: str, sender: Sender, musts: Iterable[Must]
) -> Iterator[Finding]:
    said, places = _folded(_fixed(text, template))
    for must in musts:
        if channel not in must.channels or purpose not in must.purposes:
            continue
        rule = f"must.{must.rule}"
        if not must.pattern and not must.field:
            if not (_is_signed(channel, sender) or any(_folded(one)[0] in said for one in sender.names if one.strip())):
                yield Finding(rule, must.severity)
            continue
        found = list(re.finditer(must.pattern, said, re.IGNORECASE)) if must.pattern else []
        if not found and must.field not in template.fields:
            yield Finding(rule, must.severity)
        elif found and must.is_last and not _END.fullmatch(said, found[-1].end()):
            yield Finding(f"{rule}_last", must.severity, places[found[-1].start()], places[found[-1].end() - 1] + 1)


def _is_signed(channel: str, sender: Sender) -> bool:
    return channel == "sms" and bool(sender.signature.strip())


def _forbidden(text: str, purpose: str, lists: Iterable[Words]) -> Iterator[Finding]:
    said, places = _folded(text)
    for one in lists:
        if purpose not in one.purposes:
            continue
        words, harmless = ([_folded(word)[0] for word in each] for each in (one.words, one.harmless))
        # The longest first: what is harmless is longer than the word in it, and is passed over as a whole.
        both = sorted({*words, *harmless}, key=len, reverse=True)
        for found in re.finditer("|".join(map(re.escape, both)), said):
            if found[0] not in harmless:
                yield Finding(f"word.{one.name}", one.severity, places[found.start()], places[found.end() - 1] + 1)


def _sensitive(
    text: str, rules: Iterable[Rule], severities: Mapping[str, Severity], forbidden: Sequence[Finding]
) -> Iterator[Finding]:
    """As ``core.metrics.sensitive.breaks`` looks, with places. What the list of forbidden words has told of the same letters is not told again."""
    for rule in rules:
        if rule.of == "member":
            continue
        bare, places = _bare(text, rule.harmless)
        for found in re.finditer(rule.pattern, bare):
            if found.end() == found.start():
                continue
            start, end = places[found.start()], places[found.end() - 1] + 1
            is_told = any((one.start or 0) < end and start < (one.end or 0) for one in forbidden)
            if rule.category != ABSOLUTE or not is_told:
                yield Finding(f"sensitive.{rule.name}", severities.get(rule.category, "reason"), start, end)


def _bare(text: str, harmless: str) -> tuple[str, list[int]]:
    """The text with a full stop where harmless words stood, and of each letter its place in the text."""
    letters: list[str] = []
    places: list[int] = []
    end = 0
    for found in re.finditer(harmless, text) if harmless else ():
        letters += [*text[end : found.start()], "。"]
        places += [*range(end, found.start()), found.start()]
        end = found.end()
    return "".join([*letters, text[end:]]), [*places, *range(end, len(text))]


def _fixed(text: str, template: Template) -> str:
    """The text with its personal fields blotted out, letter by letter."""
    for part in template.parts:
        if isinstance(part, Field):
            text = text[: part.at] + FIELD * (part.end - part.at) + text[part.end :]
    return text


def _folded(text: str) -> tuple[str, list[int]]:
    """In one width and case, without letters that show nothing, and of each letter its place in the text."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        if unicodedata.category(letter) == "Cf":
            continue
        told = unicodedata.normalize("NFKC", letter).casefold()
        letters.append(told)
        places += [place] * len(told)
    return "".join(letters), places


def _must(one: Mapping[str, Any], number: int) -> Must:
    name = f"must {number}"
    _expect(one.get("rule") in ("sender", "opt_out"), name, "rule")
    pattern, field = str(one.get("pattern", "")), str(one.get("field", ""))
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"The list of advertising, {name}: pattern.") from error
    _expect(not field or field in personal.FIELDS, name, "field")
    _expect(bool(pattern or field) == (one["rule"] == "opt_out"), name, "pattern or field")
    _expect(one.get("where", "end") == "end" and (bool(pattern) or "where" not in one), name, "where")
    channels = _texts(one, "channels", name)
    _expect(set(channels) <= set(CHANNELS), name, "channels")
    return Must(one["rule"], channels, _purposes(one, name), pattern, field, "where" in one, *_told(one, name))


def _words(one: Mapping[str, Any], number: int) -> Words:
    name = str(one.get("name") or "")
    _expect(bool(name), f"word {number}", "name")
    words, harmless = _texts(one, "words", name), _texts(one, "except", name, is_needed=False)
    # A harmless phrase that begins before the word would hide the whole match; one without a word in it hides nothing.
    _expect(all(any(word in phrase and word != phrase for word in words) for phrase in harmless), name, "except")
    return Words(name, words, harmless, _purposes(one, name), *_told(one, name))


def _purposes(one: Mapping[str, Any], name: str) -> tuple[str, ...]:
    purposes = _texts(one, "purposes", name)
    _expect(set(purposes) <= set(PURPOSES), name, "purposes")
    return purposes


def _told(one: Mapping[str, Any], name: str) -> tuple[Severity, Mapping[str, str], str]:
    """Severity, why by language, source."""
    _expect(one.get("severity") in SEVERITIES, name, "severity")
    _expect(bool(one.get("why")) and bool(one.get("source")), name, "why and source")
    return one["severity"], {"zh": one["why"], "en": one.get("why_en", one["why"])}, one["source"]


def _texts(one: Mapping[str, Any], field: str, name: str, *, is_needed: bool = True) -> tuple[str, ...]:
    values = one.get(field, [])
    is_right = isinstance(values, list) and all(isinstance(value, str) and value.strip() for value in values)
    _expect(is_right and (bool(values) or not is_needed), name, field)
    return tuple(values)


def _expect(is_right: bool, name: str, field: str) -> None:
    if not is_right:
        raise ValueError(f"The list of advertising, {name}: {field}.")
