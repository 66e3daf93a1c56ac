"""What a funnel's answer looks like: summary, table, times, breakdown, and the people who left it."""

import pandas as pd
import streamlit as st

from core.errors import InvalidFunnel, Unknown
from dashboard import charts, i18n, markdown
from dashboard.actions import guard
from dashboard.data import funnels
from dashboard.data.funnels import Asked, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import columns, names
from dashboard.widgets import people as panel

SMALL = 30
"""Fewer entries than this and a share says nothing (product.md 4, rule of thumb)."""


def refused(error: InvalidFunnel | Unknown) -> None:
    """Says what is wrong with the funnel and what to do."""
    with st.container(border=True, key="card_refused"):
        if isinstance(error, Unknown):
            near = ", ".join(error.near) or i18n.UNDEFINED
            words = t("funnel.unknown", name=markdown.escaped(error.details["name"]), near=markdown.escaped(near))
        else:
            key = f"funnel.problem_{error.details.get('problem')}"
            words = t(key) if i18n.has(key) else markdown.escaped(i18n.refusal(error))
        st.markdown(f":material/info: {words}")


def nobody(asked: Asked, filters: Filters) -> None:
    with st.container(border=True, key="card_refused"):
        st.subheader(t("funnel.nobody"), anchor=False)
        first = names.event(" | ".join(asked.steps[0]))
        days = f"{i18n.day(filters.period.start_on)} – {i18n.day(filters.period.last_on)}"
        st.write(t("funnel.nobody_lead", step=markdown.escaped(first), days=days))


def summary(view: View) -> None:
    """Four figures: entered, completed, conversion, and how long it takes."""
    first, last = view.steps[0], view.steps[-1]
    whole = view.duration(1, len(view.steps))
    is_small = first.members < SMALL
    with st.grid(4, min_column_width=140, gap="small", key="funnel_summary"):
        st.metric(t(f"funnel.entered_{view.asked.count}"), i18n.number(first.members))
        st.metric(t("funnel.completed"), i18n.number(last.members))
        st.metric(
            t("funnel.conversion"),
            i18n.UNDEFINED if is_small else i18n.share(last.share),
            help=t("number.small_meaning", count=i18n.number(first.members)) if is_small else None,
        )
        st.metric(t("funnel.median"), lasting(whole.median_seconds))


def table(view: View, called: list[str]) -> None:
    counts = [step.members for step in view.steps]
    lost = [a - b for a, b in zip(counts, [*counts[1:], counts[-1]], strict=True)]
    with st.expander(t("funnel.table"), icon=":material/table:"):
        st.dataframe(
            pd.DataFrame(
                {
                    "#": [step.step for step in view.steps],
                    t("funnel.event"): called,
                    t(f"funnel.counted_{view.asked.count}"): [i18n.number(count) for count in counts],
                    t("funnel.share"): [i18n.share(step.share) for step in view.steps],
                    t("funnel.of_before"): [
                        i18n.share(step.step_share) if step.step > 1 else "" for step in view.steps
                    ],
                    t("funnel.lost_after"): [i18n.number(count) for count in lost],
                }
            ),
            hide_index=True,
            column_config=columns.right(
                t(f"funnel.counted_{view.asked.count}"),
                t("funnel.share"),
                t("funnel.of_before"),
                t("funnel.lost_after"),
            ),
            alt=t("funnel.table"),
        )


def meaning(view: View, filters: str) -> None:
    """The number contract of the funnel."""
    order, within = view.asked.order, view.asked.within
    with st.popover(t("contract.open"), icon=":material/function:", type="tertiary", key="funnel_contract"):
        window = (
            t("funnel.means_no_window") if within is None else t("funnel.means_window", window=window_words(view.asked))
        )
        rows = (
            t(f"funnel.means_{order}"),
            window,
            t("funnel.means_tie"),
            t(f"funnel.means_{view.asked.count}"),
            t("funnel.means_filters", filters=markdown.escaped(filters)),
            *([t("funnel.means_by")] if view.asked.by else []),
            t("funnel.means_version", version=view.version),
        )
        st.markdown("\n".join(f"- {row}" for row in rows))


def window_words(asked: Asked) -> str:
    text = funnels.window_text(asked.within)
    return t(f"funnel.length_{text[-1]}", count=i18n.number(int(text[:-1])))


