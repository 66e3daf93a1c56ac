"""Causes of the demo brand's planted faults: the part that did it stands first, and what hit everything is told of nothing."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from core.risk.indicators import INDICATORS
from core.work.questions import indicators, root_causes
from core.work.questions.reading import reading
from core.work.questions.root_causes import Causes
from tests.core.demo.conftest import Filled
from tests.seeds import IS_LONG


def caused(filled: Filled, name: str, first: date, last: date | None = None) -> Causes:
    with reading(filled.home) as lake:
        return root_causes.causes(lake, name, first, last or first)


def incident(filled: Filled) -> tuple[Mapping[str, Any], date]:
    planted = filled.truths["incident"]
    return planted, date.fromisoformat(planted["on"])


def outages(filled: Filled, kind: str) -> list[date]:
    return [date.fromisoformat(one["on"]) for one in filled.truths["outages"]["days"] if one["kind"] == kind]


@pytest.mark.parametrize("name", ["complaints", "complaint_rate"])
def test_the_bad_batch_of_tea_is_first_among_complaints(filled: Filled, name: str) -> None:
    planted, on = incident(filled)
    found = caused(filled, name, on)
    dimension = found.dimensions[0]
    assert (dimension.name, dimension.rows[0].key) == ("feedback_category", "quality")
    assert dimension.rows[0].is_chosen and (dimension.rows[0].change_share or 0) > 0.9
    if name == "complaints":
        assert dimension.rows[0].value == planted["complaints"]


@pytest.mark.parametrize("name", ["refund_share", "returning_share"])
def test_the_bad_batch_of_tea_is_first_among_refunds(filled: Filled, name: str) -> None:
    planted, on = incident(filled)
    found = caused(filled, name, on, on + timedelta(days=3))
    dimension = found.dimensions[0]
    assert (dimension.name, dimension.rows[0].key) == ("product", planted["product_id"])
    assert dimension.rows[0].is_chosen and (dimension.rows[0].change_share or 0) > 0.9
    assert dimension.rows[0].name != planted["product_id"]


@pytest.mark.parametrize("name", ["complaints", "complaint_rate", "refund_share", "returning_share"])
def test_in_a_world_as_large_as_the_demo_the_bad_batch_is_no_accident(crowded: Filled, name: str) -> None:
    _, on = incident(crowded)
    found = caused(crowded, name, on, on + timedelta(days=3))
    assert found.dimensions[0].explained.is_telling and not found.is_everywhere


@pytest.mark.parametrize("name", ["events", "visits"])
def test_the_crawler_is_nobody_known_on_the_web(filled: Filled, name: str) -> None:
    (on,) = outages(filled, "crawler")
    found = caused(filled, name, on)
    first = {one.name: one.rows[0].key for one in found.dimensions if one.explained.is_telling}
    assert first["newness"] is None and first["channel"] == "web"
    assert found.dimensions[0].name in ("newness", "channel", "unit")


@pytest.mark.parametrize("name", ["events", "visits"])
def test_a_day_that_was_hardly_recorded_is_everywhere(filled: Filled, name: str) -> None:
    for on in outages(filled, "outage"):
        found = caused(filled, name, on)
        assert found.value is not None and found.expected is not None
        assert found.value < found.expected / 2
        assert found.is_everywhere


@pytest.mark.parametrize("name", list(INDICATORS) if IS_LONG else list(INDICATORS)[1::5])
def test_what_a_place_comes_to_is_the_value_of_its_line(filled: Filled, name: str) -> None:
    with reading(filled.home) as lake:
        for by in INDICATORS[name].by:
            lines = indicators.lines(lake, name, by)
            for number in {0, len(lines.places) // 2} if lines.places else ():
                value, place = lines.values[number, -40], lines.places[number]
                on = lines.start_on + timedelta(days=lines.values.shape[1] - 40)
                found = root_causes.causes(lake, name, on, on, place=place)
                assert np.isnan(value) or found.value == pytest.approx(value)


@pytest.mark.parametrize("name", list(INDICATORS) if IS_LONG else list(INDICATORS)[::4])
def test_every_indicator_adds_up_in_every_dimension(filled: Filled, name: str) -> None:
    _, on = incident(filled)
    found = caused(filled, name, on)
    for one in found.dimensions:
        assert sum(row.change for row in one.rows) == pytest.approx(found.change, abs=1e-9)
