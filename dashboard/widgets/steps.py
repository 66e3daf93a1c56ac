"""What a funnel's answer looks like: the question in words, summary, table, times, breakdown."""

from collections.abc import Callable
from datetime import timedelta
from html import escape

import streamlit as st

from core.errors import InvalidFunnel, Unknown
from dashboard import charts, i18n, markdown
from dashboard.data import funnels
from dashboard.data.funnels import Asked, View
from dashboard.data.rows import SMALL
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import columns, conditions, names, tables, teaser, tiles
from dashboard.widgets.tiles import Tile

# -- the question in words ---------------------------------------------------------------------------------------------


def called(asked: Asked) -> list[str]:
    """What the steps are called: their events; of a path its nodes, which may be groups of events."""
    nodes = dict(asked.along.nodes) if asked.along else {}
    found = []
    for step in asked.steps:
        node = {nodes.get(name, name) for name in step}
        found.append(node.pop() if nodes and len(step) > 1 and len(node) == 1 else names.event(" | ".join(step)))
    return found


def sentence(asked: Asked) -> str:
    """The whole funnel in one sentence."""
    path = t("funnel.then").join(_step(asked, place, words) for place, words in enumerate(called(asked)))
    who = t(f"funnel.who_{asked.count}")
    parts = [t(f"funnel.reads_{'along' if asked.along else asked.order}", who=who, path=path)]
    if asked.within is not None:
        parts.append(t("funnel.reads_window", window=window_words(asked.within)))
    elif not asked.along:
        parts.append(t("funnel.reads_no_window"))
    if asked.step_within is not None:
        parts.append(t("funnel.reads_step_window", window=window_words(asked.step_within)))
    parts += [_exclusion(one.names, one.from_step, one.to_step) for one in asked.barriers]
    if asked.entries == "first" and not asked.along:
        parts.append(t("funnel.reads_first"))
    if asked.by:
        parts.append(t("funnel.reads_by", name=names.property_of(asked.by)))
    return t("funnel.reads", sentence=t("funnel.reads_and").join(parts))


def _step(asked: Asked, place: int, words: str) -> str:
    tested = asked.tested(place)
    return t("funnel.step_where", step=words, conditions=conditions.listed(tested)) if tested else words


def _exclusion(barred: tuple[str, ...], from_step: int, to_step: int) -> str:
    return t("funnel.reads_exclusion", first=from_step, last=to_step, names=names.event(" | ".join(barred)))


def window_words(within: timedelta) -> str:
    text = funnels.window_text(within)
    return t(f"funnel.length_{text[-1]}", count=i18n.number(int(text[:-1])))


# -- no answer ---------------------------------------------------------------------------------------------------------


def refused(error: InvalidFunnel | Unknown) -> None:
    """Says what is wrong with the funnel and what to do."""
    with st.container(border=True, key="card_refused"):
        st.markdown(f":material/info: {refusal(error)}")


def refusal(error: InvalidFunnel | Unknown) -> str:
    """The same as Markdown."""
    if isinstance(error, Unknown):
        near = i18n.listed(error.near) or i18n.UNDEFINED
        return t("funnel.unknown", name=markdown.escaped(error.details["name"]), near=markdown.escaped(near))
    key = f"funnel.problem_{error.details.get('problem')}"
    return t(key) if i18n.has(key) else markdown.escaped(i18n.refusal(error))


def nobody(asked: Asked, filters: Filters) -> None:
    with st.container(border=True, key="card_refused"):
        st.subheader(t("funnel.nobody"), anchor=False)
        days = i18n.days(filters.period)
        st.write(t("funnel.nobody_lead", step=markdown.escaped(_step(asked, 0, called(asked)[0])), days=days))


# -- the answer --------------------------------------------------------------------------------------------------------


def head(view: View, called: list[str]) -> None:
    """The question read back, its four figures, and its steps as bars."""
    st.html(_head(key=f"{view.key}|{i18n.language()}", _view=view, _called=called))


@kept.by_key(64)
def _head(key: str, _view: View, _called: list[str]) -> str:  # noqa: ARG001 - what it is kept by
    return (
        f'<p class="asked">{escape(sentence(_view.asked))}</p>{tiles.wall(_summary(_view), 140)}'
        f'<section class="bars plain" aria-label="{escape(t("funnels.title"))}">{teaser.bars(_view.steps, _called)}</section>'
    )


def _summary(view: View) -> list[Tile]:
    """Entered, completed, conversion, and how long it takes."""
    first, last = view.steps[0], view.steps[-1]
    is_small = first.members < SMALL
    return [
        Tile("entered", t(f"funnel.entered_{view.asked.count}"), i18n.number(first.members)),
        Tile("completed", t("funnel.completed"), i18n.number(last.members)),
        Tile(
            "conversion",
            t("funnel.conversion"),
            i18n.UNDEFINED if is_small else i18n.share(last.share),
            meaning=t("number.small_meaning", count=i18n.number(first.members)) if is_small else "",
        ),
        Tile("median", t("funnel.median"), lasting(view.duration(1, len(view.steps)).median_seconds)),
    ]


