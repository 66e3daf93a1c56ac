"""One warning: what happened, its line, what moved it, what happened beside, and what people make of it."""

from datetime import timedelta
from html import escape

import numpy as np
import streamlit as st

from core.errors import Refusal, Unknown
from dashboard import addresses, charts, faults, i18n
from dashboard.actions import guard
from dashboard.data import warnings, watched
from dashboard.data.warnings import Beside, Line, Rule, Span, Warned, Whole
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import behind, choice, heading, opening
from dashboard.widgets.behind import Behind
from dashboard.widgets.forecast import calendar_words
from dashboard.widgets.member.table import Link
from dashboard.widgets.member.table import html as small_table
from dashboard.widgets.parts import PART
from dashboard.widgets.risk import alarms, chart, deciding, levels, listing, moved, rows, words
from dashboard.widgets.risk.listing import WARNING, WHO
from dashboard.widgets.risk.words import Names

SPAN = "wc_days"
OPENED = (WARNING, SPAN, WHO, *moved.KEYS)
"""Parameters of the address that belong to one warning."""
LONGEST_NUMBER = 15


def show(text: str) -> None:
    st.html(opening.back("warning", *OPENED, words="warning.back"))
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        addresses.leave_out(WARNING, text)
        st.html(heading.line(t("warning.unknown")))
        return
    try:
        whole = warnings.one(int(text))
    except Unknown:
        addresses.leave_out(WARNING, text)
        st.html(heading.line(t("warning.unknown")))
        return
    except Refusal as refusal:
        faults.show(refusal)
        return
    _whole(whole, watched.own_names(), warnings.currency())


def _whole(whole: Whole, own: Names, currency: str) -> None:
    one = whole.warned
    with st.container(border=True, key="card_warning"):
        st.html(_head(one, own, currency))
        st.html(_facts(whole, own, currency))
        deciding.show(whole)
        _verdicts(whole)
    found = warnings.line(whole)
    if found is not None:
        with st.container(border=True, key="card_warning_line"):
            title = t("warning.line", name=listing.subject(one, own))
            st.html(heading.section(title, t("warning.line_lead"), "warning-line"))
            key = f"{found.key}|{one.id}"
            charts.show("warning_line", key, lambda: chart.picture(found, one, own, currency), alt=listing.sentence(one, own, currency))  # fmt: skip
            if found.left_out.any():
                st.caption(t("warning.left_out", days=i18n.listed(_left_out(found))))
    if warnings.has_causes(one):
        is_whole = one.days >= warnings.FEWEST_DAYS and choice.read(SPAN, ("peak", "span")) == "span"
        span = Span.of(one, is_whole=is_whole)
        moved.show(one, span, _spans(one, is_whole), own, currency)
        _happened(one, span)
        alarms.show(one, span)
    _parts(whole, own, currency)
    behind.open_asked(lambda who: _people(one, own, who), lambda: listing.sentence(one, own, currency), WHO)


