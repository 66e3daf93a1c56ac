"""What a definition says while it is built: one sentence, how many fit at which time, who they are, and what can be done with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import streamlit as st

from core.errors import Refusal
from dashboard import i18n
from dashboard.data import definitions
from dashboard.data import segments as data
from dashboard.data.definitions import InvalidSegment
from dashboard.data.segments import Answer, Measured
from dashboard.i18n import t
from dashboard.widgets import behind, heading
from dashboard.widgets.behind import Behind
from dashboard.widgets.segments import edits, reach, saving, tree, words
from dashboard.widgets.segments.tree import Box

WHO = "sg_who"
"""Where the address says whose people are open."""
FIT = "fit"
RULES = ("universe", "not", "unknown", "windows", "orders", "exact")
_COUNTED = "_sg_counted"
"""The definition that was counted last: of one that was refused there is nothing more to say."""


@dataclass(frozen=True, slots=True)
class Found:
    """``definition``: what is filled in, canonical; None where that is nothing, or wrong. ``faults``: what is wrong, by part.
    ``unfilled``: conditions that are left out meanwhile."""

    definition: Mapping[str, Any] | None
    faults: Mapping[int, str] = field(default_factory=dict)
    unfilled: int = 0


def check(box: Box) -> Found:
    """What there is to ask of a tree."""
    node, unfilled = tree.complete(box), tree.unfilled(box)
    if node is None:
        return Found(None, {}, unfilled)
    try:
        return Found(definitions.canonical(definitions.whole(node)), {}, unfilled)
    except InvalidSegment as error:
        return Found(None, {tree.faulty(box, str(error.details["path"])): i18n.refusal(error)}, unfilled)


def show(found: Found) -> None:
    """Sentence and count. What cannot be counted is said in words."""
    if found.definition is None:
        lead = t("segments.fault_lead") if found.faults else t("segments.sentence_none")
        st.html(heading.section(t("segments.sentence"), lead, "sg-sentence"))
        if found.faults:
            st.html("".join(f'<p class="fault" role="alert">{escape(one)}</p>' for one in found.faults.values()))
        return
    st.html(said(words.told(found.definition)))
    answer = measured(found.definition)
    st.session_state[_COUNTED] = None if answer is None else found.definition
    if answer is None:
        return
    kept, is_whole = edits.edited(), not found.unfilled
    is_outrun = kept is not None and edits.is_outrun(kept, found.definition)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="sg_outcome"):
        st.html(count(answer))
        contract(answer)
        if kept is not None and is_whole and not is_outrun:
            edits.button(kept, found.definition)
        saving.show(found.definition, is_whole=is_whole, is_edit=kept is not None)
    if kept is not None and is_outrun:
        edits.conflict(kept, found.definition, is_whole=is_whole)
    if found.unfilled:
        st.html(f'<p class="unfilled" role="status">{escape(t("segments.unfilled_count", count=found.unfilled))}</p>')


def said(sentence: str) -> str:
    """A sentence that is read back."""
    return f'<p class="sentence" id="sg-sentence" aria-live="polite">{escape(sentence)}</p>'


def measured(definition: Mapping[str, Any]) -> Answer[Measured] | None:
    """How many fit; None where that was refused, which is then said."""
    try:
        with st.spinner(t("segments.counting")):
            return data.counted(definition)
    except Refusal as error:
        st.html(f'<p class="fault" role="alert">{escape(i18n.refusal(error))}</p>')
        return None


def count(answer: Answer[Measured]) -> str:
    members, total = answer.found.members, answer.found.total
    share = t("segments.share_of", share=i18n.share(members / total if total else None), total=i18n.number(total))
    as_of = t("segments.counted_as_of", at=i18n.moment(answer.as_of, answer.zone))
    ways = behind.way(behind.link(WHO), FIT, t("segments.see_people"), members)
    return (
        f'<div class="counted" id="sg-count" aria-live="polite"><b>{escape(t("segments.people_now", count=i18n.number(members)))}</b>'
        f"<span>{escape(share)}</span><span>{escape(as_of)}</span>{''.join(ways)}</div>"
    )


def contract(answer: Answer[Measured]) -> None:
    """How a definition is counted, behind its button."""
    lines = [t(f"segments.rule_{one}") for one in RULES]
    behind.contract("sg_count", answer, lines, lambda: t("segments.everybody"))


def behind_it(found: Found) -> None:
    """How many of them can be reached, and the people whom the address opens."""
    if found.definition is None or found.definition != st.session_state.get(_COUNTED):
        return
    definition = found.definition
    reach.show(definition, WHO)
    behind.open_asked(lambda text: _people(definition, text), lambda: t("segments.everybody"), WHO)


def _people(definition: Mapping[str, Any], text: str) -> Behind | None:
    if text != FIT:
        return reach.people(definition, text)
    count = data.counted(definition).found.members
    sentence = words.told(definition)
    return Behind(sentence, t("segments.fit_means"), lambda: data.people_of(definition, count)) if count else None
