"""Tuning: settings of a forecast, its backtest before and after, what might be, scenarios side by side, publishing."""

from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from core.errors import Refusal
from dashboard import charts, i18n, markdown
from dashboard.actions import forecast as actions
from dashboard.actions import guard
from dashboard.data import forecast
from dashboard.data.forecast import (
    BEST,
    LONGEST_WHAT_IF,
    MODELS,
    PRIORS,
    RANGE,
    TRAINING,
    Line,
    Lines,
    Outcome,
    Scenario,
    Spec,
    WhatIf,
)
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import columns, heading, tables
from dashboard.widgets.forecast import course, lines, looks, specs, words
from dashboard.widgets.forecast.looks import Look

COMPARED = "fc_compared"
MOST_COMPARED = 3
LONGEST_TOLD = 160
PLAIN = ("horizon", "training_days", "growth", "changepoint_prior", "changepoint_range", "weekly", "yearly", "mode")
MORE = (
    "seasonality_prior",
    "holidays",
    "holidays_prior",
    "without_events",
    "regressors",
    "outliers",
    "set_aside",
    "kept",
    "model",
    "level",
)
CHOICES: dict[str, tuple[Any, ...]] = {
    "growth": ("linear", "flat"), "yearly": ("auto", "on", "off"), "mode": ("additive", "multiplicative"), "outliers": ("auto", "keep"),
    "level": (0.8, 0.95),
}  # fmt: skip
SEVERAL = ("without_events", "regressors", "set_aside", "kept")
HORIZON = (7, 14, 30, 60, 90)
SUMMED = 30
"""Days ahead that forecasts side by side are added up over, unless one has fewer."""


def show() -> None:
    known = forecast.lines()
    if known is None or not known.measures:
        heading.empty(t("forecast.empty"), t("forecast.empty_lead"))
        return
    with st.container(border=True, key="card_tuning"):
        line = lines.choose(known)
        spec = specs.read()
        house = looks.look(line, Spec(), "house")
        if house is None:
            return
        st.html(heading.section(t("forecast.tuning"), t("forecast.tuning_lead"), "forecast-tuning"))
        _form(line, spec, house)
    own = looks.look(line, spec, "own") if specs.changes(spec) else None
    is_own = bool(specs.changes(spec))
    _before_after(house, own, line, known, is_own=is_own)
    _what_ifs(spec, house)
    _scenarios(line, spec, own if is_own else house, known)


# -- settings ----------------------------------------------------------------------------------------------------------


def _form(line: Line, spec: Spec, house: Look) -> None:
    prefix = f"fs_{abs(hash((line, str(spec))))}_"
    with st.form(f"{prefix}form", border=False):
        with st.grid("auto", min_column_width=210, gap="small", key="spec_fields"):
            for name in PLAIN:
                _field(prefix, name, spec, house)
        with (
            st.expander(t("forecast.more"), icon=":material/tune:"),
            st.grid("auto", min_column_width=210, gap="small"),
        ):
            for name in MORE:
                _field(prefix, name, spec, house)
        with st.container(horizontal=True, gap="small"):
            st.form_submit_button(
                t("forecast.apply"), type="primary", icon=":material/play_arrow:", on_click=_apply, args=(prefix, spec)
            )
            st.form_submit_button(t("forecast.to_house"), type="tertiary", on_click=_reset)


def _field(prefix: str, name: str, spec: Spec, house: Look) -> None:
    key, label, value = f"{prefix}{name}", t(f"forecast.field_{name}"), getattr(spec, name)
    meaning = t(f"forecast.means_{name}")
    if name in SEVERAL:
        labels = _several(name, house, value)
        st.multiselect(
            label, list(labels), list(value), key=key, help=meaning, format_func=labels.get, placeholder=t("forecast.none_chosen")
        )  # fmt: skip
    elif (labels := _one_of(name, value)) is not None:
        options = list(labels)
        st.selectbox(label, options, options.index(value), key=key, help=meaning, format_func=labels.get)
    elif isinstance(value, bool):
        st.toggle(label, value, key=key, help=meaning)
    elif name == "training_days":
        st.number_input(label, *TRAINING, value, step=7, key=key, help=meaning)
    elif name == "changepoint_range":
        st.slider(label, *RANGE, value, 0.05, key=key, help=meaning)
    else:
        st.number_input(label, *PRIORS, value, step=0.01, format="%.3f", key=key, help=meaning)