def drops(view: View, asked: Filters, called: list[str], filters: str) -> None:
    """One button per place where people are lost; it opens who they are."""
    st.subheader(t("funnel.people"), anchor=False)
    if view.asked.count == "sessions":
        st.caption(t("funnel.problem_sessions_people"))
        return
    if not guard.may("people.see"):
        st.caption(t("funnel.people_forbidden"))
        return
    st.caption(t("funnel.people_lead"))
    counts = [step.members for step in view.steps]
    with st.container(horizontal=True, gap="small", key="drops"):
        for number in range(1, len(counts)):
            lost = counts[number - 1] - counts[number]
            label = t(
                "funnel.dropped_after", step=number, name=markdown.escaped(called[number - 1]), count=i18n.number(lost)
            )
            if st.button(label, key=f"dropped_{number}", disabled=not lost, icon=":material/trending_down:"):
                _open(label, view, asked, number, filters, dropped=True)
        label = t("funnel.all_the_way", count=i18n.number(counts[-1]))
        if st.button(label, key="completed", disabled=not counts[-1], icon=":material/check:"):
            _open(label, view, asked, len(counts), filters, dropped=False)


def _open(title: str, view: View, asked: Filters, step: int, filters: str, *, dropped: bool) -> None:
    def body() -> None:
        found = funnels.people_of(asked, view.asked, step, dropped=dropped)
        panel.show(found, f"{sentence(view.asked)}{t('number.then')}{title}", filters)

    st.dialog(t("people.title"), width="large", icon=":material/group:")(body)()


def sentence(asked: Asked) -> str:
    """The funnel in words: ``浏览商品 → 加入购物车, within 7 days``."""
    path = " → ".join(names.event(" | ".join(step)) for step in asked.steps)
    return path if asked.within is None else t("funnel.sentence", path=path, window=window_words(asked))


def time(view: View, called: list[str]) -> None:
    """Time between any two steps."""
    numbers = list(range(1, len(called) + 1))
    labels = {number: f"{number} {called[number - 1]}" for number in numbers}
    with st.container(horizontal=True, gap="small", key="between"):
        start = st.selectbox(
            t("funnel.from"), numbers[:-1], format_func=labels.get, key=f"from_{len(called)}", width=240
        )  # fmt: skip
        later = numbers[start:]
        end = st.selectbox(
            t("funnel.to"), later, index=len(later) - 1, format_func=labels.get, key=f"to_{len(called)}_{start}", width=240
        )  # fmt: skip
    found = view.duration(start, end)
    if not found.members:
        st.info(t("funnel.nobody_took"))
        return
    with st.grid("auto", min_column_width=150, gap="small", key="time_summary"):
        st.metric(t("funnel.took"), i18n.number(found.members))
        st.metric(t("funnel.median"), lasting(found.median_seconds))
        st.metric(t("funnel.p90"), lasting(found.p90_seconds), help=t("funnel.p90_help"))
    charts.show("time", f"{view.key}|{start}|{end}", lambda: charts.histogram(found, lasting), alt=t("funnel.time"))


def lasting(seconds: float | None) -> str:
    """A time as a person says it: ``42 秒``, ``3.5 分钟``, ``2 天``."""
    if seconds is None:
        return i18n.UNDEFINED
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            amount = seconds / length
            return t(
                f"funnel.length_{unit}", count=i18n.number(amount, 0 if amount >= 10 or amount == int(amount) else 1)
            )
    return t("funnel.length_s", count=i18n.number(seconds, 0))


def breakdown(view: View, called: list[str]) -> None:
    """Conversion by the value at entry: bars for the largest, a table for all."""
    by = view.asked.by or ""
    if view.missing:
        entered = view.steps[0].members
        st.caption(t("funnel.missing", count=i18n.number(view.missing), share=i18n.share(view.missing / entered)))
    shown = {value: steps for value, steps in view.by_value.items() if steps[0].members >= SMALL}
    charts.show(
        "breakdown",
        view.key,
        lambda: charts.breakdown(shown, called, lambda one: names.value(by, one)),
        alt=t("funnel.by"),
    )
    if len(shown) < len(view.by_value):
        st.caption(t("funnel.small_values", count=i18n.number(len(view.by_value) - len(shown))))
    rows = {names.property_of(by): [names.value(by, value) for value in view.by_value]}
    for place, name in enumerate(called):
        rows[f"{place + 1} {name}"] = [i18n.number(steps[place].members) for steps in view.by_value.values()]
    rows[t("funnel.conversion")] = [
        i18n.share(steps[-1].share) if steps[0].members >= SMALL else i18n.UNDEFINED for steps in view.by_value.values()
    ]
    _, *figures = rows
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns.right(*figures), alt=t("funnel.by"))
