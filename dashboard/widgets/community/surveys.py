"""调研: what people answer when they are asked, what they complain of, whose answers they are, and their own words."""

from html import escape

import pyarrow as pa
import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.actions import guard
from dashboard.data import people, surveys
from dashboard.data.rows import Number, Row
from dashboard.data.surveys import BYS, GRAINS, KINDS, SMALL, SURVEYS, TROUBLES, Detail, Standing, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, heading, tables, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.community import opening, reach, survey_chart, told
from dashboard.widgets.community.opening import Places
from dashboard.widgets.community.told import Figure, Kind
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile, Way

KIND, BY, EACH = "su_kind", "su_per", "su_each"
PLACES = Places("su_of", "su_people")
KEYS = (KIND, BY, EACH, PLACES.of)
"""Parameters of the address that a saved view keeps."""
ALL, ONE = "all", "one"
EVERY = "-"
"""Stands for all categories where the address names one."""
WIDTH = 160
SPREAD: tuple[Standing, ...] = ("up", "middle", "down")
COUNT = Figure("answers", "count")


def show(asked: Asked) -> None:
    by = next(one for one in BYS if one == choice.read(BY, BYS))
    kind = choice.read(KIND, KINDS)
    grain = next(one for one in GRAINS if one == choice.read(EACH, GRAINS))
    view = surveys.read(asked.filters, by)
    if view is None:
        heading.empty(t("surveys.none"), t("surveys.none_lead"))
        return
    with st.container(border=True, key="card_surveys"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="surveys_head"):
            days = f"{i18n.day(view.now.start_on)} – {i18n.day(view.now.last_on)}"
            past = f"{i18n.day(view.before.start_on)} – {i18n.day(view.before.last_on)}"
            lead = t("surveys.total_lead", days=days, before=past)
            st.html(_titled(t("surveys.total"), t("number.then").join(filter(None, (lead, reach.lead(view))))))
            _contract(view, asked)
        st.html(_wall(key=f"{view.key}|{i18n.language()}", _view=view))
    of = addresses.opened(PLACES.of, view.found(kind)) if kind in SURVEYS else None
    with st.container(border=True, key="card_survey"):
        labels = {one: t(f"surveys.kind_{one}") for one in KINDS}
        grains = {one: t(f"surveys.each_{one}") for one in GRAINS}
        fields = (Choice(KIND, t("surveys.kind"), labels, kind), Choice(EACH, t("surveys.each"), grains, grain))
        st.html(choice.fields(fields, addresses.beside(PLACES.of, PLACES.people)))
        if kind in TROUBLES:
            _troubles(view, kind, surveys.detail(asked.filters, view, kind, None, grain))
        else:
            _survey(view, kind, None, surveys.detail(asked.filters, view, kind, None, grain))
    if of is not None:
        with st.container(border=True, key="card_survey_one"):
            _survey(view, kind, of, surveys.detail(asked.filters, view, kind, of, grain))
            back = escape(addresses.beside(PLACES.of, PLACES.people))
            st.html(
                f'<div class="ways"><a class="box" id="close-survey" href="?{back}">{escape(t("community.close"))}</a></div>'
            )
    if kind in SURVEYS:
        with st.container(border=True, key="card_survey_rows"):
            _table(view, kind, of)
    if guard.may("people.see"):
        with st.container(border=True, key="card_said"):
            _said(asked, kind)
    behind.open_asked(lambda text: _whose(view, asked, kind, of, text), asked.in_words, PLACES.people)


def figure_of(survey: str) -> Figure:
    """The result of a survey."""
    kind: Kind = "net" if survey == "nps" else "mark"
    return Figure("value", kind, "answers")


def called(view: View, key: str, name: str | None) -> str:
    if view.by == "channel" and key:
        known = f"channel.{key}"
        return t(known) if i18n.has(known) else key
    return name or key or t(f"surveys.nobody_{view.by}")


