"""Warnings as a table, and one in a sentence: the list of the page, and what a cell of the matrix holds."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from dashboard import addresses, i18n
from dashboard.data.warnings import Warned, has_people, is_calm
from dashboard.data.watched import WINDOWS
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets.parts import PART
from dashboard.widgets.risk import levels, rows, words
from dashboard.widgets.risk.rows import Column
from dashboard.widgets.risk.words import Names

WARNING, WHO, STATE, RULE = "warning", "who", "wa_state", "wa_rule"
"""Where the address says which warning is open, and whose people are; which of them are listed, and of which rule."""


def link(warning_id: int, who: str = "") -> str:
    """The address of one, from anywhere on the page."""
    people = f"&{WHO}={who}" if who else ""
    return f"?{addresses.only('world')}{PART}=warnings&{WARNING}={warning_id}{people}"


def of_rule(rule_key: str) -> str:
    """The address of all warnings of a rule."""
    return f"?{addresses.only('world')}{PART}=warnings&{STATE}=all&{RULE}={quote(rule_key)}"


def title(one: Warned) -> str:
    return words.rule(one.rule_key, one.rule_name)


def whole_title(one: Warned, own: Names) -> str:
    """The rule and what it is about, for where a warning stands among others of its kind."""
    return f"{title(one)} · {subject(one, own)}"


def subject(one: Warned, own: Names) -> str:
    """What it is about, with its place where that is not the whole house."""
    place = words.place(one.place_by, one.place_key, one.place_name)
    if one.kind in ("missing", "late"):
        return place
    name = words.indicator(one.indicator, own)
    return i18n.aside(name, place) if one.place_by else name


def sentence(one: Warned, own: Names, currency: str) -> str:
    """What happened."""
    told = [_what(one, own, currency)]
    if one.days > 1 and one.kind == "figure":
        is_on = one.state == "open" and not is_calm(one)
        told.append(t("warning.lasting" if is_on else "warning.lasted", days=i18n.number(one.days)))
    return t("warning.sentence", told=t("watched.then").join(told))


def _what(one: Warned, own: Names, currency: str) -> str:
    name = subject(one, own)
    if one.kind == "failing":
        return t("warning.failing", name=name, day=i18n.day(one.started_on), code=one.details.get("code", UNDEFINED))
    if one.kind in ("missing", "late"):
        return t(f"warning.{one.kind}", name=name, days=i18n.number(one.value), usual=i18n.number(one.expected, 1))
    window = WINDOWS.get(one.indicator, 1)
    value = words.figure(one.value, one.unit, currency)
    key = "warning.on_day" if window == 1 else "warning.on_days"
    return t("watched.then").join(
        [t(key, name=name, day=i18n.day(one.peak_on), days=window, value=value), *_against(one, currency)]
    )


def _against(one: Warned, currency: str) -> list[str]:
    """What the value is held against."""
    if one.expected is not None:
        expected = words.figure(one.expected, one.unit, currency)
        return [t("warning.usual", expected=i18n.aside(expected, change(one)) if change(one) else expected)]
    if one.limit is not None:
        return [t("warning.bound", limit=words.figure(one.limit, one.unit, currency))]
    return []


def change(one: Warned) -> str:
    """Of the value against what was expected: in points for shares; nothing where it cannot be told."""
    if one.value is None or one.expected is None:
        return ""
    if one.unit == "share":
        moved = (one.value - one.expected) * 100
        return t("warning.points", points=i18n.signed(moved, 1))
    return i18n.change(one.value / one.expected - 1, 0) if one.expected > 0 else ""


def state(one: Warned) -> str:
    """HTML: open, silent, how it was closed, or that it is part of another."""
    if one.state == "open" and one.is_silent and one.snoozed_until is not None:
        return escape(t("warning.state_snoozed"))
    if is_calm(one):
        calm = t("warning.calm", day=i18n.day(one.last_on, with_year=False))
        return f"{escape(t('warning.state_open'))}<br><small>{escape(calm)}</small>"
    if one.state == "closed":
        return escape(t(f"warning.closed_{one.closed_how}"))
    if one.state == "merged" and one.merged_into_id is not None:
        return f'<a href="{escape(link(one.merged_into_id))}">{escape(t("warning.part_of", number=one.merged_into_id))}</a>'
    return escape(t(f"warning.state_{one.state}"))


def table(name: str, heading: str, found: Sequence[Warned], own: Names, currency: str, *, with_people: bool) -> str:
    """``with_people``: each leads to whose figure it is, where it is anybody's."""
    columns = [
        Column(t("warning.column_what")), Column(t("risk.level"), "short"), Column(t("warning.column_since"), "short"), Column(t("warning.column_value"), "number"),
        Column(t("warning.column_against"), "number"), Column(t("warning.column_state")), Column(t("warning.column_owner")), Column(t("warning.column_verdict"), "short"),
    ]  # fmt: skip
    return rows.table(name, heading, columns, [_row(one, own, currency, with_people=with_people) for one in found])


def _row(one: Warned, own: Names, currency: str, *, with_people: bool) -> list[str]:
    test = f' <span class="level plain">{escape(t("warning.test"))}</span>' if one.is_test else ""
    first = f'<a id="warning-{one.id}" href="{escape(link(one.id))}">{escape(title(one))}</a>{test}<br><small>{escape(subject(one, own))}</small>'
    days = t("warning.days", days=i18n.number(one.days))
    value = words.figure(one.value, one.unit, currency)
    if with_people and has_people(one):
        value = f'<a href="{escape(link(one.id, "all"))}" title="{escape(t("warning.people"))}">{escape(value)}</a>'
    else:
        value = escape(value)
    return [
        first, levels.of_cell((one.likelihood, one.impact)), f"{escape(i18n.day(one.started_on))}<br><small>{escape(days)}</small>", value,
        _held(one, currency), _state(one), escape(one.owner) or f"<small>{escape(t('warning.nobody'))}</small>",
        escape(t(f"warning.verdict_{one.verdict}")) if one.verdict else UNDEFINED,
    ]  # fmt: skip


def _state(one: Warned) -> str:
    if one.incident_id is None:
        return state(one)
    words_ = t("warning.incident", number=one.incident_id)
    return f'{state(one)}<br><a href="/incidents?incident={one.incident_id}">{escape(words_)}</a>'


def _held(one: Warned, currency: str) -> str:
    if one.expected is not None:
        aside = change(one)
        words_ = t("warning.short_usual", value=words.figure(one.expected, one.unit, currency))
        return f"{escape(words_)}<br><small>{escape(aside)}</small>" if aside else escape(words_)
    if one.limit is not None:
        return escape(t("warning.short_limit", value=words.figure(one.limit, one.unit, currency)))
    return UNDEFINED
