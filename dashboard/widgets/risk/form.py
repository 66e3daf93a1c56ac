"""What forms of the page share: a box that opens a form, its fields, and what becomes of it once something was kept."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from dashboard import markdown


@contextmanager
def box(label: str, key: str, icon: str, *, kind: str = "secondary") -> Iterator[bool]:
    """A popover; what stands in it is drawn only while it is open (which is what is yielded), so a box that was closed begins anew."""
    opened = st.popover(label, icon=icon, key=key, type=kind, on_change="rerun")  # type: ignore[arg-type]
    with opened:
        yield bool(opened.open)


def sure(label: str, key: str, icon: str, said: str, do_label: str, do: Callable[..., None], *args: object) -> None:
    """A box that says what would become of it, and the button that does it."""
    with box(label, key, icon) as is_open:
        if is_open:
            st.write(markdown.escaped(said))
            st.button(do_label, key=f"{key}_do", type="primary", on_click=do, args=args)


def close(key: str) -> None:
    """For callbacks: what was typed was kept."""
    st.session_state[key] = False


def field(prefix: str, name: str) -> Any:
    """What a field says."""
    return st.session_state[f"{prefix}_{name}"]


def keep(label: str, do: Callable[..., None], *args: object, key: str) -> None:
    """The button of a form."""
    st.form_submit_button(label, type="primary", on_click=do, args=args, key=key)


def edited_rows(before: Sequence[dict[Any, Any]], edits: dict[str, Any]) -> list[dict[Any, Any]]:
    """Rows as ``st.data_editor`` left them: ``before`` as it was given, ``edits`` as the session keeps them. Added rows have the fields that were filled in."""
    rows = [dict(row) for row in before]
    for place, changes in edits.get("edited_rows", {}).items():
        rows[int(place)] |= changes
    gone = set(edits.get("deleted_rows", ()))
    return [row for place, row in enumerate(rows) if place not in gone] + list(edits.get("added_rows", ()))


def said(value: object) -> str:
    """A cell's words; empty cells come as None or not at all."""
    return value.strip() if isinstance(value, str) else ""