def _one_of(name: str, value: Any) -> dict[Any, str] | None:
    """Options of a setting and what they are called; None where it is no choice of a few."""
    if name == "horizon":
        return {one: t("forecast.days", days=one) for one in sorted({*HORIZON, value})}
    if name == "model":
        return {one: _model(one) for one in (BEST, *MODELS)}
    if name == "level":
        return {one: i18n.share(one, 0) for one in sorted({*CHOICES[name], value})}
    if name in CHOICES:
        return {one: t(f"forecast.{name}_{one}") for one in CHOICES[name]}
    return None


def _several(name: str, house: Look, value: tuple[Any, ...]) -> dict[Any, str]:
    if name == "without_events":
        return {one: words.event(one) for one in sorted({one.name for one in house.asked.known.events} | set(value))}
    if name == "regressors":
        return {one: words.regressor(one) for one in sorted({*house.asked.known.regressors, *value})}
    return {one: i18n.day(one) for one in _days_of(name, house, value)}


def _days_of(name: str, house: Look, value: tuple[date, ...]) -> list[date]:
    """Days that can be set aside, or kept though they were: the newest first."""
    if name == "kept":
        return sorted({one.on for one in house.outcome.set_aside} | set(value), reverse=True)
    history = house.asked.history
    return sorted({history.on(place) for place in range(history.days)} | set(value), reverse=True)


def _model(name: str) -> str:
    return t("forecast.model_best") if name == BEST else words.model(name)


@guard.guarded(forecast.SEE)
def _apply(prefix: str, spec: Spec) -> None:
    told = {name: st.session_state[f"{prefix}{name}"] for name in (*PLAIN, *MORE)}
    for name in ("set_aside", "kept", "without_events", "regressors"):
        told[name] = tuple(sorted(told[name]))
    specs.put(replace(spec, **told))


def _reset() -> None:
    specs.put(Spec())


# -- before and after --------------------------------------------------------------------------------------------------


def _before_after(house: Look, own: Look | None, line: Line, known: Lines, *, is_own: bool) -> None:
    with st.container(border=True, key="card_before_after"):
        st.html(heading.section(t("forecast.backtest"), t("forecast.backtest_lead"), "forecast-backtest"))
        if own is None:
            st.html(heading.line(t("forecast.not_fitted" if is_own else "forecast.nothing_tuned")))
            return
        st.html(heading.line(verdict(house.outcome, own.outcome)))
        both = {t("forecast.of_house"): house, t("forecast.of_own"): own}
        st.dataframe(
            tables.written("before_after", f"{house.key}|{own.key}", lambda: _compared(both, line, known)),
            hide_index=True, alt=t("forecast.backtest"), column_config=columns.right(*_titles(_days(both))),
        )  # fmt: skip
        beside = {t("forecast.of_house"): house.path}
        charts.show(
            "forecast_tuned", f"{house.key}|{own.key}|{known.key}", lambda: _picture(own, line, known, beside, t("forecast.of_own")), alt=t("forecast.picture_alt")
        )  # fmt: skip


def _picture(shown: Look, line: Line, known: Lines, beside: dict[str, "forecast.Path"], name: str = "") -> Any:
    return course.picture(
        shown.asked.history, shown.path, (), shown.outcome.set_aside, shown.asked.known.events,
        lambda value: lines.written(value, line, known), words.event, happened=known.happened, beside=beside, name=name,
    )  # fmt: skip


def verdict(house: Outcome, own: Outcome) -> str:
    """Errors are told better or worse only where both are of the same days: folds are as long as the forecast and end with the data."""
    before, after = house.score.mase, own.score.mase
    if house.path.days != own.path.days:
        return t("forecast.verdict_horizons", before=house.path.days, after=own.path.days)
    if before is None or after is None or _folds(house) != _folds(own):
        return t("forecast.verdict_none")
    told = {"before": words.error(before), "after": words.error(after)}
    if told["before"] == told["after"]:
        return t("forecast.verdict_same", **told)
    change = i18n.change(after / before - 1) if before else UNDEFINED
    return t("forecast.verdict_better" if after < before else "forecast.verdict_worse", change=change, **told)


def _folds(outcome: Outcome) -> list[date]:
    return [one.path.start_on for one in outcome.folds]


def _days(looked: dict[str, Look]) -> int:
    """Days ahead that all of them tell."""
    return min(SUMMED, *(one.path.days for one in looked.values()))


def _titles(days: int) -> list[str]:
    return [*(t(f"forecast.{name}") for name in ("mase", "wape", "coverage")), t("forecast.sum_days", days=days)]


