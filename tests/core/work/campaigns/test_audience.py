"""Whom a campaign is about: its segments however they are kept, places, and whether who they are was concluded from how they behave."""

from dataclasses import replace

import numpy as np
import pytest

from core.campaigns.body import Body, Content, Variant
from core.errors import Unknown
from core.scope import SYSTEM, Operator, Scope
from core.store import segments, suppressions, tags
from core.work import segments as saving
from core.work.campaigns.recipients import audience, gates
from core.work.questions import references
from core.work.questions.reading import reading
from tests import lakes
from tests.core.work.campaigns import worlds
from tests.core.work.campaigns.worlds import NOW
from tests.core.work.people import NORTH, defined, in_city, in_segment, people_of

LIN = Operator(1, "lin", "analyst")


@pytest.fixture
def home(tmp_path, store):
    """Members 1 to 6: odd in Shanghai, even in Beijing, 4 to 6 of the unit ``north``; 9 was erased."""
    made = lakes.home(tmp_path)
    people_of(made, {one: ("上海" if one % 2 else "北京", NORTH if one > 3 else "south") for one in range(1, 7)})
    references.forget()
    return replace(made, store=store)


def kept(home, name, members=(), definition=None, kind="list", tree=None):
    with home.store.transaction() as session:
        definition = definition or {"kind": "list"}
        return segments.save(session, name, "", members, definition=definition, lake_version=1, by="lin", now=NOW, kind=kind, tree=tree).id  # fmt: skip


def live(home, name, tree, operator=SYSTEM):
    return saving.save_live(home, home.store, operator, name, tree, now=NOW).id


def members(home, *, scope=None, units=None, **more):
    with reading(home, scope=scope or Scope(), now=NOW) as lake, home.store.reading() as session:
        found = audience.of(lake, session, home.keys, Body(channels=("sms",), **more), units)
        return found.ids[found.inside].tolist()


def test_who_is_in_any_segment_and_in_none_that_is_left_out_is_meant_whatever_kind_they_are(home):
    shanghai, some = live(home, "a", in_city("上海")), kept(home, "b", [2, 5, 9])
    assert members(home, segments=(shanghai, some)) == [1, 2, 3, 5]
    assert members(home, segments=(shanghai,), without=(some,)) == [1, 3]
    people_of(home, {7: ("上海", NORTH)})
    assert members(home, segments=(shanghai,)) == [1, 3, 5, 7]
    with pytest.raises(Unknown):
        members(home, segments=(404,))


def test_nobody_outside_the_campaigns_units_or_the_askers_is_meant(home):
    every = kept(home, "a", range(1, 7))
    north, south = Scope(frozenset({NORTH})), Scope(frozenset({"south"}))
    assert members(home, segments=(every,), units=[NORTH]) == members(home, segments=(every,), scope=north) == [4, 5, 6]
    assert members(home, segments=(every,), units=[NORTH], scope=south) == []


SCORED = defined({"score": "chance_30d", "op": "at_least", "values": [0.5]})
CLASSED = defined({"all": [{"profile": "city", "op": "is", "values": ["上海"]}, {"not": {"rfm": ["low_value"]}}]})


def profiled(home, *numbers):
    with home.store.reading() as session:
        return audience.is_profiled(session, numbers)


def test_scores_classes_and_clusters_are_profiles_wherever_they_stand_and_facts_are_none(home):
    plain = kept(home, "plain", [1])
    facts = kept(home, "facts", kind="live", tree=in_city("上海"))
    scored = kept(home, "scored", kind="live", tree=SCORED)
    snapshot = kept(home, "snapshot", [1], kind="static", tree=CLASSED)
    listed = kept(home, "from a page", [1], {"kind": "rfm", "metric": "rfm-all"})
    beneath = kept(home, "beneath", kind="live", tree=in_segment(scored))
    with home.store.transaction() as session:
        told = {"units": None, "expires_after_days": None, "by": "lin", "now": NOW}
        likely = tags.create(session, "likely", "predicted", tree=SCORED, source="rule", **told).id
        model = tags.create(session, "model", "static", tree=None, source="model", **told).id
        plain_tag = tags.create(session, "by hand", "static", tree=None, source="hand", **told).id
    assert not profiled(home) and not profiled(home, plain, facts)
    assert all(profiled(home, plain, one) for one in (scored, snapshot, listed, beneath))
    tagged = [
        kept(home, f"tagged {one}", kind="live", tree=defined({"tag": [one]})) for one in (likely, model, plain_tag)
    ]
    assert [profiled(home, one) for one in tagged] == [True, True, False]


# -- places ------------------------------------------------------------------------------------------------------------


def places(home, channel, names, **more):
    body = Body(
        channels=(channel,),
        places=names,
        variants=(Variant("A", 1, {channel: Content("a")}),),
        **({"holdout": 0.0} | more),
    )
    with reading(home, now=NOW) as lake, home.store.reading() as session:
        found = gates.decide(home, lake, session, body, salt="s", code="c", now=NOW)
    [flow] = found.flows
    return {step.name: [names[at] for at in np.flatnonzero(step.lost)] for step in flow.gates if step.lost.any()}, found


def test_a_place_that_nobody_knows_or_that_is_not_written_to_is_lost_with_a_reason(home):
    with home.lake.open() as snapshot:
        batch = snapshot.version + 1
    lakes.add(home, batch, groups=[{"group_id": one, "name": one} for one in ("g1", "g2", "g" * 65)])
    with home.store.transaction() as session:
        key = audience.place_key(home.keys, "group_chat", "g2")
        suppressions.add(session, "manual", channel="group_chat", purpose=None, member_id=key, by="lin", now=NOW)
        number = worlds.connector(session, "robot", "robot", name="door")
    assert key < 0
    lost, found = places(home, "group_chat", ("g1", "g2", "g3", "g" * 65))
    assert lost == {"place": ["g3", "g" * 65], "suppression": ["g2"]} and found.will_send == 1
    lost, found = places(home, "robot", (str(number), "door", "elsewhere"))
    assert lost == {"place": ["elsewhere"]} and found.will_send == 2


def test_no_place_is_held_out_for_nothing_is_held_against_it(home):
    names = tuple(f"g{one}" for one in range(200))
    with home.lake.open() as snapshot:
        batch = snapshot.version + 1
    lakes.add(home, batch, groups=[{"group_id": one, "name": one} for one in names])
    lost, found = places(home, "group_chat", names, holdout=0.5)
    assert (lost, found.will_send) == ({}, 200) and not found.held.any()