def table(view: View, called: list[str]) -> None:
    """Written only while somebody looks at it."""
    fold = st.expander(t("funnel.table"), icon=":material/table:", key="funnel_table", on_change="rerun")
    if fold.open:
        with fold:
            _shown("steps", view, lambda: _rows(view, called), 2, t("funnel.table"))


def _rows(view: View, called: list[str]) -> tables.Columns:
    counts = [step.members for step in view.steps]
    lost = [a - b for a, b in zip(counts, [*counts[1:], counts[-1]], strict=True)]
    return {
        "#": [step.step for step in view.steps],
        t("funnel.event"): called,
        t(f"funnel.counted_{view.asked.count}"): [i18n.number(count) for count in counts],
        t("funnel.share"): [i18n.share(step.share) for step in view.steps],
        t("funnel.of_before"): [i18n.share(step.step_share) if step.step > 1 else "" for step in view.steps],
        t("funnel.lost_after"): [i18n.number(count) for count in lost],
    }


def _shown(name: str, view: View, write: Callable[[], tables.Columns], words: int, alt: str) -> None:
    """``words``: how many columns from the left are words; the others are figures."""
    rows = tables.written(name, view.key, write)
    st.dataframe(rows, hide_index=True, column_config=columns.right(*rows.column_names[words:]), alt=alt)


def meaning(view: View, filters: str) -> None:
    """The number contract of the funnel."""
    contract = st.popover(
        t("contract.open"), icon=":material/function:", type="tertiary", key="funnel_contract", on_change="rerun"
    )
    if contract.open:
        with contract:
            st.markdown("\n".join(f"- {row}" for row in _rules(view, markdown.escaped(filters))))


def _rules(view: View, filters: str) -> list[str]:
    asked = view.asked
    rows = [t(f"funnel.means_along_{asked.along.direction}" if asked.along else f"funnel.means_{asked.order}")]
    if asked.within is not None:
        rows.append(t("funnel.means_window", window=window_words(asked.within)))
    else:
        rows.append(t("funnel.means_no_window"))
    if asked.step_within is not None:
        rows.append(t("funnel.means_step_window", window=window_words(asked.step_within)))
    if any(asked.conditions):
        rows.append(t("funnel.means_conditions"))
    if asked.barriers:
        rows.append(t("funnel.exclusion_means"))
    rows.append(t("funnel.means_first") if asked.entries == "first" else t("funnel.means_every"))
    filtered = "path.means_filters" if asked.along else "funnel.means_filters"
    rows += [t("funnel.means_tie"), t(f"funnel.means_{asked.count}"), t(filtered, filters=filters)]
    if asked.by:
        rows.append(t("funnel.means_by"))
    return [*rows, t("funnel.means_version", version=view.version)]


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
    if view.asked.count == "attempts":
        st.caption(t("funnel.of_best_attempt"))
    found = view.duration(start, end)
    if not found.members:
        st.info(t("funnel.nobody_took"))
        return
    took = [
        Tile("took", t("funnel.took"), i18n.number(found.members)),
        Tile("median_time", t("funnel.median"), lasting(found.median_seconds)),
        Tile("p90", t("funnel.p90"), lasting(found.p90_seconds), meaning=t("funnel.p90_help")),
    ]
    st.html(tiles.wall(took, 150))
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
    shown = {value: steps for value, steps in view.by_value.items() if steps[0].members >= SMALL}
    missing = ""
    if view.missing:
        share = i18n.share(view.missing / view.steps[0].members)
        missing = f'<p class="lead">{escape(t("funnel.missing", count=i18n.number(view.missing), share=share))}</p>'
    st.html(f"<h2>{escape(t('funnel.breakdown', name=names.property_of(by)))}</h2>{missing}")
    charts.show(
        "breakdown",
        view.key,
        lambda: charts.breakdown(shown, called, names.values(by, view.by_value).__getitem__),
        alt=t("funnel.by"),
    )
    if len(shown) < len(view.by_value):
        st.caption(t("funnel.small_values", count=i18n.number(len(view.by_value) - len(shown))))
    _shown("breakdown", view, lambda: _values(view, called), 1, t("funnel.by"))


def _values(view: View, called: list[str]) -> tables.Columns:
    by = view.asked.by or ""
    rows = {names.property_of(by): list(names.values(by, view.by_value).values())}
    for place, name in enumerate(called):
        rows[f"{place + 1} {name}"] = [i18n.number(steps[place].members) for steps in view.by_value.values()]
    rows[t("funnel.conversion")] = [
        i18n.share(steps[-1].share) if steps[0].members >= SMALL else i18n.UNDEFINED for steps in view.by_value.values()
    ]
    return rows
