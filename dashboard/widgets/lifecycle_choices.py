"""What is chosen on the lifecycle page. All of it is in the address, in words that no language changes."""

from dataclasses import dataclass
from datetime import timedelta

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import lifecycle
from dashboard.data.lifecycle import Answer, Asked, Base, Unit
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import choice
from dashboard.widgets import lifecycle_who as who
from dashboard.widgets.choice import Choice

UNIT, BASE, PERIOD = "each", "base", "at"
LOST_AFTER, NEW_DAYS, LOST_DAYS = "lost_after", "new_days", "lost_days"
KEYS = (UNIT, BASE, PERIOD, LOST_AFTER, NEW_DAYS, LOST_DAYS)
"""Parameters of the address that belong to the page."""
USUAL_NEW_DAYS, USUAL_LOST_DAYS = 30, 90
_READ, _USUAL_PERIOD = "_lifecycle_numbers_read", "_lifecycle_usual_period"


@dataclass(frozen=True, slots=True)
class Chosen:
    asked: Asked
    base: Base


def show() -> Chosen:
    """Draw the choices of the question, and say what is chosen."""
    unit: Unit = _one_of(UNIT, "week", lifecycle.UNITS)  # type: ignore[assignment]
    base: Base = _one_of(BASE, "active", tuple(lifecycle.BASES))  # type: ignore[assignment]
    usual, most = lifecycle.USUAL_LOST_AFTER[unit], lifecycle.MOST_LOST_AFTER
    # Each unit keeps a number of its own: 12 weeks say nothing about days.
    key = f"{LOST_AFTER}_{unit}"
    silence = _number(LOST_AFTER, usual, 0, most, key=key)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="life_choices"):
        address = addresses.beside(who.PARAMETER)
        rows = _rows(key=f"{i18n.language()}|{address}|{unit}|{base}", _unit=unit, _base=base, _address=address)
        st.html(rows, width="content")
        _field(key, 0, most, t(f"lifecycle.lost_after_{unit}"), t("lifecycle.lost_after_help", usual=usual))
    return Chosen(Asked(unit, silence), base)


@kept.by_key(256)
def _rows(key: str, _unit: Unit, _base: Base, _address: str) -> str:  # noqa: ARG001 - what it is kept by
    units = {one: t(f"lifecycle.{UNIT}_{one}") for one in lifecycle.UNITS}
    bases = {one: t(f"lifecycle.{BASE}_{one}") for one in lifecycle.BASES}
    found = [
        Choice(UNIT, t(f"lifecycle.{UNIT}"), units, _unit),
        Choice(BASE, t(f"lifecycle.{BASE}"), bases, _base, t("lifecycle.base_help")),
    ]
    return choice.fields(found, _address)


def forget() -> None:
    """Let the address decide anew, as in a new session."""
    for key in (*KEYS, *(f"{LOST_AFTER}_{unit}" for unit in lifecycle.UNITS), _READ, _USUAL_PERIOD):
        st.session_state.pop(key, None)


def period(answer: Answer, key: str) -> int:
    """Draw the choice of one period, and say its number from 0. The last whole one to begin with. ``key``: names the answer."""
    days = [day.isoformat() for day in answer.periods]
    whole = [place for place in range(len(days)) if answer.is_complete(place)]
    usual = days[whole[-1] if whole else -1]
    if st.session_state.get(PERIOD) == st.session_state.get(_USUAL_PERIOD) != usual:
        st.session_state.pop(PERIOD, None)  # nobody chose it: what is usual has become another one
    st.session_state[_USUAL_PERIOD] = usual
    addresses.read(PERIOD, usual, days)
    labels = _labels(key=f"{key}|{i18n.language()}", _answer=answer)
    st.selectbox(
        t(f"lifecycle.period_{answer.asked.unit}"), days[::-1], format_func=lambda one: labels.get(one, one), key=PERIOD,
        persist_state="session", width=300,
    )  # fmt: skip
    addresses.write(PERIOD, usual)
    return days.index(st.session_state[PERIOD])


@kept.by_key(64)
def _labels(key: str, _answer: Answer) -> dict[str, str]:  # noqa: ARG001 - what it is kept by
    return {day.isoformat(): words(_answer, place) for place, day in enumerate(_answer.periods)}


def words(answer: Answer, place: int) -> str:
    """A period in words, and that it still runs."""
    start, last = answer.periods[place], answer.days[place + 1] - timedelta(days=1)
    if answer.asked.unit == "month":
        said = i18n.month(start)
    elif start == last:
        said = i18n.day(start)
    else:
        said = f"{i18n.day(start)} – {i18n.day(last, with_year=last.year != start.year)}"
    return said if answer.is_complete(place) else t("lifecycle.running", period=said)


def limits() -> tuple[int, int]:
    """What is chosen as the stages' limits: days for which a member is new, days of silence until it is lost. Known before they
    are drawn, so that links above them lead to the page as it is."""
    longest = lifecycle.LONGEST_STAGE_DAYS
    return _number(NEW_DAYS, USUAL_NEW_DAYS, 1, longest), _number(LOST_DAYS, USUAL_LOST_DAYS, 1, longest)


def show_limits() -> None:
    """Draw the choice of the stages' limits."""
    longest = lifecycle.LONGEST_STAGE_DAYS
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="life_limits"):
        _field(NEW_DAYS, 1, longest, t("lifecycle.new_days"))
        _field(LOST_DAYS, 1, longest, t("lifecycle.lost_days"), t("lifecycle.stages_help"))


def _number(name: str, usual: int, low: int, high: int, *, key: str | None = None) -> int:
    """A whole number that the address calls ``name``; the usual one leaves it. ``key`` where several share the name."""
    state, key = st.session_state, key or name
    known: set[str] = state.setdefault(_READ, set())
    if key not in state:
        given = "" if name in known else st.query_params.get(name, "")
        is_number = given.isascii() and given.isdigit() and len(given) < 6 and low <= int(given) <= high
        if given and not is_number:
            addresses.leave_out(name, given)
        state[key] = int(given) if is_number else usual
    known.add(name)
    if state[key] == usual:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(state[key])
    chosen: int = state[key]
    return chosen


def _field(key: str, low: int, high: int, label: str, help_text: str | None = None) -> None:
    st.number_input(label, low, high, key=key, persist_state="session", help=help_text, width=190)


def _one_of(key: str, usual: str, allowed: tuple[str, ...]) -> str:
    return choice.read(key, (usual, *(one for one in allowed if one != usual)))
