"""The tree that somebody is building: in the session, in the address, and what it was before each change.

The address decides where it says something else than was written there last: a link was followed, or Back was pressed. All that
is asked for is known, and in the address, before anything is drawn; fields show the tree and change it by callbacks.
"""

from typing import Any

import streamlit as st

from dashboard import addresses
from dashboard.data import definitions
from dashboard.data.conditions import Condition
from dashboard.widgets import conditions
from dashboard.widgets.segments import links, tree
from dashboard.widgets.segments.tree import Box, Row

_TREE, _PAST, _WRITTEN, _NEXT, _LONG = "_sg_tree", "_sg_past", "_sg_written", "_sg_next", "_sg_long"
MOST_PAST = 50
"""Changes that can be undone."""


def begin() -> Box:
    """The tree of this run, and the address as it says it."""
    state, given = st.session_state, st.query_params.get(links.PARAMETER)
    if _TREE not in state or addresses.went() or (given is not None and given != state.get(_WRITTEN)):
        _load(given)
    else:
        _take_conditions()
    _write()
    return now()


def now() -> Box:
    found: Box = st.session_state[_TREE]
    return found


def is_too_long() -> bool:
    """Whether the address could not take it: nobody else will see it, and it ends with the session."""
    return bool(st.session_state.get(_LONG))


def numbers() -> int:
    state = st.session_state
    state[_NEXT] = state.get(_NEXT, 0) + 1
    return int(state[_NEXT])


def put(made: Box) -> None:
    """Another tree, which an undo takes back. For callbacks."""
    state = st.session_state
    if made != state[_TREE]:
        state[_PAST] = [*state.get(_PAST, []), state[_TREE]][-MOST_PAST:]
        _keep(made)


def can_undo() -> bool:
    return bool(st.session_state.get(_PAST))


def undo() -> None:
    """As it was before the last change. Its parts are numbered anew, so that no field keeps what it held."""
    state = st.session_state
    if state.get(_PAST):
        *state[_PAST], last = state[_PAST]
        renumbered = tree.renumbered(last, numbers)
        assert isinstance(renumbered, Box)
        _keep(renumbered)


def clear() -> None:
    put(Box(numbers(), "all"))


def forget() -> None:
    """It was saved: the next one begins empty. For callbacks."""
    for key in (_TREE, _PAST, _WRITTEN):
        st.session_state.pop(key, None)


def fill(definition: dict[str, Any]) -> None:
    """A whole definition instead, which an undo takes back."""
    found = tree.of(definition["where"], numbers)
    assert found is not None
    put(found)


def condition_key(number: int) -> str:
    """Of the fields of an event's own conditions."""
    return f"sg_{number}_if"


# -- from and to the address -------------------------------------------------------------------------------------------


def _load(given: str | None) -> None:
    said = links.unpacked(given) if given else None
    where = said.get("where") if isinstance(said, dict) else None
    found = tree.of(where, numbers)
    made = _tidied(found) if found else Box(numbers(), "all")
    if given and (found is None or tree.json(made) != tree.json(found) or set(said or ()) != {"v", "where"}):  # type: ignore[call-overload]
        addresses.leave_out(links.PARAMETER, _short(given))
    st.session_state.pop(_PAST, None)
    _keep(made)


def _tidied(box: Box) -> Box:
    made = box
    for row in tree.rows(box):
        fit = Row(row.number, definitions.tidy(row.kind, row.body))
        if _without_usual(fit.body) != _without_usual(row.body):
            made = tree.changed(made, row.number, lambda _, fit=fit: fit)  # type: ignore[misc]
    return made


def _without_usual(body: Any) -> dict[str, Any]:
    """Keys that may be left out say nothing when they are empty."""
    return {key: value for key, value in body.items() if value or key not in ("window", "where", "values")}


def _keep(made: Box) -> None:
    state = st.session_state
    for row in tree.rows(made):
        where = row.body.get("where")
        if where and condition_key(row.number) not in state:
            given = tuple(Condition(one["name"], one["op"], tuple(one.get("values", ()))) for one in where)
            conditions.fill(condition_key(row.number), given)
    state[_TREE] = made


def _take_conditions() -> None:
    """What somebody chose in the fields of events' conditions, which have no callbacks of their own."""
    for row in tree.rows(now()):
        key = condition_key(row.number)
        if row.kind == "event" and key in st.session_state:
            chosen = [_condition(one) for one in conditions.chosen(key)]
            if chosen != list(row.body.get("where", [])):
                body = {**row.body, "where": chosen}
                put(tree.changed(now(), row.number, lambda part, body=body: Row(part.number, body)))  # type: ignore[misc]


def _condition(one: Condition) -> dict[str, Any]:
    return {"name": one.name, "op": one.op} | ({"values": list(one.values)} if one.values else {})


def _write() -> None:
    state, made = st.session_state, now()
    state[_LONG] = False
    if not made.parts:
        state[_WRITTEN] = None
        st.query_params.pop(links.PARAMETER, None)
        return
    try:
        text = links.packed(definitions.whole(tree.json(made)))
    except links.Overlong:
        state[_LONG], state[_WRITTEN] = True, None
        st.query_params.pop(links.PARAMETER, None)
        return
    if st.query_params.get(links.PARAMETER) != text:
        st.query_params[links.PARAMETER] = text
    state[_WRITTEN] = text


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:19]}…"
