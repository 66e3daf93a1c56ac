"""One condition of the builder: its kind, what it is about, and what it is compared with, each as the fields that fit."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from dashboard import i18n
from dashboard.data import definitions, vocabulary
from dashboard.data.definitions import ORDER_PLACED, WITHOUT_VALUES, Form
from dashboard.i18n import t
from dashboard.widgets import conditions, names
from dashboard.widgets.segments import draft, tree, words
from dashboard.widgets.segments.tree import LEAVES, LISTS, Row

DID, DID_NOT = "did", "did_not"
"""At least once and never: the most asked comparisons of events, in words of their own."""
SEVERAL = 2
WINDOWS = ("ever", "7", "30", "90", "180", "365", "custom", "days")
_ABSENT = object()


def show(row: Row) -> None:
    """The fields of the condition, side by side."""
    n = row.number
    _pick(
        n, "kind", LEAVES, {one: t(f"segments.kind_{one}") for one in LEAVES}, row.kind, t("segments.kind"), width=124
    )
    if row.kind == "event":
        _event(row)
    elif row.kind in LISTS:
        _values(row, row.kind, row.body[row.kind], t(f"segments.kind_{row.kind}"))
        if row.kind == "tier":
            by = vocabulary.tiers("tier").by
            st.html(f'<span class="unit">{t(f"segments.tiers_{by}")}</span>', width="content")
    else:
        _field(row)


def _field(row: Row) -> None:
    """A field of the profile, a value or a score."""
    kind, name = row.kind, row.body[row.kind]
    known = definitions.names(kind)
    _pick(
        row.number,
        "name",
        known,
        {one: t(f"segments.{kind}_{one}") for one in known},
        name,
        t("segments.about"),
        width=170,
    )
    one = definitions.form(kind, name)
    labels = {
        op: t(f"segments.op_{'day_' if one.how == 'day' and op not in WITHOUT_VALUES else ''}{op}") for op in one.ops
    }
    _pick(row.number, "op", one.ops, labels, row.body["op"], t("segments.operator"), width=112)
    if row.body["op"] in WITHOUT_VALUES:
        return
    if one.how in ("texts", "flag"):
        known_as = vocabulary.IMPORTED_TIER if name == "tier" else name
        _values(row, known_as, row.body.get("values", []), t(f"segments.{kind}_{name}"))
    else:
        _ends(row, one)
        unit = _unit(kind, name)
        if unit:
            st.html(f'<span class="unit">{unit}</span>', width="content")


def _unit(kind: str, name: str) -> str:
    key = f"segments.unit_{kind}_{name}"
    return t(key, currency=vocabulary.currency()) if i18n.has(key) else ""


# -- events ------------------------------------------------------------------------------------------------------------


def _event(row: Row) -> None:
    body, n = row.body, row.number
    form = definitions.form("event", body["measure"])
    ops = (DID, DID_NOT, *form.ops)
    _pick(n, "op", ops, {op: t(f"segments.event_{op}") for op in ops}, told(body), t("segments.operator"), width=112)
    if told(body) in form.ops:
        _ends(row, form)
        measures = (
            definitions.names("event") if set(body["event"]) == {ORDER_PLACED} else definitions.names("event")[:-1]
        )
        labels = {one: t(f"segments.measure_{one}", currency=vocabulary.currency()) for one in measures}
        _pick(n, "measure", measures, labels, body["measure"], t("segments.measure"), width=112)
    _several(
        n,
        "events",
        names.events(names.in_order(_with(vocabulary.events(), body["event"]))),
        body["event"],
        t("segments.events"),
    )
    _window(row)
    _own_conditions(row)


def told(body: Mapping[str, Any]) -> str:
    """How the comparison of an event is called on screen."""
    if body["measure"] == "count" and body["op"] == "at_least" and body["values"] == [1]:
        return DID
    if body["measure"] == "count" and body["op"] == "at_most" and body["values"] == [0]:
        return DID_NOT
    return str(body["op"])


def _window(row: Row) -> None:
    window, n = row.body["window"], row.number
    labels = {one: t(f"segments.window_{one}") for one in ("ever", "custom", "days")}
    labels |= {one: t("segments.window_last", days=one) for one in WINDOWS if one.isdecimal()}
    chosen = _window_told(n, window)
    _pick(n, "window", WINDOWS, labels, chosen, t("segments.window"), width=128)
    if chosen == "custom":
        _number(
            n, "length", 1, definitions.LONGEST_WINDOW_DAYS, (window or {}).get("days"), t("segments.window_length")
        )
        st.html(f'<span class="unit">{t("segments.unit_days")}</span>', width="content")
    elif chosen == "days":
        _day(n, "from", window["from"] if window else None, t("segments.window_from"))
        st.html('<span class="unit">–</span>', width="content")
        _day(n, "to", window["to"] if window else None, t("segments.window_to"))


def _window_told(number: int, window: Mapping[str, Any] | None) -> str:
    if window is None:
        return "ever"
    if "from" in window:
        return "days"
    usual = str(window["days"])
    return usual if usual in WINDOWS and not st.session_state.get(_own(number)) else "custom"


def _own(number: int) -> str:
    """Whether somebody asked for a length of their own, which may be a usual one meanwhile."""
    return f"_sg_{number}_own"


def _own_conditions(row: Row) -> None:
    key = draft.condition_key(row.number)
    some = row.body.get("where", ())
    label = t("segments.conditions_set", count=len(some)) if some else t("segments.conditions")
    if st.session_state.get(f"{key}_open"):
        st.session_state[f"{key}_open"] = True
    fold = st.popover(label, icon=":material/filter_alt:", type="tertiary", key=f"{key}_open", on_change="rerun")
    if fold.open:
        with fold:
            st.caption(t("segments.conditions_lead"))
            conditions.edit(key)


# -- fields ------------------------------------------------------------------------------------------------------------


def _values(row: Row, name: str, values: Sequence[Any], label: str) -> None:
    """Values to choose from, by what they are called; texts of one's own where nobody can know them all."""
    known = vocabulary.options(name)
    options = _with(tuple(known), values)
    _several(
        row.number, "values", names.apart({one: words.called(name, one, known.get(one)) for one in options}), values, label,
        own=name in ("city", "gender", "acquisition_channel") or _is_own_tier(name), empty=not options,
    )  # fmt: skip


