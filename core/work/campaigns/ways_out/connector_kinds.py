"""What each kind of connector has to know: its fields, which of them nobody may read, and what they are where nobody says otherwise.

``read`` and ``read_secrets`` take what somebody typed, strictly: a refusal names the field and the reason.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Literal, NoReturn, get_args

from core.campaigns import caps, hours
from core.campaigns.caps import Policy
from core.campaigns.hours import Quiet
from core.campaigns.rate import Rate
from core.errors import Refusal
from core.schema import CHANNELS
from core.senders import addresses, robot, webhook
from core.senders.addresses import InvalidWeb
from core.settings import HERE, PORTS, SECURITIES

Form = Literal["line", "word", "whole", "host", "gateway", "mail", "choice", "clock", "forms"]
LONGEST_NAME, LONGEST_LINE, LONGEST_SECRET, MOST_FORMS = 60, 200, 2000, 50
MOST_PRICE, MOST_COUNT, MOST_BURST = 10_000, 1_000_000, 20_000
LONGEST_MAILBOX = 24
"""Letters before the @ of where letters come back to, which leave room for the name of a message and its proof."""
CARD_FORMS = ("template", "subscribe")
_WORD, _HOST = re.compile(r"[\x21-\x7e]+"), re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_CLOCK, _AES = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]"), re.compile(r"[A-Za-z0-9]{43}")


class InvalidConnector(Refusal):
    """A connector cannot be like this. ``field``: which of its fields; ``reason``: ``empty``, ``long``, ``form``, ``range``, ``choice``, ``unknown``, ``taken``, ``inner`` (a gateway is a host that the house named),
    ``plain`` (without encryption only on this machine), or of a web address ``address``, ``scheme``, ``port``, ``user``, ``private``; ``most``: what fits, else 0."""

    code = "connector.invalid"

    def __init__(self, field: str, reason: str, most: int = 0) -> None:
        super().__init__(f"A connector cannot be like this: {field} ({reason}).", field=field, reason=reason, most=most)
        self.field, self.reason = field, reason


class DemoConnector(Refusal):
    """The people of the demo are invented: its connectors reach only hosts that the house named."""

    code = "connector.demo"


@dataclass(frozen=True, slots=True)
class Field:
    """``usual``: where nobody says otherwise; null of one that is needed, or that may be left out. ``low``, ``high``: of whole numbers; ``high`` also letters of a line."""

    name: str
    form: Form = "line"
    is_needed: bool = False
    usual: Any = None
    low: int = 0
    high: int = LONGEST_LINE
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Secret:
    """``is_made``: the house makes it where nobody brings one."""

    name: str
    form: Literal["word", "hook", "robot", "web", "aes"] = "word"
    is_needed: bool = False
    is_made: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """``channels``: on which it sends; the first is that of its row. ``is_outside``: whether it reaches a platform at an address of its own where no gateway is named."""

    channels: tuple[str, ...]
    fields: tuple[Field, ...]
    secrets: tuple[Secret, ...] = ()
    is_outside: bool = False


def _rate(count: int, per_s: int, burst: int) -> tuple[Field, ...]:
    return (
        Field("rate_count", "whole", usual=count, low=1, high=MOST_COUNT),
        Field("rate_per_s", "whole", usual=per_s, low=1, high=86_400),
        Field("burst", "whole", usual=burst, low=1, high=MOST_BURST),
    )


def _quiet(quiet: Quiet, prefix: str = "quiet") -> tuple[Field, ...]:
    ends = (("start", quiet.start), ("end", quiet.end))
    return tuple(Field(f"{prefix}_{name}", "clock", usual=f"{at:%H:%M}") for name, at in ends)


def _quota(channel: str, *choices: Policy) -> Field:
    return Field("quota", "choice", usual=caps.QUOTA_OF[channel], choices=choices)


PRICE = Field("price_minor", "whole", usual=0, high=MOST_PRICE)
GATEWAY = Field("gateway", "gateway")
SIGNATURE = Field("signature", is_needed=True, high=30)
CALLBACK = (Secret("callback_token"), Secret("callback_key", "aes"))
STANDS_FOR = Field("stands_for", "choice", usual="app", choices=tuple(CHANNELS))
"""Of ways that are no channel of a person's own: the channel on which somebody must have agreed to be written to."""
OUR_SECRET = Secret("secret", is_needed=True)
_EVERYBODY = (PRICE, *_quiet(hours.PERSONAL))
_APP_ID = Field("app_id", "word", is_needed=True, high=64)
KINDS: Mapping[str, Kind] = {
    "wecom": Kind(
        ("wecom", "group_chat"),
        (
            Field("corp_id", "word", is_needed=True, high=64), Field("agent_id", "whole", low=1, high=2**31 - 1), GATEWAY, *_rate(100_000, 60, 10_000),
            _quota("wecom", "month_days", "week7", "day1", "month4"), *_quiet(hours.GROUPS, "group_quiet"), *_EVERYBODY,
        ),
        (OUR_SECRET, *CALLBACK), is_outside=True,
    ),
    "robot": Kind(
        ("robot",), (GATEWAY, *_rate(15, 60, 5), PRICE, *_quiet(hours.GROUPS)), (Secret("key", "robot", is_needed=True),), is_outside=True
    ),
    "official_account": Kind(
        ("official_account",),
        (_APP_ID, Field("mini_app_id", "word", high=64), Field("forms", "forms", usual={}), GATEWAY, *_rate(600, 60, 50), _quota("official_account", "month4", "grants", "none"), *_EVERYBODY),
        (OUR_SECRET, *CALLBACK), is_outside=True,
    ),
    "mini_program": Kind(("mini_program",), (_APP_ID, GATEWAY, *_rate(600, 60, 50), *_EVERYBODY), (OUR_SECRET, *CALLBACK), is_outside=True),
    "aliyun_sms": Kind(
        ("sms",), (Field("key_id", "word", is_needed=True, high=128), SIGNATURE, GATEWAY, *_rate(100, 1, 1000), *_EVERYBODY), (OUR_SECRET,), is_outside=True
    ),
    "tencent_sms": Kind(
        ("sms",),
        (
            Field("secret_id", "word", is_needed=True, high=128), Field("sms_app_id", "word", is_needed=True, high=32), Field("region", "word", usual="ap-guangzhou", high=32), SIGNATURE, GATEWAY,
            *_rate(100, 1, 200), *_EVERYBODY,
        ),
        (OUR_SECRET,), is_outside=True,
    ),
    "email": Kind(
        ("email",),
        (
            Field("host", "host", is_needed=True, high=253), Field("port", "whole", low=1, high=65_535), Field("security", "choice", usual="starttls", choices=SECURITIES),
            Field("from_address", "mail", is_needed=True), Field("from_name", is_needed=True, high=64), Field("return_mailbox", "mail"), Field("user", high=254), *_rate(10, 1, 20), *_EVERYBODY,
        ),
        (Secret("password"),),
    ),
    "webhook": Kind(
        ("webhook",), (STANDS_FOR, *_rate(1000, 1, 1000), *_EVERYBODY), (Secret("address", "web", is_needed=True), Secret("secret", "hook", is_needed=True, is_made=True))
    ),
    "console": Kind(("console",), (STANDS_FOR, *_rate(10_000, 1, 10_000), *_EVERYBODY)),
}  # fmt: skip
"""Rates, where no platform publishes one, are a proposal: as fast as a usual house needs, and slow enough that somebody can stop it. A robot's 20 a minute are 15 and a burst of 5, which
never are more than 20 in any minute."""


