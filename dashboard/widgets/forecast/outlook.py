"""What comes next: the headline with its bounds, how it would have been before, the models side by side, what events do."""

from datetime import timedelta

import streamlit as st

from dashboard import charts, i18n
from dashboard.actions import forecast as actions
from dashboard.actions import guard
from dashboard.data import forecast, freshness
from dashboard.data.forecast import Effect, Fit, Line, Lines, ModelScore, Spec
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import behind, choice, columns, heading, tables, tiles
from dashboard.widgets.forecast import course, hourly, lines, looks, specs, takenapart, words
from dashboard.widgets.forecast.looks import Look
from dashboard.widgets.tiles import Tile

ALL = "fc_models"
KEYS = (*lines.KEYS, ALL, specs.SPEC)
SUMS = (7, 30)
"""Days ahead that are added up."""
WIDTH = 180
NAIVE = "naive"


def show() -> None:
    known = forecast.lines()
    if known is None or not known.measures:
        heading.empty(t("forecast.empty"), t("forecast.empty_lead"))
        return
    with st.container(border=True, key="card_forecast"):
        line = lines.choose(known)
        spec = specs.read()
        _own(spec)
        wants_all = choice.read(ALL, ("headline", "all")) == "all"
        shown = looks.look(line, spec, "forecast")
        whole = looks.look(line, spec, "models", span="all", is_quiet=True) if wants_all else None
        if shown is None:
            return
        _head(shown, line, known)
        st.html(tiles.wall(_tiles(shown, line, known), WIDTH))
        charts.show(
            "forecast", f"{shown.key}|{known.key}|{line.text}", lambda: picture(shown, line, known), alt=t("forecast.picture_alt")
        )  # fmt: skip
        _below(shown, line, known)
    hourly.show(shown, line, known)
    _models(shown, whole or shown, line)
    _effects(shown, line, known)
    takenapart.show(shown, line, known)
    _aside(shown, line, known)


def picture(shown: Look, line: Line, known: Lines) -> "course.go.Figure":
    return course.picture(
        shown.asked.history, shown.path, shown.outcome.folds, shown.outcome.set_aside, shown.asked.known.events,
        lambda value: lines.written(value, line, known), words.event, happened=known.happened,
    )  # fmt: skip


def _own(spec: Spec) -> None:
    """Says that it is not the house's forecast, and leads back."""
    own = specs.changes(spec)
    if not own:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(t("forecast.tuned", count=len(own), names=i18n.listed(t(f"forecast.field_{one}") for one in own)))
        st.button(t("forecast.to_house"), key="fc_house", type="tertiary", on_click=_to_house)


def _to_house() -> None:
    specs.put(Spec())


# -- the headline ------------------------------------------------------------------------------------------------------


def _head(shown: Look, line: Line, known: Lines) -> None:
    score, outcome = shown.outcome.score, shown.outcome
    lead = t(
        "forecast.lead",
        model=words.model(outcome.headline),
        mase=words.error(score.mase),
        folds=score.folds,
        on=i18n.day(shown.fit.last_on),
    )
    title = heading.section(lines.called(line, known), lead, "forecast")
    told = [
        f"**{t(f'series.name.{line.measure}')}** {t(f'series.definition.{line.measure}')}",
        t("series.definition.days"),
        t("series.definition.parts"),
        t("forecast.rule_headline"),
        t("forecast.rule_weights", weights=_weights(shown)),
        t("forecast.rule_bounds"),
        t("forecast.rule_errors"),
        t("forecast.rule_adding" if shown.adds_up else "forecast.rule_apart"),
    ]
    behind.head("forecast", title, forecast.dated(shown.fit), told, lambda: lines.called(line, known))
    if shown.is_old:
        told = "forecast.old" if shown.is_coming else "forecast.old_alone"
        st.info(t(told, on=i18n.day(shown.fit.last_on)), icon=":material/history:")


def _weights(shown: Look) -> str:
    weights = shown.outcome.weights or {shown.outcome.headline: 1.0}
    return i18n.listed(f"{words.model(name)} {i18n.share(share, 0)}" for name, share in weights.items())


