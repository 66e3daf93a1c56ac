"""A page of one line."""

import streamlit as st

from dashboard.pages import Page

PAGE = Page("data", 99, "today.see", ":material/check_box_outline_blank:")


def show() -> None:
    st.markdown("empty")
