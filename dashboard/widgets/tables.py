"""Tables as they go to the browser. Streamlit turns a data frame into one anew each time it is shown."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa
import streamlit as st

from dashboard import i18n
from dashboard.web import kept

Columns = Mapping[str, Sequence[object]]


@contextmanager
def of_people(key: str) -> Iterator[None]:
    """Tables inside name people or show what they wrote: their own toolbar offers no download, for what leaves goes by exports that are written down."""
    with st.container(key=f"of_people_{key}", gap="small"):
        yield


def written(name: str, key: str, write: Callable[[], Columns]) -> pa.Table:
    """Columns by their titles, written once per language and kept. ``key``: what they are made from."""
    return _kept(key=f"{name}|{key}|{i18n.language()}", _write=write)


@kept.by_key(64)
def _kept(key: str, _write: Callable[[], Columns]) -> pa.Table:  # noqa: ARG001 - what it is cached by
    return pa.table(dict(_write()))
