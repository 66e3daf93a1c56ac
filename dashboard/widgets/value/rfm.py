"""RFM: buyers in eight classes and four tiers, who moved, and what to do for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from core.errors import InvalidRfm
from dashboard import addresses, i18n, markdown
from dashboard.actions import guard
from dashboard.data import rfm
from dashboard.data.rfm import ALL, CLASSES, SMALL, Answer, Rfm, Row, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import behind, choice, heading
from dashboard.widgets.behind import Behind
from dashboard.widgets.parts import Asked
from dashboard.widgets.value import rfm_board, rfm_choices, rfm_moves, rfm_spread, rfm_tiers
from dashboard.widgets.value import rfm_words as words

KEYS = rfm_choices.KEYS
Tables = Mapping[View, Mapping[str, Row]]


def show(asked: Asked) -> None:
    chosen = rfm_choices.read()
    view = choice.read(rfm_choices.VIEW, rfm_moves.VIEWS)
    try:
        answer = rfm.worth(asked.filters, chosen)
    except InvalidRfm as error:
        with st.container(border=True, key="card_rfm"):
            rfm_choices.show(chosen)
            st.markdown(f":material/info: {markdown.escaped(i18n.refusal(error))}")
            rfm_choices.tiers()
        return
    if answer is None:
        heading.empty(t("rfm.nobody"), t("rfm.nobody_lead"))
        return
    link = behind.link()
    beside = addresses.beside(rfm_choices.VIEW, behind.PARAMETER)
    key = f"{answer.key}|{i18n.language()}|{view}|{link}|{beside}|{guard.may('segment.write')}"
    drawn = _drawn(key=key, _answer=answer, _filters=asked.filters, _view=view, _link=link)
    tables = drawn.tables
    with st.container(border=True, key="card_rfm"):
        _head(answer, asked)
        rfm_choices.show(chosen)
        _told(answer, tables["class"])
        if not tables["class"][ALL]["members"]:
            st.markdown(f":material/info: {t('rfm.nobody_here')}")
            return
        st.html(drawn.classes)
    with st.container(border=True, key="card_rfm_tiers"):
        rfm_tiers.show(answer, drawn.tiers)
    with st.container(border=True, key="card_rfm_moves"):
        st.html(drawn.moves)
    with st.container(border=True, key="card_rfm_spread"):
        st.html(drawn.spread)
    dated = replace(asked, days=t("rfm.lead", day=i18n.day(answer.found.on)))
    behind.open_asked(lambda text: _behind(asked, answer, tables, text), dated.in_words)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn of an answer."""

    tables: Tables
    classes: str
    tiers: str
    moves: str
    spread: str


@kept.by_key(32)
def _drawn(key: str, _answer: Answer[Rfm], _filters: Filters, _view: View, _link: str | None) -> Drawn:  # noqa: ARG001 - what it is kept by
    tables: Tables = {
        "class": {row["key"]: row for row in _answer.rows()},
        "tier": {row["key"]: row for row in _answer.rows("tiers")},
    }
    if not tables["class"][ALL]["members"]:
        return Drawn(tables, "", "", "", "")
    board = rfm_board.board(_answer, tables["class"], _link)
    table = rfm_board.table(_answer, tables["class"], _filters, _link)
    return Drawn(
        tables,
        board + table + behind.forbidden(_link),
        rfm_tiers.wall(_answer, tables["tier"], _filters, _link),
        rfm_moves.show(_answer, _view, _link),
        rfm_spread.html(_answer, _link),
    )


def _head(answer: Answer[Rfm], asked: Asked) -> None:
    found = answer.found
    before = t("rfm.against", day=i18n.day(found.before_on)) if found.before_on else t("rfm.no_before")
    lead = f"{t('rfm.lead', day=i18n.day(found.on))}{t('number.then')}{before}"
    lines = [
        *(t(f"rfm.means_{name}") for name in ("days", "orders", "net")),
        f"{t('rfm.cuts')} {markdown.escaped(t('number.then').join(words.limits(found, answer.currency)))}",
        t(f"rfm.means_{found.asked.method}"),
        *(
            t(f"rfm.means_{name}")
            for name in ("ties", "yardstick", "before", "classes", "aov", "tiers", "segments", "few")
        ),
    ]
    behind.head("rfm", heading.section(t("rfm.classes"), lead, "rfm-classes"), answer, lines, asked.in_words)


def _told(answer: Answer[Rfm], rows: Mapping[str, Row]) -> None:
    """Where high begins, and what to keep in mind."""
    found, whole = answer.found, rows[ALL]
    limits = "".join(f"<span>{escape(one)}</span>" for one in words.limits(found, answer.currency))
    st.html(f'<p class="rfm-cuts">{limits}</p>')
    if found.asked.method == "fixed":
        st.caption(t("rfm.rule_of_thumb"))
    elif found.parted < SMALL:
        st.caption(t("rfm.few_parted", count=i18n.number(found.parted)))
    if found.asked.method != "fixed" and any(whole["members"] == rows[name]["members"] > 1 for name in CLASSES):
        st.caption(t("rfm.all_alike"))
    if "class" not in found.usual and whole["members"]:
        st.caption(t("rfm.static_only"))


def _behind(asked: Asked, answer: Answer[Rfm], tables: Tables, text: str) -> Behind | None:
    """Who stands behind a figure, as the address names it; None where it is no figure or nobody is."""
    title, figure = _pointed(answer, tables, text)
    if not figure:
        return None
    chosen = answer.found.asked
    limits = t("number.then").join([t(f"rfm.method_{chosen.method}"), *words.limits(answer.found, answer.currency)])
    return Behind(
        title,
        markdown.escaped(limits),
        lambda: rfm.people_of(asked.filters, chosen, text, figure),
    )


def _pointed(answer: Answer[Rfm], tables: Tables, text: str) -> tuple[str, int]:
    kind, *names = text.split(".")
    if text == ALL:
        return t("rfm.all"), tables["class"][ALL]["members"]
    if kind in ("class", "tier") and len(names) == 1 and names[0] in tables[kind] and names[0] != ALL:
        return words.called(kind, names[0]), tables[kind][names[0]]["members"]
    for row in answer.rows("moves"):
        if text == f"move.{row['view']}.{row['before']}.{row['now']}":
            view: View = row["view"]
            return f"{words.called(view, row['before'])} → {words.called(view, row['now'])}", row["members"]
    for row in answer.rows("ways"):
        if text == f"way.{row['view']}.{row['way']}":
            return t(f"rfm.way_{row['way']}", count=i18n.number(row["members"])), row["members"]
    for row in answer.rows("spread"):
        if text == f"spread.{row['measure']}.{row['place']}":
            measure = t(f"rfm.spread_{row['measure']}")
            return f"{measure}{t('number.then')}{words.bin_called(row, answer.currency)}", row["members"]
    return "", 0
