"""What targets, messages and their failures are called."""

from collections.abc import Iterable

from dashboard import i18n
from dashboard.data.notices import Delivery, Target
from dashboard.i18n import t

ANSWERS = ("http", "smtp", "robot", "wecom")
"""Ways out whose other side answers with a number."""


def kind(one: str) -> str:
    """Of a notice."""
    return t(f"notices.kind_{one.replace('.', '_')}") if one else i18n.UNDEFINED


def kinds(some: Iterable[str] | None) -> str:
    return t("notices.all_kinds") if some is None else i18n.listed(map(kind, some))


def error(code: str | None) -> str:
    """Why a message was not taken, with the code for whoever looks after it."""
    if not code:
        return ""
    key, (way, _, number) = f"notices.error_{code.replace('.', '_')}", code.partition(".")
    if i18n.has(key):
        return i18n.aside(t(key), code)
    if way in ANSWERS and number.isdecimal():
        return i18n.aside(t(f"notices.error_{way}", number=number), code)
    return t("notices.error_other", code=code)


def state(one: Delivery) -> str:
    held = f"_{one.held_for}" if one.state == "held" and one.held_for else ""
    return t(f"notices.state_{one.state}{held}")


def standing(one: Target, zone: str) -> tuple[str, bool]:
    """How a target stands, and whether something is wrong with it."""
    if not one.is_on:
        return t("notices.is_off"), False
    if not one.has_sender:
        return t(f"notices.no_sender_{one.kind}"), True
    if one.halted is not None:
        return t("notices.halted", why=error(one.halted)), True
    if one.paused_until is not None:
        return t("notices.paused", until=i18n.moment(one.paused_until, zone), count=one.failures), True
    return (t("notices.failing", count=one.failures), True) if one.failures else (t("notices.is_on"), False)


def room(one: Target) -> str:
    """How often it is told."""
    cap = t("notices.cap", count=i18n.number(one.most_per_hour))
    return i18n.listed(
        [
            cap,
            t("notices.digest", minutes=i18n.number(one.digest_minutes))
            if one.digest_minutes
            else t("notices.at_once"),
        ]
    )
