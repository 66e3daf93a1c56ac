"""What connectors, their fields and what their platforms say are called."""

from dashboard import i18n
from dashboard.data import connectors
from dashboard.data.connectors import Seen
from dashboard.i18n import t

PROVIDERS = ("wecom", "wechat", "aliyun", "tencent")
ANSWERS = ("http", "smtp", "robot")
"""Ways out whose other side answers with a number."""


def kind(name: str) -> str:
    return t(f"connectors.kind_{name}")


def channel(name: str) -> str:
    """Of a campaign."""
    key = f"channel.{name}"
    return t(key) if i18n.has(key) else t(f"connectors.channel_{name}")


def field(name: str) -> str:
    """Of a field, or of a secret."""
    key = f"connectors.field_{name}"
    return t(key) if i18n.has(key) else name


def error(code: str | None) -> str:
    """Why something was not taken and what to do, with the code for whoever looks after it; also of messages of a campaign."""
    if not code:
        return ""
    name, (way, _, number) = code.replace(".", "_"), code.partition(".")
    known = next(
        (key for key in (f"way.error_{name}", f"notices.error_{name}", f"error.{code}") if i18n.has(key)), None
    )
    if known is not None:
        return i18n.aside(t(known), code)
    if way in PROVIDERS:
        provider, verdict = t(f"way.provider_{way}"), connectors.verdict(code) or "permanent"
        return i18n.aside(t(f"way.says_{verdict}", provider=provider), code)
    if way in ANSWERS and number.replace(".", "").isdecimal():
        return i18n.aside(t(f"notices.error_{way}", number=number), code)
    return t("notices.error_other", code=code)


def standing(one: Seen) -> tuple[str, bool]:
    """How a connector stands, and whether something is wrong with it."""
    if not one.is_openable:
        return t("connectors.is_lost"), True
    if one.halted is not None:
        return t("connectors.halted", why=error(one.halted)), True
    if one.paused_until is not None and not connectors.is_over(one):
        return t("connectors.paused", until=i18n.moment(one.paused_until, connectors.zone()), count=one.failures), True
    if not one.is_on:
        return t("connectors.is_off"), False
    return (t("connectors.failing", count=one.failures), True) if one.failures else (t("connectors.is_on"), False)


def tested(one: Seen) -> str:
    """What its last test came to."""
    if one.tested_at is None:
        return t("connectors.untested")
    at = i18n.moment(one.tested_at, connectors.zone())
    if one.test_error is None:
        return t("connectors.test_well", at=at)
    return t("connectors.test_failed", at=at, why=error(one.test_error))


def secret(kind_: str, name: str) -> str:
    """Of a secret, as the platform calls it."""
    own = f"connectors.field_secret_{kind_}"
    return t(own) if name == "secret" and i18n.has(own) else field(name)


def rate(one: Seen) -> str:
    said = one.settings
    own = f"connectors.rate_{said['rate_per_s']}"
    if i18n.has(own):
        return t(own, count=i18n.number(said["rate_count"]))
    return t("connectors.rate", count=i18n.number(said["rate_count"]), seconds=i18n.number(said["rate_per_s"]))


def quiet(one: Seen, prefix: str = "quiet") -> str:
    start, end = one.settings[f"{prefix}_start"], one.settings[f"{prefix}_end"]
    return t("connectors.never_quiet") if start == end else f"{start} – {end}"
