"""Who is likely to leave or to buy: how chances lie, tenths, and value held against chance, each with the way to its people."""

from functools import partial
from html import escape
from typing import Any

import streamlit as st
from babel.numbers import get_currency_precision

from dashboard import charts, i18n
from dashboard.data import scores
from dashboard.data.scores import ALL, LEVELS, LIKELY, RISKS, SMALL, Answer, Row, Scores
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import behind, heading, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.parts import Asked
from dashboard.widgets.scores import chart, scored, words
from dashboard.widgets.segments import links
from dashboard.widgets.tiles import Tile, Way

KEYS = words.KEYS
WIDTH = 200


def show(asked: Asked) -> None:
    asked = scored.dated(asked)
    answer = scored.read(asked, "card_scores")
    if answer is None:
        return
    own = answer.found.asked
    with st.container(border=True, key="card_scores"):
        _head(answer, asked)
        words.choices(own)
        st.html(tiles.wall(_tiles(answer, asked.filters), WIDTH) + behind.forbidden(behind.link()))
        charts.show("scores_spread", answer.key, lambda: chart.spread(answer.rows("bins")), alt=t("scores.spread_alt"))
    if own.target != "conversion" or answer.found.bounds_minor:
        with st.container(border=True, key="card_scores_board"):
            st.html(heading.section(t("scores.board"), _board_lead(answer), "scores-board"))
            st.html(_board(answer, asked.filters))
            if own.target != "conversion" and answer.found.bounds_minor:
                st.html(heading.line(t("scores.board_stake")))
    with st.container(border=True, key="card_scores_tenths"):
        st.html(heading.section(t("scores.tenths"), t("scores.tenths_lead"), "scores-tenths"))
        st.html(_tenths(answer))
    behind.open_asked(lambda text: _behind(asked, answer, text), asked.in_words)


def _head(answer: Answer[Scores], asked: Asked) -> None:
    found = answer.found
    lead = t(
        "scores.lead", who=words.who(found.asked), event=words.event(found.asked), members=i18n.number(found.members),
        on=i18n.day(scores.cutoff(found.cutoff_on)),
    )  # fmt: skip
    behind.head(
        "scores", heading.section(t(f"scores.title_{found.asked.target}", days=found.asked.days), lead, "scores"), answer, scored.contract(found),
        asked.in_words,
    )  # fmt: skip


def _tiles(answer: Answer[Scores], filters: Filters) -> list[Tile]:
    found, begins = answer.found, behind.link()
    quality = found.model.quality
    likely = _likely(answer)
    many = t("scores.way", count=i18n.number(found.members))
    top = links.offered(_score(found, "at_most", RISKS[0], is_top=True), filters) if likely else None
    ways = [*behind.way(begins, LIKELY, t("scores.way", count=i18n.number(likely)), likely)]
    ways += [Way(t("scores.to_segment"), top, "keep").html("segment-likely")] if top else []
    few = found.members < SMALL
    return [
        Tile("members", t("scores.members"), i18n.number(found.members), "", t("scores.means_members", who=words.who(found.asked)), "",
             behind.way(begins, ALL, many, found.members)),
        Tile("expected", t(f"scores.expected_{found.asked.target}"), i18n.UNDEFINED if few else i18n.number(found.expected), "", t("scores.means_expected"),
             tiles.lines(t("scores.mean", share=i18n.share(None if few else found.mean))), ()),
        Tile("likely", t("scores.likely"), i18n.number(likely), "", t("scores.means_likely"), "", tuple(ways)),
        Tile("auc", t("scores.auc"), i18n.number(quality.auc, 3), "", t("scores.means_auc"),
             tiles.lines(t("scores.interval", low=i18n.number(quality.auc_low, 3), high=i18n.number(quality.auc_high, 3)),
                         t("scores.tested", members=i18n.number(quality.members))), ()),
    ]  # fmt: skip


def _likely(answer: Answer[Scores]) -> int:
    return sum(row["members"] for row in answer.rows("board") if row["risk"] == "high")


def _score(found: Scores, op: str, value: float, *, is_top: bool = False) -> dict[str, Any]:
    name = f"{found.asked.target}_{found.asked.days}d{'_top' if is_top else ''}"
    return {"score": name, "op": op, "values": [value]}


# -- the board ---------------------------------------------------------------------------------------------------------


def _board_lead(answer: Answer[Scores]) -> str:
    bounds = answer.found.bounds_minor
    if bounds is None:
        return t("scores.board_no_value")
    high, middle = (i18n.money(one, answer.currency) for one in bounds)
    return t("scores.board_lead", high=high, middle=middle)


