"""The diary: what was published beside what came, errors by how far ahead, and whether they have grown."""

from datetime import timedelta

import streamlit as st

from dashboard import charts, i18n
from dashboard.actions import forecast as actions
from dashboard.data import forecast, freshness
from dashboard.data.forecast import Diary, Errors, Line, Lines, Spec
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import columns, heading, tables, tiles
from dashboard.widgets.forecast import course, lines, specs, words
from dashboard.widgets.tiles import Tile

WIDTH = 200


def show() -> None:
    known = forecast.lines()
    if known is None or not known.measures:
        heading.empty(t("forecast.empty"), t("forecast.empty_lead"))
        return
    with st.container(border=True, key="card_diary"):
        line = lines.choose(known)
        found = forecast.diary(line)
        if found is None:
            st.html(heading.section(t("forecast.diary"), t("forecast.diary_none"), "forecast-diary"))
            if actions.may():
                st.html(heading.line(t("forecast.diary_how")))
            return
        _head(found, line, known)
    _horizons(found)
    _published(found)


def _head(found: Diary, line: Line, known: Lines) -> None:
    current, zone = found.current, freshness.read(forecast.SEE).zone
    lead = t(
        "forecast.diary_lead", name=current.published_by, at=i18n.moment(current.published_at, zone), model=words.model(current.headline),
        on=i18n.day(current.last_on),
    )  # fmt: skip
    st.html(heading.section(lines.called(line, known), lead, "forecast-diary"))
    if own := specs.told(current.spec):
        st.html(heading.line(t("forecast.diary_spec", settings=i18n.listed(own))))
    _drift(found)
    st.html(tiles.wall(_tiles(found), WIDTH))
    asked = forecast.asked(line, Spec(), "headline")
    charts.show(
        "forecast_diary",
        f"{current.forecast_id}|{asked.key}|{known.key}|{len(found.came)}|{found.live.mase}",
        lambda: course.picture(
            asked.history, current.path, (), (), asked.known.events, lambda value: lines.written(value, line, known), words.event,
            happened=known.happened, judged=found.judged,
        ),
        alt=t("forecast.diary_alt"),
    )  # fmt: skip
    with st.expander(t("forecast.diary_table"), icon=":material/table:", key="diary_table", on_change="rerun") as table:
        if table.open:
            st.dataframe(
                _days(found, line, known),
                hide_index=True,
                column_config=columns.right(*_figures()),
                alt=t("forecast.diary_table"),
            )


def _drift(found: Diary) -> None:
    drift = found.drift
    if drift.is_drifting is None:
        is_early = drift.high is not None and (not drift.days or drift.mase is not None)
        st.html(heading.line(t("forecast.drift_early" if is_early else "forecast.drift_untold", days=drift.days)))
        return
    told = t(
        "forecast.drift_yes" if drift.is_drifting else "forecast.drift_no",
        days=drift.days, mase=words.error(drift.mase), low=words.error(drift.low), high=words.error(drift.high),
    )  # fmt: skip
    if drift.is_drifting:
        st.warning(told, icon=":material/trending_up:")
    else:
        st.html(heading.line(told))


def _tiles(found: Diary) -> list[Tile]:
    live, promised = found.live, found.current.summary
    tested = promised.get("mase")
    return [
        Tile("live-mase", t("forecast.live_mase"), words.error(live.mase), "", t("forecast.live_means"), tiles.lines(t("forecast.in_backtest", value=words.error(tested)))),
        Tile("live-wape", t("forecast.wape"), i18n.share(live.wape), "", t("forecast.wape_means"), tiles.lines(t("forecast.in_backtest", value=i18n.share(promised.get("wape"))))),
        Tile("live-bias", t("forecast.bias"), i18n.change(live.bias), "", t("forecast.bias_means")),
        Tile("live-cover", t("forecast.coverage"), _covered(live), "", t("forecast.coverage_means"), tiles.lines(t("forecast.coverage_promised"))),
    ]  # fmt: skip


