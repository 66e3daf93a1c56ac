"""One row per tier: how many, what they bought, and the ways to them; who moved between tiers; and who is about to fall."""

from collections.abc import Mapping
from html import escape

from dashboard import i18n
from dashboard.data.membership import AHEAD, ALL, NOT_YET, SMALL, Answer, Filters, Membership, Row
from dashboard.i18n import t
from dashboard.widgets import figures, heading
from dashboard.widgets.figures import Figure
from dashboard.widgets.value import membership_words as words

COLUMNS = (
    Figure("members", "count"), Figure("share", "share", "of_members"), Figure("buyers", "count"), Figure("orders", "count"),
    Figure("net_minor", "money"), Figure("net_share", "share", "of_members"), Figure("aov_minor", "money", "buyers"),
    Figure("net_per_member_minor", "money", "members"), Figure("repeat_share", "share", "buyers"),
)  # fmt: skip
PEOPLE = {"members": "tier", "buyers": "buyers", "repeat_share": "repeaters"}
"""Figures that open people, and which."""
COUNTED = {"members": "members", "buyers": "buyers", "repeat_share": "repeaters"}
FAINTEST = 8
NARROW = 'style="min-width:0"'


def table(answer: Answer[Membership], filters: Filters, link: str | None) -> str:
    head = (
        _head([t("membership.tier"), *(t(f"membership.figure_{one.name}") for one in COLUMNS)])
        + '<td class="word"></td>'
    )
    body = "".join(_row(answer, row, filters, link) for row in answer.rows())
    return _frame(t("membership.tiers"), head, body)


def _head(titles: list[str]) -> str:
    return "".join(
        f'<th scope="col"{" class=word" if not place else ""}>{escape(title)}</th>'
        for place, title in enumerate(titles)
    )