def _compared(looked: dict[str, Look], line: Line, known: Lines) -> tables.Columns:
    """One row per forecast: its backtest, and what it adds up to."""
    scores, days = [one.outcome.score for one in looked.values()], _days(looked)
    return {
        t("forecast.scenario"): list(looked),
        t("forecast.model"): [words.model(one.outcome.headline) for one in looked.values()],
        t("forecast.mase"): [words.error(one.mase) for one in scores],
        t("forecast.wape"): [i18n.share(one.wape) for one in scores],
        t("forecast.coverage"): [words.coverage(one) for one in scores],
        t("forecast.sum_days", days=days): [
            lines.written(sum(one.path.point[:days]), line, known) for one in looked.values()
        ],
    }


# -- what might be -----------------------------------------------------------------------------------------------------


def _what_ifs(spec: Spec, house: Look) -> None:
    with st.container(border=True, key="card_what_ifs"):
        st.html(heading.section(t("forecast.what_ifs"), t("forecast.what_ifs_lead"), "forecast-what-ifs"))
        for number, one in enumerate(spec.what_ifs):
            with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"what_if_{number}"):
                st.markdown(_told(one))
                st.button(
                    t("forecast.what_if_remove"),
                    key=f"what_if_remove_{number}",
                    type="tertiary",
                    icon=":material/close:",
                    on_click=_without,
                    args=(spec, number),
                )
        events = {"": t("forecast.what_if_own")}
        events |= {one.event: words.event(one.event) for one in house.outcome.effects}
        with st.form("what_if_form", border=False), st.grid("auto", min_column_width=190, gap="small"):
            st.text_input(t("forecast.what_if_name"), key="what_if_name", max_chars=LONGEST_WHAT_IF)
            st.date_input(t("forecast.what_if_start"), house.path.start_on, key="what_if_start", format="YYYY-MM-DD")
            st.number_input(t("forecast.what_if_days"), 1, 90, 3, key="what_if_days")
            st.selectbox(t("forecast.what_if_effect"), list(events), format_func=events.get, key="what_if_event")
            st.number_input(
                t("forecast.what_if_uplift"),
                -95,
                2000,
                20,
                key="what_if_uplift",
                help=t("forecast.what_if_uplift_help"),
            )
            st.form_submit_button(t("forecast.what_if_add"), icon=":material/add:", on_click=_with, args=(spec,))


def _told(one: WhatIf) -> str:
    return f"**{markdown.escaped(one.name)}** {markdown.escaped(words.what_if(one))}"


@guard.guarded(forecast.SEE)
def _with(spec: Spec) -> None:
    state = st.session_state
    event = state["what_if_event"] or None
    name = " ".join(state["what_if_name"].split()) or (words.event(event) if event else t("forecast.what_if_own"))
    name = i18n.cut(name, LONGEST_WHAT_IF)
    share = None if event else state["what_if_uplift"] / 100
    one = WhatIf(name, state["what_if_start"], int(state["what_if_days"]), share, event)
    specs.put(replace(spec, what_ifs=(*spec.what_ifs, one)))


@guard.guarded(forecast.SEE)
def _without(spec: Spec, number: int) -> None:
    specs.put(replace(spec, what_ifs=tuple(one for place, one in enumerate(spec.what_ifs) if place != number)))


# -- scenarios ---------------------------------------------------------------------------------------------------------


def _scenarios(line: Line, spec: Spec, shown: Look | None, known: Lines) -> None:
    saved = forecast.of_line(line)
    with st.container(border=True, key="card_scenarios"):
        st.html(heading.section(t("forecast.scenarios"), t("forecast.scenarios_lead"), "forecast-scenarios"))
        if actions.may():
            _saving(line, spec, shown)
        if not saved:
            st.html(heading.line(t("forecast.no_scenarios")))
            return
        for one in saved:
            _scenario(one, spec)
        _side_by_side(line, saved, known)


def _saving(line: Line, spec: Spec, shown: Look | None) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="scenario_saving"):
        st.text_input(t("forecast.scenario_name"), key="scenario_name", max_chars=actions.LONGEST_NAME, width=260)
        st.button(
            t("forecast.scenario_save"),
            key="scenario_save",
            icon=":material/bookmark_add:",
            on_click=_save,
            args=(line, spec),
        )
        st.button(
            t("forecast.publish"), key="forecast_publish", type="primary", icon=":material/publish:", help=t("forecast.publish_help"),
            disabled=shown is None or shown.is_old, on_click=_publish, args=("" if shown is None else shown.fit.key, spec),
        )  # fmt: skip