def kind(name: str) -> Kind:
    """Raises ``InvalidConnector``."""
    if name not in KINDS:
        raise InvalidConnector("kind", "choice")
    return KINDS[name]


# -- what was typed ----------------------------------------------------------------------------------------------------


def read(name: str, given: Mapping[str, Any], inner_hosts: Collection[str]) -> dict[str, Any]:
    """Settings as they are kept: every field, those that nobody said as usual; what may be left out and was is absent. Raises ``InvalidConnector``."""
    shape = kind(name)
    unknown = sorted(set(given) - {one.name for one in shape.fields})
    if unknown:
        _refuse("settings", "unknown")
    told = {one.name: _value(one, given.get(one.name), inner_hosts) for one in shape.fields}
    found = {field: value for field, value in told.items() if value is not None}
    return _mailing(found) if name == "email" else found


def _mailing(found: dict[str, Any]) -> dict[str, Any]:
    found.setdefault("port", PORTS[found["security"]])
    if found["security"] == "none" and found["host"].lower() not in HERE:
        _refuse("security", "plain")
    mailbox = found.get("return_mailbox", found["from_address"])
    if len(mailbox.rpartition("@")[0]) > LONGEST_MAILBOX:
        _refuse("return_mailbox", "long", LONGEST_MAILBOX)
    return found


def read_secrets(name: str, given: Mapping[str, str], inner_hosts: Collection[str], *, kept: Mapping[str, str] | None = None) -> dict[str, str]:  # fmt: skip
    """Secrets as they are sealed: what is given, and where nothing is, what was ``kept``. Raises ``InvalidConnector``."""
    shape = kind(name)
    if set(given) - {one.name for one in shape.secrets}:
        _refuse("secrets", "unknown")
    found = dict(kept or {})
    for one in shape.secrets:
        said = given.get(one.name, "").strip()
        if said:
            found[one.name] = _secret(one, said, inner_hosts)
        elif one.name not in found and one.is_made:
            found[one.name] = webhook.new_secret()
        elif one.name not in found and one.is_needed:
            _refuse(one.name, "empty")
    return found


