"""What the staff posts: the 3+1 mix against a plan that the reader may change, and the three slots of a day."""

from datetime import date, datetime, timedelta
from html import escape

import pyarrow as pa
import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.data.rhythm import OUTSIDE, PLAN, SLOTS, SMALL, SORTS, Plan, Row, View
from dashboard.i18n import t
from dashboard.widgets import heading, tables, tiles
from dashboard.widgets.community import rhythm_chart
from dashboard.widgets.tiles import Tile

PLAN_KEY = "rh_plan"
"""Where the address says the plan: ``50-40-10``, percent of content, interaction and people."""
WIDTH = 190
EPOCH = date(1970, 1, 1)
OFF = 0.05
"""A share this far from its plan is worth a word, a rule of thumb."""


def show(view: View, whole: View | None) -> None:
    """``whole``: of all together, where ``view`` is of one."""
    plan = read_plan()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="posts_head"):
        st.html(f"<h2>{escape(t('rhythm.mix'))}</h2>")
        _edit(plan)
    lead = t("rhythm.mix_lead", plan=rhythm_chart.plan_in_words(plan))
    st.html(heading.line(lead))
    if view.mix is None:
        st.html(heading.line(t("rhythm.no_posts")))
        return
    others = whole.mix if whole is not None else None
    st.html(
        tiles.wall([_tile(sort, view.mix, others, plan) for sort in SORTS if sort in PLAN or view.mix[sort]], WIDTH)
    )
    if view.mix["posts"] >= SMALL:
        mix = view.mix
        key = f"{view.key}|{sorted(plan.items())}"
        charts.show("rhythm_mix", key, lambda: rhythm_chart.of_mix(mix, plan), alt=t("rhythm.mix"))
    _slots(view)


# -- the plan ----------------------------------------------------------------------------------------------------------


def read_plan() -> Plan:
    """What the address says; the rule of thumb where it says nothing, or nothing that can be read, which is told."""
    text = st.query_params.get(PLAN_KEY)
    if text is None:
        return PLAN
    parts = text.split("-")
    is_plan = len(parts) == len(PLAN) and all(one.isascii() and one.isdigit() and len(one) <= 3 for one in parts)
    if is_plan and sum(map(int, parts)) == 100:
        return {sort: int(one) / 100 for sort, one in zip(PLAN, parts, strict=True)}
    addresses.leave_out(PLAN_KEY, text)
    st.query_params.pop(PLAN_KEY, None)
    return PLAN


def _edit(plan: Plan) -> None:
    box = st.popover(
        t("rhythm.edit_plan"), icon=":material/tune:", type="tertiary", key="rhythm_plan", on_change="rerun"
    )
    if not box.open:
        return
    with box, st.form("rhythm_plan_form", border=False):
        st.caption(t("rhythm.plan_hint"))
        given = [
            st.number_input(
                t("rhythm.plan_of", sort=t(f"rhythm.sort_{sort}")), min_value=0, max_value=100, step=5, value=round(share * 100),
                key=f"rhythm_plan_{sort}",
            )
            for sort, share in plan.items()
        ]  # fmt: skip
        if st.form_submit_button(t("rhythm.apply_plan")):
            if sum(given) == 100:
                _apply(given)
            else:
                st.error(t("rhythm.plan_wrong", total=i18n.number(sum(given))))


def _apply(given: list[int]) -> None:
    if given == [round(share * 100) for share in PLAN.values()]:
        st.query_params.pop(PLAN_KEY, None)
    else:
        st.query_params[PLAN_KEY] = "-".join(map(str, given))
    st.rerun()


