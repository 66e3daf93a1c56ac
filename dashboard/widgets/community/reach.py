"""How far back data reaches, in words: what begins later says nothing of the period before, not even none."""

from datetime import date
from typing import Protocol

from core.periods import Period
from dashboard import i18n
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.widgets import figures
from dashboard.widgets.figures import Figure


class Reaching(Protocol):
    """An answer whose tables begin on a day (``since``)."""

    @property
    def now(self) -> Period: ...
    @property
    def before(self) -> Period: ...
    @property
    def since(self) -> date: ...


def has_before(view: Reaching) -> bool:
    return view.since <= view.before.start_on


def before(view: Reaching, row: Row, figure: Figure) -> str:
    """As ``figures.before``; undefined, and why, where the data does not reach back over the whole period before."""
    return figures.before(row, figure) if has_before(view) else unknown(view)


def number(view: Reaching, found: int | None) -> str:
    """A count of the period before in words."""
    return t("told.before", value=i18n.number(found)) if has_before(view) else unknown(view)


def unknown(view: Reaching) -> str:
    return t("told.before_unknown", value=i18n.UNDEFINED, day=i18n.day(view.since))


def lead(view: Reaching) -> str:
    """What a comparison lacks, as a sentence; nothing where it lacks nothing."""
    if has_before(view):
        return ""
    days = i18n.days(view.before)
    return t("told.no_before", day=i18n.day(view.since), before=days)
