"""The table of cohorts: one piece of HTML, so that every cell is text, can be hatched, and is a link to its people.

Links lead to the same page with the cell in the address; ``chrome.js`` follows them without loading the page anew. The
colours stand in ``look.css``; a cell only says how strong it is (``--v``, 0 to 100).
"""

from collections.abc import Callable
from html import escape

import numpy as np
import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.data.retention import Cell, Table, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import retention_figures as figures
from dashboard.widgets import retention_words as words
from dashboard.widgets.retention_words import PARAMETER, SMALL, Shown

BEND = 0.7
"""Below 1, so that small shares still differ in colour where one column is much fuller than the others."""
Link = Callable[[Cell], str]


def show(view: View, shown: Shown) -> None:
    """What is shown, in short, and of all cohorts: their sizes, their cells, the mean of the complete cells above them."""
    address, may_open = addresses.beside(PARAMETER), guard.may("people.see")
    key = f"{view.key}|{shown}|{i18n.language()}|{may_open}|{address}"
    st.html(_kept(key=key, _write=lambda: _all(view, shown, address, may_open=may_open)))


def _all(view: View, shown: Shown, address: str, *, may_open: bool) -> str:
    table, link = shown.table(view), _linker(address) if may_open else None
    parts = [t("retention.legend"), *([t("retention.legend_people")] if link else [])]
    if (table.size < SMALL).any():
        parts.append(t("retention.legend_small"))
    rows = figures.rows(view, shown.measure, shown.mean, address) if view.asked.by is None else ""
    return (
        f"{rows}{figures.summary(view, shown)}{_cohorts(view, shown, table, link)}"
        f'<p class="heat-legend"><i></i>{escape(t("number.then").join(parts))}</p>'
    )


def show_groups(view: View, shown: Shown) -> None:
    """Means of every group of the breakdown, whose sizes add up to the whole."""
    st.html(_kept(key=f"groups|{view.key}|{shown}|{i18n.language()}", _write=lambda: _groups(view, shown)))


def _groups(view: View, shown: Shown) -> str:
    columns = range(view.intervals)
    tables = {group: view.table(group) for group in view.groups}
    means = [shown.mean_of(table, place) or 0.0 for table in tables.values() for place in columns]
    top = max(means, default=0.0)
    head = _head(view, shown, t("retention.value"), columns)
    whole = view.table()
    body = "".join(
        _mean_row(view, shown, table, words.group(view, group), columns, top, "") for group, table in tables.items()
    )
    body += _mean_row(view, shown, whole, t("retention.everybody"), columns, 0.0, "mean")
    notes = []
    if view.missing:
        share = i18n.share(view.missing / max(int(whole.size.sum()), 1))
        notes.append(t("funnel.missing", count=i18n.number(view.missing), share=share))
    if view.answer.folded:
        count, most = i18n.number(len(view.answer.folded)), i18n.number(len(view.answer.values))
        notes.append(t("retention.folded", count=count, top=most))
    return _framed(head, body, t("retention.by")) + "".join(f'<p class="lead">{escape(note)}</p>' for note in notes)


@kept.by_key(64)
def _kept(key: str, _write: Callable[[], str]) -> str:  # noqa: ARG001 - what it is cached by
    return _write()


def _cohorts(view: View, shown: Shown, table: Table, link: Link | None) -> str:
    columns = range(view.intervals)
    body = _mean_row(view, shown, table, t(f"retention.mean_{shown.mean}"), columns, 0.0, "mean")
    top = _strongest(view, shown, table)
    body += "".join(_row(view, shown, table, number, columns, top, link) for number in range(len(table.size)))
    head = _head(view, shown, t("retention.cohort"), columns)
    return _framed(head, body, t("retention.table", question=words.sentence(view.asked)))


def _framed(head: str, body: str, label: str) -> str:
    return (
        f'<div class="heat" role="region" tabindex="0" aria-label="{escape(label)}">'
        f"<table><thead>{head}</thead><tbody>{body}</tbody></table></div>"
    )


def _head(view: View, shown: Shown, first: str, columns: range) -> str:
    over = t(f"retention.since_{view.asked.unit}")
    cells = "".join(
        f'<th scope="col" title="{escape(words.interval(view.asked, place))}">{words.short(view.asked, place)}</th>'
        for place in columns
    )
    base = f'<th scope="col" rowspan="2">{escape(t("retention.base"))}</th>' if shown.measure == "revenue" else ""
    return (
        f'<tr><th scope="col" rowspan="2">{escape(first)}</th><th scope="col" rowspan="2">{escape(t("retention.size"))}</th>{base}'
        f'<th scope="colgroup" colspan="{len(columns)}" class="over">{escape(over)}</th></tr><tr>{cells}</tr>'
    )


def _mean_row(view: View, shown: Shown, table: Table, name: str, columns: range, top: float, kind: str) -> str:
    cells = "".join(_mean(view, shown, table, place, top) for place in columns)
    base = ""
    if shown.measure == "revenue" and table.base_value is not None:
        base = f"<td>{_money(view, int(table.base_value.sum()))}</td>"
    return (
        f'<tr class="{kind}"><th scope="row">{escape(name)}</th>'
        f"<td>{i18n.number(int(table.size.sum()))}</td>{base}{cells}</tr>"
    )


