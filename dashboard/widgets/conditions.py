"""Conditions on properties: choosing them, and saying them in words. For any page that asks about moments.

``fill`` before the first drawing (from the address), then ``edit`` under the same key; it returns what is complete, and so does
``chosen``, without drawing anything.
"""

import streamlit as st

from dashboard import i18n
from dashboard.data import conditions
from dashboard.data.conditions import AMOUNT, OF_A_NUMBER, OPS, WITHOUT_VALUE, Condition, Op
from dashboard.i18n import t
from dashboard.widgets import names

MOST = 5


def fill(key: str, given: tuple[Condition, ...]) -> None:
    """Put conditions into the fields of this key. Fields are numbered on, so that none keeps another's choice."""
    state = st.session_state
    if not given and key not in state:
        return
    first = state.get(_counter(key), 0)
    state[key] = list(range(first, first + len(given)))
    state[_counter(key)] = first + len(given)
    for number, condition in zip(state[key], given, strict=True):
        name, op, some, amount = _fields(key, number)
        state[name], state[op] = condition.name, condition.op
        is_number = condition.op in OF_A_NUMBER
        state[some] = [] if is_number else list(condition.values)
        state[amount] = float(condition.values[0]) if is_number else None


def edit(key: str) -> tuple[Condition, ...]:
    """Draw the fields; what somebody is still choosing is not a condition yet."""
    state = st.session_state
    state.setdefault(key, [])
    for number in state[key]:
        _one(key, number)
    st.button(
        t("condition.add"), icon=":material/filter_alt:", type="tertiary", key=f"{key}_add", on_click=_add, args=(key,),
        disabled=len(state[key]) >= MOST,
    )  # fmt: skip
    return chosen(key)


def chosen(key: str) -> tuple[Condition, ...]:
    """What is complete of the fields of this key."""
    found = (_chosen(key, number) for number in st.session_state.get(key, ()))
    return tuple(one for one in found if one is not None)


def words(condition: Condition) -> str:
    """The condition as a phrase: ``渠道是 App 或 网站``."""
    name = names.property_of(condition.name)
    if condition.op in OF_A_NUMBER:
        found = i18n.number(float(condition.values[0]), 0 if float(condition.values[0]).is_integer() else 2)
    else:
        found = t("number.or").join(names.value(condition.name, value) for value in condition.values)
    return t(f"condition.{condition.op}", name=name, values=found)


def listed(some: tuple[Condition, ...]) -> str:
    """Conditions that all must hold."""
    return t("condition.and").join(words(condition) for condition in some)


def _one(key: str, number: int) -> None:
    state = st.session_state
    name, op, some, amount = _fields(key, number)
    with st.container(key=f"{key}_{number}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
            _property(name, (some, amount))
            st.button(
                t("condition.remove"), icon=":material/close:", type="tertiary", key=f"drop_condition_{key}_{number}",
                help=t("condition.remove"), on_click=_remove, args=(key, number),
            )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
            _operator(op, state[name])
            _value(state[name], state[op], some, amount)


def _property(key: str, dependent: tuple[str, str]) -> None:
    known = list(conditions.properties())
    chosen = st.session_state.get(key)
    options = known + [chosen] * (chosen is not None and chosen not in known)
    labels = {one: names.property_of(one) for one in options}
    st.selectbox(
        t("condition.property"), options, index=None, format_func=labels.get, key=key, persist_state="session",
        placeholder=t("condition.choose"), on_change=_forget, args=dependent,
    )  # fmt: skip


def _operator(key: str, name: str | None) -> None:
    allowed = tuple(sorted(OPS, key=lambda op: op not in OF_A_NUMBER)) if name == AMOUNT else OPS
    if st.session_state.get(key) not in allowed:
        st.session_state[key] = allowed[0]
    labels = {one: t(f"condition.op_{one}") for one in allowed}
    st.selectbox(
        t("condition.operator"), allowed, format_func=labels.get, key=key, persist_state="session",
        label_visibility="collapsed", width=130,
    )  # fmt: skip


def _value(name: str | None, op: Op, some: str, amount: str) -> None:
    if op in OF_A_NUMBER:
        st.number_input(
            t("condition.number"), -float(conditions.LARGEST), float(conditions.LARGEST), None, key=amount, persist_state="session", label_visibility="collapsed",
            placeholder=t("condition.number"),
        )  # fmt: skip
    elif op not in WITHOUT_VALUE:
        known = list(conditions.values(name)) if name else []
        options = known + [one for one in st.session_state.get(some) or [] if one not in known]
        labels = names.values(name or "", options)
        st.multiselect(
            t("condition.values"), options, format_func=lambda one: labels.get(one, one), key=some,
            persist_state="session", label_visibility="collapsed", placeholder=t("condition.choose_values"),
            accept_new_options=True, select_all=False,
        )  # fmt: skip


def _chosen(key: str, number: int) -> Condition | None:
    state = st.session_state
    name, op, some, amount = (state.get(field) for field in _fields(key, number))
    if name is None or op is None:
        return None
    if op in WITHOUT_VALUE:
        return Condition(name, op)
    if op in OF_A_NUMBER:
        return None if amount is None else Condition(name, op, (str(int(amount) if amount.is_integer() else amount),))
    return Condition(name, op, tuple(some)) if some else None


def _fields(key: str, number: int) -> tuple[str, str, str, str]:
    return tuple(f"{key}_{number}_{part}" for part in ("name", "op", "values", "number"))  # type: ignore[return-value]


def _counter(key: str) -> str:
    return f"_{key}_next"


def _add(key: str) -> None:
    state = st.session_state
    number = state.get(_counter(key), 0)
    state[_counter(key)] = number + 1
    state[key] = [*state.get(key, []), number]


def _remove(key: str, number: int) -> None:
    st.session_state[key] = [one for one in st.session_state[key] if one != number]


def _forget(some: str, amount: str) -> None:
    """Another property has other values."""
    st.session_state[some], st.session_state[amount] = [], None
