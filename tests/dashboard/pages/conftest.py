import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard import frame
from dashboard.web.server import SCRIPT


@pytest.fixture
def opened(enter) -> Callable[..., AppTest]:
    """``opened(view, role, language)``: a page as somebody in this role sees it, through the frame."""

    def call(view: str, role: str = "admin", language: str = "zh", **more: object) -> AppTest:
        _, who = enter(role, language=language, **more)
        test = AppTest.from_file(str(SCRIPT), default_timeout=60)
        test.user = {"account": str(who.operator.account_id), "session": str(who.session_id)}
        test.who = who
        return go(test, view)

    return call


def go(test: AppTest, view: str) -> AppTest:
    """Open a page by its name, the way the navigation does."""
    entry = next(entry for entry in frame.pages() if entry.name == view)
    if not entry.place.is_start:
        test._page_hash = calc_hash(view)  # pages are functions, and switch_page knows files only
    return test.run()


def look(test: AppTest, tabs: str, title: str) -> AppTest:
    """Open another tab of the page."""
    test.session_state[tabs] = title
    return test.run()


@dataclass(frozen=True)
class Card:
    """A KPI card as it is drawn. ``link``: where it leads, as the address has it."""

    metric: str
    title: str
    value: str
    change: str
    tone: str
    link: str
    hint: str


_CARD = re.compile(
    r'<a id="kpi-(?P<metric>\w+)" class="(?P<tone>\w+)" href="(?P<link>[^"]*)" title="(?P<hint>[^"]*)">'
    r'<span class="name">(?P<title>.*?)</span><span class="value">(?P<value>.*?)</span>'
    r'<span class="change"><b>(?P<change>.*?)</b>'
)


def cards(test: AppTest) -> list[Card]:
    """All KPI cards on the page, in their order."""
    found = _CARD.finditer("".join(part.value for part in test.html))
    return [Card(**{name: unescape(text) for name, text in one.groupdict().items()}) for one in found]


_OPTION = re.compile(r'<a href="\?([^"]*)"(?: aria-current="true")?>(.*?)</a>')


def options(test: AppTest) -> dict[str, str]:
    """Links of ``widgets/choice`` on the page, by their words: the whole address that they lead to."""
    found = _OPTION.findall("".join(part.value for part in test.html))
    return {unescape(name): unescape(link) for link, name in found}


def current(test: AppTest) -> list[str]:
    """Words of the links that are chosen."""
    return [
        unescape(name) for name in re.findall(r' aria-current="true">(.*?)</a>', "".join(p.value for p in test.html))
    ]


def choose(test: AppTest, label: str) -> AppTest:
    """Follow one of them."""
    link = options(test)[label]
    for key in list(test.query_params):
        del test.query_params[key]
    for key, value in parse_qs(link, keep_blank_values=True).items():
        test.query_params[key] = value
    return test.run()


def title(test: AppTest) -> str | None:
    """What the page is called; None where there is none."""
    found = re.findall(r"<h1>(.*?)</h1>", "".join(part.value for part in test.html))
    return unescape(found[0]) if found else None


def said(test: AppTest) -> str:
    """All words on the page."""
    kinds = (test.title, test.header, test.subheader, test.markdown, test.caption, test.error, test.info, test.success)
    html = (unescape(re.sub(r"<[^>]*>", " ", part.value)) for part in test.html)
    return "\n".join([*(str(part.value) for kind in kinds for part in kind), *html])
