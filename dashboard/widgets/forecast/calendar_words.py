"""What events of the calendar are called, and how their days are written."""

from dashboard import i18n
from dashboard.data.calendar import BUILT_IN, Calendar, Occasion, Rule
from dashboard.i18n import t


def called(name: str) -> str:
    """A built-in event in the reader's language; what the house calls its own is as it wrote it."""
    return t(f"calendar.event_{name}") if name in BUILT_IN else name


def window(one: Occasion) -> str:
    event = one.event
    if event.first_on == event.last_on:
        return t("calendar.window_same")
    days = event.before_days + event.after_days + 1
    return t(
        "calendar.window",
        first=i18n.day(event.first_on, with_year=False),
        last=i18n.day(event.last_on, with_year=False),
        days=days,
    )


def state(one: Occasion) -> str:
    """Whether models know of it, and what of it is not as built in."""
    told = [t("calendar.state_off" if one.is_off else "calendar.state_on")]
    if one.is_moved:
        told.append(t("calendar.state_moved", on=i18n.day(one.occurs_on, with_year=False)))
    if one.kind == "event" and _has_own_window(one):
        told.append(t("calendar.state_window"))
    return i18n.listed(told)


def said_by(found: Calendar, one: Occasion) -> str:
    said = None if one.key is None else found.of(one.key)
    if said is None:
        return t("calendar.by_house")
    return t("calendar.said_by", name=said.by, at=i18n.moment(said.at, found.zone))


def days_typed(rule: Rule | None) -> str:
    """Days of a rule as they may be typed."""
    return "" if rule is None else ", ".join(one.isoformat() for one in sorted(rule.dates))


def _has_own_window(one: Occasion) -> bool:
    built_in = BUILT_IN[one.event.name]
    return (one.event.before_days, one.event.after_days) != (built_in.before_days, built_in.after_days)
