"""Tables of what is kept, as HTML: a few rows in words, of which one opens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Column:
    """``kind``: how it stands, of ``number``, ``short`` (never broken) and nothing."""

    title: str
    kind: str = ""


def table(name: str, title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """``rows``: HTML of their cells, the first of which is a heading. ``name``: tells it to tests and styles."""
    heads = "".join(f'<th scope="col"{_kind(one)}>{escape(one.title)}</th>' for one in columns)
    body = "".join(f"<tr>{_cells(columns, row)}</tr>" for row in rows)
    return (
        f'<div class="kept-rows" id="{name}" role="region" tabindex="0" aria-label="{escape(title)}"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def opens(words: str, parameter: str, key: str, others: str) -> str:
    """A link that opens a row. ``others``: what else the address says."""
    return f'<a href="?{escape(others)}{parameter}={quote(key, safe="")}">{escape(words)}</a>'


def facts(told: Iterable[tuple[str, str]]) -> str:
    """What is known of one thing: titles, each with HTML."""
    items = "".join(f"<div><dt>{escape(title)}</dt><dd>{html}</dd></div>" for title, html in told)
    return f'<dl class="versions">{items}</dl>'


def text(words: str) -> str:
    """A text as it was typed, lines kept."""
    return "<br>".join(escape(line) for line in words.splitlines())


def _kind(column: Column) -> str:
    return f' class="{column.kind}"' if column.kind else ""


def _cells(columns: Sequence[Column], row: Sequence[str]) -> str:
    first, *others = row
    told = "".join(
        f'<td{_kind(column)} data-name="{escape(column.title)}">{cell}</td>'
        for column, cell in zip(columns[1:], others, strict=True)
    )
    return f'<th scope="row">{first}</th>{told}'
