"""Fields of a campaign: each shows what is kept, and keeps what is said when it is left."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.data import campaigns
from dashboard.widgets.campaigns import edits, words
from dashboard.widgets.campaigns.edits import Form, Path


def line(form: Form, path: Path, label: str, *, most: int = 200, **more: Any) -> None:
    st.text_input(label, max_chars=most, **_usual(form, path, form.value(path) or "", str), **more)


def area(form: Form, path: Path, label: str, *, most: int, height: int = 140, **more: Any) -> None:
    st.text_area(label, max_chars=most, height=height, **_usual(form, path, form.value(path) or "", str), **more)


def choice(form: Form, path: Path, label: str, options: Mapping[str, str], **more: Any) -> None:
    """One of some, in a list."""
    usual = _usual(form, path, form.value(path), _same)
    st.selectbox(label, list(options), format_func=options.__getitem__, **usual, **more)


def radio(
    form: Form,
    path: Path,
    label: str,
    options: Mapping[str, str],
    told: Callable[[Any], Any] | None = None,
    **more: Any,
) -> None:
    """One of a few, all to be seen."""
    usual = _usual(form, path, form.value(path), told or _same)
    st.radio(label, list(options), format_func=options.__getitem__, **usual, **more)


def several(form: Form, path: Path, label: str, options: Mapping[Any, str], *, most: int, **more: Any) -> None:
    """Some of many, in the order in which they are chosen. What was kept and is no longer known stays to be seen."""
    kept = list(form.value(path) or ())
    every = dict.fromkeys([*options, *kept])
    names = {one: options.get(one, f"#{one}" if isinstance(one, int) else str(one)) for one in every}
    st.multiselect(
        label, list(every), format_func=lambda one: names.get(one, str(one)), max_selections=most, **_usual(form, path, kept, list), **more
    )  # fmt: skip


def whole(form: Form, path: Path, label: str, low: int, high: int, *, may_lack: bool = False, **more: Any) -> None:
    """A whole number. ``may_lack``: whether the document may say nothing."""
    usual: Any = None if may_lack else "min"
    st.number_input(label, low, high, value=usual, step=1, **_usual(form, path, form.value(path), _same), **more)


def percent(form: Form, path: Path, label: str, most: float, **more: Any) -> None:
    """A share, told of a hundred."""
    kept = round(100 * float(form.value(path) or 0), 2)
    st.number_input(label, 0.0, 100 * most, step=1.0, format="%.1f", **_usual(form, path, kept, _share), **more)  # fmt: skip


def money(form: Form, path: Path, label: str, **more: Any) -> None:
    """In major units; empty = none."""
    digits = words.precision()
    kept = form.value(path)
    shown = None if kept is None else kept / 10**digits
    st.number_input(
        label,
        0.0,
        1e9,
        value=None,
        step=1.0,
        format=f"%.{digits}f",
        **_usual(form, path, shown, _minor(digits)),
        **more,
    )


def day(form: Form, path: Path, label: str, **more: Any) -> None:
    kept = form.value(path)
    shown = None if kept is None else date.fromisoformat(kept)
    st.date_input(label, value=None, format="YYYY-MM-DD", **_usual(form, path, shown, _iso), **more)


def moment(form: Form, path: Path, day_label: str, hour_label: str, **more: Any) -> None:
    """A day and an hour, in the house's zone."""
    kept, key = form.value(path), form.key(path)
    wall = None if kept is None else datetime.fromisoformat(kept).astimezone(ZoneInfo(campaigns.zone()))
    st.session_state.setdefault(f"{key}_on", None if wall is None else wall.date())
    st.session_state.setdefault(
        f"{key}_at", edits.NOON if wall is None else wall.time().replace(second=0, microsecond=0)
    )
    usual: dict[str, Any] = {
        "disabled": not form.is_open, "on_change": edits.put_moment, "args": (form.campaign_id, path, key),
    }  # fmt: skip
    left, right = st.columns(2)
    left.date_input(day_label, value=None, format="YYYY-MM-DD", key=f"{key}_on", **usual, **more)
    right.time_input(hour_label, value=None, key=f"{key}_at", step=900, **usual)


def _usual(form: Form, path: Path, value: Any, told: Callable[[Any], Any]) -> dict[str, Any]:
    key = form.key(path)
    st.session_state.setdefault(key, value)
    return {
        "key": key, "disabled": not form.is_open, "on_change": edits.put, "args": (form.campaign_id, path, key, told),
    }  # fmt: skip


def _same(value: Any) -> Any:
    return value


def _share(value: float | None) -> float:
    return round((value or 0) / 100, 4)


def _minor(digits: int) -> Callable[[float | None], int | None]:
    return lambda value: None if value is None else round(value * 10**digits)


def _iso(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def options(names: Sequence[str], say: Callable[[str], str]) -> dict[str, str]:
    return {one: say(one) for one in names}
