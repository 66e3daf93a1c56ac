"""The eight classes at a glance, and in figures. Pieces of HTML: every figure is text, and a link to its people."""

from collections.abc import Mapping
from html import escape

from dashboard import i18n
from dashboard.actions import guard
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
FAINTEST = 6
"""Of the colour of a field, 0 to 100."""


def board(answer: Answer[Rfm], rows: Mapping[str, Row], link: str | None) -> str:
    """Two rows, large amounts above small ones; fields as large as the class has people, and the darker the more each brought."""
    top = max((rows[name]["net_per_member_minor"] or 0 for name in CLASSES), default=0)
    bands = "".join(_band(amount, rows, top, answer.currency, link) for amount in ("high", "low"))
    scale = t("rfm.board_scale", top=i18n.compact_money(top, answer.currency))
    return (
        f'<div class="rfm-board" role="group" aria-label="{escape(t("rfm.board"))}">{bands}</div>'
        f'<p class="rfm-scale"><i></i>{escape(scale)}</p>'
    )


def _band(amount: str, rows: Mapping[str, Row], top: float, currency: str, link: str | None) -> str:
    mine = [name for name in CLASSES if name.startswith(amount) and rows[name]["members"]]
    people = sum(rows[name]["members"] for name in mine)
    if not people:
        return ""
    fields = "".join(_field(name, rows[name], top, currency, link) for name in mine)
    return f'<div class="band" style="--people:{people}">{fields}</div>'


def _field(name: str, row: Row, top: float, currency: str, link: str | None) -> str:
    strength = (
        FAINTEST + round((100 - FAINTEST) * max(row["net_per_member_minor"] or 0, 0) / top) if top > 0 else FAINTEST
    )
    each = i18n.compact_money(row["net_per_member_minor"], currency)
    count, share = i18n.number(row["members"]), figures.value(row, SHARE)
    told = [
        words.called("class", name),
        words.marks(name),
        t("rfm.members", count=count),
        share,
        t("rfm.each", amount=each),
    ]
    body = (
        f"<b>{escape(told[0])}</b><span>{escape(words.marks(name))}</span><strong>{escape(count)}</strong>"
        f"<span>{escape(share)}</span><span>{escape(t('rfm.each', amount=each))}</span>"
    )
    title = escape(t("number.then").join(told))
    style = f'style="--people:{row["members"]};--v:{strength}" title="{title}"'
    if link is None:
        return f'<div class="field" id="field-{name}" {style}>{body}</div>'
    return f'<a class="field" id="field-{name}" href="{escape(f"{link}class.{name}")}" aria-label="{title}" {style}>{body}</a>'


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
    if figure.name in ("share", "net_share") and name != ALL and row.get(figure.name) is not None:
        width = min(max(row[figure.name], 0), 1)
        shown = f'{shown}<i class="bar" style="--share:{width:.4f}"></i>'
    title = escape(t(f"rfm.figure_{figure.name}"))
    return f'<td data-name="{title}">{shown}</td>'


def _written(figure: Figure, row: Row, currency: str) -> str:
    if figure.name == "net_share" and not figures.is_small(row, figure):
        return i18n.share(row["net_share"])
    return figures.value(row, figure, currency=currency)


def keep(answer: Answer[Rfm], filters: Filters, view: words.View, name: str, members: int) -> str:
    """The way to a segment that is kept alive, for those who may keep any."""
    address = words.live(answer.found, filters, view, name) if guard.may("segment.write") and members else None
    if address is None:
        return ""
    return (
        f'<a class="keep" id="live-{view}-{name}" href="{escape(address)}" target="_self">{escape(t("rfm.live"))}</a>'
    )
