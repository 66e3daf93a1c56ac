"""全部人群: all segments that were saved, and one of them opened."""

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.data import freshness
from dashboard.data import saved_segments as data
from dashboard.data.saved_segments import Saved
from dashboard.i18n import t
from dashboard.widgets import choice, heading, opening
from dashboard.widgets.opening import Places
from dashboard.widgets.segments import outcome, single
from dashboard.widgets.tiles import Way

OF, KIND = "sg", "sg_kind"
PLACES = Places(OF, outcome.WHO)
KINDS = ("all", "live", "static", "list", "archived")


def show() -> None:
    kind = choice.read(KIND, KINDS)
    every = data.listed(archived=kind == "archived")
    shown = [one for one in every if kind in ("all", "archived") or one.kind == kind]
    with st.container(border=True, key="card_sg_list"):
        _head(kind)
        if not shown:
            st.html(heading.line(t("segments.none_yet" if kind == "all" else "segments.none_of_kind")))
        else:
            of = addresses.opened(OF, {str(one.segment_id) for one in shown})
            _table(shown, of)
    if shown and of is not None:
        single.show(next(one for one in shown if str(one.segment_id) == of), PLACES)


def _head(kind: str) -> None:
    new = Way(t("segments.new"), "?part=build", "box").html("sg-new") if guard.may("segment.write") else ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="sg_list_head"):
        st.html(
            heading.section(t("segments.part_list"), t("segments.list_lead"))
            + choice.row(choice.among(KIND, "segments.of_kind", KINDS, kind), addresses.only("part"))
        )
        if new:
            st.html(f'<div class="ways">{new}</div>', width="content")


def _table(shown: Sequence[Saved], of: str | None) -> None:
    zone = freshness.read(data.SEE).zone
    columns = {
        t("segments.name"): pa.array([one.name for one in shown], pa.string()),
        t("segments.of_kind"): pa.array([t(f"segments.of_kind_{one.kind}") for one in shown], pa.string()),
        t("segments.size"): pa.array([one.members for one in shown], pa.int64()),
        t("segments.change"): pa.array([one.change for one in shown], pa.int64()),
        t("segments.history"): pa.array(
            [[size.members for size in one.sizes or () if size.revision == one.revision] for one in shown],
            pa.list_(pa.int64()),
        ),
        t("segments.counted_at"): pa.array([i18n.moment(one.counted_at, zone) for one in shown], pa.string()),
        t("segments.meaning"): pa.array([single.sentence(one) for one in shown], pa.string()),
        t("segments.owner"): pa.array([one.owner for one in shown], pa.string()),
    }
    config: dict[str, object] = {
        t("segments.name"): st.column_config.TextColumn(width="medium"),
        t("segments.size"): st.column_config.NumberColumn(format="localized", help=t("segments.size_means")),
        t("segments.change"): st.column_config.NumberColumn(format="%+d", help=t("segments.change_means")),
        t("segments.history"): st.column_config.LineChartColumn(y_min=0, width="small"),
        t("segments.meaning"): st.column_config.TextColumn(width="large"),
    }
    keys = [str(one.segment_id) for one in shown]
    name = f"sg_rows_{abs(hash((tuple(keys), of)))}"
    opening.show(pa.table(columns), name, keys, places=PLACES, of=of, alt=t("segments.part_list"), config=config)
    if of is None:
        st.html(heading.line(t("segments.open_one")))