def category(key: str) -> str:
    """What a complaint is about, in the reader's words where there are some."""
    known = f"surveys.category_{key}"
    return t(known) if i18n.has(known) else key or t("surveys.no_category")


def _titled(title: str, lead: str) -> str:
    return f'<h2>{escape(title)}</h2><p class="lead">{escape(lead)}</p>'


@kept.by_key(32)
def _wall(key: str, _view: View) -> str:  # noqa: ARG001 - what it is kept by
    """All surveys and kinds of trouble side by side."""
    found = []
    for survey in SURVEYS:
        row, figure = _view.total.get(survey), figure_of(survey)
        value = i18n.UNDEFINED if row is None else told.value(row, figure)
        below = "" if row is None else told.lines(
            t("surveys.answers_of", count=i18n.number(row["answers"])), told.interval(row, figure), reach.before(_view, row, figure)
        )  # fmt: skip
        found.append(
            Tile(f"survey-{survey}", t(f"surveys.kind_{survey}"), value, "", t(f"surveys.means_{survey}"), below)
        )
    for kind in TROUBLES:
        row = {"count": _view.count(kind), "count_before": _view.count(kind, "_before")}
        below = told.lines(reach.before(_view, row, Figure("count", "count")))
        found.append(
            Tile(f"survey-{kind}", t(f"surveys.kind_{kind}"), i18n.number(row["count"]), "", t(f"surveys.means_{kind}"), below)
        )  # fmt: skip
    return tiles.wall(found, WIDTH)


def _survey(view: View, survey: str, of: str | None, detail: Detail) -> None:
    row = view.total.get(survey) if of is None else view.found(survey)[of]
    if of is not None and row is not None:
        st.html(f'<h2 id="survey-name">{escape(called(view, of, row["name"]))}</h2>')
    if row is None or not row["answers"]:
        st.html(f'<p class="lead">{escape(t("surveys.no_answers"))}</p>')
        return
    link = f"?{addresses.beside(PLACES.people)}{PLACES.people}=" if guard.may("people.see") else None
    whole = None if of is None else view.total.get(survey)
    key = f"{view.key}|{survey}|{of}|{link}|{i18n.language()}"
    st.html(_standings(key=key, _view=view, _row=row, _whole=whole, _survey=survey, _link=link))
    name, which = ("one" if of is not None else "all"), f"{detail.key}"
    small = all(bucket["answers"] < SMALL for bucket in detail.buckets)
    st.html(_titled(t(f"surveys.trend_{detail.grain}"), t("surveys.trend_small" if small else "surveys.trend_lead")))
    figure, span = figure_of(survey), ((-1.0, 1.0) if survey == "nps" else (1.0, 5.0))

    def write(found: Number) -> str:
        return told.written(found, figure.kind)

    charts.show(
        f"survey_trend_{name}",
        which,
        lambda: survey_chart.of_results(detail, write, span),
        alt=t(f"surveys.trend_{detail.grain}"),
    )
    st.html(_titled(t("surveys.spread"), t(f"surveys.spread_{'nps' if survey == 'nps' else 'five'}")))
    charts.show(
        f"survey_scores_{name}", which, lambda: survey_chart.of_scores(detail, lambda score: _standing(survey, score)), alt=t("surveys.spread")
    )  # fmt: skip


def _standing(survey: str, score: int) -> str:
    top, bottom = (9, 6) if survey == "nps" else (4, 2)
    return "up" if score >= top else "down" if score <= bottom else "middle"


