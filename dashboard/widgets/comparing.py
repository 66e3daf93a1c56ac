"""A funnel beside itself: in another period, or for other people; how far apart, and whether that may be chance."""

from datetime import timedelta

import streamlit as st

from core.errors import InvalidFunnel, Unknown
from core.periods import Period
from dashboard import addresses, charts, i18n, markdown
from dashboard.data import funnels
from dashboard.data.funnels import Asked, Beside, Comparison, View
from dashboard.filters import Choices, Filters
from dashboard.i18n import t
from dashboard.widgets import columns, steps, tables
from dashboard.widgets.steps import SMALL

AGAINST = ("before", "year", "days", "segment")
KEYS = ("versus", "versus_from", "versus_to", "versus_in", "versus_out")
"""Parameters of the address that belong to the comparison."""
SURE, LIKELY, HARDLY = 0.05, 0.01, 0.001


def show(view: View, asked: Filters, choices: Choices, called: list[str]) -> None:
    modes = [one for one in AGAINST if one != "segment" or choices.segments]
    addresses.read("versus", "before", modes)
    labels = {one: t(f"funnel.versus_{one}") for one in modes}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="versus_choice"):
        st.selectbox(
            t("funnel.versus"), modes, format_func=labels.get, key="versus", persist_state="session", width=240
        )  # fmt: skip
        addresses.write("versus", "before")
        found = (
            _of_segments(view, choices) if st.session_state["versus"] == "segment" else _of_periods(view.asked, asked)
        )
    if found is None:
        st.caption(t("funnel.versus_choose"))
    elif isinstance(found, InvalidFunnel | Unknown):
        st.markdown(f":material/info: {steps.refusal(found)}")
    else:
        _result(found, view, _names(found, choices), called)
    if not choices.segments:
        st.caption(t("funnel.versus_no_segments"))


# -- what is compared --------------------------------------------------------------------------------------------------


def _of_periods(question: Asked, asked: Filters) -> Beside | InvalidFunnel | Unknown | None:
    against = st.session_state["versus"]
    days = _days(asked) if against == "days" else None
    if against == "days" and days is None:
        return None
    try:
        return funnels.period_beside(asked, question, against, days)
    except (InvalidFunnel, Unknown) as error:
        return error


def _days(asked: Filters) -> Period | None:
    """Days chosen by hand, in the address as first and last day."""
    state, before = st.session_state, asked.period.before()
    if "versus_days" not in state:
        given = addresses.period("versus_from", "versus_to")
        state["versus_days"] = (given.start_on, given.last_on) if given else (before.start_on, before.last_on)
    picked = st.date_input(
        t("funnel.versus_these"), key="versus_days", persist_state="session", format="YYYY-MM-DD", width=230
    )  # fmt: skip
    if not (isinstance(picked, tuple) and len(picked) == 2):
        return None
    st.query_params["versus_from"], st.query_params["versus_to"] = (day.isoformat() for day in picked)
    return Period(picked[0], picked[1] + timedelta(days=1))


def _of_segments(view: View, choices: Choices) -> Beside | InvalidFunnel | Unknown | None:
    known = list(choices.segments)
    one = _segment("versus_in", t("funnel.versus_in"), known, choices, t("funnel.versus_which"))
    other = _segment("versus_out", t("funnel.versus_out"), known, choices, t("funnel.versus_rest"))
    if one is None:
        return None
    try:
        return funnels.segments_beside(view, one, other)
    except (InvalidFunnel, Unknown) as error:
        return error


def _segment(key: str, label: str, known: list[int], choices: Choices, nothing: str) -> int | None:
    addresses.read(key, None, known)
    labels = dict(choices.segments)
    st.selectbox(
        label, known, index=None, format_func=lambda one: labels.get(one, i18n.UNDEFINED), key=key,
        persist_state="session", placeholder=nothing, width=220,
    )  # fmt: skip
    addresses.write(key, None)
    chosen: int | None = st.session_state[key]
    return chosen


def _names(found: Beside, choices: Choices) -> tuple[str, str]:
    """What the two sides are called, the first one first."""
    if found.first_period:
        return t("funnel.versus_then"), t("funnel.versus_now")
    state = st.session_state
    other = (
        choices.segments.get(state["versus_out"], "") if state["versus_out"] is not None else t("funnel.versus_rest")
    )
    return other, choices.segments.get(state["versus_in"], "")


def _span(period: Period | None) -> str:
    if period is None:
        return i18n.UNDEFINED
    return i18n.days(period)