def _mean(view: View, shown: Shown, table: Table, place: int, top: float) -> str:
    mean, shares = shown.mean_of(table, place), shown.shares(table)
    count, base = int(shares.cohorts_count[place]), int(table.members.base[place])
    said = t(
        "retention.mean_of",
        interval=words.interval(view.asked, place),
        cohorts=i18n.number(count),
        members=i18n.number(base),
    )
    return f'<td title="{escape(said)}"{_strength(mean, top)}>{i18n.share(mean)}</td>'


def _row(view: View, shown: Shown, table: Table, number: int, columns: range, top: float, link: Link | None) -> str:
    size = int(table.size[number])
    days = words.cohort_days(view, number)
    sized = i18n.number(size)
    if link and size:
        said = escape(t("retention.cell_size", days=days, count=sized))
        sized = f'<a href="{link(Cell(view.answer.cohorts[number]))}" title="{said}" aria-label="{said}">{sized}</a>'
    base = ""
    if shown.measure == "revenue" and table.base_value is not None:
        base = f"<td>{_money(view, int(table.base_value[number]))}</td>"
    cells = "".join(_cell(view, shown, table, number, place, top, link) for place in columns)
    name = escape(words.cohort(view, number))
    return f'<tr><th scope="row" title="{escape(days)}">{name}</th><td>{sized}</td>{base}{cells}</tr>'


def _cell(view: View, shown: Shown, table: Table, number: int, place: int, top: float, link: Link | None) -> str:
    """A rate, a count where the cohort is too small for one, a dash where nobody entered, nothing where it has not begun."""
    if not view.answer.summary.is_begun[number, place]:
        return '<td class="later"></td>'
    kind = "" if view.answer.summary.is_complete[number, place] else "open"
    size = int(table.size[number])
    if not size:
        return f'<td class="{kind}">{i18n.UNDEFINED}</td>'
    is_small = size < SMALL
    share = None if is_small else _share(shown, table, number, place)
    written = _counted(view, shown, table, number, place) if is_small else i18n.share(share)
    said = escape(_said(view, shown, table, number, place))
    if link:
        address = link(Cell(view.answer.cohorts[number], view.asked.brackets[place]))
        written = f'<a href="{address}" aria-label="{said}">{written}</a>'
    return f'<td class="{kind}{" small" if is_small else ""}" title="{said}"{_strength(share, top)}>{written}</td>'


def _counted(view: View, shown: Shown, table: Table, number: int, place: int) -> str:
    """What a cohort too small for rates shows: how many, or how much."""
    if shown.measure == "revenue" and table.value is not None:
        return _money(view, int(table.value[number, place]))
    return i18n.number(int(table.returned[number, place]))


def _said(view: View, shown: Shown, table: Table, number: int, place: int) -> str:
    """A cell in a sentence, for those who point at it and those who hear it."""
    size, returned = int(table.size[number]), int(table.returned[number, place])
    parts = [
        t(
            "retention.cell", cohort=words.cohort(view, number), interval=words.interval(view.asked, place),
            returned=i18n.number(returned), size=i18n.number(size), share=i18n.share(_share(shown, table, number, place) if size >= SMALL else None),
        )
    ]  # fmt: skip
    if shown.measure == "revenue" and table.value is not None and table.base_value is not None:
        value, base = int(table.value[number, place]), int(table.base_value[number])
        if place == 0:
            value = base
        currency = view.answer.currency
        parts.append(t("retention.cell_value", value=i18n.money(value, currency), base=i18n.money(base, currency)))
    days = words.cell_days(view, number, place)
    if days:
        parts.append(days)
    if not view.answer.summary.is_complete[number, place]:
        parts.append(t("retention.incomplete"))
    return t("number.then").join(parts)


def _share(shown: Shown, table: Table, number: int, place: int) -> float | None:
    value = float(shown.shares(table).share[number, place])
    return None if np.isnan(value) else value


def _strongest(view: View, shown: Shown, table: Table) -> float:
    """The greatest share that is coloured; that of revenue's interval 0 is 1 by definition and says nothing."""
    share = shown.shares(table).share[table.size >= SMALL][:, list(shown.telling(view))]
    known = share[~np.isnan(share)]
    return float(known.max()) if known.size else 0.0


def _strength(share: float | None, top: float) -> str:
    if share is None or top <= 0 or share <= 0:
        return ""
    return f' style="--v:{round(100 * min(share / top, 1.0) ** BEND)}"'


def _money(view: View, minor: int) -> str:
    return escape(i18n.compact_money(minor, view.answer.currency))


def _linker(address: str) -> Link:
    """Makes addresses of cells. ``address``: the page as it is, ready to be followed by one."""

    def link(cell: Cell) -> str:
        return escape(f"?{address}{PARAMETER}={cell.text}")

    return link
