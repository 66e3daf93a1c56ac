"""The planted law of the LTV cohort, found again by the question that the page asks, of these members alone."""

import numpy as np

from core.models.ltv import worth
from core.work.questions import ltv
from core.work.questions.reading import reading
from tests.core.demo.conftest import Filled


def test_the_planted_laws_lie_in_the_intervals_of_what_is_found(crowded: Filled) -> None:
    planted = crowded.truths["ltv"]
    cohort = crowded.members.loc[planted["members"], "member_id"].to_numpy()
    with reading(crowded.home) as lake:
        assert lake.as_of_on is not None
        known = ltv.known(lake.snapshot, lake.as_of_on)
    chosen = np.isin(known.ids, cohort)
    assert chosen.sum() == len(planted["members"])
    model = worth.fit(known.people.of(chosen))
    assert model.spend is not None
    for fit, law in ((model.purchases, planted["purchases"]), (model.spend, planted["spend"])):
        for name, value in law.items():
            bounds = fit.interval(name)
            assert bounds is not None, name
            low, high = (bound / (100 if name == "v" else 1) for bound in bounds)
            assert low < value < high, (name, low, value, high)


def test_all_members_of_the_demo_fit_the_model(crowded: Filled) -> None:
    with reading(crowded.home) as lake:
        found = ltv.lifetime(lake)
    assert found is not None and found.is_fit and found.problems == ()
    assert found.held is not None and 0.8 < found.held.predicted / found.held.actual < 1.25
