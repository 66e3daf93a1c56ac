"""Who came into a live segment and who left it, behind the numbers of its last size."""

from datetime import timedelta

import pytest

from core.store import segments
from dashboard.web import wiring
from tests.dashboard.pages.conftest import said
from tests.dashboard.pages.test_segments import BUYERS, fill, keep, page


@pytest.mark.parametrize(
    ("language", "words", "came"),
    [("zh", "新进 6 人，离开 2 人", "看新进的 6 人"), ("en", "6 came, 2 left", "See the 6 who came")],
)
def test_the_numbers_of_the_last_size_open_their_people(opened, language, words, came):
    home = fill()
    test = page(opened, "list", language=language)
    number = keep("买家", BUYERS, who=test.who)
    with home.store.transaction() as session:
        now = wiring.now() + timedelta(minutes=1)
        before, after = [*range(1, 31), 59, 60], range(1, 37)
        segments.measured(session, number, before, revision=1, lake_version=4, now=now)
        segments.measured(session, number, after, revision=1, lake_version=5, now=now + timedelta(minutes=1))
    test.query_params["sg"] = str(number)
    test.run()
    assert words in said(test) and came in said(test)
    for move, count in (("came", 6), ("gone", 2)):
        test.query_params["sg_who"] = move
        test.run()
        (people,) = [one.value for one in test.dataframe if "M-" in str(one.value.iloc[0, 0])]
        assert len(people) == count