def _left_out(line: Line) -> list[str]:
    """Spans of days that the rule leaves out, in words."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line.left_out, [False]])))
    spans = [
        (line.start_on + timedelta(days=int(first)), line.start_on + timedelta(days=int(end) - 1))
        for first, end in edges.reshape(-1, 2)
    ]
    return [" – ".join(i18n.day(on, with_year=False) for on in dict.fromkeys(span)) for span in spans]


def _spans(one: Warned, is_whole: bool) -> str:
    if one.days < warnings.FEWEST_DAYS:
        return ""
    labels = {"peak": t("warning.days_peak", day=i18n.day(one.peak_on, with_year=False)), "span": t("warning.days_span", days=i18n.number(one.days))}  # fmt: skip
    shown = choice.Choice(SPAN, t("warning.days_choice"), labels, "span" if is_whole else "peak")
    return choice.row(shown, addresses.beside(SPAN, WHO))


def _people(one: Warned, own: Names, who: str) -> Behind | None:
    if who != "all" or not warnings.has_people(one):
        return moved.people(one, own, who) if warnings.has_causes(one) else None
    title = t("warning.people_title", name=listing.subject(one, own), day=i18n.day(one.peak_on))
    return Behind(title, t("warning.people_means"), lambda: warnings.people_of(one))


# -- the head ----------------------------------------------------------------------------------------------------------


def _head(one: Warned, own: Names, currency: str) -> str:
    test = f' <span class="level plain">{escape(t("warning.test"))}</span>' if one.is_test else ""
    place = words.place(one.place_by, one.place_key, one.place_name)
    return (
        f'<div class="warning-head"><h2 id="warning-name">{escape(listing.title(one))}{escape(t("number.then"))}{escape(place)}</h2>'
        f'<p>{levels.badge(one.level)}{test}</p><p class="told">{escape(listing.sentence(one, own, currency))}</p></div>'
    )


def _facts(whole: Whole, own: Names, currency: str) -> str:
    one = whole.warned
    told = [
        (t("warning.column_state"), _stated(one, whole.rule)),
        (t("warning.column_since"), escape(_days(one))),
        (t("risk.level"), escape(levels.cell_words((one.likelihood, one.impact)))),
        (t("warning.column_owner"), escape(one.owner or t("warning.nobody"))),
        (t("warning.raised_at"), escape(i18n.moment(one.raised_at, warnings.zone()))),
        (t("warning.by_rule"), _rule(whole, own, currency)),
        (t("warning.tile_precision"), escape(_precision(whole))),
    ]  # fmt: skip
    if one.limit is not None and one.kind == "figure":
        told.insert(2, (t("warning.rule_bound"), escape(words.figure(one.limit, one.unit, currency))))
    if one.incident_id is not None:
        address = f"/incidents?incident={one.incident_id}"
        told.append((t("warning.its_incident"), f'<a href="{address}">{escape(t("warning.incident", number=one.incident_id))}</a>'))  # fmt: skip
    if warnings.has_people(one) and guard.may("people.see"):
        address = f"?{addresses.beside(WHO)}{WHO}=all"
        told.append((t("people.title"), f'<a id="warning-people" href="{escape(address)}">{escape(t("warning.people_open"))}</a>'))  # fmt: skip
    return rows.facts(told)


def _stated(one: Warned, rule: Rule | None) -> str:
    html = listing.state(one)
    if rule is not None and rule.quiet_days and warnings.is_calm(one):
        html += f"<br><small>{escape(t('warning.ends_after', days=rule.quiet_days))}</small>"
    if one.is_silent:
        html += f"<br><small>{escape(t('warning.until', at=i18n.moment(one.snoozed_until, warnings.zone())))}</small>"
    if one.state == "closed" and one.closed_how == "by_hand":
        by = t("warning.closed_by", by=one.closed_by or UNDEFINED, at=i18n.moment(one.closed_at, warnings.zone()))
        html += f"<br><small>{escape(by)}</small>"
    if one.reason:
        html += f"<br><small>{escape(t('warning.because', reason=one.reason))}</small>"
    return html


def _days(one: Warned) -> str:
    if one.days == 1:
        return i18n.day(one.started_on)
    span = f"{i18n.day(one.started_on)} – {i18n.day(one.last_on)}"
    return i18n.aside(span, t("warning.days", days=i18n.number(one.days)))


def _rule(whole: Whole, own: Names, currency: str) -> str:
    if whole.rule is None:
        return escape(t("warning.rule_gone"))
    address = f"?{addresses.only('world')}{PART}=rules&rule={whole.warned.rule_key}"
    return f'{escape(words.sentence(whole.rule, currency, own))} <a href="{escape(address)}">{escape(t("warning.to_rule"))}</a>'


def _precision(whole: Whole) -> str:
    found = whole.precision
    if not found.judged:
        return t("warning.precision_none")
    told = t("warning.precision_of", true=i18n.number(found.true), judged=i18n.number(found.judged))
    return i18n.aside(i18n.share(found.share, 0), told)


# -- what people said, and what belongs to it --------------------------------------------------------------------------


def _verdicts(whole: Whole) -> None:
    if not whole.verdicts:
        return
    told = [
        (t(f"warning.verdict_{one.verdict}"), one.note or UNDEFINED, one.by, i18n.moment(one.at, warnings.zone()))
        for one in whole.verdicts
    ]
    titles = [t("warning.column_verdict"), t("warning.note"), t("warning.said_by"), t("warning.said_at")]
    st.html(f'<div id="warning-verdicts">{small_table(titles, told)}</div>')


def _parts(whole: Whole, own: Names, currency: str) -> None:
    if not whole.parts:
        return
    with st.container(border=True, key="card_warning_parts"):
        st.html(heading.section(t("warning.merged_parts"), t("warning.merged_parts_lead"), "warning-parts"))
        st.html(listing.table("part-rows", t("warning.merged_parts"), whole.parts, own, currency, with_people=False))


# -- beside it ---------------------------------------------------------------------------------------------------------


def _happened(one: Warned, span: Span) -> None:
    found = warnings.happened(one, span)
    with st.container(border=True, key="card_warning_beside"):
        st.html(heading.section(t("warning.beside"), t("warning.beside_lead") if found else t("warning.beside_none"), "warning-beside"))  # fmt: skip
        if found:
            titles = [t("warning.beside_kind"), t("warning.beside_name"), t("warning.beside_days"), t("warning.beside_count")]  # fmt: skip
            st.html(small_table(titles, [_beside(each) for each in found], numbers=(3,)))


def _beside(one: Beside) -> tuple[str, ...]:
    days = " – ".join(i18n.day(on) for on in dict.fromkeys((one.from_on, one.to_on)))
    return (t(f"warning.kind_{one.kind}"), _called(one), days, i18n.number(one.count))


def _called(one: Beside) -> str:
    if one.kind == "incident":
        return Link(one.name, f"/incidents?incident={one.key}")
    if one.kind in ("missing", "late"):
        return words.place("table", one.name, one.name)
    if one.kind in ("import", "rollback"):
        return one.name or t("warning.a_file", number=one.key)
    key = f"holiday.{one.name}"
    return t(key) if i18n.has(key) else calendar_words.called(one.name) if one.kind == "event" else one.name
