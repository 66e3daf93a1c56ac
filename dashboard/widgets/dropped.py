"""Who left the funnel and where, who got through, and why one of them got no further."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.errors import Refusal
from dashboard import addresses, i18n, markdown
from dashboard.actions import guard
from dashboard.data import funnels, people
from dashboard.data.funnels import Asked, Course, Entered, Explanation, View, Why
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import names
from dashboard.widgets import people as panel
from dashboard.widgets.steps import sentence
from dashboard.widgets.tiles import Way

PARAMETER, THROUGH = "people", "through"
"""Where the address says whose people are open: ``2`` are those whom step 2 lost, ``2026-11-10.2`` those of them who entered
on that day, ``through`` all who got to the end."""
OFFERED, SHOWN = 200, 40
Moments = tuple[tuple[str, object], ...]


def show(view: View, called: list[str]) -> Entered:
    """Where people are lost, each place a link to who they are. With a breakdown, of one value when chosen: says of which."""
    title = f"<h2>{escape(t('funnel.people'))}</h2>"
    if not guard.may("people.see"):
        st.html(f'<section class="card">{title}<p class="lead">{escape(t("funnel.people_forbidden"))}</p></section>')
        return Entered()
    lead = f'{title}<p class="lead">{escape(t(f"funnel.people_lead_{view.asked.count}"))}</p>'
    if not view.asked.by or len(view.by_value) < 2:
        st.html(f'<section class="card">{lead}{links(view, called, Entered())}</section>')
        return Entered()
    with st.container(border=True, key="card_people"):
        st.html(lead)
        of = _of_value(view)
        st.html(links(view, called, of))
    return of


def links(view: View, called: list[str], of: Entered, since: str = "") -> str:
    """``of``: which of those who entered; ``since``: the day or week that they entered in, as the address says it. Counted are
    members, or sessions; of attempts, who made them."""
    address = f"?{addresses.beside(PARAMETER)}{PARAMETER}={since and f'{since}.'}"
    name = "entered" if since else "who"
    key = f"{view.key}|{of}|{i18n.language()}|{address}"
    return _links(key=key, _view=view, _called=called, _of=of, _link=address, _name=name)


@kept.by_key(64)
def _links(key: str, _view: View, _called: list[str], _of: Entered, _link: str, _name: str) -> str:  # noqa: ARG001 - kept by
    reached = _view.answer.members(_of)
    ways = []
    for step in range(1, len(reached) + 1):
        is_end = step == len(reached)
        count = reached[-1] if is_end else reached[step - 1] - reached[step]
        address = f"{_link}{THROUGH if is_end else step}" if count else None
        ways.append(Way(_title(step, count, _called, is_end=is_end), address, "box kept" if is_end else "box lost"))
    return f'<nav class="ways">{"".join(way.html(f"{_name}-{place}") for place, way in enumerate(ways, 1))}</nav>'


def _title(step: int, count: int, called: list[str], *, is_end: bool) -> str:
    if is_end:
        return t("funnel.all_the_way", count=i18n.number(count))
    return t("funnel.dropped_after", step=step, name=called[step - 1], count=i18n.number(count))


def _of_value(view: View) -> Entered:
    by = view.asked.by or ""
    labels = names.values(by, view.by_value)
    every = [_ALL, *labels]
    chosen = st.selectbox(
        t("funnel.people_of", name=names.property_of(by)), every,
        format_func=lambda one: t("funnel.people_of_all") if one == _ALL else labels.get(one, str(one)),
        key=f"people_of_{by}", width=260,
    )  # fmt: skip
    return Entered() if chosen == _ALL else Entered(values=(chosen,))


_ALL = "\x00all"
"""No value of a property."""


# -- who they are ------------------------------------------------------------------------------------------------------


def open_asked(
    view: View, asked: Filters, called: list[str], filters: str, of: Entered, entered: Course | None
) -> None:
    """Open the people whom the address names over the page, if this answer counts any and the reader may see people. ``of``: of
    which value, where one is chosen; ``entered``: the days or weeks that the page shows."""
    text = st.query_params.get(PARAMETER, "")
    if not text:
        return
    found = _named(view, text, called, of, entered)
    if found is None or not guard.may("people.see"):
        addresses.leave_out(PARAMETER, text)
        _close()
        return
    st.dialog(t("people.title"), width="large", icon=":material/group:", on_dismiss=_close)(_body)(
        found, view, asked, filters
    )


def since() -> str:
    """The day or week of entry that the address names, as it says it; nothing where it names none."""
    return st.query_params.get(PARAMETER, "").rpartition(".")[0]


def _close() -> None:
    st.query_params.pop(PARAMETER, None)


@dataclass(frozen=True, slots=True)
class _Named:
    """Who got to a step, or no further, in words and as they are asked for."""

    title: str
    step: int
    of: Entered
    is_dropped: bool


def _named(view: View, text: str, called: list[str], of: Entered, entered: Course | None) -> _Named | None:
    since, _, which = text.rpartition(".")
    words = ""
    if since:
        place = entered.place(since) if entered else None
        if entered is None or place is None:
            return None
        of, words = entered.entered(place), entered_words(entered, place)
    elif of.values:
        words = names.values(view.asked.by or "", view.by_value)[of.values[0]]
    reached = view.answer.members(of)
    steps = {str(step): step for step in range(1, len(reached))} | {THROUGH: len(reached)}
    if which not in steps:
        return None
    step, is_end = steps[which], which == THROUGH
    count = reached[-1] if is_end else reached[step - 1] - reached[step]
    title = _title(step, count, called, is_end=is_end)
    return _Named(f"{title}{t('number.then')}{words}" if words else title, step, of, not is_end) if count else None


def entered_words(course: Course, place: int) -> str:
    """A day or a week of entry."""
    day = i18n.day(course.starts[place])
    return day if course.grain == "day" else t("funnel.week_of", day=day)


def _body(named: _Named, view: View, asked: Filters, filters: str) -> None:
    guard.require("people.see")
    found = funnels.people_of(asked, view.asked, named.step, dropped=named.is_dropped, of=named.of)
    panel.show(found, f"{sentence(view.asked)}{t('number.then')}{named.title}", filters)
    if named.is_dropped and view.asked.count != "sessions" and found.count:
        why(found, view.asked, asked)


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
        st.html(panel.link(member))
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
