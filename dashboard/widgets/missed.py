"""Lines of a list that name nobody, or somebody twice: shown with why, and all of them to be taken out."""

import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard import i18n
from dashboard.actions import exports, lists
from dashboard.actions.lists import Matched
from dashboard.i18n import t

SHOWN = 200
"""Lines that are shown; the download has them all."""
FEW = 8
"""Lines that need no scrolling."""


def show(found: Matched, key: str, height: int = 320) -> None:
    """``key``: of the download. ``height``: in pixels, where there are many."""
    titles = [t(f"segments.import_{one}") for one in ("line", "text", "why")]
    why = {one: t(f"segments.import_why_{one}") for one in (lists.UNKNOWN, lists.AMBIGUOUS, lists.LEFT_OUT)}

    def table(some: int | None) -> pd.DataFrame:
        return pd.DataFrame([(one.line, one.text, why[one.reason]) for one in found.missed[:some]], columns=titles)

    st.dataframe(
        pa.Table.from_pandas(table(SHOWN), preserve_index=False),
        hide_index=True,
        alt=t("segments.import_missed_title"),
        height="content" if len(found.missed) <= FEW else height,
    )
    if len(found.missed) > SHOWN:
        st.caption(t("segments.import_rows", first=1, last=i18n.number(SHOWN), count=i18n.number(len(found.missed))))
    st.download_button(
        t("segments.import_download", count=i18n.number(len(found.missed))), data=lambda: exports.as_csv(table(None)), file_name="siyu-unmatched.csv",
        mime=exports.MIME["csv"], icon=":material/download:", key=key, on_click="ignore",
    )  # fmt: skip
