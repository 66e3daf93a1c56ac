"""Saved views: whose they are, who sees them, and that the audit log knows of every change."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from core.app import House
from core.errors import Forbidden, Unknown
from core.scope import Operator, Scope
from core.settings import Settings
from core.store.tables import AuditEntry
from core.work import saved
from core.work.saved import InvalidView

NOW, LATER = datetime(2026, 11, 20, 1, tzinfo=UTC), datetime(2026, 11, 21, 1, tzinfo=UTC)
LIN, WU = Operator(1, "lin", "analyst"), Operator(2, "wu", "manager", Scope(frozenset({"east"})))


@pytest.fixture(params=["live", "demo"])
def house(tmp_path: Path, request: pytest.FixtureRequest):
    house = House(Settings(home=tmp_path))
    house.shown_here = house.world(request.param)
    yield house
    house.live.store.close()
    house.shown_here.store.close()


@pytest.fixture
def keep(house):
    def call(who: Operator, name: str, query: str = "step=a&step=b", *, is_shared: bool = False) -> saved.View:
        return saved.save(house.shown_here, house.live.store, who, "funnels", name, query, is_shared=is_shared, now=NOW)

    return call


def names(house, who: Operator, page: str = "funnels") -> list[tuple[str, str]]:
    return [(view.owner, view.name) for view in saved.listed(house.shown_here, who, page)]


def audited(house) -> list[tuple[str, str, str]]:
    with house.live.store.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(entry.actor, entry.action, entry.details["name"]) for entry in entries]


def test_ones_own_views_come_first_and_others_only_while_shared(house, keep):
    keep(WU, "b")
    keep(WU, "a", is_shared=True)
    keep(LIN, "z", is_shared=True)
    keep(LIN, "y")
    assert names(house, LIN) == [("lin", "y"), ("lin", "z"), ("wu", "a")]
    assert names(house, WU) == [("wu", "a"), ("wu", "b"), ("lin", "z")]
    assert names(house, WU, "paths") == []


def test_anothers_private_view_cannot_be_told_from_none(house, keep):
    private = keep(WU, "private")
    home = house.shown_here
    for number in (private.view_id, 999):
        with pytest.raises(Unknown):
            saved.opened(home, LIN, "funnels", number)
        with pytest.raises(Unknown):
            saved.delete(home, house.live.store, LIN, "funnels", number, now=NOW)
        with pytest.raises(Unknown):
            saved.overwrite(home, house.live.store, LIN, "funnels", number, "", is_shared=True, now=NOW)
    assert saved.opened(home, WU, "funnels", private.view_id) == private


def test_a_shared_view_is_read_and_not_changed_by_others(house, keep):
    shared = keep(WU, "shared", is_shared=True)
    home, log = house.shown_here, house.live.store
    seen = saved.opened(home, LIN, "funnels", shared.view_id)
    assert (seen.query, seen.is_own) == (shared.query, False)
    with pytest.raises(Forbidden):
        saved.overwrite(home, log, LIN, "funnels", shared.view_id, "step=c", is_shared=True, now=LATER)
    with pytest.raises(Forbidden):
        saved.delete(home, log, LIN, "funnels", shared.view_id, now=LATER)
    assert saved.opened(home, WU, "funnels", shared.view_id).query == shared.query


def test_the_owner_overwrites_and_takes_back_what_was_shared(house, keep):
    mine = keep(LIN, "mine", is_shared=True)
    home, log = house.shown_here, house.live.store
    new = saved.overwrite(home, log, LIN, "funnels", mine.view_id, "step=c&step=d", is_shared=False, now=LATER)
    assert (new.query, new.is_shared, new.saved_at) == ("step=c&step=d", False, LATER)
    assert names(house, WU) == []
    saved.delete(home, log, LIN, "funnels", mine.view_id, now=LATER)
    assert names(house, LIN) == []


def test_a_name_is_taken_once_per_owner_and_page(house, keep):
    keep(LIN, "weekly")
    keep(WU, "weekly")
    with pytest.raises(InvalidView) as refused:
        keep(LIN, "  weekly ")
    assert refused.value.details["reason"] == "taken"
    saved.save(house.shown_here, house.live.store, LIN, "paths", "weekly", "", is_shared=False, now=NOW)


@pytest.mark.parametrize(("name", "is_taken"), [("x" * 60, True), ("x" * 61, False), ("   ", False)])
def test_a_name_has_one_to_sixty_letters(keep, name, is_taken):
    if is_taken:
        assert keep(LIN, name).name == name
    else:
        with pytest.raises(InvalidView):
            keep(LIN, name)


def test_what_is_saved_has_an_end(keep):
    keep(LIN, "long", "x" * 16_000)
    with pytest.raises(InvalidView):
        keep(LIN, "longer", "x" * 16_001)


def test_every_change_is_in_the_audit_log_of_the_house(house, keep):
    view = keep(LIN, "mine")
    home, log = house.shown_here, house.live.store
    saved.overwrite(home, log, LIN, "funnels", view.view_id, "", is_shared=True, now=LATER)
    saved.delete(home, log, LIN, "funnels", view.view_id, now=LATER)
    assert audited(house) == [
        ("lin", "view.saved", "mine"), ("lin", "view.overwritten", "mine"), ("lin", "view.deleted", "mine"),
    ]  # fmt: skip


def test_a_role_that_may_not_see_the_page_saves_and_lists_nothing(house, keep):
    outside = Operator(3, "he", "compliance")
    keep(LIN, "shared", is_shared=True)
    with pytest.raises(Forbidden):
        keep(outside, "mine")
    with pytest.raises(Forbidden):
        saved.listed(house.shown_here, outside, "funnels")
    with pytest.raises(Unknown):
        saved.listed(house.shown_here, LIN, "overview")
    assert audited(house) == [("lin", "view.saved", "shared")]