def refuse_demo(name: str, settings: Mapping[str, Any], secrets: Mapping[str, str], inner_hosts: Collection[str]) -> None:  # fmt: skip
    """Of the demo world. Raises ``DemoConnector`` where something would leave the house."""
    if name == "console":
        return
    if name == "email":
        is_inside = settings["host"].lower() in HERE or settings["host"].lower() in inner_hosts
    else:
        address = secrets.get("address", "") if name == "webhook" else settings.get("gateway", "")
        try:
            is_inside = bool(address) and addresses.is_inner(addresses.web(address, inner_hosts), inner_hosts)
        except InvalidWeb:
            is_inside = False
    if not is_inside:
        raise DemoConnector("A connector of the demo reaches only hosts that the house named.")


def _value(field: Field, said: Any, inner_hosts: Collection[str]) -> Any:
    if isinstance(said, str):
        said = said.strip()
    if said is None or said == "":
        if field.is_needed:
            _refuse(field.name, "empty")
        return field.usual
    match field.form:
        case "whole":
            if type(said) is not int:
                _refuse(field.name, "form")
            if not field.low <= said <= field.high:
                _refuse(field.name, "range", field.high)
            return said
        case "forms":
            return _forms(field, said)
    if not isinstance(said, str):
        _refuse(field.name, "form")
    return _text(field, said, inner_hosts)


def _text(field: Field, said: str, inner_hosts: Collection[str]) -> str:
    if field.form != "gateway" and len(said) > field.high:
        _refuse(field.name, "long", field.high)
    match field.form:
        case "choice":
            if said not in field.choices:
                _refuse(field.name, "choice")
            return said
        case "gateway":
            return _gateway(field, said, inner_hosts)
    if not _fits(field, said):
        _refuse(field.name, "form")
    return said


def _fits(field: Field, said: str) -> bool:
    match field.form:
        case "word":
            return _WORD.fullmatch(said) is not None
        case "host":
            return _HOST.fullmatch(said) is not None
        case "clock":
            return _CLOCK.fullmatch(said) is not None
        case "mail":
            return addresses.is_mail(said)
    return said.isprintable()


def _gateway(field: Field, said: str, inner_hosts: Collection[str]) -> str:
    base = said.rstrip("/")
    try:
        web = addresses.web(base, inner_hosts)
    except InvalidWeb as error:
        _refuse(field.name, error.reason)
    if not addresses.is_inner(web, inner_hosts):
        _refuse(field.name, "inner")
    if web.target != "/":
        _refuse(field.name, "address")
    return base


def _forms(field: Field, said: Any) -> dict[str, str]:
    """Templates and of which kind each is."""
    if not isinstance(said, Mapping) or len(said) > MOST_FORMS:
        _refuse(field.name, "form")
    if not all(isinstance(key, str) and _WORD.fullmatch(key) and len(key) <= 64 for key in said):
        _refuse(field.name, "form")
    if not set(said.values()) <= set(CARD_FORMS):
        _refuse(field.name, "choice")
    return dict(said)


def _secret(one: Secret, said: str, inner_hosts: Collection[str]) -> str:
    if len(said) > LONGEST_SECRET:
        _refuse(one.name, "long", LONGEST_SECRET)
    match one.form:
        case "robot":
            return robot.key(said) or _refuse(one.name, "form")
        case "aes":
            return said if _AES.fullmatch(said) else _refuse(one.name, "form")
        case "hook":
            try:
                webhook.opened(said)
            except ValueError:
                _refuse(one.name, "form")
            return said
        case "web":
            try:
                addresses.web(said, inner_hosts)
            except InvalidWeb as error:
                _refuse(one.name, error.reason)
            return said
    return said if said.isprintable() else _refuse(one.name, "form")


def _refuse(field: str, reason: str, most: int = 0) -> NoReturn:
    """Without the cause, which may hold what was typed."""
    raise InvalidConnector(field, reason, most) from None


# -- what it says ------------------------------------------------------------------------------------------------------


def rate(settings: Mapping[str, Any]) -> Rate:
    return Rate(settings["rate_count"], settings["rate_per_s"], settings["burst"])


def quiet(settings: Mapping[str, Any], channel: str) -> Quiet:
    prefix = "group_quiet" if channel == "group_chat" else "quiet"
    return Quiet(time.fromisoformat(settings[f"{prefix}_start"]), time.fromisoformat(settings[f"{prefix}_end"]))


def quota(settings: Mapping[str, Any], channel: str) -> Policy:
    """What the platform lets one person, or one group, get."""
    said = settings.get("quota", caps.QUOTA_OF.get(channel, "none"))
    return next(one for one in get_args(Policy) if one == said)
