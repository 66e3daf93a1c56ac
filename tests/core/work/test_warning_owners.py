"""Who may answer for a warning, and its line as its rule sees it."""

from datetime import timedelta

import numpy as np
import pytest

from core.app import House
from core.errors import Forbidden
from core.risk.rules import Rule
from core.settings import Settings
from core.work.questions import findings, warning_owners
from core.work.questions.reading import reading
from tests import lakes
from tests.core.work.cases import HE, LIN, QIN, people, warning
from tests.core.work.test_watching import FIRST, bring, noon


@pytest.fixture
def home(tmp_path):
    made = House(Settings(home=tmp_path)).live
    yield made
    made.store.close()


def test_accounts_in_use_that_see_the_warning_may_answer_for_it(home):
    lakes.add(home, 1, units=[{"unit_id": one, "name": one} for one in ("north", "south")])
    people(home.store)
    assert warning_owners.owners(home, home.store, LIN, warning(home)) == ("he", "lin", "qin", "wu")
    south = warning(home, key="south")
    assert warning_owners.owners(home, home.store, QIN, south) == ("he", "lin", "qin")
    with pytest.raises(Forbidden):
        warning_owners.owners(home, home.store, HE, south)


def test_a_line_is_told_with_what_was_expected_of_each_day_and_where_the_rule_is_broken(home):
    bring(home, [4, 4, 4, 8, 1])
    rule = Rule("orders", "relative", 0.5, "below", window_days=3, skips_holidays=False)
    with reading(home, now=noon(6)) as lake:
        told = findings.judgement(home, lake, rule, "", FIRST + timedelta(days=5))
        assert findings.judgement(home, lake, rule, "nowhere", FIRST) is None
    assert told is not None and told.start_on == FIRST
    assert told.values.tolist() == [4, 4, 4, 8, 1]
    assert told.expected[3] == 4 and told.expected[4] == pytest.approx(16 / 3) and np.isnan(told.expected[0])
    assert told.bound[4] == pytest.approx(8 / 3)
