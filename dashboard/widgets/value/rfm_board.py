"""The eight classes at a glance, and in figures. Pieces of HTML: every figure is text, and a link to its people."""

from collections.abc import Mapping
from html import escape

from dashboard import i18n
from dashboard.data.rfm import ALL, CLASSES, SMALL, Answer, Rfm, Row
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import figures
from dashboard.widgets.figures import Figure
from dashboard.widgets.value import rfm_words as words

COLUMNS = (
    Figure("members", "count"), Figure("share", "share", "of_members"), Figure("orders", "count"), Figure("net_minor", "money"),
    Figure("net_share", "roi", "of_members"), Figure("aov_minor", "money", "members"), Figure("net_per_member_minor", "money", "members"),
    Figure("median_days", "mean", "members"),
)  # fmt: skip
SHARE = COLUMNS[1]
NET_SHARE = COLUMNS[4]


def board(answer: Answer[Rfm], rows: Mapping[str, Row], link: str | None) -> str:
    """One line per class, whoever is in it: its share of the buyers above its share of the net amount, all bars on one scale."""
    longest = max((abs(_share(rows[name], one)) for name in CLASSES for one in (SHARE, NET_SHARE)), default=0) or 1
    head = "".join(
        f"<span>{escape(title)}</span>"
        for title in (t("rfm.class"), t("rfm.board_members"), t("rfm.board_net"), t("rfm.figure_net_per_member_minor"))
    )
    lines = "".join(_line(name, rows[name], longest, answer.currency, link) for name in CLASSES)
    return (
        f'<div class="rfm-board" role="group" aria-label="{escape(t("rfm.board"))}">'
        f'<p class="head" aria-hidden="true">{head}</p>{lines}</div><p class="rfm-scale">{escape(t("rfm.board_scale"))}</p>'
    )


def _line(name: str, row: Row, longest: float, currency: str, link: str | None) -> str:
    title, sides = words.called("class", name), words.marks(name)
    count, share = i18n.number(row["members"]), figures.value(row, SHARE)
    net, net_share = i18n.compact_money(row["net_minor"], currency), _written(NET_SHARE, row, currency)
    each = figures.value(row, COLUMNS[6], currency=currency)
    body = (
        f'<span class="who"><b>{escape(title)}</b><small>{escape(sides)}</small></span>'
        f"{_bar('size', _share(row, SHARE) / longest, f'<strong>{escape(count)}</strong>', share)}"
        f"{_bar('net', _share(row, NET_SHARE) / longest, f'<span>{escape(net)}</span>', net_share)}"
        f'<span class="each" data-name="{escape(t("rfm.figure_net_per_member_minor"))}">{escape(each)}</span>'
    )
    if link is None or not row["members"]:
        return f'<div class="field" id="field-{name}">{body}</div>'
    parts = (
        title, sides, t("rfm.members", count=count), share, t("rfm.told_net", amount=net, share=net_share), t("rfm.each", amount=each),
    )  # fmt: skip
    told = escape(t("number.then").join(parts))
    return f'<a class="field" id="field-{name}" href="{escape(f"{link}class.{name}")}" aria-label="{told}">{body}</a>'


def _bar(kind: str, length: float, shown: str, share: str) -> str:
    """``shown``: HTML of what the bar is of."""
    return f'<span class="part {kind}"><i style="--share:{max(length, 0):.4f}"></i><span>{shown}<small>{escape(share)}</small></span></span>'


def _share(row: Row, figure: Figure) -> float:
    """As long as a bar of it is; nothing where the figure is not told."""
    return 0 if figures.is_small(row, figure) else row[figure.name] or 0


def table(answer: Answer[Rfm], rows: Mapping[str, Row], filters: Filters, link: str | None) -> str:
    """One row per class with its figures, change, action and ways."""
    titles = [t("rfm.class"), *(t(f"rfm.figure_{one.name}") for one in COLUMNS), t("rfm.action")]
    head = "".join(
        f'<th scope="col"{"" if 0 < place < len(titles) - 1 else " class=word"}>{escape(title)}</th>'
        for place, title in enumerate(titles)
    )
    body = "".join(_row(answer, name, rows[name], filters, link) for name in (*CLASSES, ALL))
    return (
        f'<div class="rfm-table" role="region" tabindex="0" aria-label="{escape(t("rfm.classes"))}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(answer: Answer[Rfm], name: str, row: Row, filters: Filters, link: str | None) -> str:
    is_all = name == ALL
    title = escape(t("rfm.all") if is_all else words.called("class", name))
    sides = "" if is_all else f"<small>{escape(words.marks(name))}</small>"
    cells = "".join(_cell(one, row, answer.currency, name, link) for one in COLUMNS)
    advice = (
        ""
        if is_all
        else f"<p>{escape(t(f'rfm.action_{name}'))}</p>{keep(answer, filters, 'class', name, row['members'])}"
    )
    return f'<tr id="class-{name}"{" class=all" if is_all else ""}><th scope="row">{title}{sides}</th>{cells}<td class="word">{advice}</td></tr>'


def _cell(figure: Figure, row: Row, currency: str, name: str, link: str | None) -> str:
    shown = escape(_written(figure, row, currency))
    if figure.name == "members":
        change = figures.change(row, figure) if (row.get("members_before") or 0) >= SMALL else ""
        if link is not None and row["members"]:
            which = "all" if name == ALL else f"class.{name}"
            shown = f'<a id="people-{name}" href="{escape(link + which)}">{shown}</a>'
        shown += f"<small>{escape(change)}</small>" if change else ""
    title = escape(t(f"rfm.figure_{figure.name}"))
    return f'<td data-name="{title}">{shown}</td>'


def _written(figure: Figure, row: Row, currency: str) -> str:
    if figure.name == "net_share" and not figures.is_small(row, figure):
        return i18n.share(row["net_share"])
    return figures.value(row, figure, currency=currency)


def keep(answer: Answer[Rfm], filters: Filters, view: words.View, name: str, members: int) -> str:
    """The way to a segment that is kept alive, for those who may keep any."""
    address = words.live(answer.found, filters, view, name) if members else None
    if address is None:
        return ""
    return (
        f'<a class="keep" id="live-{view}-{name}" href="{escape(address)}" target="_self">{escape(t("rfm.live"))}</a>'
    )
