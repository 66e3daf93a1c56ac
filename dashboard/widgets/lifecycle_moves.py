"""One period of the lifecycle: how its base came from the one before, and who moved from what to what.

Both are one piece of HTML, made once per answer, language and address: every figure is text, and a link to its people.
"""

from collections.abc import Iterator
from html import escape
from itertools import accumulate, pairwise

import streamlit as st

from dashboard import i18n
from dashboard.data.lifecycle import FLOWS, STATES, Answer, Base, Behind, Flow, State, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import lifecycle_chart as pictures
from dashboard.widgets import lifecycle_choices as choices
from dashboard.widgets import lifecycle_who as who
from dashboard.widgets.tiles import Way

SIGNS = {"opening": "", "new": "+ ", "resurrected": "+ ", "dormant": "− ", "lost": "− ", "closing": "= "}
FAINTEST = 8
"""Of the colour of a cell, 0 to 100, so that one with few members differs from an empty one."""


def show(view: View, period: int, base: Base, link: str | None) -> None:
    """``link``: what an address of people begins with; None for those who may not see them."""
    key = f"{view.key}|{period}|{base}|{i18n.language()}|{link}"
    st.html(_written(key=key, _answer=view.answer, _period=period, _base=base, _link=link))


@kept.by_key(64)
def _written(key: str, _answer: Answer, _period: int, _base: Base, _link: str | None) -> str:  # noqa: ARG001 - what it is kept by
    return (
        f'<div class="pair"><section id="bridge">{bridge(_answer, _period, _base, _link)}</section>'
        f'<section id="matrix">{matrix(_answer, _period, _link)}</section></div>'
    )


# -- how the base came about -------------------------------------------------------------------------------------------


def bridge(answer: Answer, period: int, base: Base, link: str | None) -> str:
    """``opening + new + resurrected - dormant - lost = closing``: in a sentence, as bars, and as ways to the members of each."""
    flow = answer.flows(base)[period]
    lead = f"{choices.words(answer, period)}{t('number.then')}{_equation(flow)}"
    return f'<h2>{escape(t(f"lifecycle.bridge_{base}"))}</h2><p class="lead">{escape(lead)}</p>{_bars(flow)}' + (
        f'<p class="lead">{escape(t("funnel.people_forbidden"))}</p>' if link is None else _ways(flow, link)
    )


def _equation(flow: Flow) -> str:
    return "".join(f" {SIGNS[term]}{i18n.number(getattr(flow, term))}" for term in FLOWS).strip()


def _bars(flow: Flow) -> str:
    """From the opening to the closing, term by term, downwards, so that it fits a phone."""
    changes = [flow.opening, flow.new, flow.resurrected, -flow.dormant, -flow.lost]
    levels = [0, *accumulate(changes)]
    ends = [*pairwise(levels), (0, flow.closing)]
    texts = [i18n.number(flow.opening), *map(i18n.signed, changes[1:]), i18n.number(flow.closing)]
    kinds = ["", "up", "up", "down", "down", ""]
    top = max(levels) or 1
    rows = "".join(
        f'<li><span>{escape(t(f"lifecycle.flow_{term}"))}</span><p class="{kind}" style="--low:{min(pair) / top:.4f};'
        f'--high:{max(pair) / top:.4f};--level:{pair[1] / top:.4f}"><i></i><b>{text}</b></p></li>'
        for term, pair, text, kind in zip(FLOWS, ends, texts, kinds, strict=True)
    )
    return f'<ol class="steps" aria-label="{escape(t("lifecycle.flows"))}">{rows}</ol>'


def _ways(flow: Flow, link: str) -> str:
    """Every term with its figure; nothing is behind a 0."""
    ways = (
        Way(f"{SIGNS[term]}{t(f'lifecycle.flow_{term}')} {i18n.number(getattr(flow, term))}",
            f"{link}{who.of_flow(term)}" if getattr(flow, term) else None, "box").html(f"flow-{term}")
        for term in FLOWS
    )  # fmt: skip
    return f'<nav class="ways">{"".join(ways)}</nav>'


# -- from what to what -------------------------------------------------------------------------------------------------


def matrix(answer: Answer, period: int, link: str | None) -> str:
    """Rows: what members were in the period before; columns: what they are now. The darker, the more of the row went there."""
    lead = f"{choices.words(answer, period)}{t('number.then')}{t('lifecycle.matrix_lead')}"
    head = "".join(f'<th scope="col">{escape(t(f"lifecycle.column_{state.name.lower()}"))}</th>' for state in STATES)
    rows = "".join(_row(answer, period, before, link) for before in pictures.BEFORE)
    return (
        f'<h2>{escape(t("lifecycle.matrix"))}</h2><p class="lead">{escape(lead)}</p>'
        f'<div class="heat moves" role="region" tabindex="0" aria-label="{escape(t("lifecycle.matrix"))}">'
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        + ("" if link is None else _list(answer, period, link))
    )


def _row(answer: Answer, period: int, before: State, link: str | None) -> str:
    counts = {now: answer.count(Behind(period, (now,), (before,))) for now in STATES}
    total = sum(counts.values()) if before != State.NOT_YET else 0
    cells = "".join(_cell(before, now, count, total, link) for now, count in counts.items())
    return f'<tr><th scope="row">{escape(pictures.name(before))}</th>{cells}</tr>'


def _cell(before: State, now: State, count: int, total: int, link: str | None) -> str:
    """Empty where nobody made the move."""
    if not count:
        return "<td></td>"
    strength = FAINTEST + round((100 - FAINTEST) * count / total) if total else FAINTEST
    said = f"{pictures.arrow(before, now)} {i18n.number(count)}"
    if total:
        share = t("lifecycle.of_row", state=pictures.name(before), share=i18n.share(count / total))
        said = f"{said}{t('number.then')}{share}"
    shown, told = escape(pictures.figure_of(count)), escape(said)
    if link is not None:
        shown = f'<a href="{escape(link + who.of_move(before, now))}" aria-label="{told}">{shown}</a>'
    return f'<td title="{told}" style="--v:{strength}">{shown}</td>'


def _list(answer: Answer, period: int, link: str) -> str:
    """The same moves one below the other, for those to whom a cell is too small."""
    ways = "".join(
        f"<li>{Way(i18n.aside(pictures.arrow(before, now), i18n.number(count)), link + who.of_move(before, now), 'people').html(f'move-{before.name.lower()}-{now.name.lower()}')}</li>"
        for before, now, count in _moves(answer, period)
    )
    return (
        f'<details class="moves"><summary>{escape(t("lifecycle.move"))}</summary><ul>{ways}</ul></details>'
        if ways
        else ""
    )


def _moves(answer: Answer, period: int) -> Iterator[tuple[State, State, int]]:
    """Those that somebody made."""
    for before in pictures.BEFORE:
        for now in STATES:
            if count := answer.count(Behind(period, (now,), (before,))):
                yield before, now, count
