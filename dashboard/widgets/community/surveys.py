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
from dashboard.widgets import behind, choice, figures, heading, opening, tables, tiles
from dashboard.widgets import people as panel
from dashboard.widgets.behind import ALL, ONE, Behind
from dashboard.widgets.community import reach, survey_chart
from dashboard.widgets.figures import Figure, Kind
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked
from dashboard.widgets.tiles import Tile

KIND, BY, EACH = "su_kind", "su_per", "su_each"
PLACES = Places("su_of", "su_people")
KEYS = (KIND, BY, EACH, PLACES.of)
"""Parameters of the address that a saved view keeps."""
EVERY = "-"
"""Stands for all categories where the address names one."""
WIDTH = 160
SPREAD: tuple[Standing, ...] = ("up", "middle", "down")
COUNT = Figure("answers", "count")


def show(asked: Asked) -> None:
    by = choice.read(BY, BYS)
    kind = choice.read(KIND, KINDS)
    grain = choice.read(EACH, GRAINS)
    view = surveys.read(asked.filters, by)
    if view is None:
        heading.empty(t("surveys.none"), t("surveys.none_lead"))
        return
    with st.container(border=True, key="card_surveys"):
        lead = t("surveys.total_lead", days=i18n.days(view.now), before=i18n.days(view.before))
        lead = t("number.then").join(filter(None, (lead, reach.lead(view))))
        behind.head("surveys", heading.section(t("surveys.total"), lead), view, _contract(), asked.in_words)
        st.html(_wall(key=f"{view.key}|{i18n.language()}", _view=view))
    of = addresses.opened(PLACES.of, view.found(kind)) if kind in SURVEYS else None
    with st.container(border=True, key="card_survey"):
        fields = (choice.among(KIND, "surveys.kind", KINDS, kind), choice.among(EACH, "surveys.each", GRAINS, grain))
        st.html(choice.fields(fields, PLACES.beside()))
        if kind in TROUBLES:
            _troubles(view, kind, surveys.detail(asked.filters, view, kind, None, grain))
        else:
            _survey(view, kind, None, surveys.detail(asked.filters, view, kind, None, grain))
    if of is not None:
        with st.container(border=True, key="card_survey_one"):
            _survey(view, kind, of, surveys.detail(asked.filters, view, kind, of, grain))
            st.html(opening.back("survey", PLACES.of, PLACES.people))
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


@kept.by_key(32)
def _wall(key: str, _view: View) -> str:  # noqa: ARG001 - what it is kept by
    """All surveys and kinds of trouble side by side."""
    found = []
    for survey in SURVEYS:
        row, figure = _view.total.get(survey), figure_of(survey)
        value = i18n.UNDEFINED if row is None else figures.value(row, figure)
        below = "" if row is None else tiles.lines(
            t("surveys.answers_of", count=i18n.number(row["answers"])), figures.interval(row, figure), reach.before(_view, row, figure)
        )  # fmt: skip
        found.append(
            Tile(f"survey-{survey}", t(f"surveys.kind_{survey}"), value, "", t(f"surveys.means_{survey}"), below)
        )
    for kind in TROUBLES:
        row = {"count": _view.count(kind), "count_before": _view.count(kind, "_before")}
        below = tiles.lines(reach.before(_view, row, Figure("count", "count")))
        found.append(
            Tile(f"survey-{kind}", t(f"surveys.kind_{kind}"), i18n.number(row["count"]), "", t(f"surveys.means_{kind}"), below)
        )  # fmt: skip
    return tiles.wall(found, WIDTH)


