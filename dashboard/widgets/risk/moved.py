"""What moved the figure of a warning: each dimension as a table whose parts add up to the change, to be looked into, and the people of each part."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

import streamlit as st

from core.errors import Refusal
from dashboard import addresses, faults, i18n
from dashboard.data import warnings
from dashboard.data.warnings import Causes, Dimension, Share, Span, Warned
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import behind, choice, heading, names
from dashboard.widgets.behind import Behind
from dashboard.widgets.evidence import source
from dashboard.widgets.risk import listing, rows, words
from dashboard.widgets.risk.listing import WHO
from dashboard.widgets.risk.rows import Column
from dashboard.widgets.risk.words import Names

BY, INSIDE, EVERY = "wc_by", "wc_in", "wc_all"
KEYS = (BY, INSIDE, EVERY)
MOST = 12
"""Parts that are shown until all are asked for."""
TEXTS = {
    "channel": "channel.",
    "feedback_category": "surveys.category_",
    "newness": "newness.",
    "reason": "member.reason_",
}
"""What texts of parts begin with."""
Within = Mapping[str, str | None]


def show(one: Warned, span: Span, spans: str, own: Names, currency: str) -> None:
    """``spans``: HTML of the choice of days."""
    with st.container(border=True, key="card_warning_causes"):
        within = _within()
        try:
            answer = warnings.causes(one, span, within)
        except Refusal as refusal:
            faults.show(refusal)
            return
        found = None if answer is None else answer.found
        if answer is None or found is None or found.change is None or not found.dimensions:
            is_known = found is not None and found.change is not None
            lead = _lead(one, found, currency) if is_known and found is not None else t("cause.none")
            html = heading.section(t("cause.title"), lead, "warning-causes") + spans + _path(one, within)
            st.html(html + (heading.line(t("cause.no_further")) if is_known else ""))
            return
        behind.head("causes", heading.section(t("cause.title"), _lead(one, found, currency), "warning-causes"), answer, _contract(found), lambda: listing.subject(one, own))  # fmt: skip
        st.html(f'{spans}{_path(one, within)}<p id="cause-sentence">{escape(_explained(found))}</p>')
        shown = _chosen(found)
        labels = {each.name: t(f"cause.by_{each.name}") for each in found.dimensions}
        st.html(choice.row(choice.Choice(BY, t("cause.by"), labels, shown.name), addresses.beside(BY, WHO, EVERY)))
        st.html(_table(one, found, shown, currency))
        if shown.is_of_top:
            st.caption(t("cause.of_top"))


def people(one: Warned, own: Names, who: str) -> Behind | None:
    """``who``: a dimension and its part, as ``packed``."""
    told = _unpacked(who)
    if told is None or len(told) != 1 or not warnings.has_people(one):
        return None
    (dimension, key), within = told[0], _within()
    span = Span.of(one, is_whole=one.days >= warnings.FEWEST_DAYS and st.query_params.get("wc_days") == "span")
    try:
        answer = warnings.causes(one, span, within)
    except Refusal:
        return None
    rows_ = (
        []
        if answer is None
        else [row for each in answer.found.dimensions if each.name == dimension for row in each.rows]
    )
    row = next((row for row in rows_ if row.key == key), None)
    if row is None or answer is None:
        return None
    part = i18n.explained(t(f"cause.by_{dimension}"), label(dimension, row))
    title = t("cause.people", name=listing.subject(one, own), part=part)
    found = answer.found
    return Behind(
        title, t("cause.people_means"), lambda: warnings.people_of_part(one, span, found, dimension, key, within)
    )


# -- what is looked into -----------------------------------------------------------------------------------------------


def _within() -> Within:
    text = st.query_params.get(INSIDE)
    told = [] if text is None else _unpacked(text)
    if told is None:
        addresses.leave_out(INSIDE, text or "")
        st.query_params.pop(INSIDE, None)
    return dict(told or [])


def packed(within: Sequence[tuple[str, str | None]]) -> str:
    """Dimensions and their parts, as an address holds them."""
    return json.dumps([list(one) for one in within], ensure_ascii=False, separators=(",", ":"))


def _unpacked(text: str) -> list[tuple[str, str | None]] | None:
    """None of what is nothing of the kind."""
    try:
        told = json.loads(text)
    except ValueError:
        return None
    is_right = isinstance(told, list) and all(
        isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], str | None) and i18n.has(f"cause.by_{one[0]}")
        for one in told
    )  # fmt: skip
    return [(one[0], one[1]) for one in told] if is_right else None


def _path(one: Warned, within: Within) -> str:
    """Where one has come to, each step a link back."""
    if not within:
        return ""
    address = f"?{addresses.beside(*KEYS, WHO)}"
    steps = [f'<a href="{escape(address)}">{escape(t("cause.all"))}</a>']
    told = list(within.items())
    for place, (dimension, key) in enumerate(told):
        part = i18n.explained(t(f"cause.by_{dimension}"), _named(one, dimension, key))
        if place < len(told) - 1:
            link = f"{address}{INSIDE}={quote(packed(told[: place + 1]))}"
            steps.append(f'<a href="{escape(link)}">{escape(part)}</a>')
        else:
            steps.append(f'<b aria-current="page">{escape(part)}</b>')
    return f'<nav class="trail" aria-label="{escape(t("cause.trail"))}">{" › ".join(steps)}</nav>'


def _named(one: Warned, dimension: str, key: str | None) -> str:
    """A part that was gone into, by its name where the data without it tells one."""
    span = Span.of(one, is_whole=one.days >= warnings.FEWEST_DAYS and st.query_params.get("wc_days") == "span")
    answer = warnings.causes(one, span, {})
    rows_ = (
        []
        if answer is None
        else [row for each in answer.found.dimensions if each.name == dimension for row in each.rows]
    )
    row = next((row for row in rows_ if row.key == key), None)
    return label(dimension, row) if row is not None else str(key or t("overview.not_stated"))


# -- words -------------------------------------------------------------------------------------------------------------


def label(dimension: str, row: Share) -> str:
    """What a part is called."""
    if row.key is None:
        return t("overview.not_stated")
    if dimension == "source":
        return source(row.key)
    if dimension == "event":
        return names.event(row.key)
    if dimension == "tier":
        return names.tier(row.key)
    key = f"{TEXTS.get(dimension, '-')}{row.key}"
    return t(key) if i18n.has(key) else row.name or row.key


def _lead(one: Warned, found: Causes, currency: str) -> str:
    now = found.compared.now
    days = i18n.day(now.start_on) if now.days == 1 else i18n.days(now)
    return t(
        "cause.lead", days=days, value=words.figure(found.value, one.unit, currency), expected=words.figure(found.expected, one.unit, currency),
        change=_change(found.change, one.unit, currency), copies=i18n.number(len(found.compared.copies)),
    )  # fmt: skip


def _change(value: float | None, unit: str, currency: str) -> str:
    """With its sign; shares in points."""
    if value is None:
        return UNDEFINED
    if unit == "share":
        return t("warning.points", points=i18n.signed(value * 100, 2 if abs(value) < 0.01 else 1))
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{words.figure(abs(value), unit, currency)}"


def _explained(found: Causes) -> str:
    if found.is_everywhere:
        return t("cause.everywhere")
    best = found.dimensions[0]
    parts = [label(best.name, row) for row in best.rows if row.is_chosen]
    if not parts:
        return t("cause.nothing_told")
    return t(
        "cause.explained", dimension=t(f"cause.by_{best.name}"), parts=i18n.listed(parts), share=_share(best.explained.share),
        usual=i18n.share(best.explained.usual, 0),
    )  # fmt: skip


def _share(value: float | None) -> str:
    """Of a change: a part may be more than all of it, or work against it."""
    return UNDEFINED if value is None else i18n.change(value, 0).removeprefix("+")


def _contract(found: Causes) -> list[str]:
    copies = i18n.listed((i18n.days(one) if one.days > 1 else i18n.day(one.start_on) for one in found.compared.copies), long=True)  # fmt: skip
    lines = [t("cause.rule_compared", copies=copies or UNDEFINED), t("cause.rule_adds"), t("cause.rule_best")]
    return [*lines, t("cause.rule_ratio")] if found.metric.bottom is not None else lines


# -- the table ---------------------------------------------------------------------------------------------------------


def _chosen(found: Causes) -> Dimension:
    """The one that the address asks for; else the one that explains it best."""
    asked = st.query_params.get(BY)
    shown = next((each for each in found.dimensions if each.name == asked), None)
    if asked is not None and shown is None:
        if not i18n.has(f"cause.by_{asked}"):
            addresses.leave_out(BY, asked)
        st.query_params.pop(BY, None)
    return shown or found.dimensions[0]


def _table(one: Warned, found: Causes, shown: Dimension, currency: str) -> str:
    is_ratio = found.metric.bottom is not None
    is_all = EVERY in st.query_params or len(shown.rows) <= MOST + 1
    told = shown.rows if is_all else shown.rows[:MOST]
    rest = () if is_all else shown.rows[MOST:]
    longest = max((abs(row.change) for row in shown.rows), default=0) or 1
    columns = [Column(t(f"cause.by_{shown.name}")), Column(t("cause.now"), "number"), Column(t("cause.before"), "number"), Column(t("cause.change"), "number")]  # fmt: skip
    columns += [Column(t("cause.rate"), "number"), Column(t("cause.mix"), "number")] if is_ratio else []
    columns += [Column(t("cause.share")), Column("", "short")]
    lines = [_line(one, shown, row, longest, currency, is_ratio=is_ratio) for row in told]
    if rest:
        lines.append(_rest(one, rest, currency, is_ratio=is_ratio))
    lines.append(_total(one, found, shown, currency, is_ratio=is_ratio))
    return rows.table(f"cause-{shown.name}", t(f"cause.by_{shown.name}"), columns, lines)


def _line(one: Warned, shown: Dimension, row: Share, longest: float, currency: str, *, is_ratio: bool) -> list[str]:
    name = label(shown.name, row)
    mark = f' <span class="level plain">{escape(t("cause.chosen"))}</span>' if row.is_chosen and shown.explained.is_telling else ""  # fmt: skip
    into = f"?{addresses.beside(*KEYS, WHO)}{INSIDE}={quote(packed([*_within().items(), (shown.name, row.key)]))}"
    first = (
        f'<a href="{escape(into)}" title="{escape(t("cause.into", name=name))}">{escape(i18n.cut(name, 60))}</a>{mark}'
    )
    cells = [first, words.figure(row.value, one.unit, currency), words.figure(row.expected, one.unit, currency), _change(row.change, one.unit, currency)]  # fmt: skip
    cells += [_change(row.rate, one.unit, currency), _change(row.mix, one.unit, currency)] if is_ratio else []
    side = "down" if row.change < 0 else "up"
    bar = f'<span class="cause-bar {side}"><i style="--share:{abs(row.change) / longest:.4f}"></i>{escape(_share(row.change_share))}</span>'
    return [*cells, bar, _way(one, shown, row)]


def _way(one: Warned, shown: Dimension, row: Share) -> str:
    begins = behind.link(WHO)
    if begins is None or not warnings.has_people(one) or not row.value:
        return ""
    address = f"{begins}{quote(packed([(shown.name, row.key)]))}"
    return f'<a class="cause-people" href="{escape(address)}">{escape(t("warning.people"))}</a>'


def _rest(one: Warned, rest: Sequence[Share], currency: str, *, is_ratio: bool) -> list[str]:
    address = f"?{addresses.beside(EVERY, WHO)}{EVERY}=1"
    name = f'<a id="cause-all" href="{escape(address)}">{escape(t("cause.rest", count=i18n.number(len(rest))))}</a>'
    change = sum(row.change for row in rest)
    share = sum(row.change_share for row in rest if row.change_share is not None)
    sides = [UNDEFINED, UNDEFINED] if is_ratio else [_sum([row.value for row in rest], one, currency), _sum([row.expected for row in rest], one, currency)]  # fmt: skip
    more = [_change(sum(row.rate or 0 for row in rest), one.unit, currency), _change(sum(row.mix or 0 for row in rest), one.unit, currency)] if is_ratio else []  # fmt: skip
    return [name, *sides, _change(change, one.unit, currency), *more, escape(_share(share)), ""]


def _sum(values: Sequence[float | None], one: Warned, currency: str) -> str:
    return words.figure(sum(value or 0 for value in values), one.unit, currency)


def _total(one: Warned, found: Causes, shown: Dimension, currency: str, *, is_ratio: bool) -> list[str]:
    """The whole change, which the parts add up to."""
    more = [_change(sum(getattr(row, side) or 0 for row in shown.rows), one.unit, currency) for side in ("rate", "mix")] if is_ratio else []  # fmt: skip
    cells = [words.figure(found.value, one.unit, currency), words.figure(found.expected, one.unit, currency), _change(found.change, one.unit, currency), *more]  # fmt: skip
    return [f"<b>{escape(t('cause.total'))}</b>", *(f"<b>{escape(cell)}</b>" for cell in cells), "<b>100%</b>", ""]
