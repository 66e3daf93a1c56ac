"""Why rows were rejected, in words."""

import pyarrow as pa
import streamlit as st

from dashboard import i18n
from dashboard.data.sources import BETWEEN
from dashboard.i18n import number, t

MOST = 8


def words(codes: str) -> str:
    """``time.unreadable; value.missing:order_no`` as a sentence."""
    return i18n.listed((_one(code) for code in codes.split(BETWEEN)), long=True)


def reasons(counts: dict[str, int]) -> None:
    """Reasons with the number of rows, the most frequent first."""
    if not counts:
        return
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    st.dataframe(
        pa.table(
            {
                t("sources.reason"): [words(code) for code, _ in ordered],
                t("sources.rows"): [number(n) for _, n in ordered],
            }
        ),
        hide_index=True,
        height="content" if len(ordered) <= MOST else 320,
        alt=t("sources.reason"),
    )


def _one(code: str) -> str:
    name, _, column = code.partition(":")
    key = f"reject.{name}"
    said = t(key) if i18n.has(key) else name
    where = t(f"column.{column}") if i18n.has(f"column.{column}") else column
    return t("sources.in_column", column=where, reason=said) if column else said