def _is_own_tier(name: str) -> bool:
    """Whether tiers may be called as anybody likes: by rule there are those that there are."""
    return name in vocabulary.TIERS_OF and vocabulary.tiers(name).by == "imported"


def _with(known: Sequence[Any], values: Sequence[Any]) -> tuple[Any, ...]:
    return (*known, *[one for one in values if one not in known])


def _several(
    number: int, part: str, labels: Mapping[Any, str], values: Sequence[Any], label: str, *, own: bool = False, empty: bool = False,
) -> None:  # fmt: skip
    key = _key(number, part)
    _hold(key, list(values))
    st.multiselect(
        label, tuple(labels), format_func=lambda one: labels.get(one, str(one)), key=key, label_visibility="collapsed",
        placeholder=t("segments.nothing_to_choose") if empty and not own else t("segments.choose", what=label),
        accept_new_options=own, select_all=False, on_change=_edit, args=(number, part), width="stretch",
    )  # fmt: skip


def _pick(
    number: int, part: str, options: Sequence[str], labels: Mapping[str, str], value: str, label: str, *, width: int
) -> None:
    key = _key(number, part)
    _hold(key, value)
    st.selectbox(
        label, options, format_func=labels.get, key=key, label_visibility="collapsed", on_change=_edit, args=(number, part),
        width=width,
    )  # fmt: skip


def _ends(row: Row, one: Form) -> None:
    """One value, or the lowest and the highest."""
    values = list(row.body.get("values", []))
    count = 2 if row.body["op"] == "between" else 1
    for place in range(count):
        value = values[place] if place < len(values) else None
        label = t(("segments.lowest", "segments.highest")[place] if count == 2 else "segments.number")
        if place:
            st.html('<span class="unit">–</span>', width="content")
        if one.how == "day":
            _day(row.number, f"end{place}", value, label)
        elif one.how == "percent":
            shown = None if value is None else round(value * 100, 4)
            _number(row.number, f"end{place}", 0.0, 100.0, shown, label)
        elif one.how == "whole":
            _number(row.number, f"end{place}", int(one.low), int(one.high), value, label)
        else:
            _number(row.number, f"end{place}", float(one.low), float(one.high), value, label)


