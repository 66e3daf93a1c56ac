"""Words of forecasts: names of models and events, errors and shares as they are written."""

from datetime import timedelta

from dashboard import i18n
from dashboard.data.forecast import ModelScore, WhatIf
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets.forecast import calendar_words


def model(name: str) -> str:
    key = f"forecast.model_{name}"
    return t(key) if i18n.has(key) else name


def event(name: str) -> str:
    """A built-in one in the reader's language; what the house calls its own as it calls it."""
    return calendar_words.called(name)


def regressor(name: str) -> str:
    key = f"forecast.regressor_{name}"
    return t(key) if i18n.has(key) else name


def what_if(one: WhatIf) -> str:
    """When, and how much; its name stands beside."""
    span = f"{i18n.day(one.start_on)} – {i18n.day(one.start_on + timedelta(days=one.days - 1))}"
    return f"{span} · {event(one.event) if one.event is not None else i18n.change(one.uplift_share, 0)}"


def error(value: float | None) -> str:
    """MASE: a ratio."""
    return UNDEFINED if value is None else i18n.number(value, 2)


def coverage(score: ModelScore) -> str:
    """Measured beside promised."""
    if score.cover80 is None or score.cover95 is None:
        return UNDEFINED
    return f"{i18n.share(score.cover80, 0)} / {i18n.share(score.cover95, 0)}"


def seconds(value: float) -> str:
    return t("forecast.seconds", count=i18n.number(value, 2 if value < 10 else 0))