def _covered(errors: Errors) -> str:
    return UNDEFINED if not errors.days else f"{i18n.share(errors.cover80, 0)} / {i18n.share(errors.cover95, 0)}"


def _figures() -> list[str]:
    return [t(f"forecast.{name}") for name in ("forecast", "actual", "off", "ahead")]


def _days(found: Diary, line: Line, known: Lines) -> tables.Columns:
    days = found.judged[::-1]
    return {
        t("forecast.day"): [i18n.day(one.on) for one in days],
        t("forecast.forecast"): [lines.written(one.point, line, known) for one in days],
        t("forecast.actual"): [lines.written(one.actual, line, known) for one in days],
        t("forecast.off"): [i18n.change(one.point / one.actual - 1) if one.actual else UNDEFINED for one in days],
        t("forecast.ahead"): [t("forecast.days", days=one.horizon) for one in days],
        t("forecast.within"): [_within(one.lower80 <= one.actual <= one.upper80, one.lower95 <= one.actual <= one.upper95) for one in days],
    }  # fmt: skip


def _within(in_80: bool, in_95: bool) -> str:
    return t("forecast.within_80") if in_80 else t("forecast.within_95") if in_95 else t("forecast.within_none")


def _horizons(found: Diary) -> None:
    with st.container(border=True, key="card_horizons"):
        st.html(heading.section(t("forecast.by_horizon"), t("forecast.by_horizon_lead"), "forecast-horizons"))
        tested = found.current.summary.get("by_horizon", [])
        rows = [
            (span, errors, tested[n] if n < len(tested) else None) for n, (span, errors) in enumerate(found.by_horizon)
        ]
        shown = {
            t("forecast.ahead"): [t("forecast.horizon", low=low, high=high) for (low, high), _, _ in rows],
            t("forecast.scored"): [i18n.number(errors.days) for _, errors, _ in rows],
            t("forecast.mase"): [words.error(errors.mase) for _, errors, _ in rows],
            t("forecast.mase_tested"): [words.error(one) for _, _, one in rows],
            t("forecast.wape"): [i18n.share(errors.wape) for _, errors, _ in rows],
            t("forecast.coverage"): [_covered(errors) for _, errors, _ in rows],
        }
        st.dataframe(
            shown, hide_index=True, column_config=columns.right(*list(shown)[1:]), alt=t("forecast.by_horizon")
        )


def _published(found: Diary) -> None:
    zone = freshness.read(forecast.SEE).zone
    with st.container(border=True, key="card_published"):
        st.html(heading.section(t("forecast.all_published"), t("forecast.all_published_lead"), "forecast-published"))
        rows = found.published
        shown = {
            t("forecast.number"): [f"#{one.forecast_id}" for one in rows],
            t("forecast.published_at"): [i18n.moment(one.published_at, zone) for one in rows],
            t("forecast.published_by"): [one.published_by for one in rows],
            t("forecast.name"): [one.name or UNDEFINED for one in rows],
            t("forecast.days_of"): [f"{i18n.day(one.path.start_on)} – {i18n.day(one.path.start_on + timedelta(days=one.path.days - 1))}" for one in rows],
            t("forecast.model"): [words.model(one.headline) for one in rows],
            t("forecast.mase_tested"): [words.error(one.summary.get("mase")) for one in rows],
            t("forecast.version"): [str(one.lake_version) for one in rows],
            t("forecast.state"): [t("forecast.is_current") if one.superseded_at is None else t("forecast.superseded", at=i18n.moment(one.superseded_at, zone)) for one in rows],
            t("forecast.settings"): [i18n.listed(specs.told(one.spec)) or t("forecast.of_house") for one in rows],
        }  # fmt: skip
        st.dataframe(shown, hide_index=True, alt=t("forecast.all_published"))
