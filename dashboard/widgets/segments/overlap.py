"""两群重叠: two segments beside each other: who is in one alone, who in both, and what chance would give."""

from html import escape

import streamlit as st

from core.errors import Refusal
from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.data import saved_segments
from dashboard.data import segments as data
from dashboard.data.rows import SMALL
from dashboard.data.segments import Answer, Beside, Part
from dashboard.i18n import t
from dashboard.widgets import behind, heading, names, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.tiles import Tile

A, B, WHO = "ov_a", "ov_b", "ov_who"
PARTS: tuple[Part, ...] = ("only_a", "both", "only_b")
WIDTH = 230
ALIKE = 1.1
"""Times as many as by chance, up to which it is told as much the same."""


def show() -> None:
    every = saved_segments.listed()
    with st.container(border=True, key="card_sg_overlap"):
        st.html(heading.section(t("segments.part_overlap"), t("segments.overlap_lead")))
        if len(every) < 2:
            new = f'<a href="?part=build">{escape(t("segments.new"))}</a>' if guard.may("segment.write") else ""
            st.html(heading.line(t("segments.overlap_too_few")) + new)
            return
        called = names.apart({one.segment_id: one.name for one in every})
        a, b = _choose(called)
        if a == b:
            st.html(heading.line(t("segments.overlap_same")))
            return
        try:
            with st.spinner(t("segments.counting")):
                answer = data.overlap(saved_segments.whole(a), saved_segments.whole(b))
        except Refusal as error:
            st.html(f'<p class="fault" role="alert">{escape(i18n.refusal(error))}</p>')
            return
        _answer(answer, called[a], called[b])
    behind.open_asked(lambda text: _people(answer, a, b, called, text), lambda: t("segments.everybody"), WHO)


def _choose(called: dict[int, str]) -> tuple[int, int]:
    """The newest two, until somebody chooses others."""
    ids = list(called)
    with st.container(horizontal=True, gap="small", key="ov_choice"):
        for key, usual in ((A, ids[0]), (B, ids[1])):
            addresses.read(key, usual, ids)
            st.selectbox(
                t(f"segments.{key}"), ids, format_func=called.get, key=key, persist_state="session", width=320,
                on_change=_close,
            )  # fmt: skip
            addresses.write(key, None)
    return st.session_state[A], st.session_state[B]


def _close() -> None:
    st.query_params.pop(WHO, None)


def _answer(answer: Answer[Beside], a: str, b: str) -> None:
    found, begins = answer.found, behind.link(WHO)
    called = {"a": a, "b": b}
    shown = []
    for part in PARTS:
        count = found.count(part)
        beside = _share(count, {"only_a": found.a, "both": found.a, "only_b": found.b}[part], part, called)
        below = _share(count, found.b, "both_b", called) if part == "both" else ""
        ways = behind.way(begins, part, t("segments.see_people"), count)
        value = t("segments.people_now", count=i18n.number(count))
        shown.append(
            Tile(
                f"overlap-{part}", t(f"segments.overlap_{part}", **called), value, beside, "", tiles.lines(below), ways
            )
        )
    st.html(
        _bar(found, called)
        + tiles.wall(shown, WIDTH)
        + f'<p class="lead" id="overlap-chance">{escape(chance(found))}</p>'
    )
    as_of = t("segments.counted_as_of", at=i18n.moment(answer.as_of, answer.zone))
    st.html(behind.forbidden(begins) + heading.line(as_of))


def _share(count: int, of: int, text: str, called: dict[str, str]) -> str:
    """No share of few."""
    return t(f"segments.overlap_share_{text}", share=i18n.share(count / of), **called) if of >= SMALL else ""


def chance(found: Beside) -> str:
    """What would be if the two had nothing to do with each other, and how far from it this is."""
    if found.expected is None:
        return t("segments.overlap_empty")
    if min(found.a, found.b) < SMALL:
        return t("segments.overlap_few")
    times, few = found.both / found.expected, 10
    words = {
        "expected": i18n.number(found.expected, 0 if found.expected >= few else 1), "both": i18n.number(found.both),
        "lift": i18n.number(times, 2),
    }  # fmt: skip
    which = "more" if times > ALIKE else "less" if times < 1 / ALIKE else "like"
    return t(f"segments.overlap_{which}", **words)


def _bar(found: Beside, called: dict[str, str]) -> str:
    """The three side by side, as wide as they are many."""
    whole = sum(found.count(part) for part in PARTS)
    if not whole:
        return ""
    parts = "".join(
        f'<span class="{part}" style="flex:{found.count(part)} 1 0"></span>' for part in PARTS if found.count(part)
    )
    told = i18n.listed(f"{t(f'segments.overlap_{part}', **called)} {i18n.number(found.count(part))}" for part in PARTS)
    return f'<div class="overlap" role="img" aria-label="{escape(told)}">{parts}</div>'


def _people(answer: Answer[Beside], a: int, b: int, called: dict[int, str], text: str) -> Behind | None:
    part = next((one for one in PARTS if one == text), None)
    if part is None or not answer.found.count(part):
        return None
    one, other = saved_segments.whole(a), saved_segments.whole(b)
    title = t(f"segments.overlap_{part}", a=called[a], b=called[b])
    return Behind(
        title, t("segments.overlap_means"), lambda: data.people_of_overlap(one, other, part, answer.found.count(part))
    )
