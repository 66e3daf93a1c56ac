"""Clusters of a lake: features counted by hand and beside loops, the house's model, who is in each, and what is refused."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from core.app import House
from core.errors import ClustersOfFew, Forbidden, InvalidClusterName, InvalidClusters, Unknown
from core.scope import Filters, Operator, Scope
from core.segments import language
from core.settings import Settings
from core.store import topics
from core.work import clusters as use
from core.work.questions import answers, clustered, clusters, segments
from core.work.questions.clusters import ALL, Asked
from core.work.questions.reading import reading
from tests import lakes

LAST = date(2026, 11, 30)
NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
LIN = Operator(1, "lin", "analyst")
BUYERS, READERS, PASSERS = range(1, 41), range(41, 91), range(91, 151)


def at(days_ago: int, minute: int = 0) -> str:
    day = LAST - timedelta(days=days_ago)
    return datetime(day.year, day.month, day.day, 3, minute).isoformat()


def fill(world) -> None:
    """40 buy six times for 100 yuan each and look now and then, 50 of the north look at a lot and talk, 60 came once long ago."""
    rng = np.random.default_rng(5)
    events, lines, messages, coupons = [], [], [], []
    for who in BUYERS:
        for order in range(6):
            lines.append(
                lakes.sale(who, at(3 + 40 * order + who % 9), f"o{who}-{order}", 90 + int(rng.integers(0, 30)))
            )
        events += [lakes.event(who, at(int(day)), "product_view") for day in rng.integers(0, 200, 12)]
        coupons += [
            {"identity_key": who, "occurred_at": lakes.at(at(30, minute)), "offer_id": "F", "coupon_no": f"{no}{who}", "state": state}
            for minute, (no, state) in enumerate((("a", "issued"), ("b", "issued"), ("a", "redeemed")))
        ]  # fmt: skip
    for who in READERS:
        events += [lakes.event(who, at(int(day)), "content_view") for day in rng.integers(0, 200, 70)]
        messages += [
            {"identity_key": who, "occurred_at": lakes.at(at(int(day))), "group_id": "G", "message_id": f"{who}-{n}", "sender_kind": "member",
             "text": "好茶", "is_heard": False}
            for n, day in enumerate(rng.integers(0, 200, 25))
        ]  # fmt: skip
    events += [lakes.event(who, at(200 + who % 60), "page_view") for who in PASSERS]
    events.append(lakes.event(1, at(0), "page_view"))
    lakes.add(world, 1, events=events, order_lines=lines, group_messages=messages, offer_events=coupons)
    with world.writer.change("import", 2) as change:
        profiles = [{"identity_key": who, "unit_id": "north"} for who in READERS]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
        change.merge("units", lakes.rows("units", [{"unit_id": "north", "name": "北区"}]))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Only read by the tests of this module."""
    home = lakes.home(tmp_path_factory.mktemp("clusters"))
    fill(home)
    yield home
    home.store.close()


@pytest.fixture
def own(tmp_path):
    """A world to write into."""
    home = lakes.home(tmp_path)
    fill(home)
    yield home
    home.store.close()


def asked(world, question=Asked(), scope=None, **filters):
    with reading(world, Filters(**filters), Scope(frozenset(scope)) if scope else Scope()) as lake:
        return clusters.clusters(lake, question)


def people(world, key, question=Asked(), **filters):
    with reading(world, Filters(**filters)) as lake:
        return clusters.behind(lake, question, key)["member_id"].tolist()


# -- features -----------------------------------------------------------------------------------------------------------


def test_features_are_counted_as_stated(tmp_path):
    home = lakes.home(tmp_path)
    heard = {"group_id": "G", "sender_kind": "member", "text": "x"}
    lakes.add(
        home, 1,
        events=[
            lakes.event(1, at(364), "product_view"), lakes.event(1, at(365), "product_view"), lakes.event(1, at(10), "live_enter"),
            lakes.event(1, at(10, 5), "page_view"), lakes.event(2, at(0), "page_view"), lakes.event(3, at(900), "page_view"),
        ],
        order_lines=[
            lakes.sale(1, at(20), "A", 100), lakes.sale(1, at(20, 1), "A", 20), lakes.sale(1, at(9), "B", 60),
            lakes.sale(1, at(8), "C", -30, "refund"), lakes.sale(1, at(400), "D", 999), lakes.sale(2, at(3), "E", 0),
            lakes.sale(2, at(4), "R", -5, "refund"), lakes.sale(2, at(2), "S", -50, "adjustment"),
        ],
        group_messages=[
            {"identity_key": 1, "occurred_at": lakes.at(at(7)), "message_id": "1", "is_heard": False, **heard},
            {"identity_key": 1, "occurred_at": lakes.at(at(7, 1)), "message_id": "2", "is_heard": True, **heard},
            {"identity_key": 2, "occurred_at": lakes.at(at(7)), "message_id": "3", "is_heard": False, **heard | {"sender_kind": "staff"}},
        ],
        offer_events=[
            {"identity_key": 1, "occurred_at": lakes.at(at(6, n)), "offer_id": "F", "coupon_no": no, "state": state}
            for n, (no, state) in enumerate([("a", "issued"), ("b", "issued"), ("a", "redeemed"), ("z", "redeemed")])
        ],
    )  # fmt: skip
    with reading(home) as lake:
        found = clusters.features(lake)
    assert found.member.tolist() == [1, 2, 3]
    told = {name: [None if np.isnan(one) else float(one) for one in values] for name, values in found.raw.items()}
    assert told == {
        "days_since_last_order": [9.0, None, None],
        "orders": [2.0, 0.0, 0.0],
        "net_minor": [15000.0, 0.0, 0.0],
        "aov_minor": [7500.0, None, None],
        "active_days": [6.0, 3.0, 0.0],
        "views": [2.0, 0.0, 0.0],
        "messages": [1.0, 0.0, 0.0],
        "redeemed_share": [0.5, None, None],
        "member_days": [400.0, 4.0, 900.0],
    }
    home.store.close()


