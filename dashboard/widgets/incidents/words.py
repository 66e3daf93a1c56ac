"""Incidents in words: places, deadlines, who did what, and the marks that stand beside them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from html import escape
from typing import Any

from dashboard import i18n
from dashboard.data import incidents
from dashboard.data.incidents import Case, Line, Pause, Warned
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets.risk.words import indicator, place, rule

OF = "incident"
"""Where the address says which incident is open."""
PLACES_TOLD = 3
DAYS_FROM = timedelta(hours=48)
"""From here on a time is told in days."""


# -- one incident ------------------------------------------------------------------------------------------------------


def state(name: str) -> str:
    return t(f"incidents.state_{name}")


def severity(name: str) -> str:
    return t(f"incidents.severity_{name}")


def mark(name: str, words: str) -> str:
    """A severity or another level, with a colour of its own."""
    return f'<span class="level {escape(name)}">{escape(words)}</span>'


def places(case: Case, most: int | None = PLACES_TOLD) -> str:
    named = [place(*one) for one in case.places]
    shown = i18n.listed(named[:most])
    rest = len(named) - len(named[:most])
    return t("incidents.and_more", names=shown, count=rest) if rest else shown or UNDEFINED


def span(case: Case) -> str:
    if case.first_on == case.last_on:
        return i18n.day(case.first_on)
    return f"{i18n.day(case.first_on)} – {i18n.day(case.last_on)}"


def by(name: str) -> str:
    return t("incidents.by_system") if name == "system" else name


def moment(at: datetime | None) -> str:
    return UNDEFINED if at is None else i18n.moment(at, incidents.zone())


def lasting(span: timedelta) -> str:
    """A length of time, in hours or days, rounded down to what is over; at least an hour."""
    if span >= DAYS_FROM:
        return t("incidents.in_days", count=i18n.number(span.days))
    hours = int(span.total_seconds() // 3600)
    return t("incidents.in_hours", count=i18n.number(hours)) if hours else t("incidents.in_minutes")


def due(case: Case) -> str:
    """How long its step may still take, or how late it is."""
    if case.due_at is None:
        return UNDEFINED
    rest = case.due_at - incidents.now()
    return (
        t("incidents.late_by", time=lasting(-rest))
        if case.is_late
        else t("incidents.left", time=lasting(max(rest, timedelta())))
    )


def hours(value: float | None) -> str:
    return UNDEFINED if value is None else lasting(timedelta(hours=value))


def asks(codes: Iterable[str]) -> str:
    return i18n.listed(t(f"incidents.lacks_{code}") for code in codes)


# -- what belongs to it ------------------------------------------------------------------------------------------------


def paused(kind: str, key: str) -> str:
    if kind == "all":
        return t("incidents.paused_all")
    if kind == "channel":
        return t("incidents.paused_channel", name=place("channel", key, key))
    return t("incidents.paused_campaign", name=incidents.campaigns().get(key, key))


def pause(one: Pause) -> str:
    return paused(one.kind, one.key)


def warned(one: Warned) -> str:
    """A warning by its rule and place."""
    where = place(one.place_by, one.place_key, one.place_name)
    return i18n.aside(rule(one.rule_key, one.rule_name), where) if where else rule(one.rule_key, one.rule_name)


def figure(told: Mapping[str, str]) -> str:
    """A figure that evidence refers to: which one, where, and when."""
    parts = [indicator(told["indicator"])] if told.get("indicator") else []
    if "by" in told:
        parts.append(place(told["by"], told.get("key", ""), told.get("key", "")))
    return t("number.then").join([*parts, told["on"]] if told.get("on") else parts)


# -- the time line -----------------------------------------------------------------------------------------------------


def line(one: Line) -> str:
    """What somebody did, without what was written."""
    told = one.details
    return t(f"incidents.line_{_code(one)}", **_places(one.kind, told))


def _code(one: Line) -> str:
    told = one.details
    if one.kind == "moved":
        return f"moved_{told.get('way', 'forward')}"
    if one.kind == "action":
        return f"action_{told.get('act', 'done')}"
    if one.kind == "waived":
        return f"waived_{told.get('asks', 'action')}"
    if one.kind == "merged":
        return "merged_into" if "into" in told else "merged_with"
    if one.kind == "opened":
        return "opened_of" if told.get("warnings") else "opened"
    return one.kind


def _places(kind: str, told: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in ("owner", "by", "title", "incident", "into", "level", "members"):
        if name in told:
            found[name] = told[name]
    if "to" in told:
        found["state"] = state(str(told["to"]))
    if "severity" in told:
        found["severity"] = severity(str(told["severity"]))
    for name in ("due_at", "target_at"):
        if name in told:
            found["at"] = moment(datetime.fromisoformat(str(told[name])))
    if "due_on" in told:
        found["day"] = i18n.day(date.fromisoformat(str(told["due_on"])))
    if kind == "action" and told.get("act") in ("hold", "release"):
        found["what"] = paused(str(told["kind"]), str(told["key"]))
    if "audience" in told:
        found["audience"] = t(f"incidents.audience_{told['audience']}")
    if "warnings" in told:
        found["count"] = len(told["warnings"])
    if "roles" in told:
        found["roles"] = i18n.listed(t(f"role.{one}") for one in told["roles"])
    return found
