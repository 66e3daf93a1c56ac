"""RFM: what buyers are worth, class by class."""

import streamlit as st

from dashboard import i18n
from dashboard.data import rfm
from dashboard.data.rfm import CLASSES, USUAL
from dashboard.i18n import t
from dashboard.widgets import heading, tiles
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

KEYS = ("rfm_by",)
WIDTH = 200


def show(asked: Asked) -> None:
    answer = rfm.worth(asked.filters, USUAL)
    if answer is None:
        heading.empty(t("rfm.nobody"), t("rfm.nobody_lead"))
        return
    rows = {row["key"]: row for row in answer.rows()}
    with st.container(border=True, key="card_rfm"):
        st.html(heading.section(t("rfm.classes"), i18n.day(answer.found.on), "rfm-classes"))
        found = [
            Tile(name, t(f"rfm.class_{name}"), i18n.number(rows[name]["members"]), i18n.share(rows[name]["share"]))
            for name in CLASSES
        ]
        st.html(tiles.wall(found, WIDTH))
