"""Who left the funnel and where, who got through, and why one of them got no further."""

from html import escape

import streamlit as st

from core.errors import Refusal
from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.data import funnels, people
from dashboard.data.funnels import Asked, Entered, Explanation, View, Why
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import names
from dashboard.widgets import people as panel
from dashboard.widgets.steps import sentence

OFFERED, SHOWN = 200, 40
Moments = tuple[tuple[str, object], ...]


def show(view: View, asked: Filters, called: list[str], filters: str) -> None:
    """One button per place where people are lost; it opens who they are. With a breakdown, of one value when chosen."""
    st.subheader(t("funnel.people"), anchor=False)
    if not guard.may("people.see"):
        st.caption(t("funnel.people_forbidden"))
        return
    st.caption(t(f"funnel.people_lead_{view.asked.count}"))
    of, words = _of_value(view)
    buttons(view, asked, called, filters, of, words)


def buttons(
    view: View, asked: Filters, called: list[str], filters: str, of: Entered, words: str = "", *, name: str = "drops"
) -> None:
    """``of``: which of those who entered, ``words`` says it. Counted are members, or sessions; of attempts, who made them."""
    reached = view.answer.members(of)
    with st.container(horizontal=True, gap="small", key=name):
        for number in range(1, len(reached)):
            lost = reached[number - 1] - reached[number]
            label = t("funnel.dropped_after", step=number, name=called[number - 1], count=i18n.number(lost))
            key = f"dropped_{number}" if name == "drops" else f"{name}_{number}"
            if st.button(markdown.escaped(label), key=key, disabled=not lost, icon=":material/trending_down:"):
                _open(label + words, view, asked, number, filters, of, dropped=True)
        label = t("funnel.all_the_way", count=i18n.number(reached[-1]))
        key = "completed" if name == "drops" else f"{name}_completed"
        if st.button(label, key=key, disabled=not reached[-1], icon=":material/check:"):
            _open(label + words, view, asked, len(reached), filters, of, dropped=False)


def _of_value(view: View) -> tuple[Entered, str]:
    by = view.asked.by
    if not by or len(view.by_value) < 2:
        return Entered(), ""
    labels = names.values(by, view.by_value)
    every = [_ALL, *labels]
    chosen = st.selectbox(
        t("funnel.people_of", name=names.property_of(by)), every,
        format_func=lambda one: t("funnel.people_of_all") if one == _ALL else labels.get(one, str(one)),
        key=f"people_of_{by}", width=260,
    )  # fmt: skip
    if chosen == _ALL:
        return Entered(), ""
    return Entered(values=(chosen,)), f"{t('number.then')}{labels[chosen]}"


_ALL = "\x00all"
"""No value of a property."""


def _open(
    title: str, view: View, asked: Filters, step: int, filters: str, of: Entered, *, dropped: bool
) -> None:  # fmt: skip
    def body() -> None:
        found = funnels.people_of(asked, view.asked, step, dropped=dropped, of=of)
        panel.show(found, f"{sentence(view.asked)}{t('number.then')}{title}", filters)
        if dropped and view.asked.count != "sessions" and found.count:
            why(found, view.asked, asked)

    st.dialog(t("people.title"), width="large", icon=":material/group:")(body)()


# -- why somebody was dropped ------------------------------------------------------------------------------------------


def why(found: People, asked: Asked, filters: Filters) -> None:
    """Choose one of the list, by the short name that stands there; read what kept them from the next step."""
    ids = found.member_ids
    by_label = dict(zip(people.labels(found.frame["member_id"]), ids, strict=True))
    with st.container(key="why", gap="small"):
        st.markdown(f"**{t('funnel.why')}**")
        chosen = st.selectbox(
            t("funnel.why_member"), list(by_label)[:OFFERED], index=None, key=f"why_{abs(hash(found.key))}",
            placeholder=t("funnel.why_choose"), accept_new_options=True, width=280,
            help=t("funnel.why_offered", count=i18n.number(OFFERED)) if len(ids) > OFFERED else None,
        )  # fmt: skip
        if not chosen:
            return
        member = by_label.get(chosen.strip().upper())
        if member is None:
            st.info(t("funnel.why_not_listed", name=markdown.escaped(chosen)))
            return
        try:
            told = funnels.why(filters, asked, member)
        except Refusal as error:
            st.error(markdown.escaped(i18n.refusal(error)))
            return
        st.markdown(markdown.escaped(reason(told, asked)))
        st.html(_timeline(told.explained, told.moments))


def reason(told: Why, asked: Asked) -> str:
    """How far the member got and what kept them from the next step, in plain words."""
    zone, explained, moments = people.zone(), told.explained, told.moments
    words = [names.event(" | ".join(step)) for step in asked.steps]
    if explained.reason is None or explained.step is None:
        return t("funnel.why_through")
    reached = ""
    if explained.depth:
        at = i18n.moment(moments[explained.events[-1]][1], zone)
        reached = t("funnel.why_reached", step=explained.depth, name=words[explained.depth - 1], at=at)
    barrier = asked.barriers[explained.exclusion - 1] if explained.exclusion else None
    ended = t(
        f"funnel.why_{explained.reason}{'_any' if explained.reason == 'before' and asked.order == 'any' else ''}",
        step=explained.step,
        name=words[explained.step - 1],
        before=explained.depth,
        event=names.event(moments[explained.event][0]) if explained.event is not None else "",
        at=i18n.moment(moments[explained.event][1], zone) if explained.event is not None else "",
        until=_moment(explained.until, zone),
        first=barrier.from_step if barrier else "",
        last=barrier.to_step if barrier else "",
    )
    still = t("funnel.why_open", until=i18n.moment(told.open_until, zone)) if told.open_until else ""
    return f"{reached}{ended}{still}"


def _moment(microseconds: int | None, zone: str) -> str:
    return "" if microseconds is None else i18n.moment(funnels.moment(microseconds), zone)


def _timeline(explained: Explanation, moments: Moments) -> str:
    """The member's moments of the funnel in order: those that filled a step have its number, the one that stopped a cross."""
    if not moments:
        return f"<p>{escape(t('funnel.why_no_moments'))}</p>"
    filled = {event: step for step, event in enumerate(explained.events, 1)}
    told = [*filled, *([explained.event] if explained.event is not None else [])]
    first = max(min(told, default=0) - 2, 0)
    last = min(max(max(told, default=0) + 3, first + 8), first + SHOWN, len(moments))
    rows = [_line(moments[i], filled.get(i), is_end=i == explained.event) for i in range(first, last)]
    note = ""
    if last - first < len(moments):
        note = f"<p>{escape(t('funnel.why_some', first=first + 1, last=last, count=i18n.number(len(moments))))}</p>"
    return f'<ol class="moments" aria-label="{escape(t("funnel.why_moments"))}">{"".join(rows)}</ol>{note}'


def _line(moment: tuple[str, object], step: int | None, *, is_end: bool) -> str:
    name, at = moment
    kind, mark = ("end", "✕") if is_end else ("step", str(step)) if step else ("other", "·")
    words = t("funnel.why_filled", step=step) if step else t("funnel.why_here") if is_end else ""
    return (
        f'<li class="{kind}"><b aria-hidden="true">{mark}</b><span>{escape(names.event(name))}</span>'
        f"<time>{escape(i18n.moment(at, people.zone()))}</time><em>{escape(words)}</em></li>"
    )