@kept.by_key(64)
def _standings(key: str, _view: View, _row: Row, _whole: Row | None, _survey: str, _link: str | None) -> str:  # noqa: ARG001 - kept by it
    """The result and, beside it, who it is made of."""
    scope, figure = (ALL if _whole is None else ONE), figure_of(_survey)
    beside = "" if _whole is None else t("community.against", value=told.value(_whole, figure))
    error = _row.get("standard_error")
    below = told.lines(
        t("surveys.answers_of", count=i18n.number(_row["answers"])),
        told.interval(_row, figure),
        t("surveys.error", value=i18n.number(error * 100, 1)) if error is not None and _row["answers"] >= SMALL else "",
        reach.before(_view, _row, figure),
    )
    head = Tile(
        f"survey-{scope}-value", t(f"surveys.kind_{_survey}"), told.value(_row, figure), beside, t(f"surveys.means_{_survey}"), below,
        (_way(scope, "answers", _row["answers"], _link),) if _link else (),
    )  # fmt: skip
    found, sort = [head], "nps" if _survey == "nps" else "five"
    for name in SPREAD:
        share = i18n.share(_row[name] / _row["answers"]) if _row["answers"] >= SMALL else ""
        ways = (_way(scope, name, _row[name], _link),) if _link else ()
        found.append(
            Tile(f"survey-{scope}-{name}", t(f"surveys.{sort}_{name}"), i18n.number(_row[name]), "", t(f"surveys.means_{sort}_{name}"), told.lines(share), ways)
        )  # fmt: skip
    forbidden = "" if _link else f'<p class="lead">{escape(t("funnel.people_forbidden"))}</p>'
    return tiles.wall(found, WIDTH) + forbidden


def _way(scope: str, which: str, count: int, link: str | None) -> str:
    address = f"{link}{scope}.{which}" if count and link else None
    return Way(t("surveys.way", count=i18n.number(count)), address, "people").html(f"survey-{scope}-people-{which}")


def _troubles(view: View, kind: str, detail: Detail) -> None:
    if not view.count(kind):
        st.html(f'<p class="lead">{escape(t("surveys.no_troubles"))}</p>')
        return
    link = f"?{addresses.beside(PLACES.people)}{PLACES.people}=" if guard.may("people.see") else None
    st.html(
        _categories(key=f"{view.key}|{kind}|{link}|{i18n.language()}", _view=view, _kind=kind, _link=link)
    )
    st.html(_titled(t(f"surveys.trend_{detail.grain}"), t("surveys.troubles_lead")))
    charts.show(
        "troubles_trend",
        detail.key,
        lambda: survey_chart.of_troubles(detail, category),
        alt=t(f"surveys.trend_{detail.grain}"),
    )


@kept.by_key(32)
def _categories(key: str, _view: View, _kind: str, _link: str | None) -> str:  # noqa: ARG001 - what it is kept by
    whole = {"count": _view.count(_kind), "count_before": _view.count(_kind, "_before")}
    found = [_category(_view, EVERY, t("surveys.every_category"), whole, "", _link)]
    for row in _view.troubles.get(_kind, ()):
        share = i18n.share(row["count"] / whole["count"]) if whole["count"] >= SMALL else ""
        found.append(_category(_view, row["category"], category(row["category"]), row, share, _link))
    forbidden = "" if _link else f'<p class="lead">{escape(t("funnel.people_forbidden"))}</p>'
    return tiles.wall(found, WIDTH) + forbidden


def _category(view: View, name: str, title: str, row: Row, share: str, link: str | None) -> Tile:
    ways = (_way(ALL, name, row["count"], link),) if link else ()
    below = told.lines(share, reach.before(view, row, Figure("count", "count")))
    return Tile(f"trouble-{name}", title, i18n.number(row["count"]), "", "", below, ways)


def _table(view: View, survey: str, of: str | None) -> None:
    labels = {one: t(f"surveys.by_{one}") for one in BYS}
    address = addresses.beside(PLACES.of, PLACES.people)
    st.html(_titled(t("surveys.rows", name=t(f"surveys.kind_{survey}")), f"{t('surveys.order')} {t('surveys.open')}"))
    st.html(choice.row(Choice(BY, t("surveys.by"), labels, view.by), address))
    rows = view.rows[survey]
    if not rows:
        st.html(f'<p class="lead">{escape(t("surveys.no_answers"))}</p>')
        return
    first = {
        t(f"surveys.by_{view.by}"): [called(view, row["key"], row["name"]) for row in rows],
        t("surveys.interval"): [told.bounds(row, figure_of(survey)) or None for row in rows],
    }
    figures = (
        figure_of(survey),
        COUNT,
        *(Figure(name, "count") for name in SPREAD),
        Figure("value_before", figure_of(survey).kind, "answers_before"),
    )
    opening.table("surveys", f"{view.key}|{survey}", rows, figures, first, places=PLACES, of=of, alt=t("surveys.title"))


