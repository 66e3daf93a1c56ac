"""Playbooks: each class of figures has steps for the whole life of an incident."""

from typing import get_args

import pytest

from core.risk import playbooks
from core.risk.incidents import STATES
from core.risk.indicators import Field
from core.risk.playbooks import FIELDS, GENERAL, Act


def test_every_class_of_figures_has_its_own():
    assert sorted(FIELDS) == sorted(get_args(Field))


@pytest.mark.parametrize("field", [*FIELDS, GENERAL, "anything"])
def test_every_step_of_an_incident_has_something_to_do_in_its_order(field):
    steps = playbooks.steps(field)
    assert list(steps) == list(STATES[:-1])
    assert all(steps.values())
    codes = [one.code for some in steps.values() for one in some]
    assert len(codes) == len(set(codes))
    assert {one.act for some in steps.values() for one in some} - {None} <= set(get_args(Act))


def test_what_customers_must_hear_stands_where_the_law_asks_for_it():
    acts = [one.act for one in playbooks.steps("compliance")["communicate"]]
    assert {"customers", "authority", "staff"} <= set(acts)
