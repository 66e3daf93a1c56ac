"""Around the table of cohorts: which figures are shown, the few that matter most, what they mean, and the way out."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.errors import InvalidFunnel, InvalidRetention, Unknown
from dashboard import addresses, i18n, markdown
from dashboard.actions import exports, guard
from dashboard.data import retention
from dashboard.data.retention import Asked, Table, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import choice, conditions, names, tiles
from dashboard.widgets import retention_words as words
from dashboard.widgets.choice import Choice
from dashboard.widgets.retention_words import PARAMETER, SMALL, Mean, Measure, Shown
from dashboard.widgets.tiles import Tile

KEYS = ("r_measure", "r_mean", "r_group")
"""Parameters of the address that say which figures are shown."""
MEANS: tuple[Mean, ...] = ("weighted", "simple")
COLUMNS = ("cohort", "size", "interval", "until", "returned", "share", "is_complete", "value", "value_share")


def refused(error: InvalidRetention | InvalidFunnel | Unknown) -> None:
    """Says what is wrong with the question and what to do."""
    if isinstance(error, Unknown):
        near = i18n.listed(error.near) or i18n.UNDEFINED
        said = t("funnel.unknown", name=markdown.escaped(error.details["name"]), near=markdown.escaped(near))
    else:
        values = {name: markdown.escaped(str(value)) for name, value in error.details.items()}
        problem = error.details.get("problem")
        key = next(
            (one for one in (f"retention.problem_{problem}", f"funnel.problem_{problem}") if i18n.has(one)), None
        )
        said = t(key, **values) if key else markdown.escaped(i18n.refusal(error))
    with st.container(border=True, key="card_refused"):
        st.markdown(f":material/info: {said}")


def nobody(asked: Asked, filters: Filters) -> None:
    with st.container(border=True, key="card_refused"):
        st.subheader(t("retention.nobody"), anchor=False)
        days = i18n.days(filters.period)
        start = markdown.escaped(names.event(" | ".join(asked.start)))
        st.write(t(f"retention.nobody_{asked.entry}", start=start, days=days))


def choose(view: View) -> Shown:
    """Members or money, which mean, and one group of the breakdown or all. Drawn here only where there are groups; else the
    table has the choice above it in one piece with itself."""
    measure: Measure = choice.read("r_measure", _measures(view))  # type: ignore[assignment]
    mean: Mean = choice.read("r_mean", MEANS)  # type: ignore[assignment]
    if view.asked.by is None:
        return Shown(measure, mean, _group(view))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="cohort_choice"):
        st.html(rows(view, measure, mean, addresses.beside(PARAMETER)), width="content")
        return Shown(measure, mean, _group(view))


def _measures(view: View) -> tuple[Measure, ...]:
    return ("members", "revenue") if view.asked.with_value else ("members",)


def _group(view: View) -> str:
    groups = [retention.WHOLE, *view.groups]
    addresses.read("r_group", retention.WHOLE, groups)
    if view.asked.by:
        labels = {one: words.group(view, one) for one in groups}
        st.selectbox(
            names.property_of(view.asked.by), groups, format_func=lambda one: labels.get(one, one), key="r_group",
            persist_state="session", width=220,
        )  # fmt: skip
    addresses.write("r_group", retention.WHOLE)
    return str(st.session_state["r_group"])


def rows(view: View, measure: Measure, mean: Mean, address: str) -> str:
    """The choice of measure and mean, as HTML. ``address``: the page as it is."""
    found = [
        Choice(
            "r_mean", t("retention.mean"), {one: t(f"retention.mean_{one}") for one in MEANS}, mean,
            t("retention.mean_help"),
        )
    ]  # fmt: skip
    measures = _measures(view)
    if len(measures) > 1:
        labels = {one: t(f"retention.measure_{one}") for one in measures}
        found.insert(0, Choice("r_measure", t("retention.measure"), labels, measure))
    return choice.fields(found, address)


def summary(view: View, shown: Shown) -> str:
    """How many started, and the mean of the first, a middle and the last interval that has one, as HTML."""
    table = shown.table(view)
    known = [number for number in shown.telling(view) if shown.shares(table).cohorts_count[number]]
    picked = sorted({known[0], known[len(known) // 2], known[-1]}) if known else []
    started = Tile(
        "started", t("retention.started"), i18n.number(int(table.size.sum())), meaning=t("retention.started_help")
    )
    return tiles.wall([started, *(_mean(view, shown, table, number) for number in picked)], 140)


def _mean(view: View, shown: Shown, table: Table, number: int) -> Tile:
    base = int(table.members.base[number])
    return Tile(
        f"mean-{number}",
        t(f"retention.{shown.measure}_at", interval=words.interval(view.asked, number)),
        i18n.share(shown.mean_of(table, number)),
        meaning=t("number.small_meaning", count=i18n.number(base)) if base < SMALL else "",
    )


def meaning(view: View, filters: Callable[[], str]) -> None:
    """The number contract. ``filters``: what its figures are cut to, in words."""
    with st.popover(t("contract.open"), icon=":material/function:", type="tertiary", key="retention_contract"):
        st.markdown(_contract(key=f"{view.key}|{i18n.language()}", _view=view, _filters=filters))


@kept.by_key(64)
def _contract(key: str, _view: View, _filters: Callable[[], str]) -> str:  # noqa: ARG001 - what it is kept by
    asked = _view.asked
    lines = [
        t("retention.means_formula", start=_events(asked.start), back=_events(asked.back)),
        *_tested(asked),
        t(f"retention.means_{asked.entry}"),
        t("retention.means_cohort", unit=t(f"retention.unit_{asked.unit}"), zone=_view.zone),
        t(f"retention.means_age_{asked.age}", length=t(f"retention.length_{asked.unit}"), zone=_view.zone),
        t("retention.means_zero"),
        t(f"retention.means_{asked.counting}"),
        t("retention.means_complete"),
        t("retention.means_weighted"),
        t("retention.means_simple"),
        *([t("retention.means_value")] if asked.with_value else []),
        *([t("retention.means_by", top=i18n.number(asked.top))] if asked.by else []),
        t("retention.means_filters", filters=markdown.escaped(_filters())),
        t("retention.means_version", day=i18n.day(_view.answer.as_of_on), version=_view.version),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _tested(asked: Asked) -> list[str]:
    """What events must be like, where that was asked."""
    sides = (("start", asked.start_conditions), ("back", asked.back_conditions))
    return [
        t(f"retention.means_{side}_if", conditions=markdown.escaped(conditions.listed(tested)))
        for side, tested in sides
        if tested
    ]


def _events(events: tuple[str, ...]) -> str:
    return markdown.escaped(names.event(" | ".join(events)))


def export(view: View) -> None:
    """The whole table as rows, for those who may take it out of the house. Shares as fractions, money in major units."""
    if not guard.may("people.export"):
        return
    name, days = words.sentence(view.asked), view.answer.days
    file_name = f"siyu-retention-{days[0].isoformat()}-{view.last_day(len(days) - 2).isoformat()}"
    # The file is made outside a run, where nobody's language is known: its headings are written here.
    called = {column: t(f"retention.column_{column}") for column in COLUMNS}
    by = None if view.asked.by is None else names.property_of(view.asked.by)
    for file in ("csv", "xlsx"):
        st.download_button(
            t(f"retention.export_{file}"),
            data=exports.deferred(lambda: _named(view, called, by), name, file, retention.definition(view.asked)),
            file_name=f"{file_name}.{file}",
            mime=exports.MIME[file],
            icon=":material/download:",
            type="tertiary",
            key=f"retention_{file}",
            on_click="ignore",
        )


def _named(view: View, called: dict[str, str], by: str | None) -> pd.DataFrame:
    found = retention.exported(view)
    return found.rename(columns=called | ({} if by is None else dict.fromkeys(found.columns[:1], by)))
