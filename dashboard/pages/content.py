"""内容: what is read, what it draws and sells, when people tire of a topic, live sessions, and who fits a piece."""

from dashboard.pages import Page
from dashboard.widgets import parts
from dashboard.widgets.content import fatigue, live, matching, pieces

PAGE = Page("insight", 60, "content.see", ":material/article:")
PARTS = {"pieces": pieces.show, "fatigue": fatigue.show, "live": live.show, "matching": matching.show}
KEYS = (pieces.BY, pieces.PLACES.of, fatigue.WINDOW, fatigue.PLACES.of, live.PLACES.of, matching.OF)


def show() -> None:
    parts.show("content", PAGE.permission, PARTS, KEYS)
