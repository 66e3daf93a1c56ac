"""Who moved from which class or tier to which since the period before."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import get_args

from dashboard import addresses, i18n
from dashboard.data.rfm import CLASSES, NOT_YET, TIERS, WAYS, Answer, Rfm, View
from dashboard.i18n import t
from dashboard.widgets import behind, choice, heading
from dashboard.widgets.tiles import Way
from dashboard.widgets.value import rfm_words as words
from dashboard.widgets.value.rfm_choices import VIEW

VIEWS: tuple[View, ...] = get_args(View)
WORDS: dict[View, tuple[str, ...]] = {"class": CLASSES, "tier": TIERS}
FAINTEST = 8
Moves = Mapping[tuple[str, str], int]


def show(answer: Answer[Rfm], view: View, link: str | None) -> str:
    """The choice of what is moved between, those who rose and fell, and the matrix: rows are the day before, columns this one."""
    found = answer.found
    if found.before_on is None:
        return heading.section(t("rfm.moves"), t("rfm.no_before"), "rfm-moves")
    lead = t("rfm.moves_lead", before=i18n.day(found.before_on), on=i18n.day(found.on))
    row = choice.row(choice.among(VIEW, "rfm.moves_of", VIEWS, view), addresses.beside(VIEW, behind.PARAMETER))
    moves = {(one["before"], one["now"]): one["members"] for one in answer.rows("moves") if one["view"] == view}
    return f"{heading.section(t('rfm.moves'), lead, 'rfm-moves')}{row}{_ways(answer, view, link)}{_matrix(moves, view, link)}{_list(moves, view, link)}"


def _ways(answer: Answer[Rfm], view: View, link: str | None) -> str:
    counts = {one["way"]: one["members"] for one in answer.rows("ways") if one["view"] == view}
    shown = [way for way in WAYS if counts[way] or way != "mixed"]
    every = "".join(
        Way(
            t(f"rfm.way_{way}", count=i18n.number(counts[way])), f"{link}way.{view}.{way}" if link and counts[way] else None, "box",
            t(f"rfm.means_way_{view}_{way}" if way in ("up", "down", "mixed") else f"rfm.means_way_{way}"),
        ).html(f"way-{way}")
        for way in shown
    )  # fmt: skip
    return f'<nav class="ways{"" if link else " told"}" aria-label="{escape(t("rfm.ways"))}">{every}</nav>'


def _matrix(moves: Moves, view: View, link: str | None) -> str:
    names = WORDS[view]
    head = "".join(f'<th scope="col">{escape(words.called(view, name))}</th>' for name in names)
    body = "".join(_row(moves, before, view, link) for before in (*names, NOT_YET))
    return (
        f'<div class="heat moves rfm-moves" role="region" tabindex="0" aria-label="{escape(t("rfm.moves"))}">'
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(moves: Moves, before: str, view: View, link: str | None) -> str:
    counts = {now: moves.get((before, now), 0) for now in WORDS[view]}
    total = sum(counts.values())
    cells = "".join(_cell(before, now, count, total, view, link) for now, count in counts.items())
    return f'<tr><th scope="row">{escape(words.called(view, before))}</th>{cells}</tr>'


def _cell(before: str, now: str, count: int, total: int, view: View, link: str | None) -> str:
    """Empty where nobody made the move."""
    mark = ' class="same"' if before == now else ""
    if not count:
        return f"<td{mark}></td>"
    strength = FAINTEST + round((100 - FAINTEST) * count / total)
    told = escape(
        t("rfm.move_told", move=_arrow(view, before, now), count=i18n.number(count), share=i18n.share(count / total))
    )
    shown = escape(i18n.compact(count) if count >= 100_000 else i18n.number(count))
    if link is not None:
        address = escape(f"{link}move.{view}.{before}.{now}")
        shown = f'<a id="move-{before}-{now}" href="{address}" aria-label="{told}">{shown}</a>'
    return f'<td{mark} title="{told}" style="--v:{strength}">{shown}</td>'


def _arrow(view: View, before: str, now: str) -> str:
    return f"{words.called(view, before)} → {words.called(view, now)}"


def _list(moves: Moves, view: View, link: str | None) -> str:
    """The moves themselves, the most frequent first, for those to whom a cell is too small."""
    ways = "".join(
        f"<li>{Way(i18n.aside(_arrow(view, before, now), i18n.number(count)), f'{link}move.{view}.{before}.{now}', 'people').html(f'list-{before}-{now}')}</li>"
        for before, now, count in _made(moves)
    )
    if not ways or link is None:
        return ""
    return f'<details class="moves"><summary>{escape(t("rfm.moves_list"))}</summary><ul>{ways}</ul></details>'


def _made(moves: Moves) -> Iterator[tuple[str, str, int]]:
    for (before, now), count in sorted(moves.items(), key=lambda one: -one[1]):
        if count and before != now:
            yield before, now, count
