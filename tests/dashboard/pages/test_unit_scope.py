"""What somebody of a region sees through the pages: its stores' people and figures, and nobody else's, whoever made the link."""

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from dashboard.data import people
from tests.dashboard.pages.conftest import cards, go, said
from tests.dashboard.pages.shop import fill
from tests.dashboard.pages.test_funnels import counts, unfold

STEPS = ["product_view", "add_to_cart"]


@pytest.fixture
def regions(opened):
    """Opens pages of the shop, whose unit east, of the members 1 to 5, lies below the region coast; west, of the others, below nothing."""
    home = fill(units=True)
    units = {"unit_id": ["coast", "east"], "name": ["沿海", "东区"], "parent_unit_id": [None, "coast"]}
    with home.writer.change("import", 2) as change:
        change.merge("units", ibis.memtable(pa.table(units | {"source": ["hr"] * 2, "row_number": [1, 2]})))
    return opened


def names(test) -> set[str]:
    """Everybody who is named on the page."""
    tables = [str(one) for frame in test.dataframe for one in frame.value.to_numpy().ravel()]
    shown = " ".join([said(test), *tables])
    return {name for member, name in _called(range(1, 41)).items() if name in shown}


def _called(members) -> dict[int, str]:
    return dict(zip(members, people.labels(pd.Series(list(members), dtype="int64")), strict=True))


def at_funnel(opened, role, **more):
    test = opened("catalog", role, **more)
    test.query_params["period"], test.query_params["step"], test.query_params["within"] = "all", STEPS[::-1], "1h"
    return go(test, "funnels")


def test_a_view_that_an_analyst_shared_shows_the_manager_of_a_region_only_the_regions_people(regions):
    mine = at_funnel(regions, "analyst")
    assert not mine.exception
    assert counts(mine)[0] == "30"
    unfold(mine, "save_funnels")
    mine.text_input(key="save_funnels_name").set_value("weekly")
    mine.toggle(key="save_funnels_shared").set_value(True)
    mine.button(key="save_funnels_new").click().run()
    theirs = regions("funnels", "manager", units=["coast"])
    theirs.selectbox(key="saved_funnels").set_value(1).run()
    assert not theirs.exception and not theirs.warning
    assert theirs.query_params["step"] == STEPS[::-1]
    assert counts(theirs)[0] == "5"
    theirs.query_params["people"] = "1"
    theirs.run()
    assert names(theirs) == set(_called(range(1, 6)).values())


@pytest.mark.parametrize(
    ("units", "members"), [(["coast"], "5"), (["east"], "5"), (["west"], "35"), (["nowhere"], "0")]
)
def test_figures_are_of_the_units_of_the_account_and_of_those_below_them(regions, units, members):
    test = regions("catalog", "manager", units=units)
    test.query_params["period"] = "all"
    go(test, "overview")
    assert not test.exception
    assert next(card.value for card in cards(test) if card.metric == "active_members") == members


def test_a_region_is_chosen_with_its_stores(regions):
    test = regions("catalog", "analyst")
    test.query_params["period"], test.query_params["unit"] = "all", "coast"
    go(test, "overview")
    assert next(card.value for card in cards(test) if card.metric == "active_members") == "5"


def test_only_units_of_the_region_can_be_chosen(regions):
    test = regions("overview", "manager", units=["coast"])
    assert test.multiselect(key="unit").options == ["沿海", "东区"]