def _survey(view: View, survey: str, of: str | None, detail: Detail) -> None:
    row = view.total.get(survey) if of is None else view.found(survey)[of]
    if of is not None and row is not None:
        st.html(f'<h2 id="survey-name">{escape(called(view, of, row["name"]))}</h2>')
    if row is None or not row["answers"]:
        st.html(heading.line(t("surveys.no_answers")))
        return
    link = behind.link(PLACES.people)
    whole = None if of is None else view.total.get(survey)
    key = f"{view.key}|{survey}|{of}|{link}|{i18n.language()}"
    st.html(_standings(key=key, _view=view, _row=row, _whole=whole, _survey=survey, _link=link))
    name, which = ("one" if of is not None else "all"), f"{detail.key}"
    small = all(bucket["answers"] < SMALL for bucket in detail.buckets)
    st.html(
        heading.section(t(f"surveys.trend_{detail.grain}"), t("surveys.trend_small" if small else "surveys.trend_lead"))
    )
    figure, span = figure_of(survey), ((-1.0, 1.0) if survey == "nps" else (1.0, 5.0))

    def write(found: Number) -> str:
        return figures.written(found, figure.kind)

    charts.show(
        f"survey_trend_{name}",
        which,
        lambda: survey_chart.of_results(detail, write, span),
        alt=t(f"surveys.trend_{detail.grain}"),
    )
    st.html(heading.section(t("surveys.spread"), t(f"surveys.spread_{'nps' if survey == 'nps' else 'five'}")))
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
    beside = "" if _whole is None else t("community.against", value=figures.value(_whole, figure))
    error = _row.get("standard_error")
    below = tiles.lines(
        t("surveys.answers_of", count=i18n.number(_row["answers"])),
        figures.interval(_row, figure),
        t("surveys.error", value=i18n.number(error * 100, 1)) if error is not None and _row["answers"] >= SMALL else "",
        reach.before(_view, _row, figure),
    )
    head = Tile(
        f"survey-{scope}-value", t(f"surveys.kind_{_survey}"), figures.value(_row, figure), beside, t(f"surveys.means_{_survey}"), below,
        _way(scope, "answers", _row["answers"], _link),
    )  # fmt: skip
    found, sort = [head], "nps" if _survey == "nps" else "five"
    for name in SPREAD:
        share = i18n.share(_row[name] / _row["answers"]) if _row["answers"] >= SMALL else ""
        ways = _way(scope, name, _row[name], _link)
        found.append(
            Tile(f"survey-{scope}-{name}", t(f"surveys.{sort}_{name}"), i18n.number(_row[name]), "", t(f"surveys.means_{sort}_{name}"), tiles.lines(share), ways)
        )  # fmt: skip
    return tiles.wall(found, WIDTH) + behind.forbidden(_link)


def _way(scope: str, which: str, count: int, link: str | None) -> tuple[str, ...]:
    return behind.way(link, f"{scope}.{which}", t("surveys.way", count=i18n.number(count)), count or 0)


def _troubles(view: View, kind: str, detail: Detail) -> None:
    if not view.count(kind):
        st.html(heading.line(t("surveys.no_troubles")))
        return
    link = behind.link(PLACES.people)
    st.html(_categories(key=f"{view.key}|{kind}|{link}|{i18n.language()}", _view=view, _kind=kind, _link=link))
    st.html(heading.section(t(f"surveys.trend_{detail.grain}"), t("surveys.troubles_lead")))
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
    return tiles.wall(found, WIDTH) + behind.forbidden(_link)


def _category(view: View, name: str, title: str, row: Row, share: str, link: str | None) -> Tile:
    below = tiles.lines(share, reach.before(view, row, Figure("count", "count")))
    ways = _way(ALL, name, row["count"], link)
    return Tile(f"trouble-{name}", title, i18n.number(row["count"]), "", "", below, ways)


def _table(view: View, survey: str, of: str | None) -> None:
    st.html(
        heading.section(
            t("surveys.rows", name=t(f"surveys.kind_{survey}")),
            f"{t('surveys.order', count=SMALL)} {t('surveys.open')}",
        )
    )
    st.html(choice.row(choice.among(BY, "surveys.by", BYS, view.by), PLACES.beside()))
    rows = view.rows[survey]
    if not rows:
        st.html(heading.line(t("surveys.no_answers")))
        return
    first = {
        t(f"surveys.by_{view.by}"): [called(view, row["key"], row["name"]) for row in rows],
        t("surveys.interval"): [figures.bounds(row, figure_of(survey)) or None for row in rows],
    }
    every = (
        figure_of(survey),
        COUNT,
        *(Figure(name, "count") for name in SPREAD),
        Figure("value_before", figure_of(survey).kind, "answers_before"),
    )
    opening.table("surveys", f"{view.key}|{survey}", rows, every, first, places=PLACES, of=of, alt=t("surveys.title"))


def _said(asked: Asked, kind: str) -> None:
    found = surveys.said(asked.filters, kind)
    st.html(heading.section(t("surveys.words"), t("surveys.words_lead")))
    if not found.rows:
        st.html(heading.line(t("surveys.no_words")))
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
    with tables.of_people(f"said_{kind}"):
        st.dataframe(
            table, hide_index=True, placeholder=i18n.UNDEFINED, alt=t("surveys.words"), key=f"said_{kind}",
            column_config={
                **panel.column(), t("surveys.said_text"): st.column_config.TextColumn(width="large"),
                t("surveys.said_score"): st.column_config.NumberColumn(format="%.1f"),
            },
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
    found = behind.pointed(text, surveys.STANDINGS, of)
    if found is None:
        return None
    whose, standing = found
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


def _contract() -> list[str]:
    return [
        *(i18n.explained(f"**{t(f'surveys.kind_{kind}')}**", t(f"surveys.means_{kind}")) for kind in KINDS), t("surveys.formula"), t("surveys.order", count=SMALL),
        t("surveys.rules", count=SMALL), t("surveys.scope"), t("surveys.masked"),
    ]  # fmt: skip