def _number(number: int, part: str, low: float, high: float, value: float | None, label: str) -> None:
    key = _key(number, part)
    whole = isinstance(low, int)
    _hold(key, None if value is None else int(value) if whole else float(value))
    st.number_input(
        label, low, high, None, step=1 if whole else 1.0, format=None if whole else "%.10g", key=key, label_visibility="collapsed",
        placeholder=label, on_change=_edit, args=(number, part), width=104 if whole else 128,
    )  # fmt: skip


def _day(number: int, part: str, value: str | None, label: str) -> None:
    key = _key(number, part)
    _hold(key, date.fromisoformat(value) if value else None)
    st.date_input(
        label, None, date(1900, 1, 1), date(2200, 12, 31), key=key, format="YYYY-MM-DD", label_visibility="collapsed",
        on_change=_edit, args=(number, part), width=136,
    )  # fmt: skip


def _key(number: int, part: str) -> str:
    return f"sg_{number}_{part}"


def _hold(key: str, value: object) -> None:
    """The tree says what a field holds; it is told only where it holds something else."""
    if st.session_state.get(key, _ABSENT) != value:
        st.session_state[key] = value


# -- changes -----------------------------------------------------------------------------------------------------------


def _edit(number: int, part: str) -> None:
    value = st.session_state[_key(number, part)]
    found = tree.part_of(draft.now(), number)
    if isinstance(found, Row):
        body = edited(found, part, value, number)
        draft.put(tree.changed(draft.now(), number, lambda _: Row(number, body)))


def edited(row: Row, part: str, value: Any, number: int) -> dict[str, Any]:
    """The condition after one of its fields was changed to a value."""
    if part == "kind":
        return definitions.blank(value)
    kind, body = row.kind, dict(row.body)
    if part == "name":
        usual = {"values": [True]} if definitions.form(kind, value).how == "flag" else {}
        return definitions.tidy(kind, {**_fresh(kind, body, value), kind: value} | usual)
    if part == "values":
        body[kind if kind in LISTS else "values"] = value
    elif part == "events":
        body["event"] = value
    elif part == "measure":
        body["measure"] = value
    elif part == "op":
        body |= _operated(body, value)
    elif part == "window":
        st.session_state[_own(number)] = value == "custom"
        body["window"] = _windowed(value, body["window"])
    elif part == "length":
        body["window"] = {"days": value or 30}
    elif part in ("from", "to") and value is not None:
        body["window"] = {**body["window"], part: value.isoformat()}
    elif part.startswith("end"):
        body["values"] = _ended(kind, body, int(part.removeprefix("end")), value)
    return definitions.tidy(kind, body)


def _fresh(kind: str, body: dict[str, Any], name: str) -> dict[str, Any]:
    """What stays when a condition is about something else: its comparison where that is alike, no values of another field."""
    before, after = definitions.form(kind, body[kind]), definitions.form(kind, name)
    return body if before == after and before.how not in ("texts", "flag") else {"op": body["op"]}


def _operated(body: dict[str, Any], op: str) -> dict[str, Any]:
    if op in (DID, DID_NOT):
        return {"measure": "count", "op": "at_least" if op == DID else "at_most", "values": [1 if op == DID else 0]}
    if "event" in body and told(body) in (DID, DID_NOT):
        return {"op": op, "values": [SEVERAL, SEVERAL + 3] if op == "between" else [SEVERAL]}
    return {"op": op}


def _windowed(choice: str, before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if choice == "ever":
        return None
    if choice == "days":
        return dict(before) if before and "from" in before else vocabulary.last_month()
    if choice == "custom":
        return dict(before) if before and "days" in before else {"days": 30}
    return {"days": int(choice)}


def _ended(kind: str, body: dict[str, Any], place: int, value: Any) -> list[Any]:
    name = body["measure"] if kind == "event" else body[kind]
    how = definitions.form(kind, name).how
    if value is not None and how == "percent":
        value = round(value / 100, 6)
    elif how == "day" and value is not None:
        value = value.isoformat()
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    values = [*body.get("values", []), None, None][:2]
    values[place] = value
    return values if body["op"] == "between" else values[:1]