def test_a_member_with_two_identities_is_one_with_the_days_of_both(tmp_path):
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        events=[lakes.event(1, at(3), "product_view"), lakes.event(2, at(3), "product_view"), lakes.event(2, at(0))],
    )
    lakes.members(home, {1: 1, 2: 1})
    with reading(home) as lake:
        found = clusters.features(lake)
    assert found.member.tolist() == [1]
    assert (found.raw["active_days"][0], found.raw["views"][0]) == (2.0, 2.0)
    home.store.close()


def test_what_the_lake_does_not_tell_is_no_feature(tmp_path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, at(0))])
    with reading(home) as lake:
        assert set(clusters.features(lake).raw) == {"active_days", "views", "member_days"}
    home.store.close()


# -- clusters of the house -----------------------------------------------------------------------------------------------


def test_kinds_of_members_are_told_apart(world):
    found = asked(world)
    assert found.is_house
    assert found.model.k == 3
    assert found.alike == ("redeemed_share",)
    groups = sorted(sorted(people(world, key)) for key in found.model.labels)
    assert groups == [list(BUYERS), list(READERS), list(PASSERS)]
    assert set(people(world, "1")) == set(BUYERS)
    assert ("orders", "high") in found.traits["1"] or ("net_minor", "high") in found.traits["1"]
    said = [trait for key in found.model.labels if key != "1" for trait in found.traits[key]]
    assert {("messages", "high"), ("views", "high"), ("active_days", "high")} & {*said}
    assert not {("days_since_last_order", "high"), ("days_since_last_order", "low")} & {*said}  # they never ordered


def test_rows_add_up_and_their_people_are_as_many(world):
    found = asked(world)
    total = found.total.iloc[0]
    assert found.rows["members"].sum() == total["members"] == 150
    assert found.rows["revenue_minor"].sum() == total["revenue_minor"]
    assert found.rows["share"].sum() == pytest.approx(1)
    for row in found.rows.to_dict("records"):
        assert len(people(world, row["key"])) == row["members"]
    assert len(people(world, ALL)) == 150


def test_means_and_medians_are_those_of_the_members(world):
    found = asked(world)
    with reading(world) as lake:
        known = clusters.features(lake)
        said = clusters.labels(lake).to_pydict()
    mine = np.isin(
        known.member, [m for m, label in zip(said["member_id"], said["cluster"], strict=True) if label == "1"]
    )
    row = found.rows.set_index("key").loc["1"]
    assert row["mean_orders"] == pytest.approx(known.raw["orders"][mine].mean())
    assert row["median_net_minor"] == pytest.approx(np.median(known.raw["net_minor"][mine]))
    assert row["mean_redeemed_share"] == pytest.approx(0.5)
    logs = np.log1p(known.raw["views"])
    assert row["away_views"] == pytest.approx((logs[mine].mean() - logs.mean()) / logs.std())


def test_figures_of_few_are_not_told_and_their_count_is(world):
    assert sorted(asked(world, scope=["north"]).rows["members"]) == [0, 0, 50]
    few = asked(world, Asked(8))
    small = few.rows[few.rows["members"] < 30]
    assert len(small)
    assert small[[name for name in small if name.startswith(("mean_", "median_", "away_"))]].isna().all(axis=None)
    assert small["revenue_share"].isna().all()


def test_what_is_known_of_few_has_no_mean(world):
    rows = asked(world).rows.set_index("key")
    readers = next(key for key in rows.index if set(people(world, key)) == set(READERS))
    assert pd.isna(rows.loc[readers, "mean_aov_minor"])
    assert rows.loc[readers, "mean_orders"] == 0
    assert rows.loc[readers, "lack_aov_minor"] == 1


