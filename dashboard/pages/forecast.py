"""流量预测: what comes next, how sure that is, what it would be if, and how earlier forecasts did."""

from dashboard import filters
from dashboard.data import freshness
from dashboard.filters import Filters
from dashboard.pages import Page
from dashboard.widgets import parts
from dashboard.widgets.forecast import calendar, diary, outlook, strategy, tuning
from dashboard.widgets.parts import Asked

PAGE = Page("foresight", 10, "forecast.see", ":material/timeline:")


def show() -> None:
    shown = {"forecast": outlook.show, "tuning": tuning.show, "diary": diary.show, "strategy": strategy.show}
    parts.plain("forecast", PAGE.permission, shown | {"calendar": _calendar})


def _calendar() -> None:
    known = freshness.read(PAGE.permission).choices
    assert known is not None
    whole = filters.period_of("all", as_of_on=known.as_of_on, first_on=known.first_on)
    calendar.show(Asked(Filters(whole), known))
