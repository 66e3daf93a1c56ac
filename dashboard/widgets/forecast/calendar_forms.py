"""Forms of the calendar, for those who may change it: adding, taking over campaigns, changing, and bringing back."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, cast

import streamlit as st

from core.errors import InvalidCalendar
from dashboard import i18n, markdown
from dashboard.actions import calendar as actions
from dashboard.actions import guard
from dashboard.data.calendar import (
    BUILT_IN,
    MOST_AFTER,
    MOST_BEFORE,
    OWN_KINDS,
    Calendar,
    Entry,
    Occasion,
    Offered,
    Rule,
    RuleKind,
    Said,
)
from dashboard.i18n import t
from dashboard.widgets.forecast import calendar_words as words

REPEATS: tuple[RuleKind, ...] = ("dates", "weekly", "monthly")
NEW = "cal_new"
"""Beginning of the keys of the fields of something new."""


def show(found: Calendar) -> None:
    with st.container(horizontal=True, gap="small", key="calendar_forms"):
        _adding()
        if found.offered:
            _taking_over(found.offered)
        _changing(found)
        if found.removed:
            _removed(found)


# -- new ---------------------------------------------------------------------------------------------------------------


def _adding() -> None:
    box = st.popover(t("calendar.add"), icon=":material/add:", key="cal_add", on_change="rerun")
    if not box.open:
        return
    with box:
        st.caption(t("calendar.add_help"))
        st.radio(
            t("calendar.add_kind"), OWN_KINDS, format_func=lambda one: t(f"calendar.kind_{one}"), key=f"{NEW}_kind", horizontal=True
        )  # fmt: skip
        _own_fields(NEW, None)
        st.button(t("calendar.add_do"), type="primary", key="cal_add_do", on_click=_add)


@guard.guarded(actions.WRITE)
def _add() -> None:
    name = _field(NEW, "name")
    actions.add(_field(NEW, "kind"), name, _rule(NEW), **_window(NEW))
    guard.note(t("calendar.added", name=" ".join(name.split())))


def _taking_over(offered: tuple[Offered, ...]) -> None:
    box = st.popover(t("calendar.campaigns"), icon=":material/campaign:", key="cal_campaigns", on_change="rerun")
    if not box.open:
        return
    with box:
        st.caption(t("calendar.campaigns_help"))
        named = {one.campaign_id: one for one in offered}
        which = st.selectbox(
            t("calendar.campaigns_which"), list(named), format_func=lambda one: _campaign(named[one]), key="cal_campaign"
        )  # fmt: skip
        st.button(
            t("calendar.add_do"), type="primary", key="cal_campaign_do", on_click=_take_over, args=(named[which],)
        )


@guard.guarded(actions.WRITE)
def _take_over(one: Offered) -> None:
    days = (one.last_on - one.first_on).days
    actions.add("campaign", one.name, Rule("dates", (one.first_on,)), before_days=0, after_days=days)
    guard.note(t("calendar.added", name=one.name))


def _campaign(one: Offered) -> str:
    return t("calendar.campaigns_one", name=one.name, first=i18n.day(one.first_on), last=i18n.day(one.last_on))


# -- what is there -----------------------------------------------------------------------------------------------------


def _changing(found: Calendar) -> None:
    box = st.popover(t("calendar.change"), icon=":material/edit:", key="cal_change", on_change="rerun")
    if not box.open:
        return
    with box:
        own = [one for one in found.said if one.entry.kind in OWN_KINDS]
        targets: dict[str, tuple[str, Occasion | Said | str]] = {
            f"own|{one.entry.key}": (one.entry.name, one) for one in own
        }
        targets |= {f"event|{name}": (t("calendar.whole", name=words.called(name)), name) for name in BUILT_IN}
        for one in found.occasions:
            if one.kind == "event":
                named = t("calendar.one", name=words.called(one.event.name), on=i18n.day(one.occurs_on))
                targets[f"one|{one.event.name}|{one.occurs_on}"] = (named, one)
        which = st.selectbox(
            t("calendar.change_which"), list(targets), format_func=lambda one: targets[one][0], key="cal_which"
        )
        name, target = targets[which]
        if isinstance(target, Said):
            _change_own(target)
        elif isinstance(target, Occasion):
            _change_occurrence(found, target, name)
        else:
            _change_event(found, target, name)


def _change_own(said: Said) -> None:
    prefix = f"cal_{said.entry.key}_{said.revision}"
    _on_field(prefix, said.entry.is_off)
    _own_fields(prefix, said.entry)
    _buttons(partial(_keep_own, prefix, said), partial(_remove, said, said.entry.name), t("calendar.remove"))


def _change_event(found: Calendar, event: str, name: str) -> None:
    said, built_in = found.of(event), BUILT_IN[event]
    standing = said if said is not None and not said.is_removed else None
    prefix = f"cal_{event}_{found.revision(event)}"
    entry = None if standing is None else standing.entry
    _on_field(prefix, entry is not None and entry.is_off)
    _window_fields(
        prefix, _or(entry, "before_days", built_in.before_days), _or(entry, "after_days", built_in.after_days)
    )
    _buttons(
        partial(_keep_event, prefix, event, name, found.revision(event)),
        None if standing is None else partial(_remove, standing, name),
        t("calendar.as_built"),
    )


def _change_occurrence(found: Calendar, one: Occasion, name: str) -> None:
    key = f"{one.event.name}@{one.occurs_on.isoformat()}"
    said = found.of(key)
    standing = said if said is not None and not said.is_removed else None
    prefix = f"cal_{key}_{found.revision(key)}"
    _on_field(prefix, standing is not None and standing.entry.is_off)
    st.date_input(
        t("calendar.moved_on"),
        one.event.on,
        key=f"{prefix}_moved",
        help=t("calendar.moved_help", on=i18n.day(one.occurs_on)),
    )
    _window_fields(prefix, one.event.before_days, one.event.after_days)
    _buttons(
        partial(_keep_occurrence, prefix, one, name, found.revision(key)),
        None if standing is None else partial(_remove, standing, name),
        t("calendar.as_built"),
    )


def _buttons(keep: Callable[[], None], remove: Callable[[], None] | None, removing: str) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(t("calendar.change_save"), type="primary", key="cal_change_do", on_click=keep)
        if remove is not None:
            st.button(removing, key="cal_remove_do", on_click=remove)


@guard.guarded(actions.WRITE)
def _keep_own(prefix: str, said: Said) -> None:
    name = _field(prefix, "name")
    actions.change(
        said.entry.key, name, _rule(prefix), **_window(prefix), is_off=_is_off(prefix), revision=said.revision
    )
    guard.note(t("calendar.changed", name=" ".join(name.split())))


@guard.guarded(actions.WRITE)
def _keep_event(prefix: str, event: str, name: str, revision: int) -> None:
    actions.change_event(event, **_window(prefix), is_off=_is_off(prefix), revision=revision)
    guard.note(t("calendar.changed", name=name))


@guard.guarded(actions.WRITE)
def _keep_occurrence(prefix: str, one: Occasion, name: str, revision: int) -> None:
    actions.change_occurrence(
        one.event.name,
        one.occurs_on,
        moved_on=_field(prefix, "moved"),
        **_window(prefix),
        is_off=_is_off(prefix),
        revision=revision,
    )
    guard.note(t("calendar.changed", name=name))


@guard.guarded(actions.WRITE)
def _remove(said: Said, name: str) -> None:
    actions.remove(said.entry.key, said.revision)
    guard.note(t("calendar.removed" if said.entry.kind in OWN_KINDS else "calendar.built_again", name=name))


# -- what was there ----------------------------------------------------------------------------------------------------


def _removed(found: Calendar) -> None:
    title = t("calendar.removed_box", count=len(found.removed))
    box = st.popover(title, icon=":material/history:", type="tertiary", key="cal_removed", on_change="rerun")
    if not box.open:
        return
    with box:
        for one in found.removed:
            name = _name_of(one.entry)
            told = t("calendar.removed_line", name=name, by=one.by, at=i18n.moment(one.at, found.zone))
            st.write(markdown.escaped(told))
            restore = partial(_restore, one, name)
            label = t("calendar.restore" if one.entry.kind in OWN_KINDS else "calendar.restore_change", name=name)
            st.button(markdown.escaped(label), key=f"cal_restore_{one.entry.key}", on_click=restore)


@guard.guarded(actions.WRITE)
def _restore(one: Said, name: str) -> None:
    actions.restore(one.entry.key, one.revision)
    guard.note(t("calendar.restored" if one.entry.kind in OWN_KINDS else "calendar.restored_change", name=name))


def _name_of(entry: Entry) -> str:
    if entry.kind == "occurrence":
        return t("calendar.one", name=words.called(entry.name), on=i18n.day(entry.occurs_on))
    return t("calendar.whole", name=words.called(entry.name)) if entry.kind == "event" else entry.name


# -- fields ------------------------------------------------------------------------------------------------------------


def _own_fields(prefix: str, entry: Entry | None) -> None:
    rule = None if entry is None else entry.rule
    st.text_input(
        t("calendar.name"), "" if entry is None else entry.name, max_chars=actions.LONGEST_NAME, key=f"{prefix}_name",
        help=t("calendar.name_help"),
    )  # fmt: skip
    at = 0 if rule is None else REPEATS.index(rule.kind)
    repeat = st.selectbox(
        t("calendar.repeat"), REPEATS, at, format_func=lambda one: t(f"calendar.repeat_{one}"), key=f"{prefix}_repeat"
    )
    if repeat == "dates":
        st.text_input(
            t("calendar.days_text"), words.days_typed(rule), key=f"{prefix}_dates", help=t("calendar.days_help"), placeholder="2027-04-18"
        )  # fmt: skip
    else:
        _repeated_fields(prefix, repeat, rule)
    _window_fields(prefix, _or(entry, "before_days", 0), _or(entry, "after_days", 0))


def _repeated_fields(prefix: str, repeat: RuleKind, rule: Rule | None) -> None:
    if repeat == "weekly":
        at = 1 if rule is None or rule.weekday is None else rule.weekday
        st.selectbox(
            t("calendar.weekday"), range(7), at, format_func=lambda one: t(f"calendar.day_{one}"), key=f"{prefix}_weekday"
        )  # fmt: skip
    else:
        st.multiselect(
            t("calendar.month_days"), range(1, 32), [] if rule is None else rule.month_days, key=f"{prefix}_month_days",
            help=t("calendar.month_days_help"),
        )  # fmt: skip
    left, right = st.columns(2)
    left.date_input(
        t("calendar.from_on"),
        None if rule is None else rule.from_on,
        key=f"{prefix}_from",
        help=t("calendar.from_help"),
    )
    right.date_input(t("calendar.until_on"), None if rule is None else rule.until_on, key=f"{prefix}_until")


def _window_fields(prefix: str, before: int, after: int) -> None:
    left, right = st.columns(2)
    left.number_input(t("calendar.before"), 0, MOST_BEFORE, before, key=f"{prefix}_before")
    right.number_input(t("calendar.after"), 0, MOST_AFTER, after, key=f"{prefix}_after")


def _on_field(prefix: str, is_off: bool) -> None:
    st.toggle(t("calendar.is_on"), not is_off, key=f"{prefix}_on", help=t("calendar.is_on_help"))


def _rule(prefix: str) -> Rule:
    """What the fields say. Raises ``InvalidCalendar``."""
    repeat = cast("RuleKind", _field(prefix, "repeat"))
    if repeat == "dates":
        return Rule("dates", _dates(_field(prefix, "dates")))
    ends = _field(prefix, "from"), _field(prefix, "until")
    if repeat == "weekly":
        return Rule("weekly", (), _field(prefix, "weekday"), (), *ends)
    return Rule("monthly", (), None, tuple(_field(prefix, "month_days")), *ends)


def _dates(typed: str) -> tuple[date, ...]:
    """Days divided by commas, of either width, or spaces."""
    try:
        return tuple(date.fromisoformat(one) for one in typed.replace("，", ",").replace(",", " ").split())
    except ValueError as error:
        raise InvalidCalendar(f"{typed!r} are no days.", reason="dates", most=366) from error


def _window(prefix: str) -> dict[str, int]:
    return {"before_days": int(_field(prefix, "before")), "after_days": int(_field(prefix, "after"))}


def _is_off(prefix: str) -> bool:
    return not _field(prefix, "on")


def _field(prefix: str, name: str) -> Any:
    return st.session_state[f"{prefix}_{name}"]


def _or(entry: Entry | None, name: str, usual: int) -> int:
    """What an entry says of its window; else what is usual."""
    told = None if entry is None else getattr(entry, name)
    return usual if told is None else told