def _said(asked: Asked, kind: str) -> None:
    found = surveys.said(asked.filters, kind)
    st.html(_titled(t("surveys.words"), t("surveys.words_lead")))
    if not found.rows:
        st.html(f'<p class="lead">{escape(t("surveys.no_words"))}</p>')
        return

    def columns() -> dict[str, pa.Array]:
        told_of = [category(row["category"]) if row["category"] else None for row in found.rows]
        scored = [row["score"] for row in found.rows]
        every: dict[str, pa.Array] = {
            t("surveys.said_at"): pa.array([i18n.moment(row["at"], people.zone()) for row in found.rows], pa.string()),
            t("people.member"): pa.array([row["who"] for row in found.rows], pa.string()),
            t("surveys.said_score"): pa.array(scored, pa.float64()),
            t("surveys.said_category"): pa.array(told_of, pa.string()),
            t("surveys.said_text"): pa.array([row["text"] for row in found.rows], pa.string()),
        }
        return {name: values for name, values in every.items() if values.null_count < len(values)}

    table = tables.written("said", found.key, columns)
    st.dataframe(
        table, hide_index=True, placeholder=i18n.UNDEFINED, alt=t("surveys.words"), key=f"said_{kind}",
        column_config={t("surveys.said_text"): st.column_config.TextColumn(width="large"), t("surveys.said_score"): st.column_config.NumberColumn(format="%.1f")},
    )  # fmt: skip
    st.caption(t("surveys.words_count", shown=i18n.number(len(found.rows)), count=i18n.number(found.count)))


def _whose(view: View, asked: Asked, kind: str, of: str | None, text: str) -> Behind | None:
    scope, _, name = text.partition(".")
    if kind in TROUBLES:
        known = {row["category"] for row in view.troubles.get(kind, ()) if row["count"]} | {EVERY}
        if scope != ALL or name not in known or not view.count(kind):
            return None
        about = None if name == EVERY else name
        what = t("surveys.every_category") if about is None else category(about)
        title = f"{t(f'surveys.kind_{kind}')}{t('number.then')}{what}"
        return Behind(title, t(f"surveys.means_{kind}"), lambda: surveys.complaining(asked.filters, view, kind, about))
    standing = next((one for one in surveys.STANDINGS if one == name), None)
    if standing is None or scope not in (ALL, ONE) or (scope == ONE and of is None):
        return None
    whose = of if scope == ONE else None
    row = view.total.get(kind) if whose is None else view.found(kind)[whose]
    if row is None or not row[standing]:
        return None
    sort = "nps" if kind == "nps" else "five"
    what = t("surveys.answers") if standing == "answers" else t(f"surveys.{sort}_{standing}")
    owner = "" if whose is None else f"{called(view, whose, row['name'])}{t('number.then')}"
    means = t(f"surveys.means_{kind}") if standing == "answers" else t(f"surveys.means_{sort}_{standing}")
    return Behind(
        f"{owner}{t(f'surveys.kind_{kind}')}{t('number.then')}{what}", means,
        lambda: surveys.people_of(asked.filters, view, kind, whose, standing),
    )  # fmt: skip


def _contract(view: View, asked: Asked) -> None:
    lines = [f"**{t(f'surveys.kind_{kind}')}**: {t(f'surveys.means_{kind}')}" for kind in KINDS]
    lines += [
        t("surveys.formula"),
        t("surveys.order"),
        t("surveys.rules", count=SMALL),
        t("surveys.scope"),
        t("surveys.masked"),
    ]
    behind.contract("surveys", view, lines, asked.in_words)
