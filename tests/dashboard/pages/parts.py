"""What tests of the Community page's parts share: opening one, its tiles, links and table."""

import re
from html import unescape
from urllib.parse import parse_qs

from streamlit.testing.v1 import AppTest

from tests.dashboard.pages.conftest import go


def open_part(opened, part: str, role: str = "analyst", language: str = "zh", units=None, **query: str) -> AppTest:
    test = opened("catalog", role, language, units=units)
    test.query_params["part"] = part
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "community")


def html(test: AppTest) -> str:
    return "".join(part.value for part in test.html)


def tile(test: AppTest, name: str) -> tuple[str, str]:
    """Figure of a tile, and all that it says."""
    found = re.search(rf'<li id="tile-{name}">(.*?)</li>', html(test))
    assert found, name
    value = re.search(r'<b class="value">(.*?)</b>', found[1])
    assert value
    return unescape(value[1]), unescape(re.sub(r"<[^>]*>", " ", found[1]))


def follow(test: AppTest, name: str) -> AppTest:
    """Follow a link, as the browser does."""
    found = re.search(rf'<a id="{name}"[^>]*href="\?([^"]*)"|<a class="\w+" id="{name}" href="\?([^"]*)"', html(test))
    assert found, name
    for key in list(test.query_params):
        del test.query_params[key]
    for key, values in parse_qs(unescape(found[1] or found[2]), keep_blank_values=True).items():
        test.query_params[key] = values
    return test.run()