# -- what came out -----------------------------------------------------------------------------------------------------


def _result(found: Beside, view: View, called_sides: tuple[str, str], called: list[str]) -> None:
    first, second = called_sides
    if not found.is_known:
        st.info(t("funnel.versus_no_data", days=_span(found.first_period)))
        return
    if found.first_period:
        st.caption(t("funnel.versus_spans", now=_span(found.second_period), then=_span(found.first_period)))
    st.markdown(_verdict(found, view, first, second))
    sides = {second: found.second, first: found.first}
    big = {name: steps for name, steps in sides.items() if steps[0].members >= SMALL}
    if big:
        charts.show(
            "beside",
            f"{found.key}|{sides.keys()}",
            lambda: charts.breakdown(big, called, str),
            alt=t("funnel.look_versus"),
        )
    _table(found, first, second, called)
    st.caption(t("funnel.versus_how_periods" if found.first_period else "funnel.versus_how_segments"))


def _verdict(found: Beside, view: View, first: str, second: str) -> str:
    """The whole conversion of one beside that of the other, in words."""
    if view.asked.count != "members":
        return t("funnel.versus_no_test")
    if found.common:
        return t("funnel.versus_common", count=i18n.number(found.common))
    whole = found.compared[-1]
    if _is_small(whole):
        return t("funnel.versus_small", least=SMALL)
    assert whole.difference is not None and whole.interval is not None and whole.test is not None
    words = t(
        "funnel.versus_verdict",
        first=markdown.escaped(first),
        second=markdown.escaped(second),
        was=i18n.share(whole.first.share),
        now=i18n.share(whole.second.share),
        points=_points(whole.difference),
        low=_points(whole.interval.low),
        high=_points(whole.interval.high),
    )
    return f"{words}{_chance(whole.test.p_value)}"


def _chance(p_value: float) -> str:
    """The p value in words, and as a number."""
    for most, key in ((HARDLY, "hardly"), (LIKELY, "likely"), (SURE, "sure")):
        if p_value < most:
            return t(f"funnel.chance_{key}", p=_p(p_value))
    return t("funnel.chance_none", p=_p(p_value))


def _p(value: float) -> str:
    return "p < 0.001" if value < HARDLY else f"p = {i18n.number(value, 3)}"


def _points(difference: float) -> str:
    """Percentage points with their sign."""
    return i18n.signed(difference * 100, 1)


def _is_small(compared: Comparison) -> bool:
    return not compared.is_enough or min(compared.first.of, compared.second.of) < SMALL


def _table(found: Beside, first: str, second: str, called: list[str]) -> None:
    rows = tables.written("beside", f"{found.key}|{first}|{second}", lambda: _rows(found, first, second, called))
    _, *figures = rows.column_names
    st.dataframe(rows, hide_index=True, column_config=columns.right(*figures), alt=t("funnel.look_versus"))


def _rows(found: Beside, first: str, second: str, called: list[str]) -> tables.Columns:
    rows = {
        t("funnel.event"): [f"{number} {name}" for number, name in enumerate(called, 1)],
        second: [_counted(step, found.second) for step in found.second],
        first: [_counted(step, found.first) for step in found.first],
    }
    if found.compared:
        rows |= {
            t("funnel.difference"): [_difference(number, one) for number, one in enumerate(found.compared)],
            t("funnel.interval"): [_interval(number, one) for number, one in enumerate(found.compared)],
            t("funnel.chance"): [_told(number, one) for number, one in enumerate(found.compared)],
        }
    return rows


def _counted(step: funnels.Count, of: tuple[funnels.Count, ...]) -> str:
    """The count, and its share of step 1 where those are not few."""
    count = i18n.number(step.members)
    return count if step.step == 1 or of[0].members < SMALL else f"{count} · {i18n.share(step.share)}"


def _difference(place: int, one: Comparison) -> str:
    if not place or one.difference is None or _is_small(one):
        return "" if not place else i18n.UNDEFINED
    return t("number.points", points=_points(one.difference))


def _interval(place: int, one: Comparison) -> str:
    if not place or one.interval is None or _is_small(one):
        return "" if not place else i18n.UNDEFINED
    return f"{_points(one.interval.low)} … {_points(one.interval.high)}"


def _told(place: int, one: Comparison) -> str:
    if not place or one.test is None or _is_small(one):
        return "" if not place else i18n.UNDEFINED
    return _p(one.test.p_value)
