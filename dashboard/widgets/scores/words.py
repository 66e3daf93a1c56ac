"""What targets, features and models are called on screen, and which of them is asked for."""

from html import escape

import streamlit as st

from core.errors import Refusal
from dashboard import addresses, i18n
from dashboard.data import scores
from dashboard.data.scores import Asked
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import behind, choice
from dashboard.widgets.choice import Choice

TARGET, DAYS = "sc_target", "sc_days"
"""Where the address says what is asked, and over how many days."""
KEYS = (TARGET, DAYS)
TARGETS = ("churn_order", "churn_activity", "conversion")


def asked() -> Asked:
    days = ("90", "60", "30")
    return Asked(choice.read(TARGET, TARGETS), int(choice.read(DAYS, days)))


def choices(one: Asked) -> None:
    """The choice of both, which every part has."""
    beside = addresses.beside(*KEYS, behind.PARAMETER) + f"{TARGET}={one.target}&{DAYS}={one.days}&"
    targets = Choice(
        TARGET,
        t("scores.target"),
        {name: t(f"scores.target_{name}") for name in TARGETS},
        one.target,
        t("scores.target_help"),
    )
    days = Choice(
        DAYS, t("scores.days"), {str(n): t("number.days", count=n) for n in sorted(scores.HORIZONS)}, str(one.days)
    )
    st.html(choice.fields([targets, days], beside))


def event(one: Asked) -> str:
    """What may come true, as part of a sentence."""
    return t(f"scores.event_{one.target}", days=one.days)


def who(one: Asked) -> str:
    """Whom it is asked about."""
    return t(f"scores.who_{one.target}")


def model(target: str, days: int) -> str:
    """What a model tells, and over how many days."""
    return t("number.then").join((t(f"scores.target_{target}"), t("number.days", count=days)))


def feature(name: str) -> str:
    key = f"score.feature_{name}"
    return t(key) if i18n.has(key) else name


def meaning(name: str) -> str:
    key = f"score.feature_help_{name}"
    return t(key) if i18n.has(key) else ""


def value(name: str, given: float | None, currency: str) -> str:
    """A feature of a member in its unit."""
    if given is None:
        return t("scores.not_known")
    unit = scores.FEATURE[name].unit if name in scores.FEATURE else "count"
    if unit == "money":
        return i18n.money(given, currency)
    if unit == "share":
        return i18n.share(given, 0)
    if unit == "days":
        return t("number.days", count=round(given))
    return i18n.number(given, 0 if float(given).is_integer() else 2)


def refused(error: Refusal) -> str:
    """Why there are no scores."""
    reason = str(error.details.get("reason"))
    key = f"scores.unfit_{reason}"
    if not i18n.has(key):
        return i18n.refusal(error)
    found, needed = (error.details.get(name, UNDEFINED) for name in ("found", "needed"))
    return t(key, found=found, needed=needed)


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts if text)
