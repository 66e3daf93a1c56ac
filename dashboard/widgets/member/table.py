"""Small tables as HTML, for what stands beside words; what comes from data is escaped."""

from collections.abc import Collection, Iterable, Sequence
from html import escape


class Link(str):
    """A cell that leads to an address."""

    __slots__ = ("address",)
    address: str

    def __new__(cls, words: str, address: str) -> "Link":
        made = super().__new__(cls, words)
        made.address = address
        return made


def html(titles: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[int] = ()) -> str:
    """``numbers``: places of columns of figures, which stand to the right."""
    kinds = [' class="number"' if place in numbers else "" for place in range(len(titles))]
    head = "".join(f'<th scope="col"{kind}>{escape(title)}</th>' for title, kind in zip(titles, kinds, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{_cell(cell)}</td>' for cell, kind in zip(row, kinds, strict=True))}</tr>"
        for row in rows
    )
    return f'<div class="scroll" tabindex="0"><table class="told"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(cell: str) -> str:
    return f'<a href="{escape(cell.address)}">{escape(cell)}</a>' if isinstance(cell, Link) else escape(cell)
