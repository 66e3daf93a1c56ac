from collections.abc import Callable

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


def said(test: AppTest) -> str:
    """All words on the page."""
    kinds = (test.title, test.header, test.subheader, test.markdown, test.caption, test.error, test.info, test.success)
    return "\n".join(str(part.value) for kind in kinds for part in kind)
