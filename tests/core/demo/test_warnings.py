"""What was planted in the demo brand is warned of by the rules as they come, and soon."""

from datetime import date, timedelta
from statistics import median

from core.risk.defaults import DEFAULTS
from core.store import warnings
from core.work import watching
from core.work.questions import findings
from core.work.questions.findings import Finding
from core.work.questions.reading import reading
from tests.core.demo.conftest import NOW, Filled


def told(filled: Filled) -> tuple[Finding, ...]:
    with reading(filled.home) as lake:
        assert lake.as_of_on is not None
        found = findings.of(filled.home, lake, DEFAULTS, lake.as_of_on)
    assert not found.failed
    return found.found


def planted(filled: Filled) -> dict[str, tuple[date, set[tuple[str, str]]]]:
    """By name: the day from which it could be seen, and the indicators and places in which it is."""
    truths = filled.truths
    sick, pestered = truths["sick_group"], truths["over_messaged_group"]
    every = {"visits", "orders", "events", "active_members", "gross_revenue"}
    found = {
        "bad tea": (truths["incident"]["on"], {("complaints", "")}),
        "sick group leaves": (sick["from_on"], {("members_left", sick["group_id"]), ("group_leave_share", sick["group_id"])}),
        "sick group falls silent": (sick["silent_from_on"], {("messages", sick["group_id"])}),
        "group sent too much": (pestered["from_on"], {("members_left", pestered["group_id"])}),
    }  # fmt: skip
    for one in truths["outages"]["days"]:
        places = {("visits", "web"), ("visits", "")} if one["kind"] == "crawler" else {(name, "") for name in every}
        found[f"{one['kind']} {one['on']}"] = (one["on"], places)
    return {name: (date.fromisoformat(on), places) for name, (on, places) in found.items()}


def delays(filled: Filled) -> dict[str, int | None]:
    """Days from what was planted to the first warning that begins within the three weeks after, 0 where one of the two days before goes on; null where there is none."""
    found = told(filled)
    days: dict[str, int | None] = {}
    for name, (on, places) in planted(filled).items():
        mine = [
            max((one.started_on - on).days, 0)
            for one in found
            if (one.indicator, one.place.key) in places
            and on - timedelta(days=2) <= one.started_on <= on + timedelta(days=21)
            and one.last_on >= on
        ]
        days[name] = min(mine, default=None)
    return days


def test_everything_that_was_planted_is_warned_of_and_half_of_it_within_two_days(crowded: Filled) -> None:
    found = delays(crowded)
    assert [name for name, days in found.items() if days is None] == []
    assert median(days for days in found.values() if days is not None) <= 2, found


def test_the_bad_batch_of_tea_is_raised_once_however_often_it_is_looked(crowded: Filled) -> None:
    on = date.fromisoformat(crowded.truths["incident"]["on"])
    for _ in range(2):
        assert watching.evaluate(crowded.home, NOW).code is None
    with crowded.home.store.reading() as session:
        rows = [
            one
            for one in warnings.listed(session, since=on - timedelta(days=1))
            if one.indicator == "complaints" and one.started_on <= on <= one.last_on
        ]
    assert len(rows) == 1
    (row,) = rows
    assert row.peak_on == on and row.value >= crowded.truths["incident"]["complaints"] > 3 * row.expected
