"""Who is on which channels: every pair of them, and those who are on one alone."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.data import channels
from dashboard.data.channels import Answer, Overlap
from dashboard.i18n import t
from dashboard.widgets import behind, heading, names
from dashboard.widgets.behind import Behind
from dashboard.widgets.parts import Asked

ALONE = "alone"


def show(asked: Asked) -> None:
    answer = channels.overlap(asked.filters)
    if answer is None or not answer.found.channels:
        heading.empty(t("channels.nobody"), t("channels.nobody_lead"))
        return
    with st.container(border=True, key="card_overlap"):
        _head(answer, asked)
        st.html(_matrix(answer.found, behind.link()))
        st.html(heading.line(t("channels.overlap_how")))
    behind.open_asked(lambda text: _behind(asked, answer.found, text), asked.in_words)


def _head(answer: Answer[Overlap], asked: Asked) -> None:
    lead = t("channels.overlap_lead", days=i18n.days(answer.found.now), count=i18n.number(answer.found.active))
    lines = [t(f"channels.overlap_{name}") for name in ("rule", "diagonal", "shade")]
    behind.head("overlap", heading.section(t("channels.overlap"), lead), answer, lines, asked.in_words)


def _matrix(found: Overlap, begins: str | None) -> str:
    """Rows and columns are channels; a cell's shade is the share of the row's members who are on the column's channel too."""
    called = [names.value("channel", one) for one in found.channels]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (*called, t("channels.alone")))
    rows = "".join(_row(found, place, name, begins) for place, name in enumerate(called))
    return (
        f'<div class="heat overlap" role="region" tabindex="0" aria-label="{escape(t("channels.overlap"))}">'
        f'<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )  # fmt: skip


def _row(found: Overlap, place: int, name: str, begins: str | None) -> str:
    one, whole = found.channels[place], found.members[place][place]
    cells = "".join(
        _cell(count, whole, one if place == other else f"{one}.{found.channels[other]}", begins)
        for other, count in enumerate(found.members[place])
    )
    return f'<tr><th scope="row">{escape(name)}</th>{cells}{_cell(found.alone[place], whole, f"{one}.{ALONE}", begins)}</tr>'


def _cell(count: int, whole: int, which: str, begins: str | None) -> str:
    share = count / whole if whole else 0.0
    words = i18n.number(count)
    told = escape(t("channels.of_row", share=i18n.share(share)))
    inner = (
        f'<a id="cell-{which.replace(".", "-")}" href="{escape(begins)}{which}">{words}</a>'
        if begins and count
        else words
    )
    return f'<td style="--v:{100 * share:.0f}" title="{told}">{inner}</td>'


def _behind(asked: Asked, found: Overlap, text: str) -> Behind | None:
    one, _, other = text.partition(".")
    places = _places(found.channels, one, other)
    if places is None:
        return None
    first, second = places
    count = found.alone[first] if second is None else found.members[first][second]
    if not count:
        return None
    names_ = [
        names.value("channel", one),
        *([] if second is None or second == first else [names.value("channel", other)]),
    ]
    key = "who_alone" if second is None else "who_both" if second != first else "who_one"
    title = t(f"channels.{key}", names=t("number.and").join(names_))
    partner = None if second is None else found.channels[second]
    return Behind(title, t("channels.overlap_rule"), lambda: channels.both(asked.filters, one, partner, count))


def _places(known: Sequence[str], one: str, other: str) -> tuple[int, int | None] | None:
    """Rows and columns that the address means; None where it means none. No column: on no other channel."""
    if one not in known or (other and other != ALONE and other not in known):
        return None
    first = list(known).index(one)
    if not other:
        return first, first
    return first, None if other == ALONE else list(known).index(other)