def _frame(title: str, head: str, body: str) -> str:
    return (
        f'<div class="rfm-table" role="region" tabindex="0" aria-label="{escape(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(answer: Answer[Membership], row: Row, filters: Filters, link: str | None) -> str:
    found, key = answer.found, row["key"]
    begins = words.begins(found, key, answer.currency)
    side = f"<small>{escape(begins)}</small>" if begins else ""
    address = words.live(found, filters, key) if row["members"] else None
    kept = ""
    if address is not None:
        kept = f'<a class="keep" href="{escape(address)}" target="_self">{escape(t("membership.live"))}</a>'
    cells = "".join(_cell(one, row, answer.currency, link) for one in COLUMNS)
    name = escape(words.called(key))
    return f'<tr{" class=all" if key == ALL else ""}><th scope="row">{name}{side}</th>{cells}<td class="word" {NARROW}>{kept}</td></tr>'


def _cell(figure: Figure, row: Row, currency: str, link: str | None) -> str:
    shown = escape(figures.value(row, figure, currency=currency))
    which = PEOPLE.get(figure.name)
    if which is not None and link is not None and row[COUNTED[figure.name]]:
        address = escape(f"{link}{which}.{row['key']}")
        shown = f'<a id="people-{which}-{escape(row["key"])}" href="{address}">{shown}</a>'
    if figure.name == "members" and (row.get("members_before") or 0) >= SMALL:
        change = figures.change(row, figure)
        shown += f"<small>{escape(change)}</small>" if change else ""
    if figure.name in ("share", "net_share") and row["key"] != ALL and row.get(figure.name) is not None:
        shown += f'<i class="bar" style="--share:{min(max(row[figure.name], 0), 1):.4f}"></i>'
    return _named(t(f"membership.figure_{figure.name}"), shown)


def _named(title: str, shown: str) -> str:
    """A cell that says on a phone what it is."""
    return f'<td data-name="{escape(title)}">{shown}</td>'


# -- who moved ---------------------------------------------------------------------------------------------------------


def moves(answer: Answer[Membership], link: str | None) -> str:
    """Rows are the day before, columns this one."""
    found = answer.found
    title = t("membership.moves")
    if found.by == "imported":
        return heading.section(title, t("membership.moves_imported"), "membership-moves")
    if found.before_on is None:
        return heading.section(title, t("membership.moves_none"), "membership-moves")
    counts = {(one["before"], one["now"]): one["members"] for one in answer.rows("moves")}
    names = [row["key"] for row in answer.rows() if row["key"] != ALL]
    lead = t("membership.moves_lead", before=i18n.day(found.before_on), on=i18n.day(found.on))
    head = "".join(f'<th scope="col">{escape(words.called(name))}</th>' for name in names)
    body = "".join(_moved(counts, before, names, link) for before in (*names, NOT_YET))
    return (
        f"{heading.section(title, lead, 'membership-moves')}"
        f'<div class="heat moves rfm-moves" role="region" tabindex="0" aria-label="{escape(title)}">'
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _moved(counts: Mapping[tuple[str, str], int], before: str, names: list[str], link: str | None) -> str:
    total = sum(counts.get((before, now), 0) for now in names)
    cells = "".join(_move(before, now, counts.get((before, now), 0), total, link) for now in names)
    return f'<tr><th scope="row">{escape(words.called(before))}</th>{cells}</tr>'


def _move(before: str, now: str, count: int, total: int, link: str | None) -> str:
    mark = ' class="same"' if before == now else ""
    if not count:
        return f"<td{mark}></td>"
    strength = FAINTEST + round((100 - FAINTEST) * count / total)
    way = f"{words.called(before)} → {words.called(now)}"
    share = i18n.share(count / total) if total >= SMALL else i18n.UNDEFINED
    told = escape(t("membership.move_told", move=way, count=i18n.number(count), share=share))
    shown = escape(i18n.number(count))
    if link is not None:
        shown = (
            f'<a id="move-{before}-{now}" href="{escape(f"{link}move.{before}.{now}")}" aria-label="{told}">{shown}</a>'
        )
    return f'<td{mark} title="{told}" style="--v:{strength}">{shown}</td>'


# -- who is about to fall ----------------------------------------------------------------------------------------------


def falls(answer: Answer[Membership], link: str | None) -> str:
    found = answer.found
    title = t("membership.falls")
    if found.by == "imported":
        return heading.section(title, t("membership.falls_imported"), "membership-falls")
    lead = heading.section(title, t("membership.falls_lead"), "membership-falls")
    rows = {(row["days"], row["key"]): row for row in answer.rows("falls")}
    names = [row["key"] for row in answer.rows() if any((days, row["key"]) in rows for days in AHEAD)]
    if not any(row["members"] for row in rows.values()):
        return lead + heading.line(t("membership.falls_nobody", days=AHEAD[-1]))
    titles = [t("membership.tier")]
    for days in AHEAD:
        titles += [t(f"membership.falls_{one}", days=days) for one in ("members", "missing", "median")]
    body = "".join(_falling(answer, rows, name, link) for name in names)
    ways = heading.line(t("membership.falls_way")) if link is not None else ""
    return lead + _frame(title, _head(titles), body) + ways


def _falling(answer: Answer[Membership], rows: Mapping[tuple[int, str], Row], name: str, link: str | None) -> str:
    cells = ""
    for days in AHEAD:
        row = rows.get((days, name))
        count = row["members"] if row else 0
        shown = escape(i18n.number(count))
        if link is not None and count:
            shown = f'<a id="fall-{days}-{escape(name)}" href="{escape(f"{link}fall.{days}.{name}")}">{shown}</a>'
        cells += _named(t("membership.falls_members", days=days), shown)
        for one in ("missing", "median"):
            amount = row[f"{one}_minor"] if row and count else None
            told = i18n.UNDEFINED if amount is None else i18n.money(amount, answer.currency, digits=0)
            cells += _named(t(f"membership.falls_{one}"), escape(told))
    title = escape(words.called(name))
    return f'<tr{" class=all" if name == ALL else ""}><th scope="row">{title}</th>{cells}</tr>'