@guard.guarded(actions.WRITE)
def _save(line: Line, spec: Spec) -> None:
    one = actions.save(line, st.session_state["scenario_name"], spec)
    st.session_state["scenario_name"] = ""
    guard.note(t("forecast.scenario_saved", slot=one.slot, name=one.name))


@guard.guarded(actions.WRITE)
def _publish(key: str, spec: Spec) -> None:
    row = actions.publish(key, spec, st.session_state.get("scenario_name", ""))
    guard.note(t("forecast.published" if row.supersedes_id else "forecast.published_first", number=row.id))


def _scenario(one: Scenario, spec: Spec) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"scenario_{one.scenario_id}"):
        told = i18n.cut(i18n.listed(specs.told(one.spec)), LONGEST_TOLD) or t("forecast.of_house")
        st.markdown(
            f"**{one.slot}** {markdown.escaped(one.name)} · {markdown.escaped(told)} · {markdown.escaped(one.owner)}"
        )
        st.button(
            t("forecast.scenario_open"),
            key=f"scenario_open_{one.scenario_id}",
            type="tertiary",
            icon=":material/folder_open:",
            on_click=_open,
            args=(one.spec,),
        )
        if actions.may():
            box = st.popover(
                t("forecast.scenario_more"),
                type="tertiary",
                icon=":material/more_horiz:",
                key=f"scenario_box_{one.scenario_id}",
                on_change="rerun",
            )
            if box.open:
                with box:
                    _changing(one, spec)


def _changing(one: Scenario, spec: Spec) -> None:
    key = f"scenario_name_{one.scenario_id}"
    st.text_input(t("forecast.scenario_name"), one.name, key=key, max_chars=actions.LONGEST_NAME)
    st.button(t("forecast.scenario_rename"), key=f"{key}_do", on_click=_rename, args=(one, key))
    st.button(
        t("forecast.scenario_over"),
        key=f"scenario_over_{one.scenario_id}",
        on_click=_save_over,
        args=(one, spec),
        disabled=spec == one.spec,
    )
    st.button(t("forecast.scenario_away"), key=f"scenario_away_{one.scenario_id}", on_click=_put_away, args=(one,))


def _open(spec: Spec) -> None:
    specs.put(spec)


@guard.guarded(actions.WRITE)
def _rename(one: Scenario, key: str) -> None:
    actions.rename(one, st.session_state[key])
    guard.note(t("forecast.scenario_changed", slot=one.slot))


@guard.guarded(actions.WRITE)
def _save_over(one: Scenario, spec: Spec) -> None:
    actions.save_over(one, spec)
    guard.note(t("forecast.scenario_changed", slot=one.slot))


@guard.guarded(actions.WRITE)
def _put_away(one: Scenario) -> None:
    actions.put_away(one)
    guard.note(t("forecast.scenario_gone", slot=one.slot, name=one.name))


def _side_by_side(line: Line, saved: list[Scenario], known: Lines) -> None:
    by_slot = {one.slot: one for one in saved}
    labels = {one.slot: f"{one.slot} {one.name}" for one in saved}
    usual = [one for one in st.session_state.get(COMPARED, list(by_slot)[:MOST_COMPARED]) if one in by_slot]
    # A widget whose options are called otherwise is another one: Streamlit keeps what was chosen by its words.
    chosen = st.multiselect(
        t("forecast.compare"), list(by_slot), usual, format_func=labels.get, key=f"{COMPARED}_{abs(hash(tuple(labels.items())))}",
        max_selections=MOST_COMPARED, placeholder=t("forecast.none_chosen"),
    )  # fmt: skip
    st.session_state[COMPARED] = chosen
    looked: dict[str, Look] = {}
    for slot in chosen:
        try:
            found = looks.look(line, by_slot[slot].spec, f"scenario_{slot}")
        except Refusal as error:
            st.warning(markdown.escaped(i18n.refusal(error)))
            continue
        if found is not None:
            looked[f"{slot} {i18n.cut(by_slot[slot].name, 24)}"] = found
    if not looked:
        return
    key = "|".join(f"{name}={one.key}" for name, one in looked.items())
    st.dataframe(
        tables.written("scenarios", key, lambda: _compared(looked, line, known)), hide_index=True, alt=t("forecast.scenarios"),
        column_config=columns.right(*_titles(_days(looked))),
    )  # fmt: skip
    (called, first), *others = looked.items()
    beside = {name: one.path for name, one in others}
    charts.show(
        "forecast_scenarios",
        f"{key}|{known.key}",
        lambda: _picture(first, line, known, beside, called),
        alt=t("forecast.scenarios_alt"),
    )
