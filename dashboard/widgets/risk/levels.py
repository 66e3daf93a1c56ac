"""How grave something is, in words, as a badge, and as the matrix of likelihood and impact."""

from collections.abc import Mapping
from html import escape

from dashboard import i18n
from dashboard.data.levels import FROM, LEVELS, STEPS, Cell, Level, level
from dashboard.i18n import t


def badge(one: Level) -> str:
    """HTML: its word on its colour."""
    return f'<span class="level {one}">{escape(t(f"risk.level_{one}"))}</span>'


def of_cell(cell: Cell) -> str:
    """HTML: the badge, and what it is made of."""
    return f"{badge(level(*cell))} <small>{cell[0]} × {cell[1]}</small>"


def meaning() -> str:
    """From where on which level is told, in a sentence."""
    starts = i18n.listed(f"{t(f'risk.level_{one}')} ≥ {FROM[one]}" for one in reversed(LEVELS[1:]))
    return t("risk.matrix_meaning", starts=starts)


def read_cell(text: str | None) -> Cell | None:
    """A cell as an address tells it: ``4x3``; None of anything else."""
    return next((cell for cell in _cells() if told_cell(cell) == text), None)


def told_cell(cell: Cell) -> str:
    return f"{cell[0]}x{cell[1]}"


def cell_words(cell: Cell) -> str:
    return t("risk.cell", likelihood=cell[0], impact=cell[1], level=t(f"risk.level_{level(*cell)}"))


def matrix(counts: Mapping[Cell, int], title: str, parameter: str, chosen: Cell | None, others: str) -> str:
    """Likelihood by impact as a table of HTML, each cell that holds anything a link that opens it. ``parameter``: of the address, where the open cell is told; ``others``: what else
    the address says."""
    heads = "".join(
        f'<th scope="col">{number}<small>{escape(t(f"risk.impact_{number}"))}</small></th>' for number in STEPS
    )
    rows = "".join(_row(number, counts, parameter, chosen, others) for number in reversed(STEPS))
    return (
        f'<div class="matrix" role="region" tabindex="0" aria-label="{escape(title)}"><table><caption>{escape(title)}</caption><thead>'
        f'<tr><td></td><th scope="colgroup" colspan="5">{escape(t("risk.impact"))}</th></tr>'
        f'<tr><th scope="col">{escape(t("risk.likelihood"))}</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cells() -> list[Cell]:
    return [(likelihood, impact) for likelihood in STEPS for impact in STEPS]


def _row(likelihood: int, counts: Mapping[Cell, int], parameter: str, chosen: Cell | None, others: str) -> str:
    cells = "".join(
        _cell((likelihood, impact), counts.get((likelihood, impact), 0), parameter, chosen, others) for impact in STEPS
    )
    return (
        f'<tr><th scope="row">{likelihood}<small>{escape(t(f"risk.likelihood_{likelihood}"))}</small></th>{cells}</tr>'
    )


def _cell(cell: Cell, count: int, parameter: str, chosen: Cell | None, others: str) -> str:
    kind = level(*cell)
    if not count:
        return f'<td class="{kind}"><span class="none">·</span></td>'
    words = t("risk.cell_holds", cell=cell_words(cell), count=i18n.number(count))
    current = ' aria-current="true"' if cell == chosen else ""
    return (
        f'<td class="{kind}"><a href="?{escape(others)}{parameter}={told_cell(cell)}" title="{escape(words)}" '
        f'aria-label="{escape(words)}"{current}>{i18n.number(count)}</a></td>'
    )