def test_no_deviation_is_told_where_no_mean_is(world):
    for found in (asked(world), asked(world, Asked(8))):
        for name in (*found.features, *found.alike):
            assert found.rows[f"away_{name}"].isna().tolist() == found.rows[f"mean_{name}"].isna().tolist()


def test_labels_are_of_all_members_whatever_scope_and_filters_say(world):
    with reading(world, Filters(units=("north",)), Scope(frozenset({"north"}))) as lake:
        table = clusters.labels(lake)
    assert table["member_id"].to_pylist() == list(range(1, 151))
    assert set(table["cluster"].to_pylist()) == {"1", "2", "3"}


def test_a_filter_counts_members_within_and_leaves_the_clusters_what_they_are(world):
    whole, north = asked(world), asked(world, units=("north",))
    assert north.is_house
    assert north.model is whole.model
    assert north.traits == whole.traits
    assert north.total["members"].tolist() == [50]
    assert sum(len(people(world, key, units=("north",))) for key in north.model.labels) == 50


def test_fitted_among_the_filtered_alone_the_clusters_are_others(world):
    found = asked(world, Asked(2, is_own=True), units=("north",))
    assert not found.is_house
    assert found.model.members == 50
    assert sorted(found.rows["members"])[0] > 0


def test_another_number_of_clusters_is_a_trial_of_its_own(world):
    found = asked(world, Asked(5))
    assert (found.is_house, found.model.k, len(found.rows)) == (False, 5, 5)
    assert sorted(m for key in found.model.labels for m in people(world, key, Asked(5))) == list(range(1, 151))


def test_a_trial_under_a_filter_shows_of_the_filtered_what_keeping_it_will(own):
    trial = asked(own, Asked(4), units=("north",))
    assert trial.model.members == 150
    use.keep(own, own.store, LIN, 4, NOW)
    then = asked(own, units=("north",))
    assert then.is_house
    assert then.rows["members"].tolist() == trial.rows["members"].tolist()
    assert then.rows["members"].sum() == 50
    assert then.names == trial.names
    assert then.traits == trial.traits


def test_points_of_the_picture_belong_to_the_labels_and_explain_a_share(world):
    found = asked(world)
    assert len(found.points) == 150
    assert found.points["key"].value_counts().to_dict() == found.rows.set_index("key")["members"].to_dict()
    assert 0.4 < sum(found.explained) <= 1
    assert found.explained[0] >= found.explained[1]


def test_a_lake_without_facts_has_no_clusters(tmp_path):
    home = lakes.home(tmp_path)
    with reading(home) as lake:
        assert clusters.clusters(lake) is None
        assert clusters.labels(lake).num_rows == 0
        assert clusters.behind(lake, Asked(), ALL).empty
    assert not use.refresh(home, NOW)
    home.store.close()


def test_too_few_members_are_refused_and_keep_nothing(tmp_path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(who, at(who)) for who in range(20)])
    with pytest.raises(ClustersOfFew):
        asked(home)
    assert not use.refresh(home, NOW)
    home.store.close()


def test_a_segment_by_label_is_of_the_people_of_the_cluster(world):
    with reading(world) as lake:
        found = segments.member_ids(lake, language.parse({"v": 1, "where": {"cluster": ["1", "3"]}}))
        rest = segments.count(lake, language.parse({"v": 1, "where": {"not": {"cluster": ["1", "3"]}}}))
    assert found.tolist() == sorted(people(world, "1") + people(world, "3"))
    assert rest == 150 - len(found)


def test_a_label_that_no_cluster_has_is_refused(world):
    with pytest.raises(Unknown):
        people(world, "99")


# -- what is kept --------------------------------------------------------------------------------------------------------


def labels_of(world) -> dict[int, str]:
    with reading(world) as lake:
        table = clusters.labels(lake).to_pydict()
    return dict(zip(table["member_id"], table["cluster"], strict=True))


def kept(world):
    with world.store.reading() as session:
        return clusters.kept(session)


def test_the_house_keeps_its_clusters_and_labels_go_on_the_day_after(own):
    first = labels_of(own)
    assert use.refresh(own, NOW)
    assert not use.refresh(own, NOW)
    assert labels_of(own) == first
    next_day = (LAST + timedelta(days=1)).isoformat()
    lakes.add(own, 3, events=[lakes.event(who, f"{next_day}T03:00", "product_view") for who in (*BUYERS, 500)])
    assert use.refresh(own, NOW + timedelta(days=1))
    then = labels_of(own)
    assert {who: label for who, label in then.items() if who != 500} == first
    assert kept(own).on == LAST + timedelta(days=1)
    assert kept(own).model.stability == pytest.approx(1, abs=0.03)