def _board(answer: Answer[Scores], filters: Filters) -> str:
    rows = {(row["value"], row["risk"]): row for row in answer.rows("board")}
    values = [one for one in LEVELS if (one, LEVELS[0]) in rows]
    head = "".join(f'<th scope="col">{escape(t(f"scores.risk_{one}"))}</th>' for one in LEVELS)
    body = "".join(
        f'<tr><th scope="row">{escape(t(f"scores.value_{value}"))}</th>'
        f"{''.join(_cell(answer, rows[value, risk], filters) for risk in LEVELS)}</tr>"
        for value in values
    )
    title = escape(t("scores.board"))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}"><table class="told score-board"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(answer: Answer[Scores], row: Row, filters: Filters) -> str:
    name = f"board.{row['value']}.{row['risk']}"
    begins, count = behind.link(), i18n.number(row["members"])
    shown = "".join(behind.way(begins, name, count, row["members"])) or f"<b>{escape(count)}</b>"
    told = [i18n.share(None if answer.found.members < SMALL else row["share"])]
    if answer.found.asked.target != "conversion" and row["worth_minor"]:
        told.append(t("scores.at_stake", value=i18n.compact_money(row["at_stake_minor"], answer.currency)))
    address = (
        links.offered(leaf(answer.found, row["value"], row["risk"], answer.currency), filters)
        if row["members"]
        else None
    )
    keep = Way(t("scores.to_segment"), address, "keep").html(f"segment-{row['value']}-{row['risk']}") if address else ""
    mark = ' class="first"' if (row["value"], row["risk"]) == ("high", "high") else ""
    return f"<td{mark}>{shown}{words.paragraphs(t('number.then').join(told))}{keep}</td>"


def leaf(found: Scores, value: str, risk: str, currency: str) -> dict[str, Any]:
    """Who stands in a cell, in the language of segments: the same people as the cell counts."""
    first, half = (_score(found, "at_most", bound, is_top=True) for bound in RISKS)
    everybody = _score(found, "at_most", 1, is_top=True)
    risks: dict[str, list[dict[str, Any]]] = {
        "high": [first],
        "middle": [half, {"not": first}],
        "low": [everybody, {"not": half}],
    }
    if found.bounds_minor is None:
        return {"all": risks[risk]} if len(risks[risk]) > 1 else risks[risk][0]
    high, middle = (_spent(one, currency) for one in found.bounds_minor)
    values = {"high": [high], "middle": [middle, {"not": high}], "low": [{"not": middle}]}
    return {"all": [*risks[risk], *values[value]]}


def _spent(minor: int, currency: str) -> dict[str, Any]:
    digits = get_currency_precision(currency)
    major = minor / 10**digits
    return {
        "value": "net_amount",
        "op": "at_least",
        "values": [int(major) if float(major).is_integer() else round(major, digits)],
    }


# -- tenths ------------------------------------------------------------------------------------------------------------


def _tenths(answer: Answer[Scores]) -> str:
    begins = behind.link()
    titles = [t(f"scores.tenth_{one}") for one in ("place", "members", "mean", "expected", "tried")]
    tried = {one.place: one.actual for one in scores.tenths(answer.found.model)}
    head = "".join(f'<th scope="col" class="number">{escape(title)}</th>' for title in titles)
    body = ""
    for row in answer.rows("tenths"):
        count = i18n.number(row["members"])
        people = "".join(behind.way(begins, f"tenth.{row['place']}", count, row["members"])) or escape(count)
        few = row["members"] < SMALL
        cells = (
            escape(str(row["place"])), people, escape(i18n.share(None if few else row["mean"])), escape(i18n.UNDEFINED if few else i18n.number(row["expected"])),
            escape(i18n.share(tried.get(row["place"]))),
        )  # fmt: skip
        body += "<tr>" + "".join(f'<td class="number">{cell}</td>' for cell in cells) + "</tr>"
    return f'<div class="scroll" tabindex="0"><table class="told"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _behind(asked: Asked, answer: Answer[Scores], text: str) -> Behind | None:
    kind, _, rest = text.partition(".")
    if kind == ALL:
        count, title = answer.found.members, t("scores.members")
    elif text == LIKELY:
        count, title = _likely(answer), t("scores.likely")
    elif kind == "tenth":
        row = next((one for one in answer.rows("tenths") if str(one["place"]) == rest), None)
        count, title = (row["members"], t("scores.tenth_title", place=rest)) if row else (0, "")
    else:
        row = next((one for one in answer.rows("board") if f"board.{one['value']}.{one['risk']}" == text), None)
        names = (t(f"scores.value_{row['value']}"), t(f"scores.risk_{row['risk']}")) if row else ("", "")
        count, title = (row["members"], t("number.then").join(names)) if row else (0, "")
    if not count:
        return None
    meaning = t(
        "scores.people_meaning",
        event=words.event(answer.found.asked),
        on=i18n.day(scores.cutoff(answer.found.cutoff_on)),
    )
    return Behind(title, meaning, partial(scores.people_of, asked.filters, answer.found.asked, text, count))
