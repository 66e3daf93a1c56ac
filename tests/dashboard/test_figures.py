"""How tables write figures."""

import pytest

from dashboard.widgets.figures import Figure, number_column


@pytest.mark.parametrize(
    ("cells", "currency", "style", "step"),
    [
        ([117.76, 98.4, None], "CNY", "yen", 0.01),
        ([154_904.0, None, 0.0], "CNY", "yen", 1),
        ([9.5], "USD", "dollar", 0.01),
        ([9.5], "JPY", "yen", 1),
        ([9.125], "BHD", "localized", 0.001),
        ([], "CNY", "yen", 1),
    ],
)
def test_money_has_its_sign_and_all_of_a_column_the_same_decimals(cells, currency, style, step):
    found = number_column(Figure("cac_minor", "money"), cells, currency, "")
    assert found["type_config"]["format"] == style
    assert found["type_config"]["step"] == pytest.approx(step)


def test_other_figures_are_written_by_their_kind():
    assert number_column(Figure("paid", "share"), [50.0], "CNY", "")["type_config"]["format"] == "%.1f%%"
    assert number_column(Figure("buyers", "count"), [5], "CNY", "")["type_config"]["format"] == "localized"