def _tiles(shown: Look, line: Line, known: Lines) -> list[Tile]:
    path, score = shown.path, shown.outcome.score
    found = []
    for days in SUMS:
        if path.days < days:
            continue
        total = sum(path.point[:days])
        before = _sum_before(shown, days)
        told = [t("forecast.against", days=days, change=i18n.change(total / before - 1))] if before else []
        if year := forecast.year_before(shown.asked.history, path, days):
            told.append(t("forecast.against_year", change=i18n.change(total / year - 1)))
        first, last = path.start_on, path.start_on + timedelta(days=days - 1)
        span = f"{i18n.day(first, with_year=False)} – {i18n.day(last, with_year=False)}"
        name = t("forecast.next_days", days=days)
        found.append(Tile(f"next-{days}", name, lines.written(total, line, known), "", span, tiles.lines(*told)))
    is_wide = shown.spec.level > 0.8
    low, high = (path.lower95, path.upper95) if is_wide else (path.lower80, path.upper80)
    bounds = f"{lines.written(low[0], line, known)} – {lines.written(high[0], line, known)}"
    within = t("forecast.in_bounds", level=95 if is_wide else 80, bounds=bounds)
    on = i18n.day(path.start_on, with_year=False)
    found.append(
        Tile("tomorrow", on, lines.written(path.point[0], line, known), "", "", tiles.lines(within))
    )  # fmt: skip
    found.append(
        Tile("mase", t("forecast.mase"), words.error(score.mase), "", t("forecast.mase_means"), tiles.lines(*_beside(shown)))
    )  # fmt: skip
    found.append(
        Tile("coverage", t("forecast.coverage"), words.coverage(score), "", t("forecast.coverage_means"), tiles.lines(t("forecast.coverage_promised")))
    )  # fmt: skip
    return found


def _beside(shown: Look) -> list[str]:
    """What the error of the headline is to be read beside: that of the seasonal naive, and its share."""
    naive = next((one for one in shown.outcome.models if one.name == NAIVE), None)
    told = [] if naive is None else [t("forecast.naive_has", model=words.model(NAIVE), mase=words.error(naive.mase))]
    return [*told, t("forecast.wape_is", share=i18n.share(shown.outcome.score.wape))]


def _sum_before(shown: Look, days: int) -> float | None:
    """Of the same number of days before the forecast; None where one is not known."""
    history = shown.asked.history
    end = history.place(shown.path.start_on)
    values = history.values[max(end - days, 0) : max(end, 0)]
    total = float(values.sum()) if len(values) == days else float("nan")
    return None if total != total else total


def _below(shown: Look, line: Line, known: Lines) -> None:
    told = [
        t(
            "forecast.made",
            at=i18n.moment(shown.fit.made_at, freshness.read(forecast.SEE).zone),
            version=shown.fit.lake_version,
        )
    ]
    if shown.fit.path is not None and not shown.spec.what_ifs:
        told.append(t("forecast.adds_up"))
    if course.cuts_bounds(shown.asked.history, shown.path):
        told.append(t("forecast.cut_bounds"))
    if line.by == "unit" and not forecast.sees_all():
        told.append(t("forecast.own_units"))
    st.html(heading.line(t("number.then").join(told)))
    with st.expander(t("forecast.table"), icon=":material/table:", key="fc_table", on_change="rerun") as table:
        if table.open:
            st.dataframe(
                tables.written("forecast", f"{shown.key}|{line.text}", lambda: _rows(shown, line, known)), hide_index=True,
                column_config=columns.right(t("forecast.forecast"), t("forecast.band", level=80), t("forecast.band", level=95)),
                alt=t("forecast.table"),
            )  # fmt: skip


def _rows(shown: Look, line: Line, known: Lines) -> tables.Columns:
    path, span = shown.path, range(shown.path.days)

    def bounds(low: tuple[float, ...], high: tuple[float, ...]) -> list[str]:
        return [f"{lines.written(low[n], line, known)} – {lines.written(high[n], line, known)}" for n in span]

    return {
        t("forecast.day"): [i18n.day(path.start_on + timedelta(days=n)) for n in span],
        t("forecast.forecast"): [lines.written(one, line, known) for one in path.point],
        t("forecast.band", level=80): bounds(path.lower80, path.upper80),
        t("forecast.band", level=95): bounds(path.lower95, path.upper95),
    }


# -- models ------------------------------------------------------------------------------------------------------------


def _models(shown: Look, whole: Look, line: Line) -> None:
    """``whole``: the fit that tells the models, which may be one of all of them."""
    headline = shown.outcome.headline
    with st.container(border=True, key="card_models"):
        st.html(
            heading.section(
                t("forecast.models"), t("forecast.models_lead", folds=whole.outcome.score.folds), "forecast-models"
            )
        )
        st.dataframe(
            tables.written("models", f"{whole.fit.key}|{headline}|{line.text}", lambda: model_rows(whole.fit, headline)), hide_index=True,
            column_config=columns.right(*_figures()), alt=t("forecast.models"),
        )  # fmt: skip
        if whole.fit.span == "headline" and st.session_state.get(ALL) != "all":
            st.button(t("forecast.compare_all"), key="fc_all", icon=":material/compare_arrows:", on_click=_all)


