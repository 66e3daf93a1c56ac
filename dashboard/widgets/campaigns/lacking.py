"""What a step still lacks, said where it is to be mended."""

from html import escape

import streamlit as st

from dashboard.data import campaigns
from dashboard.widgets.campaigns import words
from dashboard.widgets.campaigns.edits import Form


def show(form: Form, step: str, at: str = "") -> None:
    """``at``: of a variant on a channel; empty: what is said of neither."""
    found = [one for one in campaigns.gaps(form.found.body) if one.step == step and one.at == at]
    if found:
        items = "".join(f"<li>{escape(_told(one))}</li>" for one in found)
        st.html(f'<ul class="lacks">{items}</ul>')


def _told(one: campaigns.Gap) -> str:
    place = words.place(one.at)
    return words.gap(one).removeprefix(place).lstrip(" ·") if place else words.gap(one)
