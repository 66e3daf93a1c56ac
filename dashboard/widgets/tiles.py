"""Figures side by side, each with what it means and the way to its people, as one piece of HTML.

Links that begin with ``?`` are followed by ``chrome.js`` without loading the page anew; colours and icons stand in ``look.css``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Way:
    """A link in words. ``address``: None where there is nothing behind it, which is then shown and leads nowhere. ``kind``: its
    look, of ``people`` and ``box`` and ``keep``."""

    words: str
    address: str | None
    kind: str
    title: str = ""

    def html(self, name: str) -> str:
        """``name``: of what it leads to, for tests and styles."""
        shown, told = escape(self.words), f' title="{escape(self.title)}"' if self.title else ""
        if self.address is None:
            return f'<span id="{escape(name)}" class="{self.kind}"{told}>{shown}</span>'
        return f'<a id="{escape(name)}" class="{self.kind}" href="{escape(self.address)}"{told}>{shown}</a>'


@dataclass(frozen=True, slots=True)
class Tile:
    """``name``: of the figure in the page's own words. ``beside``: quietly beside the figure. ``meaning``: shown on pointing at it,
    and to those who reach it by keyboard or touch. ``below``: HTML between the figure and its ways."""

    name: str
    title: str
    value: str
    beside: str = ""
    meaning: str = ""
    below: str = ""
    ways: tuple[str, ...] = ()


def lines(*texts: str) -> str:
    """What stands below a figure, each on a line of its own; empty ones are left out."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts if text)


def wall(tiles: Iterable[Tile], width: int) -> str:
    """As many in a row as fit with so many pixels each, all rows alike."""
    shown = list(tiles)
    items = "".join(map(_tile, shown))
    return f'<ul class="tiles" style="--columns:{len(shown)};--width:{width}px">{items}</ul>'


def _tile(tile: Tile) -> str:
    meaning = (
        f'<i class="help" role="note" tabindex="0" aria-label="{escape(tile.meaning)}"></i>' if tile.meaning else ""
    )
    beside = f'<span class="beside">{escape(tile.beside)}</span>' if tile.beside else ""
    return (
        f'<li id="tile-{escape(tile.name)}"><span class="name">{escape(tile.title)}{meaning}</span>'
        f'<b class="value">{escape(tile.value)}</b>{beside}{tile.below}{"".join(tile.ways)}</li>'
    )