def _all() -> None:
    st.session_state[ALL] = "all"
    st.query_params[ALL] = "all"


def _figures() -> list[str]:
    names = ("mase", "wape", "smape", "coverage", "fit_time", "span", "horizon_1_7", "horizon_8_14", "horizon_15_30")
    return [t(f"forecast.{name}") for name in names]


def model_rows(fit: Fit, headline: str) -> tables.Columns:
    assert fit.outcome is not None
    scores = sorted(fit.outcome.models, key=lambda one: (one.mase is None, one.mase or 0.0))
    titles = [t("forecast.model"), *_figures(), t("forecast.remark")]
    return dict(zip(titles, zip(*(_model(one, headline) for one in scores), strict=True), strict=True))


def _model(one: ModelScore, headline: str) -> tuple[str, ...]:
    near, middle, far, *_ = (*one.by_horizon, None, None, None)
    remark = t("forecast.is_headline") if one.name == headline else t("forecast.loses") if one.loses_to_naive else ""
    return (
        words.model(one.name), words.error(one.mase), i18n.share(one.wape), i18n.share(one.smape), words.coverage(one),
        words.seconds(one.fit_seconds), t("forecast.days", days=i18n.number(one.training_days)), words.error(near), words.error(middle),
        words.error(far), remark,
    )  # fmt: skip


# -- events and days ---------------------------------------------------------------------------------------------------


def _effects(shown: Look, line: Line, known: Lines) -> None:
    effects = shown.outcome.effects
    with st.container(border=True, key="card_effects"):
        st.html(heading.section(t("forecast.effects"), t("forecast.effects_lead"), "forecast-effects"))
        if not effects:
            st.html(heading.line(t("forecast.no_effects")))
            return

        def rows() -> tables.Columns:
            return {
                t("forecast.event"): [words.event(one.event) for one in effects],
                t("forecast.effect"): [i18n.change(one.share) for one in effects],
                t("forecast.effect_bounds"): [
                    f"{i18n.change(one.lower)} – {i18n.change(one.upper)}" for one in effects
                ],
                t("forecast.effect_main"): [
                    UNDEFINED if one.main is None else i18n.change(one.main) for one in effects
                ],
                t("forecast.effect_extra"): [_extra(one, line, known) for one in effects],
                t("forecast.effect_days"): [i18n.number(one.days) for one in effects],
                t("forecast.effect_times"): [i18n.number(one.occurrences) for one in effects],
            }

        names = ("effect", "effect_bounds", "effect_main", "effect_extra", "effect_days", "effect_times")
        st.dataframe(
            tables.written("effects", shown.fit.key, rows), hide_index=True, alt=t("forecast.effects"),
            column_config=columns.right(*(t(f"forecast.{name}") for name in names)),
        )  # fmt: skip


def _extra(one: Effect, line: Line, known: Lines) -> str:
    """Units of one occurrence, with its interval."""
    if one.extra is None:
        return UNDEFINED
    bounds = f"{lines.written(one.extra_lower, line, known)} – {lines.written(one.extra_upper, line, known)}"
    return i18n.aside(lines.written(one.extra, line, known), bounds)


def _aside(shown: Look, line: Line, known: Lines) -> None:
    aside = shown.outcome.set_aside
    if not aside:
        return
    with st.container(border=True, key="card_aside"):
        st.html(heading.section(t("forecast.aside"), t("forecast.aside_lead", days=len(aside)), "forecast-aside"))

        def rows() -> tables.Columns:
            return {
                t("forecast.day"): [i18n.day(one.on) for one in aside[::-1]],
                t("forecast.why"): [t(f"forecast.why_{one.why}") for one in aside[::-1]],
                t("forecast.value"): [UNDEFINED if one.value is None else lines.written(one.value, line, known) for one in aside[::-1]],
                t("forecast.usual"): [UNDEFINED if one.usual is None else lines.written(one.usual, line, known) for one in aside[::-1]],
            }  # fmt: skip

        st.dataframe(
            tables.written("aside", f"{shown.fit.key}|{line.text}", rows), hide_index=True, alt=t("forecast.aside"),
            column_config=columns.right(t("forecast.value"), t("forecast.usual")),
        )  # fmt: skip
        if guard.may(actions.WRITE):
            st.html(heading.line(t("forecast.aside_tune")))
