"""What a role sees of a page that it may not see."""

import pytest
from streamlit.testing.v1.element_tree import Block

from core.scope import PERMISSIONS, ROLES
from dashboard import frame
from dashboard.i18n import t
from tests.dashboard.pages.conftest import title
from tests.dashboard.pages.shop import fill

HIDDEN = [
    (entry.name, role) for entry in frame.pages() for role in ROLES if role not in PERMISSIONS[entry.place.permission]
]


@pytest.mark.parametrize(("page", "role"), HIDDEN)
def test_a_role_without_the_permission_sees_the_title_of_a_page_why_and_nothing_else(opened, page, role):
    fill()
    test = opened(page, role)
    assert not test.exception
    assert [one.type for one in test.main if not isinstance(one, Block)] == ["html", "error"]
    assert title(test) == t(f"{page}.title")
    assert t("error.forbidden").removesuffix("。") in test.error[0].value.replace("\\", "")
