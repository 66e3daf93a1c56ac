"""What was chosen on a page, kept and opened again: the same address, for oneself and for a colleague of another scope."""

import pytest

from core.store.tables import SavedView
from dashboard.web import wiring
from tests.dashboard.pages.conftest import go
from tests.dashboard.pages.shop import fill

KEPT = {
    "content": {"part": ["fatigue"], "again": ["14"]},
    "channels": {"part": ["overlap"]},
    "funnels": {"step": ["product_view", "purchase"], "within": ["1d"], "if": ["1:platform=phone"], "look": ["time"]},
    "retention": {
        "r_start": ["order_placed"], "r_back": ["order_placed"], "r_unit": ["month"], "r_start_if": ["platform=phone"],
        "r_brackets": ["0,1,3"], "r_by": ["platform"], "r_mean": ["simple"],
    },
    "lifecycle": {"each": ["month"], "base": ["kept"], "lost_after": ["5"], "lost_days": ["120"], "at": ["2026-11-01"]},
    "paths": {
        "anchor": ["product_view"], "way": ["before"], "depth": ["3"], "pause": ["90m"], "hide": ["checkout"], "top": ["5"],
        "together": ["Buying:add_to_cart|purchase"],
    },
}  # fmt: skip


def address(test, names):
    query = test.query_params
    return {
        name: [query[name]] if isinstance(query[name], str) else list(query[name]) for name in names if name in query
    }


def at(opened, page, role, **more):
    test = opened("catalog", role, **more)
    test.query_params["period"] = "all"
    for name, value in KEPT[page].items():
        test.query_params[name] = value
    return go(test, page)


def unfolded(test, page):
    """With what is behind the button to save."""
    test.session_state[f"save_{page}"] = True
    return test.run()


@pytest.mark.parametrize("page", KEPT)
@pytest.mark.some(3)
def test_what_was_kept_is_asked_again_by_whoever_opens_it(opened, page):
    fill(units=True)
    wanted = KEPT[page] | {"period": ["all"]}
    mine = unfolded(at(opened, page, "analyst"), page)
    assert not mine.exception and not mine.warning and address(mine, wanted) == wanted
    mine.text_input(key=f"save_{page}_name").set_value("weekly")
    mine.toggle(key=f"save_{page}_shared").set_value(True)
    mine.button(key=f"save_{page}_new").click().run()
    theirs = opened(page, "manager", units=["east"])
    assert address(theirs, wanted) != wanted
    theirs.selectbox(key=f"saved_{page}").set_value(1).run()
    assert not theirs.exception and not theirs.warning
    assert address(theirs, wanted) == wanted
    theirs.run()
    assert address(theirs, wanted) == wanted
    unfolded(theirs, page)
    assert [one for one in theirs.button if one.key == f"save_{page}_new"]
    assert not [one for one in theirs.button if one.key in (f"save_{page}_over", f"save_{page}_delete")]


def test_a_view_that_names_what_is_gone_says_so_when_it_is_opened(opened):
    fill()
    test = unfolded(at(opened, "lifecycle", "analyst"), "lifecycle")
    test.text_input(key="save_lifecycle_name").set_value("November")
    test.button(key="save_lifecycle_new").click().run()
    test.selectbox(key="saved_lifecycle").set_value(None).run()
    with wiring.accounts_store().transaction() as session:
        view = session.get_one(SavedView, 1)
        view.query = view.query.replace("at=2026-11-01", "at=2020-11-01")
    test.selectbox(key="saved_lifecycle").set_value(1).run()
    assert "2020-11-01" in test.warning[0].value.replace("\\", "")


def test_the_name_of_a_view_is_never_taken_for_markdown(opened):
    fill()
    test = unfolded(at(opened, "funnels", "analyst"), "funnels")
    test.text_input(key="save_funnels_name").set_value("![t](http://127.0.0.1:9/t.png) :red[r]")
    test.button(key="save_funnels_new").click().run()
    for key in ("save_funnels_over", "save_funnels_delete"):
        assert r"\!\[t\]\(http" in test.button(key=key).label and r"\:red\[r\]" in test.button(key=key).label