def _tile(sort: str, mix: Row, others: Row | None, plan: Plan) -> Tile:
    share = mix[sort] / mix["posts"] if mix["posts"] >= SMALL else None
    value = t("number.only", count=i18n.number(mix["posts"])) if share is None else i18n.share(share)
    beside = ""
    if others is not None and others["posts"] >= SMALL:
        beside = t("community.against", value=i18n.share(others[sort] / others["posts"]))
    aim = plan.get(sort)  # type: ignore[call-overload]
    below = tiles.lines(
        t("rhythm.mix_rests", count=i18n.number(mix[sort]), posts=i18n.number(mix["posts"])),
        t("rhythm.not_planned") if aim is None else _against(share, aim),
    )
    return Tile(f"mix-{sort}", t(f"rhythm.sort_{sort}"), value, beside, t(f"rhythm.means_{sort}"), below)


def _against(share: float | None, aim: float) -> str:
    """How far from the plan, in points."""
    planned = t("rhythm.plan_share", share=i18n.share(aim, 0))
    if share is None:
        return planned
    away = share - aim
    if abs(away) < OFF:
        return f"{planned}{t('number.then')}{t('rhythm.on_plan')}"
    points = i18n.number(abs(away) * 100, 1)
    return f"{planned}{t('number.then')}{t('rhythm.above' if away > 0 else 'rhythm.below', points=points)}"


# -- slots -------------------------------------------------------------------------------------------------------------


def hours(slot: str) -> str:
    """``6:30–7:30``."""
    begins = datetime.combine(EPOCH, SLOTS[slot])  # type: ignore[index]
    ends = begins + timedelta(hours=1)
    return f"{begins.hour}:{begins.minute:02d}–{ends.hour}:{ends.minute:02d}"


def _slots(view: View) -> None:
    st.html(heading.section(t("rhythm.slots"), t("rhythm.slots_lead")))
    table = tables.written("rhythm_slots", view.key, lambda: _columns(view))
    number = {
        t(f"rhythm.slot_{name}"): st.column_config.NumberColumn(format=style, help=t(f"rhythm.slot_means_{name}"))
        for name, style in _STYLES.items()
    }
    config = {t("rhythm.slot"): st.column_config.TextColumn(pinned=True, width="medium")} | number
    st.dataframe(
        table, hide_index=True, key="rhythm_slots", column_config=config, placeholder=i18n.UNDEFINED, alt=t("rhythm.slots")
    )  # fmt: skip


_STYLES = {
    "posts": "localized", "served": "%.1f%%", "messages": "%.2f", "usual_messages": "%.2f", "drew": "%+.0f%%", "speakers": "%.2f",
    "usual_speakers": "%.2f", "content": "%.0f%%", "interaction": "%.0f%%", "people": "%.0f%%", "compared": "localized",
}  # fmt: skip
_WHOLE = ("posts", "compared")


def _columns(view: View) -> dict[str, pa.Array]:
    names = [*SLOTS, OUTSIDE]
    rows = [view.slots[name] for name in names]
    titles = [
        t("rhythm.slot_outside") if name == OUTSIDE else f"{t(f'rhythm.slot_{name}')} {hours(name)}" for name in names
    ]
    found: dict[str, pa.Array] = {t("rhythm.slot"): pa.array(titles, pa.string())}
    for name in _STYLES:
        kind = pa.int64() if name in _WHOLE else pa.float64()
        found[t(f"rhythm.slot_{name}")] = pa.array([_cell(row, name) for row in rows], kind)
    return found


def _cell(row: Row, name: str) -> float | None:
    """Shares in percent. A share of fewer than 30 is none; what was drawn is told of 30 days and more."""
    if name == "served":
        return row["served"] / row["group_days"] * 100 if (row["group_days"] or 0) >= SMALL else None
    if name in SORTS:
        return row[name] / row["posts"] * 100 if row["posts"] >= SMALL else None
    if name in ("posts", "compared"):
        found: float | None = row[name]
        return found
    if (row["compared"] or 0) < SMALL:
        return None
    if name == "drew":
        return (row["messages"] / row["usual_messages"] - 1) * 100 if row["usual_messages"] else None
    mean: float | None = row[name]
    return mean