def test_what_is_kept_survives_a_restart_and_bumps_what_reads_are_cached_by(own):
    with own.store.reading() as session:
        before = topics.revision(session, "segments")
    use.refresh(own, NOW)
    first = labels_of(own)
    with own.store.reading() as session:
        assert topics.revision(session, "segments") > before
    again = House(Settings(own.settings.home)).live
    assert labels_of(again) == first
    assert kept(again).model.labels == kept(own).model.labels
    again.store.close()


def test_an_analyst_settles_how_many_and_the_day_after_it_still_holds(own):
    use.refresh(own, NOW)
    use.keep(own, own.store, LIN, 5, NOW)
    assert (kept(own).model.k, kept(own).chosen_by) == (5, "lin")
    lakes.add(own, 3, events=[lakes.event(1, f"{(LAST + timedelta(days=1)).isoformat()}T03:00")])
    use.refresh(own, NOW)
    assert (kept(own).model.k, kept(own).chosen_by) == (5, "lin")
    with pytest.raises(InvalidClusters):
        use.keep(own, own.store, LIN, 11, NOW)


def test_a_number_that_comes_back_brings_its_labels_and_names_and_a_segment_on_one_that_ended_is_empty_meanwhile(own):
    use.refresh(own, NOW)
    first = labels_of(own)
    use.rename(own, own.store, LIN, "3", "过客", NOW)
    use.keep(own, own.store, LIN, 2, NOW)
    ended = set(first.values()) - set(labels_of(own).values())
    assert ended and use.keep(own, own.store, LIN, 4, NOW).names == {"3": "过客"}
    use.keep(own, own.store, LIN, 3, NOW)
    assert labels_of(own) == first
    assert kept(own).names == {"3": "过客"} and set(kept(own).past) == {2, 4}


def test_a_name_stays_with_its_label_and_an_empty_one_takes_it_back(own):
    use.rename(own, own.store, LIN, "1", "  茶  客 ", NOW)
    assert asked(own).names == {"1": "茶 客"}
    with pytest.raises(InvalidClusterName):
        use.rename(own, own.store, LIN, "2", "茶 客", NOW)
    with pytest.raises(InvalidClusterName):
        use.rename(own, own.store, LIN, "2", "长" * 41, NOW)
    with pytest.raises(Unknown):
        use.rename(own, own.store, LIN, "9", "谁", NOW)
    use.rename(own, own.store, LIN, "1", "", NOW)
    assert asked(own).names == {}


def test_who_may_not_write_segments_or_sees_some_units_changes_nothing(own):
    north = Operator(2, "bei", "analyst", Scope(frozenset({"north"})))
    for who in (Operator(3, "boss", "executive"), north):
        with pytest.raises(Forbidden):
            use.keep(own, own.store, who, 4, NOW)
        with pytest.raises(Forbidden):
            use.rename(own, own.store, who, "1", "x", NOW)
    assert kept(own) is None


# -- on the command line --------------------------------------------------------------------------------------------------


def test_ask_tells_clusters_with_money_in_major_units(world):
    rows = answers.ask(world, "clusters", Filters(), {})
    assert [row["cluster"] for row in rows] == ["1", "2", "3", "all"]
    assert rows[0]["members"] == 40
    assert rows[0]["revenue"] == pytest.approx(rows[3]["revenue"])
    assert rows[0]["mean_net"] == pytest.approx(rows[0]["revenue"] / 40, abs=0.01)
    assert "net_minor" not in str(rows)


def test_ask_tells_silhouettes_by_number(world):
    rows = answers.ask(world, "clusters", Filters(), {"by": "k"})
    assert [row["k"] for row in rows] == list(range(2, 11))
    assert [row["k"] for row in rows if row["is_usual"]] == [row["k"] for row in rows if row["is_shown"]] == [3]
    assert len(answers.ask(world, "clusters", Filters(), {"of": "6"})) == 7


@pytest.mark.parametrize("of", ["1", "11", "many"])
def test_ask_refuses_other_numbers(world, of):
    with pytest.raises(InvalidClusters):
        clustered.clustered(world, Filters(), {"of": of})


def test_active_days_are_those_of_a_plain_loop(world):
    days = defaultdict(set)
    with world.lake.open() as snapshot:
        for name in ("events", "order_lines", "group_messages"):
            rows = snapshot.arrow(snapshot.table(name).select("identity_key", "local_date")).to_pylist()
            for row in rows:
                if (LAST - row["local_date"]).days < 365:
                    days[row["identity_key"]].add(row["local_date"])
    with reading(world) as lake:
        known = clusters.features(lake)
    assert {int(m): int(n) for m, n in zip(known.member, known.raw["active_days"], strict=True)} == {
        who: len(days[who]) for who in range(1, 151)
    }
