"""How columns of a table stand."""

import streamlit as st


def right(*names: str) -> dict[str, object]:
    """Figures that are written out, such as ``12.3%`` or ``¥1,234.56``, stand below one another like numbers do."""
    return {name: st.column_config.TextColumn(alignment="right") for name in names}
